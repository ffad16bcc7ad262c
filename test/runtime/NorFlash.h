//===- NorFlash.h - NOR flash that loses power on demand --------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programming only clears bits and an erase sets those of a block. Programming
// what is not erased, other alignments and places outside the partition are
// counted as misuse. Power fails after the n-th programmed byte, or in the
// middle of the n-th erase; from then on every call fails.
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_NORFLASH_H
#define SWAP_TEST_NORFLASH_H

#include "swap/flash.h"

#include <cstring>
#include <vector>

namespace fake {

/// What an erase that lost its power has done to the block.
enum class HalfErased { FirstHalf, SecondHalf, Nothing, OddBytes };

struct Geometry {
  size_t partition;
  uint32_t erase, prog, buffer, read;
};

class NorFlash {
public:
  explicit NorFlash(const Geometry &g)
      : bytes(g.partition + 2 * kGuard, kGuardByte), geometry(g) {
    memset(data(), 0xFF, g.partition);
    buffer.resize(g.buffer + 2 * kGuard + kGuard, kGuardByte);
    storage.context = this;
    storage.read = [](void *c, uint64_t o, void *b, uint64_t n) {
      return static_cast<NorFlash *>(c)->read(o, b, n);
    };
    storage.read_bytes = g.read;
    storage.buffer_align = g.read;
    config.storage = &storage;
    config.context = this;
    config.prog = [](void *c, size_t o, const void *b, uint32_t n) {
      return static_cast<NorFlash *>(c)->prog(o, b, n);
    };
    config.erase = [](void *c, size_t o) {
      return static_cast<NorFlash *>(c)->erase(o);
    };
    config.sync = [](void *c) {
      return static_cast<NorFlash *>(c)->cut ? int(SWAP_ERR_IO) : int(SWAP_OK);
    };
    config.partition_bytes = g.partition;
    config.erase_bytes = g.erase;
    config.prog_bytes = g.prog;
    config.buffer = work();
    config.buffer_bytes = g.buffer;
  }
  NorFlash(const NorFlash &) = delete;

  uint8_t *data() { return bytes.data() + kGuard; }
  uint8_t *work() {
    const auto at = reinterpret_cast<uintptr_t>(buffer.data()) + kGuard;
    return reinterpret_cast<uint8_t *>((at + kGuard - 1) / kGuard * kGuard);
  }
  /// No byte around the partition and the buffer changed, and no call was
  /// wrong.
  bool intact() {
    for (uint8_t &byte : bytes)
      if ((&byte < data() || &byte >= data() + geometry.partition) &&
          byte != kGuardByte)
        return false;
    for (uint8_t &byte : buffer)
      if ((&byte < work() || &byte >= work() + geometry.buffer) &&
          byte != kGuardByte)
        return false;
    return misuse == 0;
  }
  void powerOn() {
    cut = false;
    failProgAfter = failEraseAt = failReadAt = -1;
    progBytes = erases = reads = 0;
  }

  swap_storage storage = {};
  swap_flash_config config = {};
  int64_t failProgAfter = -1; ///< bytes that are programmed before the cut
  int64_t failEraseAt = -1;   ///< number of the erase that is cut
  int64_t failReadAt = -1;    ///< number of the read that fails
  int failReadWith = SWAP_ERR_IO;
  int64_t worn = -1; ///< byte that stays erased, whatever is programmed
  HalfErased half = HalfErased::FirstHalf;
  int64_t progBytes = 0, erases = 0, reads = 0;
  uint64_t misuse = 0;
  bool cut = false;

private:
  static constexpr size_t kGuard = 4096;
  static constexpr uint8_t kGuardByte = 0xA5;

  bool inside(uint64_t offset, uint64_t length) {
    const bool is =
        offset <= geometry.partition && length <= geometry.partition - offset;
    misuse += !is;
    return is;
  }
  int read(uint64_t offset, void *to, uint64_t length) {
    if (cut || !inside(offset, length))
      return SWAP_ERR_IO;
    if (geometry.read && (offset % geometry.read || length % geometry.read ||
                          reinterpret_cast<uintptr_t>(to) % geometry.read))
      ++misuse;
    memcpy(to, data() + offset, length);
    if (reads++ != failReadAt)
      return SWAP_OK;
    memset(to, 0xBD, length);
    return failReadWith;
  }
  int prog(uint64_t offset, const void *from, uint32_t length) {
    if (cut || !inside(offset, length))
      return SWAP_ERR_IO;
    if (length == 0 || offset % geometry.prog || length % geometry.prog ||
        offset / geometry.erase != (offset + length - 1) / geometry.erase)
      ++misuse;
    const auto *source = static_cast<const uint8_t *>(from);
    for (uint32_t i = 0; i < length; ++i) {
      if (failProgAfter >= 0 && progBytes == failProgAfter) {
        cut = true;
        return SWAP_ERR_IO;
      }
      misuse += data()[offset + i] != 0xFF;
      if (int64_t(offset + i) != worn)
        data()[offset + i] &= source[i];
      ++progBytes;
    }
    return SWAP_OK;
  }
  int erase(uint64_t offset) {
    if (cut || !inside(offset, geometry.erase))
      return SWAP_ERR_IO;
    misuse += offset % geometry.erase != 0;
    uint8_t *block = data() + offset;
    const uint32_t middle = geometry.erase / 2;
    if (erases++ != failEraseAt) {
      memset(block, 0xFF, geometry.erase);
      return SWAP_OK;
    }
    cut = true;
    if (half == HalfErased::FirstHalf)
      memset(block, 0xFF, middle);
    if (half == HalfErased::SecondHalf)
      memset(block + middle, 0xFF, middle);
    for (uint32_t i = 1; half == HalfErased::OddBytes && i < geometry.erase;
         i += 2)
      block[i] = 0xFF;
    return SWAP_ERR_IO;
  }

  std::vector<uint8_t> bytes, buffer;
  Geometry geometry;
};

} // namespace fake

#endif // SWAP_TEST_NORFLASH_H
