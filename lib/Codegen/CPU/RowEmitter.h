//===- RowEmitter.h - Code of a row kernel ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_ROWEMITTER_H
#define SWAPC_LIB_CODEGEN_CPU_ROWEMITTER_H

#include "LaneEmitter.h"
#include "LoopNest.h"

#include <functional>

namespace swapc {

/// Writes the loops of a planned row kernel.
class RowEmitter {
public:
  using Value = mlir::Value;
  using Vector = llvm::SmallVector<Value>;

  RowEmitter(mlir::OpBuilder &builder, mlir::Location loc, RowPlan &plan)
      : builder(builder), loc(loc), plan(plan),
        lanes(builder, loc, plan.indexBits) {}

  mlir::LogicalResult emit(Value operands, Value begin, Value end,
                           Value scratch, int64_t block);

private:
  /// Indices [begin, end) of one loop; `extent` where it is known.
  struct Range {
    Value begin, end;
    int64_t extent = -1;
    bool isStatic() const { return extent >= 0; }
  };
  using Ranges = llvm::SmallVector<Range>;
  /// One group of lanes: `count` vectors from `index` on.
  using GroupBody =
      std::function<void(Value index, int64_t count, const Lanes &)>;
  using LoopBody = std::function<Vector(Value index, mlir::ValueRange carried)>;

  // RowKernel.cpp
  void bindTensors(Value operands);
  void emitOuterIteration(mlir::ArrayRef<Value> outer, Value scratch);
  void bindScratch(mlir::ArrayRef<Value> outer, Value scratch);
  void emitNest(RowNest &nest, mlir::ArrayRef<Value> outer);
  void emitParallel(RowNest &nest, Ranges &ranges, Vector &indices,
                    unsigned loop, std::function<void()> body);
  void emitLanes(RowNest &nest, Ranges &ranges, Vector &indices);
  void emitGroups(const Range &range, RowNest &nest, int64_t unroll,
                  GroupBody body);
  Vector emitPoint(RowNest &nest, mlir::ArrayRef<Value> indices,
                   const Lanes &at, mlir::ArrayRef<Value> inputs,
                   mlir::ArrayRef<Value> accumulators);
  Vector loadInputs(RowNest &nest, mlir::ArrayRef<Value> indices,
                    const Lanes &at);
  Vector loadInits(RowNest &nest, mlir::ArrayRef<Value> indices,
                   const Lanes &at);
  void store(RowNest &nest, mlir::ArrayRef<Value> values,
             mlir::ArrayRef<Value> indices, const Lanes &at);
  Vector emitLoop(const Range &range, int64_t step, mlir::ValueRange carried,
                  LoopBody body);
  Value broadcastFor(Value value, const Lanes &at);

  // RowReduction.cpp
  void emitVertical(RowNest &nest, Ranges &ranges, Vector indices, Value index,
                    int64_t count, const Lanes &at);
  void emitHorizontal(RowNest &nest, Ranges &ranges, Vector indices);
  Vector
  emitReductions(RowNest &nest, Ranges &ranges, Vector &indices, unsigned loop,
                 mlir::ValueRange carried,
                 llvm::function_ref<Vector(Vector &, mlir::ValueRange)> body);
  Value emitNeutral(mlir::Operation *combiner, int64_t width);
  Value combine(mlir::Operation *combiner, Value a, Value b);

  // RowTranspose.cpp
  void emitTransposed(RowNest &nest, Ranges &ranges, Vector &indices);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  RowPlan &plan;
  LaneEmitter lanes;
  bool failed = false;
};

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_ROWEMITTER_H
