//===- BlobFile.cpp - A blob that was read and checked ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlobFile.h"

#include "swap/crc32c.h"
#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SHA256.h"

#include <algorithm>
#include <cstring>

using namespace llvm;
using namespace swapc;

Error swapc::fileContentError(StringRef path, uint64_t offset,
                              const Twine &message) {
  return createStringError(path + ": offset " + Twine(offset) + ": " + message);
}

Expected<std::unique_ptr<MemoryBuffer>> swapc::mapFile(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return fileError("read", path, code);
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError("cannot read " + path + ": not a regular file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fileError("read", path, buffer.getError());
  return std::move(*buffer);
}

Expected<BlobFile> BlobFile::open(StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  StringRef bytes = (*buffer)->getBuffer();
  Expected<BlobFile> blob = parse(path, 0, bytes);
  if (!blob)
    return blob.takeError();
  if (blob->bytes.size() != bytes.size())
    return fileContentError(path, blob->bytes.size(),
                            Twine(bytes.size() - blob->bytes.size()) +
                                " bytes follow the end of the blob");
  blob->buffer = std::move(*buffer);
  return blob;
}

Expected<BlobFile> BlobFile::parse(StringRef path, uint64_t offset,
                                   StringRef bytes) {
  BlobFile blob;
  blob.path = path.str();
  blob.offset = offset;
  blob.bytes = bytes;
  if (Error error = blob.readHeader())
    return error;
  if (Error error = blob.readTable())
    return error;
  return blob;
}

Error BlobFile::wrong(uint64_t at, const Twine &message) const {
  return fileContentError(path, offset + at, message);
}

Error BlobFile::readHeader() {
  if (bytes.size() < sizeof(header))
    return wrong(0, "not a weight blob: " + Twine(bytes.size()) +
                        " bytes, and its header alone has " +
                        Twine(sizeof(header)));
  memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != SWAP_BLOB_MAGIC)
    return wrong(0, "not a weight blob: it begins with other bytes");
  if (header.version != SWAP_BLOB_VERSION)
    return wrong(offsetof(swap_blob_header, version),
                 "blob of version " + Twine(header.version) +
                     "; this tool knows version " + Twine(SWAP_BLOB_VERSION));
  if (header.header_bytes != sizeof(swap_blob_header) ||
      header.unit_stride != sizeof(swap_blob_unit) ||
      header.table_offset != SWAP_BLOB_ALIGN)
    return wrong(offsetof(swap_blob_header, header_bytes),
                 "header or table of the wrong size for version " +
                     Twine(SWAP_BLOB_VERSION));
  if (header.blob_bytes % SWAP_BLOB_ALIGN ||
      header.blob_bytes < SWAP_BLOB_ALIGN + uint64_t(header.unit_count) *
                                                sizeof(swap_blob_unit))
    return wrong(offsetof(swap_blob_header, blob_bytes),
                 "a size of " + Twine(header.blob_bytes) +
                     " bytes does not fit a blob of " +
                     Twine(header.unit_count) + " units");
  if (header.blob_bytes > bytes.size())
    return wrong(bytes.size(), "the blob is cut: " + Twine(bytes.size()) +
                                   " of " + Twine(header.blob_bytes) +
                                   " bytes");
  bytes = bytes.take_front(header.blob_bytes);
  return Error::success();
}

/// The table is as long as the file is at most: its memory is bounded by that.
Error BlobFile::readTable() {
  uint64_t tableBytes = uint64_t(header.unit_count) * sizeof(swap_blob_unit);
  StringRef table = bytes.substr(SWAP_BLOB_ALIGN, tableBytes);
  auto digest = SHA256::hash(arrayRefFromStringRef(table));
  if (memcmp(digest.data(), header.hash, SWAP_HASH_BYTES) != 0)
    return wrong(SWAP_BLOB_ALIGN,
                 "the unit table differs from the hash in the header");
  units.resize(header.unit_count);
  if (tableBytes)
    memcpy(units.data(), table.data(), tableBytes);
  uint64_t end = alignTo(SWAP_BLOB_ALIGN + tableBytes, SWAP_BLOB_ALIGN);
  for (auto [i, unit] : enumerate(units)) {
    uint64_t at = SWAP_BLOB_ALIGN + i * sizeof(swap_blob_unit);
    if (unit.offset % SWAP_BLOB_ALIGN || unit.offset < end ||
        unit.offset > header.blob_bytes ||
        unit.length > header.blob_bytes - unit.offset)
      return wrong(at, "unit " + Twine(i) + ", " + Twine(unit.length) +
                           " bytes at " + Twine(unit.offset) +
                           ", is outside the blob or overlaps another");
    if (unit.row_bytes && unit.length % unit.row_bytes)
      return wrong(at, "unit " + Twine(i) + " is not whole rows of " +
                           Twine(unit.row_bytes) + " bytes");
    end = alignTo(unit.offset + unit.length, SWAP_BLOB_ALIGN);
  }
  return Error::success();
}

Error BlobFile::checkZeros(uint64_t begin, uint64_t end) const {
  size_t found = bytes.take_front(end).find_first_not_of('\0', begin);
  return found == StringRef::npos ? Error::success()
                                  : wrong(found, "padding that is not zero");
}

Error BlobFile::check() const {
  if (Error error = checkZeros(sizeof(swap_blob_header), SWAP_BLOB_ALIGN))
    return error;
  uint64_t end = SWAP_BLOB_ALIGN + units.size() * sizeof(swap_blob_unit);
  for (auto [i, unit] : enumerate(units)) {
    if (Error error = checkZeros(end, unit.offset))
      return error;
    end = unit.offset + unit.length;
    uint32_t crc = swap_crc32c(0, bytes.data() + unit.offset, unit.length);
    if (crc != unit.crc32c)
      return wrong(unit.offset, "unit " + Twine(i) + ", " + Twine(unit.length) +
                                    " bytes, has the checksum " +
                                    utohexstr(crc, true, 8) + " and not " +
                                    utohexstr(unit.crc32c, true, 8));
  }
  return checkZeros(end, bytes.size());
}

std::string BlobFile::getHash() const {
  return toHex(ArrayRef(header.hash, SWAP_HASH_BYTES), /*LowerCase=*/true);
}
