/*===- sha256.c - SHA-256 of a unit table -------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* FIPS 180-4, written for size: tables are short.
\*===----------------------------------------------------------------------===*/
#include "flash_port.h"

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, uint32_t by) {
  return (x >> by) | (x << (32 - by));
}

static uint32_t swap_bytes(uint32_t x) {
  return (rotate(x, 8) & 0xff00ff00u) | (rotate(x, 24) & 0x00ff00ffu);
}

/* Takes the block, whose words are bytes in the order they came. */
static void compress(swap_flash_sha256 *sha) {
  uint32_t v[8], *w = sha->block;
  memcpy(v, sha->state, sizeof v);
  for (uint32_t t = 0; t < 16; ++t)
    w[t] = swap_bytes(w[t]);
  for (uint32_t t = 0; t < 64; ++t) {
    /* The schedule lives in a ring of 16 words, one step before its use. */
    uint32_t *word = &w[t & 15];
    if (t >= 16) {
      const uint32_t a = w[(t + 1) & 15], b = w[(t + 14) & 15];
      *word += (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)) + w[(t + 9) & 15] +
               (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10));
    }
    const uint32_t e = v[4], a = v[0];
    const uint32_t one = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                         ((e & v[5]) ^ (~e & v[6])) + constants[t] + *word;
    const uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                         ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    for (uint32_t i = 7; i; --i)
      v[i] = v[i - 1];
    v[4] += one;
    v[0] = one + two;
  }
  for (uint32_t i = 0; i < 8; ++i)
    sha->state[i] += v[i];
}

void swap_flash_sha256_start(swap_flash_sha256 *sha) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                    0xa54ff53a, 0x510e527f, 0x9b05688c,
                                    0x1f83d9ab, 0x5be0cd19};
  memcpy(sha->state, start, sizeof start);
  sha->length = 0;
}

void swap_flash_sha256_add(swap_flash_sha256 *sha, const void *data,
                           size_t length) {
  const uint8_t *bytes = data;
  for (size_t i = 0; i < length; ++i) {
    const uint32_t at = (uint32_t)sha->length & 63u;
    ((uint8_t *)sha->block)[at] = bytes[i];
    sha->length += 1;
    if (at == 63u)
      compress(sha);
  }
}

int swap_flash_sha256_is(swap_flash_sha256 *sha, const uint8_t *expected) {
  const uint64_t bits = sha->length * 8;
  const uint8_t end = 0x80, zero = 0;
  swap_flash_sha256_add(sha, &end, 1);
  while ((sha->length & 63u) != 56u)
    swap_flash_sha256_add(sha, &zero, 1);
  const uint32_t tail[2] = {swap_bytes((uint32_t)(bits >> 32)),
                            swap_bytes((uint32_t)bits)};
  swap_flash_sha256_add(sha, tail, sizeof tail);
  for (uint32_t i = 0; i < 8; ++i)
    sha->state[i] = swap_bytes(sha->state[i]);
  return memcmp(sha->state, expected, SWAP_HASH_BYTES) == 0;
}
