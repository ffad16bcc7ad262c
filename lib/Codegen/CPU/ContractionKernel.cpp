//===- ContractionKernel.cpp - The register-tiled micro-kernel --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace swapc;

/// Multiplications with padding, of vectors and of single elements, from which
/// on a test for it is worth it.
static constexpr int64_t kLeastSkippedVectors = 64, kLeastSkipped = 8;

void swapc::emitContraction(OpBuilder &builder, Location loc,
                            const ContractionInfo &info,
                            const ContractionPlan &plan, Value operands,
                            Value begin, Value end, Value scratch) {
  ContractionEmitter(builder, loc, info, plan)
      .emit(operands, begin, end, scratch);
}

void ContractionEmitter::loadPointers(Value operands) {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto kernel = info.root->getParentOfType<func::FuncOp>();
  for (unsigned i = 0; i <= kernel.getNumArguments(); ++i) {
    Value slot =
        LLVM::GEPOp::create(b, loc, pointer, pointer, operands,
                            ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    pointers.push_back(LLVM::LoadOp::create(b, loc, pointer, slot));
  }
}

void ContractionEmitter::emit(Value operands, Value begin, Value end,
                              Value scratch) {
  loadPointers(operands);
  int64_t chunks = llvm::divideCeil(info.rows(), plan.block);
  scf::ForOp::create(b, loc, begin, end, constant(1), ValueRange(),
                     [&](OpBuilder &, Location, Value tile, ValueRange) {
                       emitTile(div(tile, chunks), rem(tile, chunks), scratch);
                       scf::YieldOp::create(b, loc);
                     });
}

//===----------------------------------------------------------------------===//
// Grid tiles
//===----------------------------------------------------------------------===//

Value ContractionEmitter::createMask(int64_t vector) {
  auto type = VectorType::get({plan.lanes}, b.getI32Type());
  Value first = firstColumn ? firstColumn : constant(0);
  if (plan.indexBits > 32)
    first = arith::TruncIOp::create(b, loc, b.getI32Type(), first);
  first = vector::BroadcastOp::create(b, loc, type, first);
  SmallVector<int32_t> lanes(plan.lanes);
  for (int64_t lane = 0; lane < plan.lanes; ++lane)
    lanes[lane] = vector * plan.lanes + lane;
  Value column = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(lanes)));
  column = arith::AddIOp::create(b, loc, first, column);
  Value limit = arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(type, b.getI32IntegerAttr(info.columns())));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, column,
                               limit);
}

void ContractionEmitter::emitTile(Value panelIndex, Value chunk,
                                  Value scratch) {
  panel = panelIndex;
  int64_t columnPanels = llvm::divideCeil(info.columns(), plan.width());
  batch = delinearize(div(panel, columnPanels), info.batch);
  if (info.sizeOf(info.batch) == 1)
    firstColumn = columnPanels == 1 ? Value() : scale(panel, plan.width());
  else
    firstColumn = scale(rem(panel, columnPanels), plan.width());

  masks.assign(plan.vectors, nullptr);
  for (int64_t v = 0; v < plan.vectors && columnTail; ++v)
    masks[v] = createMask(v);

  baseA = advance(pointers[info.a.getArgNumber()], info.elementA,
                  info.accessA.constant);
  baseA = advance(baseA, info.elementA,
                  linear(info.batch, batch, info.accessA.coefficients));
  if (info.vectorA)
    baseA = advance(baseA, info.elementA, firstColumn);

  baseB = pointers[info.b.getArgNumber()];
  if (plan.source == PanelSource::Packed) {
    baseB = advance(baseB, info.elementB,
                    scale(panel, info.depth() * plan.width()));
  } else {
    baseB = advance(baseB, info.elementB, info.accessB.constant);
    baseB = advance(baseB, info.elementB,
                    linear(info.batch, batch, info.accessB.coefficients));
    baseB = advance(baseB, info.elementB,
                    scale(firstColumn, info.accessB.coefficients[info.n]));
    if (plan.source == PanelSource::Scratch) {
      packPanel(scratch);
      baseB = scratch;
    }
  }

  ContractionScratch places = getScratch(info, plan);
  block = advance(scratch, b.getI8Type(), places.block);
  sums = advance(scratch, b.getI8Type(), places.sums);
  strips = advance(scratch, b.getI8Type(), places.strips);
  columns = advance(scratch, b.getI8Type(), places.columns);

  int64_t chunks = llvm::divideCeil(info.rows(), plan.block);
  Value first = scale(chunk, plan.block);
  Value begin = first ? first : constant(0);
  Value end = constant(info.rows());
  if (chunks > 1)
    end = arith::MinUIOp::create(b, loc, end, add(begin, constant(plan.block)));
  if (plan.widensB)
    return emitBlocks(begin, end);
  scf::ForOp::create(b, loc, begin, end, constant(plan.rows), ValueRange(),
                     [&](OpBuilder &, Location, Value row, ValueRange) {
                       plan.strip ? emitStrips(row) : emitRegisterTile(row);
                       scf::YieldOp::create(b, loc);
                     });
}

