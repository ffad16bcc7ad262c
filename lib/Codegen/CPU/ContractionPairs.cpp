//===- ContractionPairs.cpp - Sums of two products at once ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An x86 processor multiplies integers of 16 bits and adds neighbours in one
// instruction: two steps of k in half the time of one float's. Sums of 32 bits
// wrap around, so their bits are those of one step after the other.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

using namespace mlir;
using namespace swapc;

/// Whether 16 bits hold what `cast` makes of `element`.
static bool fitsPair(Type element, Operation *cast) {
  return (element.isInteger(8) &&
          isa_and_present<arith::ExtSIOp, arith::ExtUIOp>(cast)) ||
         (element.isInteger(16) && isa_and_present<arith::ExtSIOp>(cast));
}

bool swapc::canMultiplyPairs(const ContractionInfo &info) {
  return info.accumulator.isInteger(32) && !info.vectorA &&
         info.innerK() >= 2 && fitsPair(info.elementA, info.castA) &&
         fitsPair(info.elementB, info.castB);
}

/// `value`, of integers, as 16 bits, extended as `cast` does.
Value ContractionEmitter::extendPair(Operation *cast, Value value) {
  Type type = value.getType();
  if (getElementTypeOrSelf(type).isInteger(16))
    return value;
  Type to = b.getI16Type();
  if (auto vector = dyn_cast<VectorType>(type))
    to = vector.clone(to);
  if (isa<arith::ExtSIOp>(cast))
    return arith::ExtSIOp::create(b, loc, to, value);
  return arith::ExtUIOp::create(b, loc, to, value);
}

/// Two steps of a row of A in all lanes; the second is zero unless `both`.
Value ContractionEmitter::loadPairA(Value at, bool both) {
  int64_t stride = info.accessA.coefficients[info.k];
  Value pair;
  if (both && stride == 1) {
    auto two = VectorType::get({2}, info.elementA);
    Value loaded = LLVM::LoadOp::create(
        b, loc, two, at, swap::getElementBytes(info.elementA));
    loaded = extendPair(info.castA, loaded);
    pair = vector::BitCastOp::create(b, loc, VectorType::get({1}, b.getI32Type()),
                                     loaded);
    pair = vector::ExtractOp::create(b, loc, pair, ArrayRef<int64_t>{0});
  } else {
    auto load = [&](int64_t step) -> Value {
      Value element = loadScalar(
          info.elementA, advance(at, info.elementA, step * stride));
      return arith::ExtUIOp::create(b, loc, b.getI32Type(),
                                    extendPair(info.castA, element));
    };
    pair = load(0);
    if (both) {
      Value half =
          arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(16));
      pair = arith::OrIOp::create(
          b, loc, pair, arith::ShLIOp::create(b, loc, load(1), half));
    }
  }
  pair = vector::BroadcastOp::create(b, loc, vectorOf(b.getI32Type()), pair);
  return vector::BitCastOp::create(
      b, loc, VectorType::get({2 * plan.lanes}, b.getI16Type()), pair);
}

/// Steps `offset` and, where `both`, `offset + 1` after `k`.
SmallVector<Value> ContractionEmitter::emitPair(ArrayRef<Value> pointersA,
                                                Value pointerB, Value k,
                                                int64_t offset, bool both,
                                                Values acc) {
  bool direct = plan.source == PanelSource::Direct;
  int64_t strideA = info.accessA.coefficients[info.k];
  int64_t strideB =
      direct ? info.accessB.coefficients[info.k] : plan.width();
  Type element = info.elementB;
  Value rowB = advance(pointerB, element, scale(k, strideB));
  Values vectorsB;
  for (int64_t v = 0; v < plan.vectors; ++v) {
    auto load = [&](int64_t step) {
      Value at = advance(rowB, element, step * strideB + v * plan.lanes);
      return loadVector(element, at, direct ? masks[v] : Value());
    };
    Value first = load(offset);
    Value second = both ? load(offset + 1)
                        : Value(arith::ConstantOp::create(
                              b, loc, b.getZeroAttr(first.getType())));
    vectorsB.push_back(extendPair(
        info.castB, vector::InterleaveOp::create(b, loc, first, second)));
  }
  StringRef name = plan.lanes == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                   : plan.lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                     : "llvm.x86.sse2.pmadd.wd";
  VectorType type = vectorOf(info.accumulator);
  for (auto [r, pointer] : llvm::enumerate(pointersA)) {
    Value at = advance(pointer, info.elementA, scale(k, strideA));
    at = advance(at, info.elementA, offset * strideA);
    Value pair = loadPairA(at, both);
    for (int64_t v = 0; v < plan.vectors; ++v) {
      auto products = LLVM::CallIntrinsicOp::create(
          b, loc, type, b.getStringAttr(name), ValueRange{pair, vectorsB[v]});
      Value &sum = acc[r * plan.vectors + v];
      sum = arith::AddIOp::create(b, loc, sum, products.getResult(0));
    }
  }
  return acc;
}
