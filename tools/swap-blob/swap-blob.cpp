//===- swap-blob.cpp - Puts weight blobs where firmware finds them --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

#include "swap/flash.h"

using namespace llvm;
using namespace swapc;

constexpr int kExitFailure = 1, kExitUsage = 2;

namespace {
/// Made after the options of LLVM's libraries were dropped.
struct Options {
  cl::OptionCategory category{"swap-blob options"};
  cl::SubCommand info{"info", "print header and units"};
  cl::SubCommand check{"check", "compare all bytes with their checksums"};
  cl::SubCommand object{"object", "write an ELF object that holds the blob"};
  cl::SubCommand hex{"hex", "place the blob at an address, for programmers"};
  cl::SubCommand append{"append", "put the blob behind a raw image"};
  cl::SubCommand partition{"partition", "write a partition of swap/flash.h"};
  cl::SubCommand partitionInfo{"partition-info",
                               "print what a partition holds"};

  cl::list<std::string> files{cl::Positional,     cl::desc("FILE..."),
                              cl::cat(category),  cl::sub(info),
                              cl::sub(check),     cl::sub(object),
                              cl::sub(hex),       cl::sub(append),
                              cl::sub(partition), cl::sub(partitionInfo)};
  cl::opt<std::string> output{"o",
                              cl::value_desc("FILE"),
                              cl::desc("what is written"),
                              cl::cat(category),
                              cl::sub(object),
                              cl::sub(hex),
                              cl::sub(append),
                              cl::sub(partition)};
  cl::opt<bool> json{"json", cl::desc("print JSON"), cl::cat(category),
                     cl::sub(info), cl::sub(partitionInfo)};
  cl::opt<std::string> symbol{
      "symbol", cl::value_desc("NAME"), cl::cat(category), cl::sub(object),
      cl::desc("at the first byte; NAME_end is behind the last")};
  cl::opt<std::string> section{
      "section", cl::value_desc("NAME"), cl::cat(category), cl::sub(object),
      cl::desc("that holds the blob (default: .rodata.SYMBOL)")};
  cl::opt<std::string> mtriple{"mtriple", cl::value_desc("triple"),
                               cl::cat(category), cl::sub(object),
                               cl::desc("target triple (default: host)")};
  cl::opt<std::string> mattr{
      "mattr", cl::value_desc("+a,-b"), cl::cat(category), cl::sub(object),
      cl::desc("features of the processor, as for swapc")};
  cl::opt<std::string> targetAbi{
      "target-abi", cl::value_desc("ABI"), cl::cat(category), cl::sub(object),
      cl::desc("of RISC-V: ilp32, ilp32f, lp64d, ... (default: by --mattr)")};
  cl::opt<std::string> align{
      "align",           cl::value_desc("BYTES"),
      cl::cat(category), cl::sub(object),
      cl::sub(append),   cl::desc("of the blob's first byte (default: 4096)")};
  cl::opt<std::string> address{"address", cl::value_desc("A"),
                               cl::cat(category), cl::sub(hex),
                               cl::desc("of the blob's first byte")};
  cl::opt<std::string> format{"format",
                              cl::init("ihex"),
                              cl::value_desc("ihex|srec|uf2"),
                              cl::cat(category),
                              cl::sub(hex),
                              cl::desc("of the output (default: ihex)")};
  cl::opt<std::string> family{"family", cl::value_desc("ID"), cl::cat(category),
                              cl::sub(hex), cl::desc("of boards, in uf2")};
  cl::opt<std::string> size{"size", cl::value_desc("BYTES"), cl::cat(category),
                            cl::sub(partition),
                            cl::desc("of the partition: 512KiB, 0x80000")};
  cl::opt<std::string> eraseSize{
      "erase-size",           cl::value_desc("BYTES"),
      cl::cat(category),      cl::sub(partition),
      cl::sub(partitionInfo), cl::desc("of an erase block of the flash")};

  cl::extrahelp examples{
      "\nExamples:\n"
      "  swap-blob check digits.swap\n"
      "  swap-blob object digits.swap --symbol digits_blob "
      "--mtriple thumbv7em-none-eabihf -o digits_blob.o\n"
      "  swap-blob hex digits.swap --address 0x08100000 -o digits.hex\n"
      "  swap-blob append firmware.bin digits.swap -o flash.bin\n"
      "  swap-blob partition digits.swap --size 512KiB --erase-size 4KiB "
      "-o part.bin\n"};
};
} // namespace

