//===- WinogradKernel.cpp - The loops of such a kernel ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A grid tile is a panel of columns and some rows of tiles. For each group of
// tiles: for some channels at a time, transform weights and inputs and add the
// 36 products to the sums; then transform these and store the results.
//
//===----------------------------------------------------------------------===//

#include "WinogradEmitter.h"

using namespace mlir;
using namespace swapc;

/// Steps of k in a loop's body.
static constexpr int64_t kUnroll = 4;

void swapc::emitWinograd(OpBuilder &builder, Location loc,
                         const ContractionInfo &info, const WinogradPlan &plan,
                         const CpuTarget &target, Value operands, Value begin,
                         Value end, Value scratch) {
  ContractionPlan columns;
  columns.lanes = plan.lanes;
  columns.rows = columns.block = 16;
  columns.indexBits = target.indexBits;
  columns.fuses = target.fusesOnDemand;
  WinogradEmitter(builder, loc, info, columns, plan)
      .emit(operands, begin, end, scratch);
}

void WinogradEmitter::loop(Value from, Value to, int64_t step,
                           llvm::function_ref<void(Value)> body) {
  scf::ForOp::create(b, loc, from ? from : constant(0), to, constant(step),
                     ValueRange(),
                     [&](OpBuilder &, Location, Value index, ValueRange) {
                       body(index);
                       scf::YieldOp::create(b, loc);
                     });
}

Value WinogradEmitter::matrixOf(Value base, int64_t matrix, int64_t stride) {
  return advance(base, b.getF32Type(), matrix * stride);
}

void WinogradEmitter::emit(Value operands, Value begin, Value end,
                           Value scratch) {
  loadPointers(operands);
  weights = scratch;
  inputs = matrixOf(weights, 36, winograd.weightStride());
  sums = matrixOf(inputs, 36, winograd.inputStride());
  loop(begin, end, 1, [&](Value tile) { emitGridTile(tile); });
}

void WinogradEmitter::emitGridTile(Value tile) {
  int64_t rows = winograd.tileRowsOf(info) * winograd.shape.images;
  int64_t bands = llvm::divideCeil(rows, winograd.band);
  int64_t parts = winograd.parts;
  Value panelIndex = winograd.panels == 1 ? Value() : div(tile, bands * parts);
  Value inPanel = rem(tile, bands * parts);
  Value part = rem(inPanel, parts);
  Value band = div(inPanel, parts);
  baseB = advance(pointers[info.b.getArgNumber()], info.elementB,
                  add(scale(panelIndex, info.depth() * winograd.panelWidth()),
                      scale(part, winograd.width())));
  bigPanel = add(scale(panelIndex, parts), part);
  bandRow = scale(band, winograd.band);
  Value count = constant(winograd.band);
  if (rows % winograd.band != 0)
    count = arith::MinUIOp::create(
        b, loc, count,
        arith::SubIOp::create(b, loc, constant(rows),
                              bandRow ? bandRow : constant(0)));
  Value tiles = arith::MulIOp::create(b, loc, count,
                                      constant(winograd.tilesOfRow(info)));
  activeVectors = constant(winograd.vectors);
  int64_t all = llvm::divideCeil(info.columns(), winograd.lanes);
  if (all % (winograd.vectors * parts) != 0) {
    Value before = scale(bigPanel, winograd.vectors);
    before = before ? Value(arith::MinUIOp::create(b, loc, before,
                                                   constant(all)))
                    : constant(0);
    activeVectors = arith::MinUIOp::create(
        b, loc, activeVectors,
        arith::SubIOp::create(b, loc, constant(all), before));
  }

  // Where all channels fit, weights are transformed once for all groups.
  bool atOnce = winograd.channels >= info.innerK();
  if (atOnce)
    emitWeights(constant(0), constant(info.innerK()));
  loop(nullptr, tiles, winograd.group, [&](Value first) {
    Value inGroup = arith::MinUIOp::create(
        b, loc, constant(winograd.group),
        arith::SubIOp::create(b, loc, tiles, first));
    loop(nullptr, constant(info.innerK()), winograd.channels,
         [&](Value channel) {
           Value count = arith::MinUIOp::create(
               b, loc, constant(winograd.channels),
               arith::SubIOp::create(b, loc, constant(info.innerK()), channel));
           Value isFirst =
               arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, channel,
                                     constant(0));
           if (!atOnce)
             emitWeights(channel, count);
           emitInputs(first, inGroup, channel, count);
           emitProducts(inGroup, count, isFirst);
         });
    emitOutputs(first, inGroup);
  });
}

