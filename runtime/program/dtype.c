/*===- dtype.c - Element types in memory, .npy and ONNX -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <math.h>
#include <string.h>

/* numpy has no bfloat16: its bits travel as uint16. */
static const dtype_info table[] = {
    {SWAP_F32, 4, "float32", "<f4", 1, 4},
    {SWAP_F16, 2, "float16", "<f2", 10, 5},
    {SWAP_BF16, 2, "bfloat16", "<u2", 16, 5},
    {SWAP_F64, 8, "float64", "<f8", 11, 10},
    {SWAP_I8, 1, "int8", "|i1", 3, 5},
    {SWAP_U8, 1, "uint8", "|u1", 2, 5},
    {SWAP_I16, 2, "int16", "<i2", 5, 5},
    {SWAP_U16, 2, "uint16", "<u2", 4, 5},
    {SWAP_I32, 4, "int32", "<i4", 6, 5},
    {SWAP_U32, 4, "uint32", "<u4", 12, 11},
    {SWAP_I64, 8, "int64", "<i8", 7, 7},
    {SWAP_U64, 8, "uint64", "<u8", 13, 11},
    {SWAP_BOOL, 1, "bool", "|b1", 9, 5},
};

#define TYPES (sizeof table / sizeof table[0])

const dtype_info *dtype_find(uint32_t dtype) {
  for (size_t i = 0; i < TYPES; ++i)
    if (table[i].dtype == dtype)
      return &table[i];
  return NULL;
}

const dtype_info *dtype_from_npy(const char *descr, uint32_t wanted) {
  const dtype_info *found = NULL;
  for (size_t i = 0; i < TYPES; ++i) {
    if (strcmp(descr + 1, table[i].npy + 1) != 0)
      continue;
    if (descr[0] != '<' && descr[0] != '=' &&
        !(descr[0] == '|' && table[i].bytes == 1))
      continue;
    /* "<u2" is uint16 unless the model wants bfloat16 there. */
    if (!found || table[i].dtype == wanted || table[i].dtype == SWAP_U16)
      if (!found || found->dtype != wanted)
        found = &table[i];
  }
  return found;
}

const dtype_info *dtype_from_onnx(uint32_t onnx) {
  for (size_t i = 0; i < TYPES; ++i)
    if (table[i].onnx == onnx)
      return &table[i];
  return NULL;
}

static double half_value(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  double value;
  if (exponent == 31)
    value = fraction ? NAN : INFINITY;
  else
    value =
        exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
  return bits & 0x8000 ? -value : value;
}

/* Of finite values below 2 only, which is what made-up inputs are; rounds to
 * zero. */
static uint16_t half_bits(double value) {
  int exponent;
  const double fraction = frexp(fabs(value), &exponent);
  const uint16_t sign = value < 0 ? 0x8000 : 0;
  if (value == 0 || exponent + 14 <= 0) /* zero and subnormal */
    return sign | (uint16_t)ldexp(fabs(value), 24);
  return sign | (uint16_t)((uint32_t)(exponent + 14) << 10) |
         (uint16_t)((uint32_t)(fraction * 2048.0) & 1023u);
}

#define GET(type)                                                              \
  {                                                                            \
    type v;                                                                    \
    memcpy(&v, (const char *)data + index * sizeof v, sizeof v);               \
    return (double)v;                                                          \
  }
#define SET(type)                                                              \
  {                                                                            \
    const type v = (type)value;                                                \
    memcpy((char *)data + index * sizeof v, &v, sizeof v);                     \
    return;                                                                    \
  }

double value_get(uint32_t dtype, const void *data, uint64_t index) {
  uint16_t bits;
  switch (dtype) {
  case SWAP_F32:
    GET(float)
  case SWAP_F64:
    GET(double)
  case SWAP_I8:
    GET(int8_t)
  case SWAP_I16:
    GET(int16_t)
  case SWAP_U16:
    GET(uint16_t)
  case SWAP_I32:
    GET(int32_t)
  case SWAP_U32:
    GET(uint32_t)
  case SWAP_I64:
    GET(int64_t)
  case SWAP_U64:
    GET(uint64_t)
  case SWAP_F16:
    memcpy(&bits, (const char *)data + index * 2, 2);
    return half_value(bits);
  case SWAP_BF16: {
    memcpy(&bits, (const char *)data + index * 2, 2);
    const uint32_t wide = (uint32_t)bits << 16;
    float v;
    memcpy(&v, &wide, 4);
    return v;
  }
  default:
    GET(uint8_t)
  }
}

void value_set(uint32_t dtype, void *data, uint64_t index, double value) {
  switch (dtype) {
  case SWAP_F32:
    SET(float)
  case SWAP_F64:
    SET(double)
  case SWAP_I8:
    SET(int8_t)
  case SWAP_I16:
    SET(int16_t)
  case SWAP_U16:
    SET(uint16_t)
  case SWAP_I32:
    SET(int32_t)
  case SWAP_U32:
    SET(uint32_t)
  case SWAP_I64:
    SET(int64_t)
  case SWAP_U64:
    SET(uint64_t)
  case SWAP_F16: {
    const uint16_t bits = half_bits(value);
    memcpy((char *)data + index * 2, &bits, 2);
    return;
  }
  case SWAP_BF16: {
    const float v = (float)value;
    memcpy((char *)data + index * 2, (const char *)&v + 2, 2);
    return;
  }
  default:
    SET(uint8_t)
  }
}

const char *shape_text(const char *dtype, uint32_t rank, const int64_t *dims) {
  static char buffers[4][256];
  static unsigned next;
  char *text = buffers[next++ % 4];
  int at = snprintf(text, 256, "%s[", dtype);
  for (uint32_t i = 0; i < rank && at < 230; ++i)
    at += snprintf(text + at, 256 - (size_t)at, "%s%lld", i ? ", " : "",
                   (long long)dims[i]);
  snprintf(text + at, 256 - (size_t)at, "]");
  return text;
}

uint64_t tensor_elements(const swap_tensor *tensor) {
  return tensor->bytes / dtype_find(tensor->dtype)->bytes;
}