static int usageError(const Twine &message) {
  errs() << "swap-blob: error: " << message << "\nTry 'swap-blob --help'.\n";
  return kExitUsage;
}

static int failure(Error error) {
  errs() << "swap-blob: error: " << toString(std::move(error)) << "\n";
  return kExitFailure;
}

/// "4096", "0x1000", "4KiB"; nothing where it is no number.
static std::optional<uint64_t> parseNumber(StringRef text) {
  unsigned shift = text.consume_back("KiB")   ? 10
                   : text.consume_back("MiB") ? 20
                   : text.consume_back("GiB") ? 30
                                              : 0;
  uint64_t value;
  bool isHex = text.consume_front("0x") || text.consume_front("0X");
  if (text.getAsInteger(isHex ? 16 : 10, value) || value > UINT64_MAX >> shift)
    return std::nullopt;
  return value << shift;
}

/// A power of two that fits 32 bits.
static std::optional<uint32_t> parsePowerOf2(StringRef text) {
  std::optional<uint64_t> value = parseNumber(text);
  if (!value || !isPowerOf2_64(*value) || *value > UINT32_MAX)
    return std::nullopt;
  return uint32_t(*value);
}

static bool isIdentifier(StringRef text) {
  return !text.empty() && !isDigit(text.front()) && all_of(text, [](char c) {
    return isAlnum(c) || c == '_' || c == '.' || c == '$';
  });
}

static int runObject(const Options &line) {
  ObjectOptions options;
  options.output = line.output;
  options.symbol = line.symbol;
  if (!isIdentifier(options.symbol))
    return usageError("--symbol: '" + line.symbol + "' is not a name of C");
  options.section = line.section.empty() ? ".rodata." + options.symbol
                                         : std::string(line.section);
  if (StringRef(options.section).contains('\0'))
    return usageError("--section: not a name");
  options.triple = line.mtriple.empty() ? sys::getDefaultTargetTriple()
                                        : std::string(line.mtriple);
  options.attributes = line.mattr;
  options.abi = line.targetAbi;
  if (!line.align.empty()) {
    std::optional<uint32_t> align = parsePowerOf2(line.align);
    if (!align || *align < SWAP_BUFFER_ALIGN || *align > 1u << 24)
      return usageError("--align: '" + line.align +
                        "' is not a power of two from 64 to 16 MiB");
    options.align = *align;
  }
  if (Error error = checkObjectOptions(options))
    return usageError(toString(std::move(error)));
  Expected<BlobFile> blob = BlobFile::open(line.files.front());
  if (!blob)
    return failure(blob.takeError());
  if (Error error = blob->check())
    return failure(std::move(error));
  if (Error error = writeObject(*blob, options))
    return failure(std::move(error));
  return 0;
}

static int runHex(const Options &line) {
  HexOptions options;
  options.output = line.output;
  options.format = line.format;
  if (options.format != "ihex" && options.format != "srec" &&
      options.format != "uf2")
    return usageError("--format: '" + line.format +
                      "' is not ihex, srec or uf2");
  std::optional<uint64_t> address = parseNumber(line.address);
  if (!address || *address > UINT32_MAX)
    return usageError("--address: '" + line.address +
                      "' is not an address of 32 bits");
  options.address = *address;
  if (line.family.getNumOccurrences()) {
    std::optional<uint64_t> family = parseNumber(line.family);
    if (!family || *family > UINT32_MAX || options.format != "uf2")
      return usageError("--family: a number of 32 bits, for --format uf2");
    options.family = *family;
  }
  Expected<BlobFile> blob = BlobFile::open(line.files.front());
  if (!blob)
    return failure(blob.takeError());
  if (Error error = blob->check())
    return failure(std::move(error));
  if (Error error = writeHex(*blob, options))
    return failure(std::move(error));
  return 0;
}

static int runAppend(const Options &line) {
  uint32_t align = SWAP_BLOB_ALIGN;
  if (!line.align.empty()) {
    std::optional<uint32_t> given = parsePowerOf2(line.align);
    if (!given || *given < SWAP_BUFFER_ALIGN || *given > 1u << 24)
      return usageError("--align: '" + line.align +
                        "' is not a power of two from 64 to 16 MiB");
    align = *given;
  }
  Expected<BlobFile> blob = BlobFile::open(line.files[1]);
  if (!blob)
    return failure(blob.takeError());
  if (Error error = blob->check())
    return failure(std::move(error));
  Expected<uint64_t> offset =
      appendBlob(line.files[0], *blob, align, line.output);
  if (!offset)
    return failure(offset.takeError());
  outs() << "blob at offset " << *offset << " (0x"
         << utohexstr(*offset, /*LowerCase=*/true) << "), "
         << blob->getBytes().size() << " bytes\n";
  return 0;
}

