//===- ContractionWidening.cpp - Operands converted ahead of their use ----===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product of 16-bit floats, or with weights of bytes, is computed in float32.
// Elements that are converted where they are used cost as much as the
// multiply-adds that use them. So a grid tile of many rows converts `step` rows
// of its panel at a time into scratch memory, and a register tile as much of
// its rows of A. A tile then goes through k by such blocks, and the sums of all
// its rows wait in scratch memory from one block to the next.
//
// Conversion is exact and each sum runs through taps and k in the same order,
// so the bits are those of a kernel that converts where it multiplies.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

using namespace mlir;
using namespace swapc;

/// What a block may have of k: its rows of A and of the panel stay in the first
/// two caches.
static constexpr int64_t kLongestStep = 384;
/// Fewer are not worth what a block costs beside its products.
static constexpr int64_t kShortestStep = 96;
/// Rows from which on a converted panel is read often enough.
static constexpr int64_t kLeastRows = 16;

/// The longest step that divides k; 0: none is long enough.
static int64_t chooseStep(int64_t size) {
  if (size <= kLongestStep)
    return size;
  for (int64_t step = kLongestStep; step >= kShortestStep; --step)
    if (size % step == 0)
      return step;
  return 0;
}

void swapc::chooseWidening(const ContractionInfo &info, ContractionPlan &plan) {
  if (!info.accumulator.isF32() || info.vectorA || info.k < 0 ||
      plan.lanes < 4 || info.rows() < 2)
    return;
  plan.step = chooseStep(info.innerK());
  if (!plan.step)
    return;
  auto isHalf = [](Type type) {
    return isa<FloatType>(type) && type.getIntOrFloatBitWidth() == 16;
  };
  plan.widensA = info.castA && isHalf(info.elementA) &&
                 info.accessA.coefficients[info.k] == 1 &&
                 plan.step >= plan.lanes;
  plan.widensB = info.castB && info.rows() >= kLeastRows;
}

/// From one strip to the next: a cache line more, so that the strips of all
/// rows do not fall on the same lines.
static int64_t getStripStride(const ContractionPlan &plan) {
  return plan.step + plan.lanes;
}

/// Whether all of k is one block, whose sums stay in registers.
static bool isOneBlock(const ContractionInfo &info,
                       const ContractionPlan &plan) {
  return info.depth() == plan.step;
}

ContractionScratch swapc::getScratch(const ContractionInfo &info,
                                     const ContractionPlan &plan) {
  ContractionScratch scratch;
  int64_t bytes = swap::getElementBytes(info.accumulator);
  auto take = [&](int64_t size) {
    int64_t begin = scratch.end;
    scratch.end = llvm::alignTo(begin + size, 64);
    return begin;
  };
  if (plan.source == PanelSource::Scratch)
    take(info.depth() * plan.width() * swap::getElementBytes(info.elementB));
  scratch.block = take(plan.widensB ? plan.step * plan.width() * bytes : 0);
  scratch.sums =
      take(plan.widensB && !isOneBlock(info, plan)
               ? llvm::alignTo(plan.block, plan.rows) * plan.width() * bytes
               : 0);
  scratch.strips =
      take(plan.widensA ? plan.rows * getStripStride(plan) * bytes : 0);
  return scratch;
}

/// Converts `step` rows of the panel from `start` on.
void ContractionEmitter::widenPanel(ArrayRef<Value> taps, Value start) {
  bool direct = plan.source == PanelSource::Direct;
  int64_t stride = direct ? info.accessB.coefficients[info.k] : plan.width();
  Value first = advance(findRowsOfB(taps), info.elementB, scale(start, stride));
  forLoop(plan.step, 1, {}, [&](Value k, Values) -> Values {
    Value from = advance(first, info.elementB, scale(k, stride));
    Value to = advance(block, info.accumulator, scale(k, plan.width()));
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value value = loadVector(info.elementB,
                               advance(from, info.elementB, v * plan.lanes),
                               direct ? masks[v] : Value());
      storeVector(castVector(info.castB, value),
                  advance(to, info.accumulator, v * plan.lanes), nullptr);
    }
    return {};
  });
}

