//===- Rounding.h - Exact conversions of 16-bit floats ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_ROUNDING_H
#define SWAPC_LIB_TARGET_ROUNDING_H

#include "llvm/ADT/bit.h"

#include <cstdint>

namespace swapc {

inline float halfToFloat(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t rest = uint32_t(half & 0x7FFF) << 13;
  if (rest >= 0x7C00u << 13) // Infinity and NaN.
    return llvm::bit_cast<float>(sign | 0x7F800000 | (rest & 0x7FFFFF));
  // A multiplication by 2^112 moves the exponent and normalises subnormals.
  float value = llvm::bit_cast<float>(rest) * 0x1p112f;
  return llvm::bit_cast<float>(sign | llvm::bit_cast<uint32_t>(value));
}

/// Rounds to nearest, ties to even; keeps infinities, NaN and signed zeros.
inline uint16_t floatToHalf(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint32_t sign = (bits >> 16) & 0x8000;
  bits &= 0x7FFFFFFF;
  if (bits >= 0x47800000) // 2^16 and above, infinity, NaN.
    return sign |
           (bits > 0x7F800000 ? 0x7E00 | ((bits >> 13) & 0x3FF) : 0x7C00);
  if (bits < 0x38800000) { // Subnormal: the addition rounds for us.
    float shifted = llvm::bit_cast<float>(bits) + 0.5f;
    return sign | (llvm::bit_cast<uint32_t>(shifted) - 0x3F000000);
  }
  uint32_t odd = (bits >> 13) & 1;
  return sign | ((bits + 0xC8000FFF + odd) >> 13);
}

inline float bfloatToFloat(uint16_t value) {
  return llvm::bit_cast<float>(uint32_t(value) << 16);
}

/// Rounds to nearest, ties to even.
inline uint16_t floatToBfloat(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000)
    return (bits >> 16) | 0x40;
  return (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
}

} // namespace swapc

#endif // SWAPC_LIB_TARGET_ROUNDING_H
