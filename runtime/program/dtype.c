/*===- dtype.c - Element types in memory, .npy and ONNX -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <math.h>
#include <string.h>

/* numpy has no bfloat16: its bits travel as uint16. Nor has it types of less
 * than a byte, or floats of one: integers travel as int8 and uint8, floats as
 * the bits in uint8. */
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
    {SWAP_F8E4M3FN, 1, "float8e4m3fn", "|u1", 17, 5},
    {SWAP_F8E4M3FNUZ, 1, "float8e4m3fnuz", "|u1", 18, 5},
    {SWAP_F8E5M2, 1, "float8e5m2", "|u1", 19, 5},
    {SWAP_F8E5M2FNUZ, 1, "float8e5m2fnuz", "|u1", 20, 5},
    {SWAP_U4, 1, "uint4", "|u1", 21, 5},
    {SWAP_I4, 1, "int4", "|i1", 22, 5},
    {SWAP_F4E2M1, 1, "float4e2m1", "|u1", 23, 5},
    {SWAP_F8E8M0, 1, "float8e8m0", "|u1", 24, 5},
    {SWAP_U2, 1, "uint2", "|u1", 25, 5},
    {SWAP_I2, 1, "int2", "|i1", 26, 5},
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
  const dtype_info *narrow = wanted > SWAP_BOOL ? dtype_find(wanted) : NULL;
  /* Bytes of whatever sign, and what ml_dtypes writes. */
  if (narrow && (strcmp(descr, "|u1") == 0 || strcmp(descr, "|i1") == 0 ||
                 strcmp(descr, "|V1") == 0 || strcmp(descr, "<V1") == 0 ||
                 strcmp(descr, "<f1") == 0 || strcmp(descr, "|f1") == 0))
    return narrow;
  if (wanted == SWAP_BF16 && strcmp(descr, "<V2") == 0)
    return dtype_find(SWAP_BF16);
  for (size_t i = 0; i < TYPES; ++i) {
    if (table[i].dtype > SWAP_BOOL)
      continue;
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

/* Of a sign, `exponent` bits and `mantissa` bits. */
static double narrow_value(unsigned bits, int exponent, int mantissa, int bias,
                           int special) {
  const int size = bits & ((1 << (exponent + mantissa)) - 1);
  const int power = size >> mantissa, fraction = size & ((1 << mantissa) - 1);
  double value =
      power ? ldexp((1 << mantissa) + fraction, power - bias - mantissa)
            : ldexp(fraction, 1 - bias - mantissa);
  if (special == 1 && size == 0x7f) /* no infinity, one NaN of each sign */
    value = NAN;
  if (special == 2 && power == 31)
    value = fraction ? NAN : INFINITY;
  if (special == 3 && bits == 0x80) /* the NaN is where -0 would be */
    value = NAN;
  return bits >> (exponent + mantissa) & 1 ? -value : value;
}

static double byte_value(uint32_t dtype, unsigned bits) {
  switch (dtype) {
  case SWAP_F8E4M3FN:
    return narrow_value(bits, 4, 3, 7, 1);
  case SWAP_F8E4M3FNUZ:
    return narrow_value(bits, 4, 3, 8, 3);
  case SWAP_F8E5M2:
    return narrow_value(bits, 5, 2, 15, 2);
  case SWAP_F8E5M2FNUZ:
    return narrow_value(bits, 5, 2, 16, 3);
  case SWAP_F8E8M0:
    return bits == 255 ? NAN : ldexp(1, (int)bits - 127);
  case SWAP_F4E2M1:
    return narrow_value(bits, 2, 1, 1, 0);
  case SWAP_I4:
  case SWAP_I2:
    return (int8_t)bits;
  default:
    return bits;
  }
}

unsigned dtype_bits(uint32_t dtype) {
  return dtype == SWAP_F4E2M1 || dtype == SWAP_I4 || dtype == SWAP_U4 ? 4
         : dtype == SWAP_I2 || dtype == SWAP_U2                       ? 2
                                                : 8 * dtype_find(dtype)->bytes;
}

int dtype_is_real(uint32_t dtype) {
  return (dtype >= SWAP_F32 && dtype <= SWAP_F64) ||
         (dtype >= SWAP_F8E4M3FN && dtype <= SWAP_F4E2M1);
}

int dtype_fit(uint32_t dtype, uint8_t *bytes, uint64_t elements) {
  const unsigned bits = dtype_bits(dtype);
  if (bits >= 8)
    return 1;
  const unsigned mask = (1u << bits) - 1;
  const int is_signed = dtype == SWAP_I4 || dtype == SWAP_I2;
  for (uint64_t i = 0; i < elements; ++i) {
    const unsigned low = bytes[i] & mask, top = is_signed && low >> (bits - 1);
    const uint8_t value = (uint8_t)(top ? low | ~mask : low);
    if (bytes[i] != low && bytes[i] != value)
      return 0;
    bytes[i] = value;
  }
  return 1;
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
    return byte_value(dtype, ((const uint8_t *)data)[index]);
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