//===----------------------------------------------------------------------===//
// Into scratch
//===----------------------------------------------------------------------===//

void WinogradEmitter::emitWeights(Value channel, Value count) {
  int64_t width = winograd.panelWidth();
  Value source = advance(baseB, info.elementB, scale(channel, width));
  loop(nullptr, count, 1, [&](Value k) {
    loop(nullptr, activeVectors, 1, [&](Value vector) {
      Value column = scale(vector, winograd.lanes);
      Value from = advance(source, info.elementB, add(scale(k, width), column));
      Values taps;
      for (int64_t tap = 0; tap < 9; ++tap) {
        Value at =
            advance(from, info.elementB, tap * info.innerK() * width);
        taps.push_back(
            castVector(info.castB, loadVector(info.elementB, at, nullptr)));
      }
      Values values = transformSquare(
          taps, [&](ArrayRef<Value> x) { return transformWeights(x); });
      Value to = advance(weights, info.accumulator,
                         add(scale(k, winograd.width()), column));
      for (auto [matrix, value] : llvm::enumerate(values))
        storeVector(value, matrixOf(to, matrix, winograd.weightStride()),
                    nullptr);
    });
  });
}

WinogradEmitter::Place WinogradEmitter::getPlace(Value tile) {
  int64_t dilation = winograd.shape.dilation;
  int64_t across = winograd.tilesAcross(info);
  int64_t inRow = winograd.tilesOfRow(info);
  Value row = add(bandRow, div(tile, inRow));
  Value inside = rem(tile, inRow);
  Place place;
  int64_t rows = winograd.tileRowsOf(info);
  if (winograd.shape.images > 1) {
    place.image = div(row, rows);
    row = rem(row, rows);
  }
  Value phase = dilation == 1 ? Value() : div(inside, across);
  Value column = rem(inside, across);
  place.row = add(scale(row, 4 * dilation), phase);
  place.column = add(scale(div(column, dilation), 4 * dilation),
                     rem(column, dilation));
  return place;
}

Value WinogradEmitter::below(Value value, Value limit) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, value, limit);
}

Value WinogradEmitter::inside(Value coordinate, int64_t size) {
  return below(coordinate ? coordinate : constant(0), constant(size));
}

