//===- RowReduction.cpp - Sums, maxima and windows --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The order in which elements are combined depends on the sizes of the kernel
// alone, never on how its tiles are split over calls and threads.
//
//===----------------------------------------------------------------------===//

#include "RowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace swapc;

/// Loops over the reductions from `loop` on, but for the one of the lanes.
RowEmitter::Vector RowEmitter::emitReductions(
    RowNest &nest, Ranges &ranges, Vector &indices, unsigned loop,
    ValueRange carried, llvm::function_ref<Vector(Vector &, ValueRange)> body) {
  if (loop == nest.sizes.size())
    return body(indices, carried);
  if (static_cast<int>(loop) == nest.vector)
    return emitReductions(nest, ranges, indices, loop + 1, carried, body);
  return emitLoop(ranges[loop], 1, carried, [&](Value index, ValueRange inner) {
    indices[loop] = index;
    return emitReductions(nest, ranges, indices, loop + 1, inner, body);
  });
}

/// `count` vectors of results, each lane an accumulator of its own.
void RowEmitter::emitVertical(RowNest &nest, Ranges &ranges, Vector indices,
                              Value index, int64_t count, const Lanes &at) {
  SmallVector<Vector> places;
  Vector initial;
  for (int64_t vector = 0; vector < count; ++vector) {
    Vector here = indices;
    if (at.loop >= 0)
      here[at.loop] =
          vector ? lanes.add(index, lanes.constant(vector * at.width)) : index;
    Vector inits = loadInits(nest, here, at);
    for (auto [position, init] : llvm::enumerate(inits)) {
      // An accumulator that the body ignores still needs a value to start.
      if (!init)
        init = arith::ConstantOp::create(
            builder, loc,
            builder.getZeroAttr(
                nest.outputs[position].tensor->type.getElementType()));
      initial.push_back(broadcastFor(init, at));
    }
    places.push_back(here);
  }
  unsigned results = nest.inits.size();
  Vector sums = emitReductions(
      nest, ranges, indices, nest.parallel, initial,
      [&](Vector &current, ValueRange carried) {
        Vector next;
        for (int64_t vector = 0; vector < count; ++vector) {
          Vector here = current;
          if (at.loop >= 0)
            here[at.loop] = places[vector][at.loop];
          Vector accumulators(carried.slice(vector * results, results));
          for (Value value : emitPoint(
                   nest, here, at, loadInputs(nest, here, at), accumulators))
            next.push_back(broadcastFor(value, at));
        }
        return next;
      });
  for (int64_t vector = 0; vector < count; ++vector)
    store(nest, ArrayRef<Value>(sums).slice(vector * results, results),
          places[vector], at);
}

TypedAttr swapc::getNeutral(Operation *combiner) {
  Type type = combiner->getResult(0).getType();
  if (auto floatType = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
    APFloat value =
        APFloat::getZero(semantics, /*Negative=*/isa<arith::AddFOp>(combiner));
    if (isa<arith::MulFOp>(combiner))
      value = APFloat(semantics, 1);
    else if (isa<arith::MaximumFOp>(combiner))
      value = APFloat::getInf(semantics, /*Negative=*/true);
    else if (isa<arith::MinimumFOp>(combiner))
      value = APFloat::getInf(semantics);
    else if (isa<arith::MaxNumFOp, arith::MinNumFOp>(combiner))
      value = APFloat::getNaN(semantics);
    return FloatAttr::get(type, value);
  }
  unsigned bits = type.getIntOrFloatBitWidth();
  APInt value = APInt::getZero(bits);
  if (isa<arith::MulIOp>(combiner))
    value = APInt(bits, 1);
  else if (isa<arith::AndIOp, arith::MinUIOp>(combiner))
    value = APInt::getAllOnes(bits);
  else if (isa<arith::MaxSIOp>(combiner))
    value = APInt::getSignedMinValue(bits);
  else if (isa<arith::MinSIOp>(combiner))
    value = APInt::getSignedMaxValue(bits);
  return IntegerAttr::get(type, value);
}

