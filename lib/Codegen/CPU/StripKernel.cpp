//===- StripKernel.cpp - The micro-kernel of depthwise kernels --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each row of the image: strips from left to right, of which those inside
// are one loop. For each strip: the rows of the window that are inside the
// image, then everything of that row written out. What is outside is left out
// of the sum, wherever tiles are cut; each sum runs over the taps in order.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include <map>

using namespace mlir;
using namespace swapc;

/// The taps of one dimension that are inside: [begin, end).
std::pair<Value, Value>
ContractionEmitter::emitTapRange(unsigned level, const StripLoops &loops,
                                 ArrayRef<unsigned> outer, Values coordinates) {
  int64_t taps = info.sizes[info.taps[level]];
  if (loops.outerWindows[level] < 0)
    return {constant(0), constant(taps)};
  const ContractionWindow &window = info.windows[loops.outerWindows[level]];
  int64_t step = window.coefficients[info.taps[level]];
  Value start = add(linear(outer, coordinates, window.coefficients),
                    constant(-window.low));
  Value zero = constant(0);
  auto clamp = [&](Value steps) { // from elements to taps, rounded up
    steps = add(steps, step > 1 ? constant(step - 1) : Value());
    steps = arith::MaxSIOp::create(b, loc, steps, zero);
    return arith::MinSIOp::create(b, loc, div(steps, step), constant(taps));
  };
  Value before = arith::SubIOp::create(b, loc, zero, start);
  Value behind = arith::SubIOp::create(b, loc, constant(window.size), start);
  return {clamp(before), clamp(behind)};
}

void ContractionEmitter::emitStrips(Value firstRow) {
  StripLoops loops = *getStripLoops(info);
  ArrayRef<unsigned> outer = ArrayRef(info.m).drop_back();
  int64_t size = info.sizes[loops.x];
  Strip strip;
  strip.firstRow = firstRow;
  strip.coordinates = delinearize(div(firstRow, size), outer);
  strip.base =
      advance(baseA, info.elementA,
              linear(outer, strip.coordinates, info.accessA.coefficients));
  for (unsigned level = 0; level + 1 < info.taps.size(); ++level)
    strip.ranges.push_back(
        emitTapRange(level, loops, outer, strip.coordinates));
  for (int64_t x = 0; x < size;) {
    int64_t count = std::min(plan.strip, size - x), end = x + count;
    while (count == plan.strip && isInterior(info, loops, x, end - x) &&
           end + count <= size && isInterior(info, loops, end, count))
      end += count;
    strip.x = x;
    strip.count = count;
    strip.along = nullptr;
    if (end - x == count) {
      emitStrip(strip, loops);
    } else {
      scf::ForOp::create(b, loc, constant(0), constant(end - x),
                         constant(count), ValueRange(),
                         [&](OpBuilder &, Location, Value along, ValueRange) {
                           strip.along = along;
                           emitStrip(strip, loops);
                           scf::YieldOp::create(b, loc);
                         });
    }
    x = end;
  }
}

void ContractionEmitter::emitStrip(const Strip &strip,
                                   const StripLoops &loops) {
  Value zero = arith::ConstantOp::create(
      b, loc, b.getZeroAttr(vectorOf(info.accumulator)));
  Values acc(strip.count * plan.vectors, zero);
  acc = emitStripTaps(strip, loops, 0, {}, acc);
  SmallVector<Row> rows(strip.count);
  for (auto [r, row] : llvm::enumerate(rows)) {
    row.index = add(strip.firstRow, strip.along);
    row.offset = strip.x + r;
    row.coordinates = strip.coordinates;
    row.coordinates.push_back(add(strip.along, constant(row.offset)));
  }
  emitEpilogue(rows, acc);
}

SmallVector<Value> ContractionEmitter::emitStripTaps(const Strip &strip,
                                                     const StripLoops &loops,
                                                     unsigned level,
                                                     Values taps, Values acc) {
  if (level == strip.ranges.size())
    return emitStripRow(strip, loops, taps, acc);
  auto [begin, end] = strip.ranges[level];
  auto loop = scf::ForOp::create(
      b, loc, begin, end, constant(1), acc,
      [&](OpBuilder &, Location, Value tap, ValueRange sums) {
        Values deeper(taps);
        deeper.push_back(tap);
        scf::YieldOp::create(
            b, loc,
            emitStripTaps(strip, loops, level + 1, deeper, Values(sums)));
      });
  return Values(loop.getResults());
}

/// All products of one row of the window.
SmallVector<Value> ContractionEmitter::emitStripRow(const Strip &strip,
                                                    const StripLoops &loops,
                                                    Values taps, Values acc) {
  ArrayRef<unsigned> outerTaps = ArrayRef(info.taps).drop_back();
  int64_t count = info.sizes[loops.tap];
  int64_t step = info.accessA.coefficients[loops.x];
  int64_t tapStep = info.accessA.coefficients[loops.tap];
  bool direct = plan.source == PanelSource::Direct;

  Value rowB = baseB;
  if (direct) {
    rowB = advance(baseB, info.elementB,
                   linear(outerTaps, taps, info.accessB.coefficients));
  } else {
    Value index;
    for (auto [loop, tap] : llvm::zip_equal(outerTaps, taps))
      index = add(scale(index, info.sizes[loop]), tap);
    rowB = advance(baseB, info.elementB, scale(index, count * plan.width()));
  }
  int64_t strideB =
      direct ? info.accessB.coefficients[loops.tap] : plan.width();
  Values weights;
  for (int64_t tap = 0; tap < count; ++tap)
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value at = advance(rowB, info.elementB, tap * strideB + v * plan.lanes);
      Value loaded = loadVector(info.elementB, at, direct ? masks[v] : Value());
      weights.push_back(castVector(info.castB, loaded));
    }

  // What is read at each offset, in the order of memory, which is for each sum
  // that of the taps.
  std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> products;
  for (int64_t r = 0; r < strip.count; ++r)
    for (int64_t tap = 0; tap < count; ++tap)
      if (isInsideStrip(info, loops, strip.x + r, tap))
        products[(strip.x + r) * step + tap * tapStep].push_back({r, tap});
  Value rowA = advance(strip.base, info.elementA,
                       linear(outerTaps, taps, info.accessA.coefficients));
  rowA = advance(rowA, info.elementA, scale(strip.along, step));
  for (const auto &[offset, readers] : products)
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value at = advance(rowA, info.elementA, offset + v * plan.lanes);
      Value a = castVector(info.castA, loadVector(info.elementA, at, masks[v]));
      for (auto [r, tap] : readers) {
        Value &sum = acc[r * plan.vectors + v];
        sum = multiplyAdd(a, weights[tap * plan.vectors + v], sum);
      }
    }
  return acc;
}