void WinogradEmitter::emitInputs(Value first, Value tiles, Value channel,
                                 Value count) {
  const WinogradShape &shape = winograd.shape;
  Value zeros = createZeroPointer(
      b, loc, info.root->getParentOfType<ModuleOp>(),
      winograd.channels * swap::getElementBytes(info.elementA));
  Value source = advance(pointers[info.a.getArgNumber()], info.elementA,
                         channel);
  // Vectors of channels.
  auto vectorType = [&](Type element) {
    return VectorType::get({winograd.inputLanes}, element);
  };
  loop(nullptr, tiles, 1, [&](Value tile) {
    Place place = getPlace(add(first, tile));
    Value base = source;
    if (shape.image >= 0)
      base = advance(base, info.elementA,
                     scale(place.image,
                           info.accessA.coefficients[shape.image]));
    // What the six rows and columns are, and which of them exist.
    struct Line {
      Value offset, isInside;
    };
    auto getLines = [&](const WinogradAxis &axis, Value start) {
      SmallVector<Line> lines;
      int64_t end = std::min(axis.size, info.sizes[axis.loop] +
                                            2 * shape.dilation - axis.low);
      for (int64_t i = 0; i < 6; ++i) {
        Value at = arith::AddIOp::create(
            b, loc, start ? start : constant(0),
            constant(i * shape.dilation - axis.low));
        lines.push_back({scale(at, axis.stride), inside(at, end)});
      }
      return lines;
    };
    SmallVector<Line> rows = getLines(shape.height, place.row);
    SmallVector<Line> columns = getLines(shape.width, place.column);
    Values from;
    for (const Line &row : rows)
      for (const Line &column : columns) {
        Value both =
            arith::AndIOp::create(b, loc, row.isInside, column.isInside);
        Value pointer = advance(base, info.elementA,
                                add(row.offset, column.offset));
        from.push_back(
            arith::SelectOp::create(b, loc, both, pointer, zeros));
      }
    Value target = advance(inputs, info.accumulator,
                           scale(tile, winograd.channels));
    loop(nullptr, count, winograd.inputLanes, [&](Value k) {
      Values values;
      for (Value pointer : from) {
        Value loaded = LLVM::LoadOp::create(
            b, loc, vectorType(info.elementA),
            advance(pointer, info.elementA, k),
            swap::getElementBytes(info.elementA));
        if (info.castA) {
          OperationState state(loc, info.castA->getName());
          state.addOperands(loaded);
          state.addTypes(vectorType(info.accumulator));
          loaded = b.create(state)->getResult(0);
        }
        values.push_back(loaded);
      }
      values = transformSquare(
          values, [&](ArrayRef<Value> x) { return transformInput(x); });
      Value to = advance(target, info.accumulator, k);
      for (auto [matrix, value] : llvm::enumerate(values))
        storeVector(value, matrixOf(to, matrix, winograd.inputStride()),
                    nullptr);
    });
  });
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void WinogradEmitter::emitProducts(Value tiles, Value count, Value isFirst) {
  loop(nullptr, constant(36), 1, [&](Value matrix) {
    loop(nullptr, activeVectors, winograd.tileVectors, [&](Value vector) {
      loop(nullptr, tiles, winograd.tileRows, [&](Value tile) {
        emitRegisterTile(matrix, tile, vector, count, isFirst);
      });
    });
  });
}

void WinogradEmitter::emitRegisterTile(Value matrix, Value tile, Value vector,
                                       Value count, Value isFirst) {
  Type f32 = info.accumulator;
  Value column = scale(vector, winograd.lanes);
  auto start = [&](Value base, int64_t stride, Value offset) {
    return advance(base, f32, add(scale(matrix, stride), offset));
  };
  Value sum = start(sums, winograd.sumStride(),
                    add(scale(tile, winograd.width()), column));
  Value x = start(inputs, winograd.inputStride(),
                  scale(tile, winograd.channels));
  Value y = start(weights, winograd.weightStride(), column);
  auto place = [&](int64_t row, int64_t v) {
    return advance(sum, f32, row * winograd.width() + v * winograd.lanes);
  };
  SmallVector<Type> types(winograd.tileRows * winograd.tileVectors,
                          vectorOf(f32));
  auto init = scf::IfOp::create(
      b, loc, isFirst,
      [&](OpBuilder &, Location) {
        Value zero =
            arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorOf(f32)));
        scf::YieldOp::create(b, loc, Values(types.size(), zero));
      },
      [&](OpBuilder &, Location) {
        Values loaded;
        for (int64_t row = 0; row < winograd.tileRows; ++row)
          for (int64_t v = 0; v < winograd.tileVectors; ++v)
            loaded.push_back(loadVector(f32, place(row, v), nullptr));
        scf::YieldOp::create(b, loc, loaded);
      });
  auto steps = scf::ForOp::create(
      b, loc, constant(0), count, constant(kUnroll), init.getResults(),
      [&](OpBuilder &, Location, Value k, ValueRange values) {
        Values acc(values);
        Value atX = advance(x, f32, k);
        Value atY = advance(y, f32, scale(k, winograd.width()));
        for (int64_t step = 0; step < kUnroll; ++step) {
          Values vectorsY;
          for (int64_t v = 0; v < winograd.tileVectors; ++v)
            vectorsY.push_back(
                loadVector(f32,
                           advance(atY, f32, step * winograd.width() +
                                                 v * winograd.lanes),
                           nullptr));
          for (int64_t row = 0; row < winograd.tileRows; ++row) {
            Value scalar = loadScalar(
                f32, advance(atX, f32, row * winograd.channels + step));
            scalar =
                vector::BroadcastOp::create(b, loc, vectorOf(f32), scalar);
            for (int64_t v = 0; v < winograd.tileVectors; ++v) {
              Value &to = acc[row * winograd.tileVectors + v];
              to = multiplyAdd(scalar, vectorsY[v], to);
            }
          }
        }
        scf::YieldOp::create(b, loc, acc);
      });
  for (int64_t row = 0; row < winograd.tileRows; ++row)
    for (int64_t v = 0; v < winograd.tileVectors; ++v)
      storeVector(steps.getResult(row * winograd.tileVectors + v),
                  place(row, v), nullptr);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void WinogradEmitter::emitOutputs(Value first, Value tiles) {
  const WinogradShape &shape = winograd.shape;
  int64_t dilation = shape.dilation;
  loop(nullptr, tiles, 1, [&](Value tile) {
    Place place = getPlace(add(first, tile));
    // Rows and columns of the tile; `isInside` is null where they always are.
    struct Line {
      Value at, isInside;
    };
    auto getLines = [&](const WinogradAxis &axis, Value start) {
      SmallVector<Line> lines;
      int64_t size = info.sizes[axis.loop];
      int64_t rest = size % (4 * dilation);
      for (int64_t i = 0; i < 4; ++i) {
        Value at = i == 0 ? start : add(start, constant(i * dilation));
        bool always = rest == 0 || (i + 1) * dilation <= rest;
        lines.push_back({at, always ? Value() : inside(at, size)});
      }
      return lines;
    };
    SmallVector<Line> rowLines = getLines(shape.height, place.row);
    SmallVector<Line> columnLines = getLines(shape.width, place.column);
    SmallVector<Row> rows;
    for (const Line &row : rowLines)
      for (const Line &column : columnLines) {
        Row &position = rows.emplace_back();
        position.inBounds = row.isInside;
        if (column.isInside)
          position.inBounds =
              row.isInside ? Value(arith::AndIOp::create(
                                 b, loc, row.isInside, column.isInside))
                           : column.isInside;
        Value index = scale(place.image, info.sizes[shape.height.loop]);
        index = add(index, row.at);
        index = add(scale(index, info.sizes[shape.width.loop]), column.at);
        position.index = index ? index : constant(0);
        for (unsigned loop : info.m)
          position.coordinates.push_back(
              loop == shape.height.loop                ? row.at
              : loop == shape.width.loop               ? column.at
              : static_cast<int>(loop) == shape.image ? place.image
                                                       : Value());
      }
    Value source =
        advance(sums, info.accumulator, scale(tile, winograd.width()));
    loop(nullptr, activeVectors, 1, [&](Value vector) {
      panel = add(scale(bigPanel, winograd.vectors), vector);
      firstColumn = scale(panel, winograd.lanes);
      masks.assign(1, columnTail ? createMask(0) : Value());
      Value from = advance(source, info.accumulator,
                           scale(vector, winograd.lanes));
      Values values;
      for (int64_t matrix = 0; matrix < 36; ++matrix)
        values.push_back(
            loadVector(info.accumulator,
                       matrixOf(from, matrix, winograd.sumStride()), nullptr));
      values = transformSquare(
          values, [&](ArrayRef<Value> x) { return transformSums(x); });
      emitEpilogue(rows, values);
    });
  });
}
