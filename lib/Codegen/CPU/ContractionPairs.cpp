//===- ContractionPairs.cpp - Sums of several products at once --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An x86 processor multiplies integers of 16 bits and adds neighbours in one
// instruction: two steps of k in the time of one float's. Those with VNNI do it
// with four bytes, of which the left ones are unsigned. Sums of 32 bits wrap
// around, so their bits are those of one step after the other.
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

ProductSteps swapc::getProductSteps(const ContractionInfo &info,
                                    const CpuTarget &target) {
  if (!target.hasPairs || !info.accumulator.isInteger(32) || info.vectorA ||
      info.innerK() < 2 || !fitsPair(info.elementA, info.castA) ||
      !fitsPair(info.elementB, info.castB))
    return ProductSteps::One;
  if (info.innerK() < 4 || !info.elementA.isInteger(8) ||
      info.accessA.coefficients[info.k] != 1)
    return ProductSteps::Two;
  return target.hasDots && info.elementB.isInteger(8) &&
                 isa<arith::ExtSIOp>(info.castB)
             ? ProductSteps::Four
             : ProductSteps::TwoTwice;
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

/// The elements of B at `offset` after `row`, for one vector of columns.
Value ContractionEmitter::loadStepB(Value row, int64_t offset, int64_t vector) {
  bool direct = plan.source == PanelSource::Direct;
  int64_t stride = direct ? info.accessB.coefficients[info.k] : plan.width();
  Value at =
      advance(row, info.elementB, offset * stride + vector * plan.lanes);
  return loadVector(info.elementB, at, direct ? masks[vector] : Value());
}

/// Row `k` of B.
Value ContractionEmitter::rowOfB(Value pointer, Value k) {
  bool direct = plan.source == PanelSource::Direct;
  int64_t stride = direct ? info.accessB.coefficients[info.k] : plan.width();
  return advance(pointer, info.elementB, scale(k, stride));
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
    pair = vector::BitCastOp::create(
        b, loc, VectorType::get({1}, b.getI32Type()), loaded);
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
      Value half = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(16));
      pair = arith::OrIOp::create(
          b, loc, pair, arith::ShLIOp::create(b, loc, load(1), half));
    }
  }
  pair = vector::BroadcastOp::create(b, loc, vectorOf(b.getI32Type()), pair);
  return vector::BitCastOp::create(
      b, loc, VectorType::get({2 * plan.lanes}, b.getI16Type()), pair);
}

/// sum + the sums of neighbouring products of 16 bits.
Value ContractionEmitter::addPairs(Value sum, Value x, Value y) {
  StringRef name = plan.lanes == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                   : plan.lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                     : "llvm.x86.sse2.pmadd.wd";
  auto products = LLVM::CallIntrinsicOp::create(
      b, loc, sum.getType(), b.getStringAttr(name), ValueRange{x, y});
  return arith::AddIOp::create(b, loc, sum, products.getResult(0));
}

/// Two steps of one vector of columns; the second is zero unless `both`.
Value ContractionEmitter::pairOfB(Value row, int64_t offset, int64_t vector,
                                  bool both) {
  Value first = loadStepB(row, offset, vector);
  Value second = both ? loadStepB(row, offset + 1, vector)
                      : Value(arith::ConstantOp::create(
                            b, loc, b.getZeroAttr(first.getType())));
  return extendPair(info.castB,
                    vector::InterleaveOp::create(b, loc, first, second));
}

/// Four steps of one vector of columns, as the products take them: the even and
/// the odd ones as pairs, or all in one vector of bytes.
SmallVector<Value> ContractionEmitter::quadOfB(Value row, int64_t offset,
                                               int64_t vector) {
  auto pair = [&](int64_t step) -> Value {
    return vector::InterleaveOp::create(
        b, loc, loadStepB(row, offset + step, vector),
        loadStepB(row, offset + step + 2, vector));
  };
  Value even = pair(0), odd = pair(1);
  if (plan.steps == ProductSteps::Four)
    return {vector::InterleaveOp::create(b, loc, even, odd)};
  return {extendPair(info.castB, even), extendPair(info.castB, odd)};
}

