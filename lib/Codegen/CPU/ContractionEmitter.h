//===- ContractionEmitter.h - The parts of the micro-kernel -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_CONTRACTIONEMITTER_H
#define SWAPC_LIB_CODEGEN_CPU_CONTRACTIONEMITTER_H

#include "Contraction.h"
#include "LaneEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace swapc {

/// Writes the code of one contraction kernel. Integers are as wide as
/// the target's addresses.
class ContractionEmitter {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  ContractionEmitter(mlir::OpBuilder &builder, mlir::Location loc,
                     const ContractionInfo &info, const ContractionPlan &plan);

  /// The loop over grid tiles.
  void emit(Value operands, Value begin, Value end, Value scratch);

protected:
  /// One row of the register tile.
  struct Row {
    Value index;        // among the rows of the kernel, clamped to the last
    int64_t offset = 0; // to add to it
    Value inBounds;     // null if it always is
    Value base;         // A at the first tap, before bounds checks
    Values windows;     // start in each padded dimension
    Values coordinates; // of info.m, computed when first needed
  };

  // ContractionKernel.cpp
  void loadPointers(Value operands);
  /// The lanes of the vector at `vector` lanes after the first column that are
  /// columns of the result.
  Value createMask(int64_t vector);
  void emitTile(Value panel, Value chunk, Value scratch);
  void emitRegisterTile(Value firstRow);
  llvm::SmallVector<Row> findRows(Value firstRow);
  Values findRowsOfA(llvm::ArrayRef<Row> rows, llvm::ArrayRef<Value> taps,
                     Value &needed);
  Value findRowsOfB(llvm::ArrayRef<Value> taps);
  Value findInterior(llvm::ArrayRef<Row> rows);
  Values emitTaps(llvm::ArrayRef<Row> rows, unsigned level, Values taps,
                  Values acc);
  Values emitInner(llvm::ArrayRef<Value> pointersA, Value pointerB,
                   int64_t size, Values acc);
  Values emitStep(llvm::ArrayRef<Value> pointersA, Value pointerB, Value k,
                  int64_t offset, Values acc);
  Value multiplyAdd(Value a, Value b, Value acc);
  Value castVector(mlir::Operation *cast, Value vector);
  Value rowOffset(Row &row, llvm::ArrayRef<int64_t> coefficients);

  // StripKernel.cpp
  /// Neighbours in a row of the image, whose sums are in registers together.
  struct Strip {
    Value firstRow;     // of the image row
    Values coordinates; // of it, in info.m
    Value base;         // A at the first tap of the image row
    llvm::SmallVector<std::pair<Value, Value>> ranges; // of the outer taps
    int64_t x = 0, count = 1;
    Value along; // to add to x, or null
  };
  void emitStrips(Value firstRow);
  void emitStrip(const Strip &strip, const StripLoops &loops);
  std::pair<Value, Value> emitTapRange(unsigned level, const StripLoops &loops,
                                       llvm::ArrayRef<unsigned> outer,
                                       Values coordinates);
  Values emitStripTaps(const Strip &strip, const StripLoops &loops,
                       unsigned level, Values taps, Values acc);
  Values emitStripRow(const Strip &strip, const StripLoops &loops, Values taps,
                      Values acc);

  // ContractionWidening.cpp
  void emitBlocks(Value begin, Value end);
  Values emitWidenedInner(llvm::ArrayRef<Value> pointersA, Value pointerB,
                          Values acc);
  Values emitWidenedSteps(llvm::ArrayRef<Value> pointersA, Value pointerB,
                          Value start, Values acc);
  void widenRows(llvm::ArrayRef<Value> pointersA, Value start);
  void widenPanel(llvm::ArrayRef<Value> taps, Value start);
  void groupPanel(Value first, int64_t stride);
  Values loadSums(Value at, int64_t count);
  void storeSums(llvm::ArrayRef<Value> values, Value at);

  // ContractionPacking.cpp
  void packPanel(Value scratch);
  int findSquares() const;
  void packSquares(Value scratch, llvm::ArrayRef<unsigned> loops,
                   unsigned along, Value columns);

