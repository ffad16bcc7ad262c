//===- RecipeOps.h - What a recipe's body is compiled to --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared by the two halves of RecipeBody: compile (RecipeBody.cpp) and run
// (RecipeRun.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_RECIPEOPS_H
#define SWAPC_LIB_TARGET_RECIPEOPS_H

#include "RecipeBody.h"

enum class swapc::RecipeBody::Op : uint8_t {
  Unknown,
  Constant,
  Select,
  CompareInt,
  CompareFloat,
  Bitcast,
  // Conversions.
  FloatToFloat,
  IntToFloat,
  UIntToFloat,
  FloatToInt,
  ExtendSigned,
  ExtendUnsigned,
  Truncate,
  // Floating point.
  Add,
  Sub,
  Mul,
  Div,
  Rem,
  Maximum,
  Minimum,
  Maxnum,
  Minnum,
  Neg,
  Abs,
  Exp,
  Exp2,
  Log,
  Sqrt,
  Rsqrt,
  Tanh,
  Erf,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Asinh,
  Acosh,
  Atanh,
  Floor,
  Ceil,
  RoundEven,
  Pow,
  CopySign,
  Fma,
  // Integers.
  AddInt,
  SubInt,
  MulInt,
  DivInt,
  DivUInt,
  RemInt,
  RemUInt,
  And,
  Or,
  Xor,
  ShiftLeft,
  ShiftRight,
  ShiftRightUnsigned,
  MaxInt,
  MinInt,
  MaxUInt,
  MinUInt,
  AbsInt,
};

namespace swapc {

/// Integers are held sign-extended from their width; bool as 0 or 1.
inline int64_t normalize(int64_t value, ElementType type) {
  if (type.bits == 1)
    return value & 1;
  int shift = 64 - type.bits;
  return int64_t(uint64_t(value) << shift) >> shift;
}

inline uint64_t zeroExtended(int64_t value, ElementType type) {
  return type.bits == 64 ? value : value & ((uint64_t(1) << type.bits) - 1);
}

} // namespace swapc

#endif // SWAPC_LIB_TARGET_RECIPEOPS_H