/// What the products of `getGroup()` steps take of a row of B.
SmallVector<Value> ContractionEmitter::groupOfB(Value row, int64_t vector) {
  if (plan.steps == ProductSteps::Two)
    return {pairOfB(row, 0, vector, true)};
  return quadOfB(row, 0, vector);
}

/// Where the block of the panel keeps part `part` of a group of steps.
Value ContractionEmitter::placeOfGroup(Value k, int64_t offset, int64_t vector,
                                       int64_t part) {
  int64_t parts = plan.steps == ProductSteps::TwoTwice ? 2 : 1;
  int64_t group = getGroup(plan), row = plan.width() * parts;
  Value at = advance(block, info.accumulator, scale(k, row / group));
  return advance(at, info.accumulator,
                 offset / group * row + (vector * parts + part) * plan.lanes);
}

Value ContractionEmitter::loadGroup(Value k, int64_t offset, int64_t vector,
                                    int64_t part) {
  bool bytes = plan.steps == ProductSteps::Four;
  auto type = VectorType::get({plan.lanes * (bytes ? 4 : 2)},
                              b.getIntegerType(bytes ? 8 : 16));
  return LLVM::LoadOp::create(b, loc, type,
                              placeOfGroup(k, offset, vector, part),
                              swap::getElementBytes(info.accumulator));
}

/// Steps `offset` and, where `both`, `offset + 1` after `k`.
SmallVector<Value> ContractionEmitter::emitPair(ArrayRef<Value> pointersA,
                                                Value pointerB, Value k,
                                                int64_t offset, bool both,
                                                Values acc) {
  int64_t strideA = info.accessA.coefficients[info.k];
  Values vectorsB;
  for (int64_t v = 0; v < plan.vectors; ++v)
    vectorsB.push_back(plan.widensB
                           ? loadGroup(k, offset, v, 0)
                           : pairOfB(rowOfB(pointerB, k), offset, v, both));
  for (auto [r, pointer] : llvm::enumerate(pointersA)) {
    Value at = advance(pointer, info.elementA, scale(k, strideA));
    Value pair = loadPairA(advance(at, info.elementA, offset * strideA), both);
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value &sum = acc[r * plan.vectors + v];
      sum = addPairs(sum, pair, vectorsB[v]);
    }
  }
  return acc;
}

/// Four bytes of a row of A in all lanes, as elements of `type`.
Value ContractionEmitter::loadQuadA(Value at, Type type) {
  Value quad = LLVM::LoadOp::create(b, loc, b.getI32Type(), at, 1);
  quad = vector::BroadcastOp::create(b, loc, vectorOf(b.getI32Type()), quad);
  int64_t count = plan.lanes * 32 / type.getIntOrFloatBitWidth();
  return vector::BitCastOp::create(b, loc, VectorType::get({count}, type),
                                   quad);
}

Value ContractionEmitter::splat(Type type, int64_t value) {
  auto vector = cast<VectorType>(type);
  return arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(
          vector, b.getIntegerAttr(vector.getElementType(), value)));
}

/// Steps `offset` to `offset + 3` after `k`, two pairs: the bytes at even
/// places and those at odd ones, so that a row of A needs no more than masks.
SmallVector<Value> ContractionEmitter::emitTwoPairs(ArrayRef<Value> pointersA,
                                                    Value pointerB, Value k,
                                                    int64_t offset,
                                                    Values acc) {
  Values evenB, oddB;
  for (int64_t v = 0; v < plan.vectors; ++v) {
    Values pairs = plan.widensB ? Values{loadGroup(k, offset, v, 0),
                                         loadGroup(k, offset, v, 1)}
                                : quadOfB(rowOfB(pointerB, k), offset, v);
    evenB.push_back(pairs[0]);
    oddB.push_back(pairs[1]);
  }
  for (auto [r, pointer] : llvm::enumerate(pointersA)) {
    Value at = advance(pointer, info.elementA, k);
    Value quad =
        loadQuadA(advance(at, info.elementA, offset), b.getI16Type());
    Value eight = splat(quad.getType(), 8);
    Value even, odd;
    if (isa<arith::ExtSIOp>(info.castA)) {
      odd = arith::ShRSIOp::create(b, loc, quad, eight);
      even = arith::ShLIOp::create(b, loc, quad, eight);
      even = arith::ShRSIOp::create(b, loc, even, eight);
    } else {
      odd = arith::ShRUIOp::create(b, loc, quad, eight);
      even = arith::AndIOp::create(b, loc, quad, splat(quad.getType(), 255));
    }
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value &sum = acc[r * plan.vectors + v];
      sum = addPairs(addPairs(sum, even, evenB[v]), odd, oddB[v]);
    }
  }
  return acc;
}

