//===- RowTranspose.cpp - Square tiles between two orders of loops --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"
#include "VectorTranspose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace swapc;

/// Swaps ever smaller blocks across the diagonal, with shuffles of two vectors.
SmallVector<Value> swapc::transposeVectors(OpBuilder &b, Location loc,
                                           SmallVector<Value> rows) {
  int64_t width = rows.size();
  for (int64_t block = width / 2; block >= 1; block /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < width; ++lane) {
      bool second = lane & block;
      low.push_back(second ? width + lane - block : lane);
      high.push_back(second ? width + lane : lane + block);
    }
    for (int64_t row = 0; row < width; ++row) {
      if (row & block)
        continue;
      Value first = rows[row], second = rows[row + block];
      rows[row] = vector::ShuffleOp::create(b, loc, first, second, low);
      rows[row + block] = vector::ShuffleOp::create(b, loc, first, second, high);
    }
  }
  return rows;
}

void RowEmitter::emitTransposed(RowNest &nest, Ranges &ranges,
                                Vector &indices) {
  int along = nest.vector, across = nest.across;
  int64_t width = nest.width;
  Lanes output{along, width, Value()}, input{across, width, Value()};
  auto isTransposed = [&](LoopAccess &access) {
    int64_t step = access.tensor->base ? access.offset.coefficients[along] : 0;
    return step != 0 && step != 1;
  };

  auto tile = [&](Value acrossIndex, Value alongIndex) {
    SmallVector<Vector> columns(nest.inputs.size());
    auto place = [&](int64_t row, int64_t column) {
      Vector here = indices;
      here[across] =
          row ? lanes.add(acrossIndex, lanes.constant(row)) : acrossIndex;
      here[along] =
          column ? lanes.add(alongIndex, lanes.constant(column)) : alongIndex;
      return here;
    };
    for (auto [access, vectors] : llvm::zip(nest.inputs, columns)) {
      if (!access.tensor || !isTransposed(access))
        continue;
      for (int64_t column = 0; column < width; ++column)
        vectors.push_back(broadcastFor(
            lanes.emitLoad(access, place(0, column), input), input));
      vectors = transposeVectors(builder, loc, vectors);
    }
    for (int64_t row = 0; row < width; ++row) {
      Vector here = place(row, 0), values;
      for (auto [access, vectors] : llvm::zip(nest.inputs, columns))
        values.push_back(!access.tensor ? Value()
                         : vectors.empty()
                             ? lanes.emitLoad(access, here, output)
                             : vectors[row]);
      store(
          nest,
          emitPoint(nest, here, output, values, loadInits(nest, here, output)),
          here, output);
    }
  };

  // Whole squares first; the strips that are left go lane by lane.
  auto split = [&](const Range &range) -> std::pair<Range, Range> {
    if (range.isStatic()) {
      int64_t whole = range.extent / width * width;
      Value middle = lanes.add(range.begin, lanes.constant(whole));
      return {{range.begin, middle, whole},
              {middle, range.end, range.extent - whole}};
    }
    Value extent = arith::SubIOp::create(builder, loc, range.end, range.begin);
    Value rest =
        arith::RemUIOp::create(builder, loc, extent, lanes.constant(width));
    Value middle = arith::SubIOp::create(builder, loc, range.end, rest);
    return {{range.begin, middle, -1}, {middle, range.end, -1}};
  };
  auto [wholeAcross, restAcross] = split(ranges[across]);
  auto [wholeAlong, restAlong] = split(ranges[along]);
  emitLoop(wholeAcross, width, {},
           [&, wholeAlong = wholeAlong](Value row, ValueRange) {
             emitLoop(wholeAlong, width, {}, [&](Value column, ValueRange) {
               tile(row, column);
               return Vector();
             });
             return Vector();
           });
  auto strip = [&](const Range &rows, const Range &columns) {
    if (rows.extent == 0 || columns.extent == 0)
      return;
    Ranges part = ranges;
    part[along] = columns;
    emitLoop(rows, 1, {}, [&](Value row, ValueRange) {
      indices[across] = row;
      emitLanes(nest, part, indices);
      return Vector();
    });
  };
  strip(wholeAcross, restAlong);
  strip(restAcross, ranges[along]);
}
