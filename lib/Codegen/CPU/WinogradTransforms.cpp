//===- WinogradTransforms.cpp - To products and back ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows of the matrices for points p and -p differ in the signs of the odd
// powers, so that each pair is the sum and the difference of two halves. With
// p = sqrt(1/2) and q = sqrt(2), p * p * q * q is one.
//
//===----------------------------------------------------------------------===//

#include "WinogradEmitter.h"

using namespace mlir;
using namespace swapc;

static constexpr double kSmall = 0.70710678118654752440; // p
static constexpr double kLarge = 1.41421356237309504880; // q

Value WinogradEmitter::splat(Value like, double value) {
  auto type = cast<VectorType>(like.getType());
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, b.getF32FloatAttr(value)));
}

Value WinogradEmitter::plus(Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, y);
}

Value WinogradEmitter::minus(Value x, Value y) {
  return arith::SubFOp::create(b, loc, x, y);
}

Value WinogradEmitter::times(Value x, double factor) {
  return arith::MulFOp::create(b, loc, x, splat(x, factor));
}

Value WinogradEmitter::fused(Value x, double factor, Value y) {
  return multiplyAdd(x, splat(x, factor), y);
}

/// B^T x
SmallVector<Value> WinogradEmitter::transformInput(ArrayRef<Value> x) {
  Value even = fused(x[2], -2, x[4]), odd = fused(x[1], -2, x[3]);
  Value even2 = fused(x[2], -0.5, x[4]), odd2 = fused(x[1], -0.5, x[3]);
  return {plus(fused(x[2], -2.5, x[0]), x[4]),
          fused(odd, kSmall, even),
          fused(odd, -kSmall, even),
          fused(odd2, kLarge, even2),
          fused(odd2, -kLarge, even2),
          plus(fused(x[3], -2.5, x[1]), x[5])};
}

/// G x
SmallVector<Value> WinogradEmitter::transformWeights(ArrayRef<Value> x) {
  Value even = fused(x[2], -1.0 / 3, times(x[0], -2.0 / 3));
  Value even2 = fused(x[2], 1.0 / 3, times(x[0], 1.0 / 6));
  return {x[0],
          fused(x[1], -kSmall * 2 / 3, even),
          fused(x[1], kSmall * 2 / 3, even),
          fused(x[1], kLarge / 6, even2),
          fused(x[1], -kLarge / 6, even2),
          x[2]};
}

/// A^T x
SmallVector<Value> WinogradEmitter::transformSums(ArrayRef<Value> x) {
  Value sum = plus(x[1], x[2]), difference = minus(x[1], x[2]);
  Value sum2 = plus(x[3], x[4]), difference2 = minus(x[3], x[4]);
  return {plus(plus(x[0], sum), sum2),
          fused(difference2, kLarge, times(difference, kSmall)),
          fused(sum2, 2, times(sum, 0.5)),
          fused(difference2, 2 * kLarge,
                fused(difference, kSmall / 2, x[5]))};
}

SmallVector<Value> WinogradEmitter::transformSquare(
    ArrayRef<Value> x, llvm::function_ref<Values(ArrayRef<Value>)> one) {
  size_t size = x.size() == 9 ? 3 : 6;
  SmallVector<Values> columns; // each from its rows
  for (size_t column = 0; column < size; ++column) {
    Values along;
    for (size_t row = 0; row < size; ++row)
      along.push_back(x[row * size + column]);
    columns.push_back(one(along));
  }
  Values result;
  for (size_t row = 0; row < columns[0].size(); ++row) {
    Values along;
    for (const Values &column : columns)
      along.push_back(column[row]);
    result.append(one(along));
  }
  return result;
}