/// sum + the sums of four neighbouring products of bytes, unsigned and signed.
void ContractionEmitter::addQuads(Value &sum, Value x, Value y) {
  std::string name =
      "llvm.x86.avx512.vpdpbusd." + std::to_string(plan.lanes * 32);
  sum = LLVM::CallIntrinsicOp::create(b, loc, sum.getType(),
                                      b.getStringAttr(name),
                                      ValueRange{sum, x, y})
            .getResult(0);
}

/// The same steps in one instruction. It takes a byte of A that is signed as
/// 128 more; what that adds is summed once for all rows, after their sums.
SmallVector<Value> ContractionEmitter::emitQuad(ArrayRef<Value> pointersA,
                                                Value pointerB, Value k,
                                                int64_t offset, Values acc) {
  Values vectorsB;
  for (int64_t v = 0; v < plan.vectors; ++v)
    vectorsB.push_back(plan.widensB
                           ? loadGroup(k, offset, v, 0)
                           : quadOfB(rowOfB(pointerB, k), offset, v)[0]);
  Type bytes = vectorsB[0].getType();
  for (auto [r, pointer] : llvm::enumerate(pointersA)) {
    Value at = advance(pointer, info.elementA, k);
    Value quad = loadQuadA(advance(at, info.elementA, offset), b.getI8Type());
    if (isShifted())
      quad = arith::XOrIOp::create(b, loc, quad, splat(bytes, -128));
    for (int64_t v = 0; v < plan.vectors; ++v)
      addQuads(acc[r * plan.vectors + v], quad, vectorsB[v]);
  }
  for (int64_t v = 0; sumsColumns() && v < plan.vectors; ++v)
    addQuads(acc[plan.rows * plan.vectors + v], splat(bytes, -128),
             vectorsB[v]);
  return acc;
}

bool ContractionEmitter::isShifted() const {
  return plan.steps == ProductSteps::Four && isa<arith::ExtSIOp>(info.castA);
}

bool ContractionEmitter::sumsColumns() const {
  return isShifted() && !plan.widensB;
}

/// Takes what signed bytes added off the sums of the rows.
void ContractionEmitter::unshift(Values &acc) {
  if (!isShifted())
    return;
  Values added;
  for (int64_t v = 0; v < plan.vectors; ++v)
    added.push_back(sumsColumns()
                        ? acc[plan.rows * plan.vectors + v]
                        : loadVector(info.accumulator,
                                     advance(columns, info.accumulator,
                                             v * plan.lanes),
                                     nullptr));
  for (int64_t r = 0; r < plan.rows; ++r)
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value &sum = acc[r * plan.vectors + v];
      sum = arith::SubIOp::create(b, loc, sum, added[v]);
    }
}

/// `count` steps from `from` after `k`.
SmallVector<Value> ContractionEmitter::emitSteps(ArrayRef<Value> pointersA,
                                                 Value pointerB, Value k,
                                                 int64_t count, int64_t from,
                                                 Values acc) {
  bool fours = plan.steps == ProductSteps::Four ||
               plan.steps == ProductSteps::TwoTwice;
  for (int64_t step = 0; step < count;) {
    int64_t at = from + step;
    if (plan.steps == ProductSteps::One) {
      acc = emitStep(pointersA, pointerB, k, at, acc);
      step += 1;
    } else if (fours && step + 4 <= count) {
      acc = plan.steps == ProductSteps::Four
                ? emitQuad(pointersA, pointerB, k, at, acc)
                : emitTwoPairs(pointersA, pointerB, k, at, acc);
      step += 4;
    } else {
      acc = emitPair(pointersA, pointerB, k, at, step + 1 < count, acc);
      step += 2;
    }
  }
  return acc;
}