static int runPartition(const Options &line) {
  PartitionOptions options;
  options.output = line.output;
  std::optional<uint64_t> bytes = parseNumber(line.size);
  if (!bytes)
    return usageError("--size: '" + line.size + "' is not a number of bytes");
  std::optional<uint32_t> erase = parsePowerOf2(line.eraseSize);
  if (!erase || *erase < SWAP_FLASH_MIN_BYTES)
    return usageError("--erase-size: '" + line.eraseSize +
                      "' is not a power of two from 128 up");
  if (*bytes % *erase || *bytes / *erase < 4)
    return usageError("--size: '" + line.size +
                      "' is not four erase blocks or more, all whole");
  options.bytes = *bytes;
  options.eraseBytes = *erase;
  std::vector<BlobFile> blobs;
  for (const std::string &path : line.files) {
    Expected<BlobFile> blob = BlobFile::open(path);
    if (!blob)
      return failure(blob.takeError());
    if (Error error = blob->check())
      return failure(std::move(error));
    blobs.push_back(std::move(*blob));
  }
  if (Error error = writePartition(
          blobs[0], blobs.size() > 1 ? &blobs[1] : nullptr, options))
    return failure(std::move(error));
  return 0;
}

static int runPartitionInfo(const Options &line) {
  std::optional<uint32_t> erase;
  if (!line.eraseSize.empty()) {
    erase = parsePowerOf2(line.eraseSize);
    if (!erase || *erase < SWAP_FLASH_MIN_BYTES)
      return usageError("--erase-size: '" + line.eraseSize +
                        "' is not a power of two from 128 up");
  }
  if (Error error = printPartition(line.files.front(), erase, line.json))
    return failure(std::move(error));
  return 0;
}

static int runShow(const Options &line) {
  Expected<BlobFile> blob = BlobFile::open(line.files.front());
  if (!blob)
    return failure(blob.takeError());
  if (line.info) {
    printInfo(*blob, line.json);
    return 0;
  }
  if (Error error = blob->check())
    return failure(std::move(error));
  outs() << blob->getPath() << ": good, " << blob->getUnits().size()
         << " units, " << blob->getBytes().size() << " bytes\n";
  return 0;
}

static int run(const Options &line) {
  size_t least = line.append ? 2 : 1, most = line.partition ? 2 : least;
  if (!(line.info || line.check || line.object || line.hex || line.append ||
        line.partition || line.partitionInfo))
    return usageError("no command given: info, check, object, hex, append, "
                      "partition or partition-info");
  if (line.files.size() < least)
    return usageError(line.append          ? "an image and a blob are needed"
                      : line.partitionInfo ? "no partition given"
                                           : "no blob given");
  if (line.files.size() > most)
    return usageError("one file too many: " + line.files[most]);
  bool writes = line.object || line.hex || line.append || line.partition;
  if (writes && (line.output.empty() || line.output == "-"))
    return usageError("-o: a file is needed");
  if (line.object)
    return runObject(line);
  if (line.hex)
    return runHex(line);
  if (line.append)
    return runAppend(line);
  if (line.partition)
    return runPartition(line);
  if (line.partitionInfo)
    return runPartitionInfo(line);
  return runShow(line);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ResetCommandLineParser();
  Options line;
  cl::SetVersionPrinter(
      [](raw_ostream &os) { os << "swap-blob " SWAPC_VERSION "\n"; });
  std::string messages;
  raw_string_ostream stream(messages);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "puts weight blobs where firmware finds them\n",
          &stream)) {
    StringRef first = StringRef(messages).split('\n').first;
    first.consume_front("swap-blob: ");
    return usageError(first.split("  Try: ").first.rtrim("."));
  }
  int code = run(line);
  outs().flush();
  if (outs().has_error()) {
    std::error_code reason = outs().error();
    outs().clear_error();
    errs() << "swap-blob: error: cannot write standard output: "
           << reason.message() << "\n";
    return kExitFailure;
  }
  return code;
}