//===----------------------------------------------------------------------===//
// Register tiles
//===----------------------------------------------------------------------===//

/// Offset of a row in a tensor that moves with info.m by `coefficients`; null
/// if it is zero.
Value ContractionEmitter::rowOffset(Row &row, ArrayRef<int64_t> coefficients) {
  // Rows that follow each other at one distance need no coordinates.
  int64_t distance = 0, size = 1;
  bool even = true;
  for (unsigned loop : llvm::reverse(info.m)) {
    if (info.sizes[loop] == 1)
      continue;
    if (size == 1)
      distance = coefficients[loop];
    even &= coefficients[loop] == distance * size;
    size *= info.sizes[loop];
  }
  if (even)
    return add(scale(row.index, distance),
               row.offset ? constant(row.offset * distance) : Value());
  if (row.coordinates.empty())
    row.coordinates = delinearize(row.index, info.m);
  return linear(info.m, row.coordinates, coefficients);
}

SmallVector<ContractionEmitter::Row>
ContractionEmitter::findRows(Value firstRow) {
  SmallVector<Row> rows(plan.rows);
  Value last = rowTail ? constant(info.rows() - 1) : Value();
  for (auto [r, row] : llvm::enumerate(rows)) {
    row.index = r == 0 ? firstRow : add(firstRow, constant(r));
    if (rowTail && r > 0) {
      row.inBounds = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule,
                                           row.index, last);
      row.index = arith::MinUIOp::create(b, loc, row.index, last);
    }
    row.base = advance(baseA, info.elementA,
                       rowOffset(row, info.accessA.coefficients));
    for (const ContractionWindow &window : info.windows) {
      Value start = add(rowOffset(row, window.coefficients),
                        linear(info.batch, batch, window.coefficients));
      row.windows.push_back(add(start, constant(-window.low)));
    }
  }
  return rows;
}

void ContractionEmitter::emitRegisterTile(Value firstRow) {
  SmallVector<Row> rows = findRows(firstRow);
  VectorType type = vectorOf(info.accumulator);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  Values acc((plan.rows + (sumsColumns() ? 1 : 0)) * plan.vectors, zero);
  Value inside = findInterior(rows);
  if (inside) {
    // Few channels: tests of each tap would cost more than its products.
    auto choice = scf::IfOp::create(
        b, loc, inside,
        [&](OpBuilder &, Location) {
          interior = true;
          scf::YieldOp::create(b, loc, emitTaps(rows, 0, {}, acc));
          interior = false;
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(b, loc, emitTaps(rows, 0, {}, acc));
        });
    acc = llvm::to_vector(ValueRange(choice.getResults()));
  } else {
    acc = emitTaps(rows, 0, {}, acc);
  }
  unshift(acc);
  emitEpilogue(rows, acc);
}