  // ContractionPairs.cpp
  Values emitPair(llvm::ArrayRef<Value> pointersA, Value pointerB, Value k,
                  int64_t offset, bool both, Values acc);
  Values emitTwoPairs(llvm::ArrayRef<Value> pointersA, Value pointerB, Value k,
                      int64_t offset, Values acc);
  Values emitQuad(llvm::ArrayRef<Value> pointersA, Value pointerB, Value k,
                  int64_t offset, Values acc);
  Values emitSteps(llvm::ArrayRef<Value> pointersA, Value pointerB, Value k,
                   int64_t count, int64_t from, Values acc);
  Value rowOfB(Value pointer, Value k);
  Value loadStepB(Value row, int64_t offset, int64_t vector);
  Value pairOfB(Value row, int64_t offset, int64_t vector, bool both);
  Values quadOfB(Value row, int64_t offset, int64_t vector);
  Values groupOfB(Value row, int64_t vector);
  Value placeOfGroup(Value k, int64_t offset, int64_t vector, int64_t part);
  Value loadGroup(Value k, int64_t offset, int64_t vector, int64_t part);
  void addQuads(Value &sum, Value x, Value y);
  Value loadPairA(Value at, bool both);
  Value loadQuadA(Value at, mlir::Type type);
  Value extendPair(mlir::Operation *cast, Value value);
  Value addPairs(Value sum, Value x, Value y);
  Value splat(mlir::Type type, int64_t value);
  /// Whether bytes of A are made unsigned, and whether a row of sums more is
  /// kept of what that adds, or is known for each panel.
  bool isShifted() const;
  bool sumsColumns() const;
  void unshift(Values &acc);

  // ContractionEpilogue.cpp
  void emitEpilogue(llvm::MutableArrayRef<Row> rows, llvm::ArrayRef<Value> acc);
  Value loadEpilogue(mlir::linalg::GenericOp op, unsigned input, Row *row,
                     int64_t vector);
  Value evaluate(mlir::linalg::GenericOp op, llvm::ArrayRef<Value> inputs);

  // ContractionBuilder.cpp
  Value constant(int64_t value);
  Value add(Value a, Value b);
  Value scale(Value a, int64_t factor);
  Value div(Value a, int64_t by);
  Value rem(Value a, int64_t by);
  /// Sum of coefficient[loops[i]] * values[i]; null if it is zero.
  Value linear(llvm::ArrayRef<unsigned> loops, llvm::ArrayRef<Value> values,
               llvm::ArrayRef<int64_t> coefficients);
  Values delinearize(Value index, llvm::ArrayRef<unsigned> loops);
  Value advance(Value pointer, mlir::Type element, Value index);
  Value advance(Value pointer, mlir::Type element, int64_t index);
  Value loadScalar(mlir::Type element, Value pointer);
  Value loadVector(mlir::Type element, Value pointer, Value mask);
  void storeVector(Value vector, Value pointer, Value mask);
  Values forLoop(int64_t size, int64_t step, llvm::ArrayRef<Value> init,
                 llvm::function_ref<Values(Value, Values)> body);
  mlir::VectorType vectorOf(mlir::Type element) const {
    return mlir::VectorType::get({plan.lanes}, element);
  }

  mlir::OpBuilder &b;
  mlir::Location loc;
  const ContractionInfo &info;
  const ContractionPlan &plan;
  bool interior = false; // while taps are emitted that meet no padding
  bool rowTail;    // the last register tile has fewer rows
  bool columnTail; // the last panel has fewer columns

  Values pointers; // of the kernel's arguments and its result
  // Of the current grid tile:
  Value panel, firstColumn; // null: zero
  Values batch;             // coordinates
  Value baseA, baseB;
  Value strips, block, sums, columns; // in scratch
  Values masks; // one for each vector of columns; null if there is no tail
  llvm::DenseMap<std::pair<mlir::Operation *, unsigned>, Values> invariant;
};

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_CONTRACTIONEMITTER_H
