//===- Attention.h - Two products and what stands between -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// softmax(Q K) V in one kernel, without the matrix of scores in memory. The
// body holds the operations of three kernels, its parts, which an attribute on
// each tells apart: a contraction (the scores), a row kernel (the softmax, in
// place), a contraction that has its result for A.
//
// A tile is one index of the batch and a block of rows (queries). It computes
// these rows of the scores, all of their columns (keys), into scratch memory,
// then the softmax, then the rows of the result. Each part is emitted as it
// would be alone, with a pointer to the scores that is moved back so that the
// tile's rows fall into scratch memory: so its bits are those of three kernels,
// whatever the block.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_ATTENTION_H
#define SWAPC_LIB_CODEGEN_CPU_ATTENTION_H

#include "Contraction.h"
#include "LoopNest.h"

#include "mlir/IR/OwningOpRef.h"

namespace swapc {

/// The number of the part that an operation of the body belongs to.
inline constexpr llvm::StringLiteral kPartAttr = "swap.part";

/// Whether the operations of `kernel` are numbered so.
bool isAttention(mlir::func::FuncOp kernel);

/// A part as a kernel of its own, for as long as this exists.
struct AttentionPart {
  static constexpr int64_t kScores = -1;
  mlir::OwningOpRef<mlir::func::FuncOp> function;
  /// For each argument and the result: the number among the arguments and the
  /// result of the whole, or kScores.
  llvm::SmallVector<int64_t> operands;
};

struct AttentionInfo {
  AttentionPart scores, softmax, values;
  ContractionInfo product, sum; // of `scores` and of `values`
  ContractionPlan productPlan, sumPlan;
  int64_t batches = 1, rows = 1; // rows of each batch
  int64_t rowBytes = 0;          // of the scores
  int64_t partScratch = 0;       // bytes, of the part that needs most
  int64_t flops = 0;
  llvm::SmallVector<int64_t> inPlace;

  /// Rows that the register tiles of both products divide.
  int64_t grain() const;
  int64_t scoreBytes(int64_t block) const;
};

/// Reads a kernel whose operations are marked as parts. Fails silently.
llvm::FailureOr<AttentionInfo> analyzeAttention(mlir::func::FuncOp kernel,
                                                const CpuTarget &target);

/// Chooses the rows of a tile.
mlir::swap::ScheduleAttr getSchedule(const AttentionInfo &info,
                                     const CpuTarget &target);
/// The schedule with so many rows in a tile.
mlir::swap::ScheduleAttr getSchedule(const AttentionInfo &info, int64_t block,
                                     mlir::MLIRContext *context);

/// Fills in the body of a kernel: tiles [begin, end).
llvm::LogicalResult emitAttention(mlir::OpBuilder &builder,
                                  mlir::func::FuncOp kernel, int64_t block,
                                  const CpuTarget &target, mlir::Value operands,
                                  mlir::Value begin, mlir::Value end,
                                  mlir::Value scratch);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_ATTENTION_H
