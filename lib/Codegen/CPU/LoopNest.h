//===- LoopNest.h - The operations of a row kernel --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation of a row kernel becomes a nest: first one loop for each
// dimension of its result, then the reductions. The leading `prefix` loops are
// the same in all nests: an iteration of them reads of the kernel's own tensors
// only what the same iteration wrote. Outer iterations are cut from the prefix;
// tensors between nests live in scratch memory, one outer iteration at a time.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_LOOPNEST_H
#define SWAPC_LIB_CODEGEN_CPU_LOOPNEST_H

#include "LaneEmitter.h"
#include "swapc/Codegen/CPU/CpuTarget.h"
#include "swapc/Codegen/CPU/RowKernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

#include <memory>
#include <vector>

namespace swapc {

/// A tensor of the kernel. While a plan is made, access.base is the tensor
/// itself; the emitter puts the pointer there.
struct RowTensor {
  TensorAccess access;
  mlir::Value tensor;      // whose memory this is
  int operand = -1;        // of the kernel, or -1
  mlir::TypedAttr uniform; // all elements, if not in memory
  mlir::TypedAttr padValue;
  bool produced = false; // by a nest of this kernel
  int64_t scratchOffset = 0;
};

enum class NestMode {
  Lanes,      // lanes along a parallel loop
  Horizontal, // lanes along a reduction, combined at its end
  Transpose   // square tiles of two parallel loops
};

struct RowNest {
  mlir::linalg::GenericOp generic; // null: copies its input
  mlir::Operation *op = nullptr;
  llvm::SmallVector<int64_t> sizes;
  unsigned parallel = 0; // loops of the result; the others are reductions
  llvm::SmallVector<LoopAccess> inputs; // tensor null: the body ignores it
  llvm::SmallVector<LoopAccess> inits;  // tensor null: not read
  llvm::SmallVector<LoopAccess> outputs;
  llvm::SmallVector<int> loopOf;  // loop of the operation -> loop, or -1
  llvm::SmallVector<bool> pinned; // loops whose index the body reads
  llvm::SmallVector<mlir::Operation *> combiners; // of each result, or empty

  NestMode mode = NestMode::Lanes;
  int vector = -1;   // the loop of the lanes; -1: scalar
  int across = -1;   // Transpose: the loop that an input is contiguous in
  int64_t width = 1; // lanes
  int inside = -1;   // a scalar nest that keeps its loops from here on inside

  int64_t iterations(unsigned firstLoop = 0) const;
  template <typename Function> void forEachAccess(Function function) {
    for (auto *list : {&inputs, &inits, &outputs})
      for (LoopAccess &access : *list)
        if (access.tensor)
          function(access);
  }
};

struct RowPlan {
  std::vector<std::unique_ptr<RowTensor>> tensors;
  llvm::DenseMap<mlir::Value, RowTensor *> tensorOf;
  std::vector<RowNest> nests;
  unsigned prefix = 0; // loops that all nests share

  unsigned outer = 0; // leading loops of the outer iterations
  int64_t chunk = 0;  // the last of them advances by this; 0: by one
  llvm::SmallVector<int64_t> outerSizes; // outer iterations along each loop
  int64_t outerIterations = 1;
  unsigned indexBits = 64; // of offsets and loop counters
  RowSchedule schedule;
};

/// Reads the kernel: tensors, nests and the prefix, loops not yet merged.
mlir::LogicalResult buildNests(mlir::func::FuncOp kernel, RowPlan &plan);
/// Merges neighbouring loops that all accesses step through as one.
void mergeLoops(RowPlan &plan);
/// What leaves the combiner's other operand as it is.
mlir::TypedAttr getNeutral(mlir::Operation *combiner);
/// Estimates the work of a plan's nests.
int64_t countFlops(RowPlan &plan);
/// Chooses lanes, outer iterations and scratch memory.
llvm::FailureOr<RowPlan> makeRowPlan(mlir::func::FuncOp kernel,
                                     const CpuTarget &target);

/// Operands whose memory the result may take: see #swap.schedule.
llvm::SmallVector<int64_t> findInPlaceOperands(mlir::func::FuncOp kernel,
                                               const RowPlan &plan);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_LOOPNEST_H
