/*===- element.h - Elements of any type ---------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#ifndef SWAP_ROUTINES_ELEMENT_H
#define SWAP_ROUTINES_ELEMENT_H

#include "swap/runtime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline ptrdiff_t element_bytes(int64_t dtype) {
  switch (dtype) {
  case SWAP_F64:
  case SWAP_I64:
  case SWAP_U64:
    return 8;
  case SWAP_F32:
  case SWAP_I32:
  case SWAP_U32:
    return 4;
  case SWAP_F16:
  case SWAP_BF16:
  case SWAP_I16:
  case SWAP_U16:
    return 2;
  default:
    return 1;
  }
}

/* Larger for a larger float of `bits` bits; both zeros are equal, and what is
 * not a number is above all. */
static inline uint64_t float_key(uint64_t value, int bits, uint64_t infinity) {
  uint64_t sign = (uint64_t)1 << (bits - 1);
  uint64_t magnitude = value & (sign - 1);
  if (magnitude > infinity)
    return sign | (sign - 1);
  return value & sign ? sign - magnitude : sign + magnitude;
}

/* A number that compares as the element does. */
static inline uint64_t element_key(const void *elements, ptrdiff_t index,
                                   int64_t dtype) {
  const uint64_t flip = (uint64_t)1 << 63;
  switch (dtype) {
  case SWAP_F32:
    return float_key(((const uint32_t *)elements)[index], 32, 0x7f800000u);
  case SWAP_F16:
    return float_key(((const uint16_t *)elements)[index], 16, 0x7c00u);
  case SWAP_BF16:
    return float_key(((const uint16_t *)elements)[index], 16, 0x7f80u);
  case SWAP_F64:
    return float_key(((const uint64_t *)elements)[index], 64,
                     (uint64_t)0x7ff << 52);
  case SWAP_I8:
    return flip ^ (uint64_t)((const int8_t *)elements)[index];
  case SWAP_I16:
    return flip ^ (uint64_t)((const int16_t *)elements)[index];
  case SWAP_I32:
    return flip ^ (uint64_t)((const int32_t *)elements)[index];
  case SWAP_I64:
    return flip ^ (uint64_t)((const int64_t *)elements)[index];
  case SWAP_U16:
    return ((const uint16_t *)elements)[index];
  case SWAP_U32:
    return ((const uint32_t *)elements)[index];
  case SWAP_U64:
    return ((const uint64_t *)elements)[index];
  default:
    return ((const uint8_t *)elements)[index];
  }
}

static inline void copy_bytes(void *to, const void *from, ptrdiff_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  for (; bytes >= 8; bytes -= 8, in += 8, out += 8) {
    uint64_t word;
    __builtin_memcpy(&word, in, 8);
    __builtin_memcpy(out, &word, 8);
  }
  for (; bytes > 0; --bytes)
    *out++ = *in++;
}

static inline void clear_bytes(void *to, ptrdiff_t bytes) {
  uint8_t *out = to;
  const uint64_t zero = 0;
  for (; bytes >= 8; bytes -= 8, out += 8)
    __builtin_memcpy(out, &zero, 8);
  for (; bytes > 0; --bytes)
    *out++ = 0;
}

#endif