/// Whether no tap of any row meets padding; null where that is not asked.
Value ContractionEmitter::findInterior(ArrayRef<Row> rows) {
  if (!hasInterior(info, plan.lanes))
    return nullptr;
  Value inside;
  for (const Row &row : rows)
    for (auto [window, start] : llvm::zip_equal(info.windows, row.windows)) {
      Value here =
          arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, start,
                                constant(window.size - getReach(info, window)));
      inside =
          inside ? Value(arith::AndIOp::create(b, loc, inside, here)) : here;
    }
  return inside;
}

SmallVector<Value> ContractionEmitter::emitTaps(ArrayRef<Row> rows,
                                                unsigned level, Values taps,
                                                Values acc) {
  if (level < info.taps.size()) {
    ArrayRef<unsigned> inner(info.taps);
    int64_t size = info.sizes[info.taps[level]];
    auto next = [&](Value tap, Values values) {
      Values deeper(taps);
      deeper.push_back(tap);
      return emitTaps(rows, level + 1, deeper, values);
    };
    if (info.sizeOf(inner.drop_front(level)) * info.innerK() >
        plan.straightTaps)
      return forLoop(size, 1, acc, next);
    for (int64_t tap = 0; tap < size; ++tap)
      acc = next(tap == 0 ? Value() : constant(tap), acc);
    return acc;
  }

  Value needed;
  Values pointersA = findRowsOfA(rows, taps, needed);
  Value pointerB = findRowsOfB(taps);
  auto inner = [&]() -> Values {
    return plan.widensA ? emitWidenedInner(pointersA, pointerB, acc)
                        : emitInner(pointersA, pointerB, info.innerK(), acc);
  };
  if (!needed)
    return inner();
  auto choice = scf::IfOp::create(
      b, loc, needed,
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, inner()); },
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, acc); });
  return llvm::to_vector(ValueRange(choice.getResults()));
}

/// A at a tap for each row of the tile; zeros outside the input. `needed` says
/// whether any row is inside, where a test for that is worth it.
SmallVector<Value> ContractionEmitter::findRowsOfA(ArrayRef<Row> rows,
                                                   ArrayRef<Value> taps,
                                                   Value &needed) {
  Value offset = linear(info.taps, taps, info.accessA.coefficients);
  ArrayRef<ContractionWindow> windows(info.windows);
  if (interior)
    windows = {};
  Value zeros;
  if (!windows.empty()) {
    int64_t stride = info.k < 0 ? 1 : info.accessA.coefficients[info.k];
    int64_t elements = info.vectorA ? plan.width() : 1;
    elements += (info.innerK() - 1) * std::abs(stride);
    zeros = createZeroPointer(b, loc, info.root->getParentOfType<ModuleOp>(),
                              elements * swap::getElementBytes(info.elementA));
  }
  // What is far outside costs much where dilation is large; without vectors
  // also next to the border.
  bool skips = info.innerK() >=
               (plan.lanes == 1 ? kLeastSkipped : kLeastSkippedVectors);
  Values pointersA;
  for (const Row &row : rows) {
    Value pointer = advance(row.base, info.elementA, offset);
    Value valid;
    for (auto [window, start] : llvm::zip(windows, row.windows)) {
      Value at = add(start, linear(info.taps, taps, window.coefficients));
      Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult,
                                           at, constant(window.size));
      valid =
          valid ? Value(arith::AndIOp::create(b, loc, valid, inside)) : inside;
    }
    if (valid) {
      pointer = arith::SelectOp::create(b, loc, valid, pointer, zeros);
      if (skips)
        needed =
            needed ? Value(arith::OrIOp::create(b, loc, needed, valid)) : valid;
    }
    pointersA.push_back(pointer);
  }

  return pointersA;
}

/// B at a tap.
Value ContractionEmitter::findRowsOfB(ArrayRef<Value> taps) {
  if (plan.source == PanelSource::Direct)
    return advance(baseB, info.elementB,
                   linear(info.taps, taps, info.accessB.coefficients));
  Value index;
  for (auto [loop, tap] : llvm::zip_equal(info.taps, taps))
    index = add(scale(index, info.sizes[loop]), tap);
  return advance(baseB, info.elementB,
                 scale(index, info.innerK() * plan.width()));
}