/// Converts `step` elements of each row of A from `start` on into its strip.
void ContractionEmitter::widenRows(ArrayRef<Value> pointersA, Value start) {
  auto widen = [&](Value at, int64_t offset, int64_t lanes) {
    auto type = VectorType::get({lanes}, info.elementA);
    for (auto [r, pointer] : llvm::enumerate(pointersA)) {
      Value from = advance(pointer, info.elementA, add(start, at));
      from = advance(from, info.elementA, offset);
      OperationState state(loc, info.castA->getName());
      state.addOperands(
          LLVM::LoadOp::create(b, loc, type, from,
                               swap::getElementBytes(info.elementA))
              .getResult());
      state.addTypes(type.clone(info.accumulator));
      Value to = advance(strips, info.accumulator, at);
      to = advance(to, info.accumulator, getStripStride(plan) * r + offset);
      storeVector(b.create(state)->getResult(0), to, nullptr);
    }
  };
  int64_t whole = plan.step - plan.step % plan.lanes;
  forLoop(whole, plan.lanes, {}, [&](Value at, Values) -> Values {
    widen(at, 0, plan.lanes);
    return {};
  });
  for (int64_t lanes = plan.lanes / 2; lanes >= 1; lanes /= 2)
    if (plan.step & lanes) {
      widen(nullptr, whole, lanes);
      whole += lanes;
    }
}

/// `step` steps of k from `start` on.
SmallVector<Value>
ContractionEmitter::emitWidenedSteps(ArrayRef<Value> pointersA, Value pointerB,
                                     Value start, Values acc) {
  Values rows;
  if (plan.widensA)
    widenRows(pointersA, start);
  for (auto [r, pointer] : llvm::enumerate(pointersA))
    rows.push_back(
        plan.widensA
            ? advance(strips, info.accumulator, getStripStride(plan) * r)
            : advance(pointer, info.elementA,
                      scale(start, info.accessA.coefficients[info.k])));
  int64_t stride = plan.source == PanelSource::Direct
                       ? info.accessB.coefficients[info.k]
                       : plan.width();
  Value rowB = plan.widensB
                   ? block
                   : advance(pointerB, info.elementB, scale(start, stride));
  return emitInner(rows, rowB, plan.step, acc);
}

/// The loop over the innermost reduction, a strip of A at a time.
SmallVector<Value>
ContractionEmitter::emitWidenedInner(ArrayRef<Value> pointersA, Value pointerB,
                                     Values acc) {
  return forLoop(info.innerK(), plan.step, acc, [&](Value start, Values sums) {
    return emitWidenedSteps(pointersA, pointerB, start, sums);
  });
}

/// All rows of a tile, a block of its panel at a time.
void ContractionEmitter::emitBlocks(Value begin, Value end) {
  auto eachTile = [&](llvm::function_ref<void(Value, Value)> body) {
    scf::ForOp::create(b, loc, begin, end, constant(plan.rows), ValueRange(),
                       [&](OpBuilder &, Location, Value row, ValueRange) {
                         Value index =
                             arith::SubIOp::create(b, loc, row, begin);
                         body(row, advance(sums, info.accumulator,
                                           scale(index, plan.width())));
                         scf::YieldOp::create(b, loc);
                       });
  };
  VectorType type = vectorOf(info.accumulator);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  int64_t count = plan.rows * plan.vectors;
  auto load = [&](Value at) {
    Values acc;
    for (int64_t i = 0; i < count; ++i)
      acc.push_back(loadVector(info.accumulator,
                               advance(at, info.accumulator, i * plan.lanes),
                               nullptr));
    return acc;
  };
  auto store = [&](Value at, ArrayRef<Value> acc) {
    for (int64_t i = 0; i < count; ++i)
      storeVector(acc[i], advance(at, info.accumulator, i * plan.lanes),
                  nullptr);
  };
  auto multiply = [&](ArrayRef<Row> rows, ArrayRef<Value> taps, Value start,
                      Values acc) {
    Value needed; // Only processors without vectors ask.
    return emitWidenedSteps(findRowsOfA(rows, taps, needed), nullptr, start,
                            acc);
  };

  if (isOneBlock(info, plan)) {
    Values taps(info.taps.size());
    widenPanel(taps, nullptr);
    eachTile([&](Value row, Value) {
      SmallVector<Row> rows = findRows(row);
      emitEpilogue(rows, multiply(rows, taps, nullptr, Values(count, zero)));
    });
    return;
  }
  eachTile([&](Value, Value at) { store(at, Values(count, zero)); });
  int64_t strips = info.innerK() / plan.step;
  forLoop(info.sizeOf(info.taps) * strips, 1, {},
          [&](Value index, Values) -> Values {
            Values taps = delinearize(div(index, strips), info.taps);
            Value start = scale(rem(index, strips), plan.step);
            widenPanel(taps, start);
            eachTile([&](Value row, Value at) {
              store(at, multiply(findRows(row), taps, start, load(at)));
            });
            return {};
          });
  eachTile([&](Value row, Value at) {
    SmallVector<Row> rows = findRows(row);
    emitEpilogue(rows, load(at));
  });
}
