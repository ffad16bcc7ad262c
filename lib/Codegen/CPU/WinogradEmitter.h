//===- WinogradEmitter.h - The parts of such a kernel -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_WINOGRADEMITTER_H
#define SWAPC_LIB_CODEGEN_CPU_WINOGRADEMITTER_H

#include "ContractionEmitter.h"
#include "Winograd.h"

namespace swapc {

/// Writes the code of one kernel. The epilogue is the contraction's, whose
/// panel is here one vector of columns and whose rows are one tile's.
class WinogradEmitter : public ContractionEmitter {
public:
  WinogradEmitter(mlir::OpBuilder &builder, mlir::Location loc,
                  const ContractionInfo &info, const ContractionPlan &columns,
                  const WinogradPlan &plan)
      : ContractionEmitter(builder, loc, info, columns), winograd(plan) {}

  /// The loop over grid tiles.
  void emit(Value operands, Value begin, Value end, Value scratch);

private:
  /// Where a tile of the image lies in the result; null is zero.
  struct Place {
    Value image, row, column;
  };

  // WinogradKernel.cpp
  void emitGridTile(Value tile);
  void emitWeights(Value channel, Value count);
  void emitInputs(Value first, Value tiles, Value channel, Value count);
  void emitProducts(Value tiles, Value count, Value isFirst);
  void emitRegisterTile(Value matrix, Value tile, Value vector, Value count,
                        Value isFirst);
  void emitOutputs(Value first, Value tiles);
  Place getPlace(Value tile);
  Value inside(Value coordinate, int64_t size);
  Value below(Value value, Value limit);
  void loop(Value from, Value to, int64_t step,
            llvm::function_ref<void(Value)> body);
  Value matrixOf(Value base, int64_t matrix, int64_t stride);

  // WinogradTransforms.cpp
  Values transformInput(llvm::ArrayRef<Value> x);
  Values transformWeights(llvm::ArrayRef<Value> x);
  Values transformSums(llvm::ArrayRef<Value> x);
  /// The one-dimensional transform along both dimensions of a square.
  Values transformSquare(llvm::ArrayRef<Value> x,
                         llvm::function_ref<Values(llvm::ArrayRef<Value>)> one);
  Value splat(Value like, double value);
  Value plus(Value x, Value y);
  Value minus(Value x, Value y);
  Value times(Value x, double factor);
  /// x * factor + y
  Value fused(Value x, double factor, Value y);

  const WinogradPlan &winograd;
  Value weights, inputs, sums; // in scratch
  Value bigPanel;              // among the parts of all panels
  Value bandRow;               // its first row of tiles
  Value activeVectors;         // of the panel that has columns
};

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_WINOGRADEMITTER_H
