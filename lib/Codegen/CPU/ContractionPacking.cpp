//===- ContractionPacking.cpp - Columns of B side by side -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"
#include "VectorTranspose.h"

using namespace mlir;
using namespace swapc;

/// The reduction that B is contiguous in, if squares of it can be transposed.
int ContractionEmitter::findSquares() const {
  bool isWord = isa<FloatType>(info.elementB) &&
                info.elementB.getIntOrFloatBitWidth() == 32;
  if (!isWord || plan.lanes < 4)
    return -1;
  for (auto [loop, size] : llvm::enumerate(info.sizes))
    if (info.accessB.coefficients[loop] == 1 && size >= plan.lanes &&
        (static_cast<int>(loop) == info.k ||
         llvm::is_contained(info.taps, loop)))
      return loop;
  return -1;
}

/// The same as packPanel where B is contiguous in the reduction `along`: reads
/// vectors along it, one of each column, and transposes them. Behind the last
/// column it repeats that: nobody stores what comes of it.
void ContractionEmitter::packSquares(Value scratch, ArrayRef<unsigned> loops,
                                     unsigned along, Value columns) {
  SmallVector<unsigned> others;
  // Steps of k and of the taps that one of each loop is.
  SmallVector<int64_t> strides(info.sizes.size(), 0);
  int64_t stride = 1;
  for (unsigned loop : llvm::reverse(loops)) {
    strides[loop] = stride * plan.width();
    stride *= info.sizes[loop];
  }
  for (unsigned loop : loops)
    if (loop != along)
      others.push_back(loop);
  int64_t size = info.sizes[along], whole = size - size % plan.lanes;
  int64_t between = info.accessB.coefficients[info.n];
  Value last = arith::SubIOp::create(b, loc, columns, constant(1));
  auto column = [&](Value source, int64_t index) {
    Value at = constant(index);
    if (columnTail)
      at = arith::MinUIOp::create(b, loc, at, last);
    return advance(source, info.elementB, scale(at, between));
  };
  forLoop(info.sizeOf(others), 1, {}, [&](Value step, Values) -> Values {
    Values at = delinearize(step, others);
    Value from = advance(baseB, info.elementB,
                         linear(others, at, info.accessB.coefficients));
    Value to = advance(scratch, info.elementB, linear(others, at, strides));
    forLoop(whole, plan.lanes, {}, [&](Value index, Values) -> Values {
      Value source = advance(from, info.elementB, index);
      Value target = advance(to, info.elementB, scale(index, strides[along]));
      for (int64_t v = 0; v < plan.vectors; ++v) {
        Values square;
        for (int64_t lane = 0; lane < plan.lanes; ++lane)
          square.push_back(loadVector(
              info.elementB, column(source, v * plan.lanes + lane), nullptr));
        square = transposeVectors(b, loc, square);
        for (int64_t row = 0; row < plan.lanes; ++row)
          storeVector(square[row],
                      advance(target, info.elementB,
                              row * strides[along] + v * plan.lanes),
                      nullptr);
      }
      return {};
    });
    for (int64_t index = whole; index < size; ++index) {
      Value source = advance(from, info.elementB, index);
      Value target = advance(to, info.elementB, index * strides[along]);
      for (int64_t j = 0; j < plan.width(); ++j)
        LLVM::StoreOp::create(
            b, loc, loadScalar(info.elementB, column(source, j)),
            advance(target, info.elementB, j),
            swap::getElementBytes(info.elementB));
    }
    return {};
  });
}

/// Copies the panel of B at `baseB` into [taps][k][NR] at `scratch`.
void ContractionEmitter::packPanel(Value scratch) {
  SmallVector<unsigned> loops(info.taps);
  if (info.k >= 0)
    loops.push_back(info.k);
  Value columns = constant(plan.width());
  if (columnTail)
    columns = arith::MinUIOp::create(
        b, loc, columns,
        arith::SubIOp::create(b, loc, constant(info.columns()),
                              firstColumn ? firstColumn : constant(0)));
  int along = findSquares();
  if (along >= 0)
    return packSquares(scratch, loops, along, columns);
  forLoop(info.depth(), 1, {}, [&](Value step, Values) -> Values {
    Values at = delinearize(step, loops);
    Value source = advance(baseB, info.elementB,
                           linear(loops, at, info.accessB.coefficients));
    Value target = advance(scratch, info.elementB, scale(step, plan.width()));
    auto copy = [&](Value from, Value to, bool zero) {
      scf::ForOp::create(
          b, loc, from, to, constant(1), ValueRange(),
          [&](OpBuilder &, Location, Value j, ValueRange) {
            // Bits are moved, whatever their type.
            Type element =
                b.getIntegerType(8 * swap::getElementBytes(info.elementB));
            Value value =
                zero
                    ? Value(arith::ConstantOp::create(
                          b, loc, cast<TypedAttr>(b.getZeroAttr(element))))
                    : loadScalar(
                          element,
                          advance(source, element,
                                  scale(j, info.accessB.coefficients[info.n])));
            LLVM::StoreOp::create(b, loc, value, advance(target, element, j),
                                  swap::getElementBytes(element));
            scf::YieldOp::create(b, loc);
          });
    };
    copy(constant(0), columns, false);
    if (columnTail)
      copy(columns, constant(plan.width()), true);
    return {};
  });
}