Value RowEmitter::emitNeutral(Operation *combiner, int64_t width) {
  Value neutral = arith::ConstantOp::create(builder, loc, getNeutral(combiner));
  return lanes.broadcast(neutral, width);
}

Value RowEmitter::combine(Operation *combiner, Value a, Value b) {
  OperationState state(loc, combiner->getName(), {a, b}, {a.getType()},
                       combiner->getAttrs());
  return builder.create(state)->getResult(0);
}

/// Lanes along a reduction: four vectors of partial results, then a tree.
void RowEmitter::emitHorizontal(RowNest &nest, Ranges &ranges, Vector indices) {
  unsigned results = nest.inits.size();
  int64_t width = nest.width, extent = nest.sizes[nest.vector];
  while (width > 2 && width > extent)
    width /= 2;
  int64_t unroll = std::clamp<int64_t>(extent / width, 1, 4);
  Vector inits = loadInits(nest, indices, Lanes());

  auto step = [&](ArrayRef<Value> current, Value index, const Lanes &at,
                  ValueRange carried) {
    Vector here(current);
    here[nest.vector] = index;
    Vector next =
        emitPoint(nest, here, at, loadInputs(nest, here, at), Vector(carried));
    for (auto [value, old] : llvm::zip(next, carried)) {
      value = broadcastFor(value, at);
      if (at.mask)
        value = arith::SelectOp::create(builder, loc, at.mask, value, old);
    }
    return next;
  };
  Lanes whole{nest.vector, width, Value()};
  Vector neutral;
  for (int64_t vector = 0; vector < unroll; ++vector)
    for (Operation *combiner : nest.combiners)
      neutral.push_back(emitNeutral(combiner, width));

  Vector sums = emitReductions(
      nest, ranges, indices, nest.parallel, neutral,
      [&](Vector &current, ValueRange carried) {
        const Range &range = ranges[nest.vector];
        int64_t done = extent / (unroll * width) * unroll * width;
        auto at = [&](int64_t offset) {
          return lanes.add(range.begin, lanes.constant(offset));
        };
        Vector partial = emitLoop(
            {range.begin, at(done), done}, unroll * width, carried,
            [&](Value index, ValueRange inner) {
              Vector next;
              for (int64_t vector = 0; vector < unroll; ++vector) {
                Value place =
                    vector ? lanes.add(index, lanes.constant(vector * width))
                           : index;
                llvm::append_range(
                    next, step(current, place, whole,
                               inner.slice(vector * results, results)));
              }
              return next;
            });
        for (int64_t vector = 0; done < extent; ++vector, done += width) {
          Lanes part = whole;
          if (extent - done < width)
            part.mask = lanes.createMask(lanes.constant(extent - done), width);
          int64_t into = vector % unroll * results;
          Vector next = step(current, at(done), part,
                             ValueRange(partial).slice(into, results));
          std::copy(next.begin(), next.end(), partial.begin() + into);
        }
        return partial;
      });

  Vector values;
  for (unsigned result = 0; result < results; ++result) {
    Operation *combiner = nest.combiners[result];
    Vector tree;
    for (int64_t vector = 0; vector < unroll; ++vector)
      tree.push_back(sums[vector * results + result]);
    for (; tree.size() > 1; tree.resize((tree.size() + 1) / 2))
      for (unsigned pair = 0, half = (tree.size() + 1) / 2;
           pair + half < tree.size(); ++pair)
        tree[pair] = combine(combiner, tree[pair], tree[pair + half]);
    Value vector = tree[0];
    for (int64_t half = width / 2; half >= 1; half /= 2) {
      SmallVector<int64_t> low = llvm::to_vector(llvm::seq<int64_t>(0, half));
      SmallVector<int64_t> high =
          llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
      Value a = vector::ShuffleOp::create(builder, loc, vector, vector, low);
      Value b = vector::ShuffleOp::create(builder, loc, vector, vector, high);
      vector = combine(combiner, a, b);
    }
    Value total =
        vector::ExtractOp::create(builder, loc, vector, ArrayRef<int64_t>{0});
    values.push_back(inits[result] ? combine(combiner, inits[result], total)
                                   : total);
  }
  store(nest, values, indices, Lanes());
}
