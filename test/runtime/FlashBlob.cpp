//===- FlashBlob.cpp - Small blobs to put in flash ------------------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FlashBlob.h"

#include "swap/crc32c.h"
extern "C" {
#include "flash_port.h"
}

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace {

size_t pages(size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

/// The digest is what the state holds after a comparison.
std::vector<uint8_t> getDigest(const void *data, size_t length) {
  uint8_t none[SWAP_HASH_BYTES] = {};
  swap_flash_sha256 sha;
  swap_flash_sha256_start(&sha);
  swap_flash_sha256_add(&sha, data, length);
  swap_flash_sha256_is(&sha, none);
  const auto *state = reinterpret_cast<const uint8_t *>(sha.state);
  return {state, state + SWAP_HASH_BYTES};
}

std::string getHex(const std::string &text) {
  std::string hex;
  for (uint8_t byte : getDigest(text.data(), text.size())) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

// FIPS 180-4 and NIST's examples.
TEST(FlashSha256Test, GivesKnownDigests) {
  EXPECT_EQ(getHex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca49599"
                        "1b7852b855");
  EXPECT_EQ(getHex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb41"
                           "0ff61f20015ad");
  EXPECT_EQ(getHex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(getHex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

} // namespace

std::vector<uint8_t> fake::makeBlob(uint32_t seed,
                                    const std::vector<size_t> &lengths) {
  std::vector<swap_blob_unit> units;
  size_t end = 4096 + pages(lengths.size() * sizeof(swap_blob_unit));
  std::vector<uint8_t> blob(end);
  for (size_t length : lengths) {
    const size_t offset = blob.size();
    blob.resize(offset + pages(length));
    for (size_t i = 0; i < length; ++i) {
      seed = seed * 1664525u + 1013904223u;
      blob[offset + i] = uint8_t(seed >> 24);
    }
    units.push_back({offset, length, swap_crc32c(0, &blob[offset], length), 0});
  }
  const size_t tableBytes = units.size() * sizeof(swap_blob_unit);
  swap_blob_header header = {SWAP_BLOB_MAGIC,        SWAP_BLOB_VERSION,
                             sizeof header,          blob.size(),
                             SWAP_BLOB_ALIGN,        uint32_t(units.size()),
                             sizeof(swap_blob_unit), {}};
  memcpy(header.hash, getDigest(units.data(), tableBytes).data(),
         SWAP_HASH_BYTES);
  memcpy(&blob[0], &header, sizeof header);
  memcpy(&blob[4096], units.data(), tableBytes);
  return blob;
}
