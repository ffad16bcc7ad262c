//===- Hex.cpp - Formats of flash programmers -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "swap/runtime.h"
#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace swapc;

constexpr uint64_t kLineBytes = 32, kUf2Bytes = 256;

namespace {
/// Lines are collected, so that they are few writes, and never all of them.
class Lines {
public:
  Lines(OutputFile &file) : file(file) {}
  /// `lead`, the bytes in hexadecimal, then the checksum that `sum` makes.
  void add(StringRef lead, ArrayRef<uint8_t> bytes,
           function_ref<uint8_t(uint8_t)> sum) {
    text += lead;
    uint8_t total = 0;
    for (uint8_t byte : bytes) {
      total += byte;
      addByte(byte);
    }
    addByte(sum(total));
    text += '\n';
  }
  Error flush(size_t least = 0) {
    if (text.size() < least)
      return Error::success();
    Error error = file.write(ArrayRef(text.data(), text.size()));
    text.clear();
    return error;
  }

private:
  void addByte(uint8_t byte) {
    text += hexdigit(byte >> 4);
    text += hexdigit(byte & 15);
  }
  OutputFile &file;
  std::string text;
};
} // namespace

constexpr size_t kFlushBytes = 1 << 20;

static uint8_t negate(uint8_t sum) { return uint8_t(-sum); }
static uint8_t invert(uint8_t sum) { return uint8_t(~sum); }

static Error writeIhex(OutputFile &file, StringRef bytes, uint32_t address) {
  Lines lines(file);
  uint32_t upper = ~0u;
  for (uint64_t at = 0; at < bytes.size();) {
    uint32_t place = uint32_t(address + at);
    if (place >> 16 != upper) {
      upper = place >> 16;
      lines.add(":", {2, 0, 0, 4, uint8_t(upper >> 8), uint8_t(upper)}, negate);
    }
    // No line crosses 64 KiB.
    uint64_t count = std::min<uint64_t>(
        {kLineBytes, bytes.size() - at, 0x10000 - (place & 0xffff)});
    SmallVector<uint8_t, 64> line = {uint8_t(count), uint8_t(place >> 8),
                                     uint8_t(place), 0};
    append_range(line, bytes.substr(at, count).bytes());
    lines.add(":", line, negate);
    at += count;
    if (Error error = lines.flush(kFlushBytes))
      return error;
  }
  lines.add(":", {0, 0, 0, 1}, negate);
  return lines.flush();
}

static Error writeSrec(OutputFile &file, StringRef bytes, uint32_t address) {
  Lines lines(file);
  lines.add("S0", {3, 0, 0}, invert);
  for (uint64_t at = 0; at < bytes.size();) {
    uint32_t place = uint32_t(address + at);
    uint64_t count = std::min<uint64_t>(kLineBytes, bytes.size() - at);
    SmallVector<uint8_t, 64> line = {uint8_t(count + 5), uint8_t(place >> 24),
                                     uint8_t(place >> 16), uint8_t(place >> 8),
                                     uint8_t(place)};
    append_range(line, bytes.substr(at, count).bytes());
    lines.add("S3", line, invert);
    at += count;
    if (Error error = lines.flush(kFlushBytes))
      return error;
  }
  lines.add("S7", {5, 0, 0, 0, 0}, invert);
  return lines.flush();
}

/// Blocks of 512 bytes with 256 of data each (github.com/microsoft/uf2).
static Error writeUf2(OutputFile &file, StringRef bytes,
                      const HexOptions &options) {
  uint32_t count = uint32_t(bytes.size() / kUf2Bytes);
  for (uint32_t i = 0; i < count; ++i) {
    SmallString<512> block;
    raw_svector_ostream os(block);
    support::endian::Writer writer(os, endianness::little);
    const uint32_t fields[] = {0x0A324655,
                               0x9E5D5157,
                               options.family ? 0x2000u : 0u,
                               uint32_t(options.address + i * kUf2Bytes),
                               uint32_t(kUf2Bytes),
                               i,
                               count,
                               options.family};
    for (uint32_t field : fields)
      writer.write(field);
    os << bytes.substr(i * kUf2Bytes, kUf2Bytes);
    os.write_zeros(512 - 4 - block.size());
    writer.write(uint32_t(0x0AB16F30));
    if (Error error = file.write(ArrayRef(block.data(), block.size())))
      return error;
  }
  return Error::success();
}

Error swapc::writeHex(const BlobFile &blob, const HexOptions &options) {
  StringRef bytes = blob.getBytes();
  if (options.address + bytes.size() > uint64_t(1) << 32)
    return createStringError(blob.getPath() + ": " + Twine(bytes.size()) +
                             " bytes at 0x" + utohexstr(options.address, true) +
                             " do not fit addresses of 32 bits");
  if (options.format == "uf2" && options.address % kUf2Bytes)
    return createStringError("--address: with --format uf2 a multiple of 256");
  if (options.address % SWAP_BUFFER_ALIGN)
    return createStringError("--address: 0x" +
                             utohexstr(options.address, true) +
                             " is not a multiple of " +
                             Twine(SWAP_BUFFER_ALIGN) +
                             ", where kernels can read weights in place");
  Expected<OutputFile> file = OutputFile::create(options.output);
  if (!file)
    return file.takeError();
  Error error = options.format == "uf2" ? writeUf2(*file, bytes, options)
                : options.format == "srec"
                    ? writeSrec(*file, bytes, uint32_t(options.address))
                    : writeIhex(*file, bytes, uint32_t(options.address));
  if (error)
    return error;
  return file->commit();
}
