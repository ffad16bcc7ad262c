//===- Partition.cpp - Images of a flash partition --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "swap/crc32c.h"
#include "swap/flash.h"
#include "swapc/Support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;
using namespace swapc;

static uint32_t getChecksum(const swap_flash_record &record) {
  return swap_crc32c(0, &record, offsetof(swap_flash_record, crc32c));
}

static Error writeErased(OutputFile &file, uint64_t count) {
  std::string erased(std::min<uint64_t>(count, 1 << 20), '\xff');
  while (count) {
    uint64_t piece = std::min<uint64_t>(count, erased.size());
    if (Error error = file.write(ArrayRef(erased.data(), piece)))
      return error;
    count -= piece;
  }
  return Error::success();
}

Error swapc::writePartition(const BlobFile &active, const BlobFile *other,
                            const PartitionOptions &options) {
  uint64_t slotBytes = swap_flash_slot_bytes(options.bytes, options.eraseBytes);
  for (const BlobFile *blob : {&active, other})
    if (blob && blob->getBytes().size() > slotBytes)
      return createStringError(
          blob->getPath() + ": " + Twine(blob->getBytes().size()) +
          " bytes do not fit a slot of " + Twine(slotBytes) +
          "; the partition must have " +
          Twine(2 * (alignTo(blob->getBytes().size(), options.eraseBytes) +
                     options.eraseBytes)));
  swap_flash_record record = {};
  record.magic = SWAP_FLASH_MAGIC;
  record.version = SWAP_FLASH_VERSION;
  record.erase_log2 = uint8_t(Log2_32(options.eraseBytes));
  record.sequence = 1;
  record.header_crc32c =
      swap_crc32c(0, &active.getHeader(), sizeof(swap_blob_header));
  record.blob_bytes = active.getBytes().size();
  record.crc32c = getChecksum(record);

  Expected<OutputFile> file = OutputFile::create(options.output);
  if (!file)
    return file.takeError();
  if (Error error = file->write(
          ArrayRef(reinterpret_cast<const char *>(&record), sizeof(record))))
    return error;
  uint64_t end = sizeof(record);
  for (const BlobFile *blob : {&active, other}) {
    if (!blob)
      continue;
    uint64_t slot = swap_flash_slot_offset(options.bytes, options.eraseBytes,
                                           blob == other);
    if (Error error = writeErased(*file, slot - end))
      return error;
    if (Error error =
            file->write(arrayRefFromStringRef<char>(blob->getBytes())))
      return error;
    end = slot + blob->getBytes().size();
  }
  if (Error error = writeErased(*file, options.bytes - end))
    return error;
  return file->commit();
}

namespace {
struct Switch {
  uint32_t eraseBytes = 0;
  unsigned records = 0;
  std::optional<swap_flash_record> newest;
};
} // namespace

/// The records of a switch whose erase blocks have `eraseBytes`. How far apart
/// they are depends on the flash; all are at multiples of a record.
static Switch readSwitch(StringRef bytes, uint32_t eraseBytes) {
  Switch result;
  result.eraseBytes = eraseBytes;
  for (uint64_t at = 0; at < 2 * uint64_t(eraseBytes);
       at += sizeof(swap_flash_record)) {
    swap_flash_record record;
    memcpy(&record, bytes.data() + at, sizeof(record));
    if (record.magic != SWAP_FLASH_MAGIC ||
        record.version != SWAP_FLASH_VERSION || record.slot > 1 ||
        record.erase_log2 != Log2_32(eraseBytes) ||
        record.crc32c != getChecksum(record))
      continue;
    result.records += 1;
    if (!result.newest ||
        int32_t(record.sequence - result.newest->sequence) > 0)
      result.newest = record;
  }
  return result;
}

static Expected<Switch> findSwitch(StringRef path, StringRef bytes,
                                   std::optional<uint32_t> eraseBytes) {
  Switch found;
  uint64_t first = eraseBytes.value_or(SWAP_FLASH_MIN_BYTES),
           last = eraseBytes.value_or(1u << 31);
  for (uint64_t size = first; size <= last && size <= bytes.size() / 4;
       size *= 2)
    if (bytes.size() % size == 0)
      if (Switch read = readSwitch(bytes, size); read.newest)
        found = read;
  if (!found.newest)
    return createStringError(
        path + ": no valid record of a switch in its first two erase blocks" +
        (eraseBytes ? " of " + Twine(*eraseBytes) + " bytes" : Twine()));
  return found;
}

/// What a slot holds, in a line; the blob where it is good.
static std::string describeSlot(Expected<BlobFile> &blob, bool isErased) {
  if (!blob) {
    std::string reason = toString(blob.takeError());
    return isErased ? "erased" : "no blob: " + reason;
  }
  if (Error error = blob->check())
    return "damaged blob: " + toString(std::move(error));
  return "good blob of " + std::to_string(blob->getBytes().size()) +
         " bytes, " + std::to_string(blob->getUnits().size()) + " units, " +
         blob->getHash();
}

Error swapc::printPartition(StringRef path, std::optional<uint32_t> eraseBytes,
                            bool json) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  StringRef bytes = (*buffer)->getBuffer();
  Expected<Switch> found = findSwitch(path, bytes, eraseBytes);
  if (!found)
    return found.takeError();
  const swap_flash_record &record = *found->newest;
  uint64_t slotBytes = swap_flash_slot_bytes(bytes.size(), found->eraseBytes);

  std::string states[2];
  for (uint32_t slot = 0; slot < 2; ++slot) {
    uint64_t offset =
        swap_flash_slot_offset(bytes.size(), found->eraseBytes, slot);
    StringRef area = bytes.substr(offset, slotBytes);
    Expected<BlobFile> blob = BlobFile::parse(path, offset, area);
    bool isActive = slot == record.slot;
    if (blob && isActive &&
        (swap_crc32c(0, &blob->getHeader(), sizeof(swap_blob_header)) !=
             record.header_crc32c ||
         blob->getHeader().blob_bytes != record.blob_bytes))
      states[slot] = "another blob than the record says";
    else
      states[slot] = describeSlot(
          blob, area.take_front(SWAP_BLOB_ALIGN).find_first_not_of('\xff') ==
                    StringRef::npos);
  }
  if (json) {
    json::OStream os(outs(), /*IndentSize=*/2);
    os.object([&] {
      os.attribute("bytes", uint64_t(bytes.size()));
      os.attribute("erase_bytes", found->eraseBytes);
      os.attribute("slot_bytes", slotBytes);
      os.attribute("records", found->records);
      os.attribute("sequence", record.sequence);
      os.attribute("active", record.slot);
      os.attributeArray("slots", [&] {
        for (const std::string &state : states)
          os.value(state);
      });
    });
    outs() << "\n";
    return Error::success();
  }
  outs() << "partition  " << bytes.size() << " bytes, erase blocks of "
         << found->eraseBytes << ", slots of " << slotBytes << "\nswitch     "
         << found->records << " valid record"
         << (found->records == 1 ? "" : "s") << ", sequence " << record.sequence
         << ", slot " << unsigned(record.slot) << " active\n";
  for (uint32_t slot = 0; slot < 2; ++slot)
    outs() << "slot " << slot << "     " << states[slot] << "\n";
  return Error::success();
}