/// The loop over `size` steps of the innermost reduction.
SmallVector<Value> ContractionEmitter::emitInner(ArrayRef<Value> pointersA,
                                                 Value pointerB, int64_t size,
                                                 Values acc) {
  int64_t unroll = size <= plan.straightSteps ? size
                   : plan.rows == 1           ? plan.rowUnroll
                                              : plan.unroll;
  int64_t whole = size - size % unroll;
  auto steps = [&](Value k, int64_t count, int64_t from, Values values) {
    return emitSteps(pointersA, pointerB, k, count, from, values);
  };
  acc = forLoop(whole, unroll, acc, [&](Value k, Values values) {
    return steps(k, unroll, 0, values);
  });
  return steps(nullptr, size - whole, whole, acc);
}

/// One step of k: a row of B against the elements of A in each row.
SmallVector<Value> ContractionEmitter::emitStep(ArrayRef<Value> pointersA,
                                                Value pointerB, Value k,
                                                int64_t offset, Values acc) {
  int64_t strideA = info.k < 0 ? 1 : info.accessA.coefficients[info.k];
  Type elementA = plan.widensA ? info.accumulator : info.elementA;
  Operation *castA = plan.widensA ? nullptr : info.castA;
  int64_t strideB = plan.width();
  bool direct = plan.source == PanelSource::Direct && !plan.widensB;
  if (direct)
    strideB = info.k < 0 ? 0 : info.accessB.coefficients[info.k];
  Type element = plan.widensB ? info.accumulator : info.elementB;
  Operation *castB = plan.widensB ? nullptr : info.castB;
  Value rowB = advance(pointerB, element, scale(k, strideB));
  Values vectorsB;
  for (int64_t v = 0; v < plan.vectors; ++v) {
    Value at = advance(rowB, element, offset * strideB + v * plan.lanes);
    Value loaded = loadVector(element, at, direct ? masks[v] : Value());
    vectorsB.push_back(castVector(castB, loaded));
  }
  for (auto [r, pointer] : llvm::enumerate(pointersA)) {
    Value at = advance(pointer, elementA, scale(k, strideA));
    at = advance(at, elementA, offset * strideA);
    Value scalar;
    if (!info.vectorA) {
      scalar = loadScalar(elementA, at);
      if (castA) {
        OperationState state(loc, castA->getName());
        state.addOperands(scalar);
        state.addTypes(info.accumulator);
        scalar = b.create(state)->getResult(0);
      }
      scalar = vector::BroadcastOp::create(b, loc, vectorOf(info.accumulator),
                                           scalar);
    }
    for (int64_t v = 0; v < plan.vectors; ++v) {
      Value a = scalar;
      if (info.vectorA)
        a = castVector(info.castA,
                       loadVector(info.elementA,
                                  advance(at, info.elementA, v * plan.lanes),
                                  masks[v]));
      Value &sum = acc[r * plan.vectors + v];
      sum = multiplyAdd(a, vectorsB[v], sum);
    }
  }
  return acc;
}

Value ContractionEmitter::castVector(Operation *cast, Value vector) {
  if (!cast)
    return vector;
  OperationState state(loc, cast->getName());
  state.addOperands(vector);
  state.addTypes(vectorOf(info.accumulator));
  return b.create(state)->getResult(0);
}

Value ContractionEmitter::multiplyAdd(Value a, Value x, Value acc) {
  if (isa<FloatType>(info.accumulator) && plan.fuses)
    return math::FmaOp::create(b, loc, a, x, acc);
  if (isa<FloatType>(info.accumulator))
    return vector::FMAOp::create(b, loc, a, x, acc);
  return arith::AddIOp::create(b, loc, acc,
                               arith::MulIOp::create(b, loc, a, x));
}
