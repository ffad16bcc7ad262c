//===- Sequence.h - Calls in order and their memory -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What partitioning, memory assignment and the plan's verifier read off a
// block of calls: which values share storage, when each storage is alive, and
// which parameter an operand stands for.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_SEQUENCE_H
#define SWAPC_LIB_PARTITION_SEQUENCE_H

#include "Swap/SwapDialect.h"
#include "swapc/Partition/Planner.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace swapc {

/// The value that is seen through views.
mlir::Value stripViews(mlir::Value value);

/// The value whose storage `value` shares: views are stripped, and a result
/// that updates a tensor in place has the storage of that tensor.
mlir::Value getStorageRoot(mlir::Value value);

/// Whether each part of a concatenation is a range of its bytes.
bool isContiguous(mlir::tensor::ConcatOp concat);

/// The parameter behind an operand, through views; null if it is none.
mlir::swap::ParamOp getParam(mlir::Value value);

/// Panels [begin, end) that a call computes.
struct PanelRange {
  int64_t begin, end;
};
PanelRange getPanelRange(mlir::swap::CallOp call,
                         mlir::swap::ScheduleAttr schedule);

/// The schedule of the called kernel; null with an error if it has none.
mlir::swap::ScheduleAttr getSchedule(mlir::swap::CallOp call,
                                     const mlir::SymbolTable &symbols);

/// What a call writes of its result number `result`.
mlir::swap::ByteRange getWrittenBytes(mlir::swap::CallOp call, unsigned result,
                                      const mlir::SymbolTable &symbols);

/// What a call or launch runs; "swap.rows" for a fetch of rows.
llvm::StringRef getKernelName(mlir::Operation *op);

/// Whether a kernel reads each byte of its operand number `operand`, in a unit
/// of `unitBytes`, once (kReadOnceAttr), so that it may do so over the link.
/// Plain operands that are small beside the unit do not matter.
bool readsOnce(mlir::func::FuncOp kernel, unsigned operand, int64_t unitBytes);

/// The ONNX node of an operation, or "" if unknown.
llvm::StringRef getOrigin(mlir::Operation *op,
                          const mlir::SymbolTable &symbols);

/// Calls and row fetches of a block in execution order, with storage.
struct Sequence {
  llvm::SmallVector<mlir::Operation *> steps;
  /// Storage in the arena, in the order of first write.
  llvm::SmallVector<mlir::Value> roots;
  std::vector<PlanBuffer> buffers; ///< parallel to roots
  /// Parallel to roots: what exists of the tensor, from a multiple of
  /// kBufferAlign on; all but where only some tiles are computed.
  llvm::SmallVector<mlir::swap::ByteRange> windows;
  llvm::DenseMap<mlir::Value, int> bufferOf;
  /// Storage of the model's outputs, which is the caller's.
  llvm::DenseMap<mlir::Value, int> outputOf;
  /// Storage that is some bytes of an output: operands of a tensor.concat.
  struct Part {
    int output;
    int64_t offset;
  };
  llvm::DenseMap<mlir::Value, Part> partOf;
  int64_t scratchStride = 0; ///< bytes of one thread

  /// getStorageRoot(), for values of the block as it was analyzed: a call that
  /// is cut is a chain of thousands, which is not walked for each.
  mlir::Value getRoot(mlir::Value value) const;

  static mlir::FailureOr<Sequence> analyze(mlir::Block &block,
                                           const mlir::SymbolTable &symbols);

private:
  mutable llvm::DenseMap<mlir::Value, mlir::Value> knownRoots;
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_SEQUENCE_H
