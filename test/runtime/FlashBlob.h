//===- FlashBlob.h - Small blobs to put in flash ----------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_FLASHBLOB_H
#define SWAP_TEST_FLASHBLOB_H

#include "swap/blob.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fake {

/// A blob with units of these lengths, full of bytes that `seed` chooses.
std::vector<uint8_t> makeBlob(uint32_t seed, const std::vector<size_t> &units);

inline const uint8_t *getHash(const std::vector<uint8_t> &blob) {
  return &blob[offsetof(swap_blob_header, hash)];
}

} // namespace fake

#endif // SWAP_TEST_FLASHBLOB_H
