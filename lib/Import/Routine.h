//===- Routine.h - What no loop nest computes -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_ROUTINE_H
#define SWAPC_LIB_IMPORT_ROUTINE_H

#include "NodeImporter.h"

namespace swapc {

/// A result of a routine.
struct RoutineResult {
  llvm::SmallVector<int64_t> shape;
  mlir::Type elementType;
  bool isUnsigned = false;
};

/// One use of a function of runtime/routines, whose source says what its
/// constants, items and scratch are.
struct RoutineUse {
  llvm::StringRef name;
  llvm::SmallVector<TensorRef> inputs = {};
  llvm::SmallVector<int64_t> constants = {};
  llvm::SmallVector<RoutineResult> results = {};
  int64_t items = 1;
  int64_t scratch = 0;
  /// About the operations of all items.
  int64_t flops = 0;
  /// Inputs whose memory the result may take.
  llvm::SmallVector<int64_t> inPlace = {};
};

/// A swap.routine, or constants where all inputs are small and known.
llvm::SmallVector<TensorRef> addRoutine(NodeImporter &n, const RoutineUse &use);

/// The number by which routines know an element type, or an error.
llvm::FailureOr<int64_t> getRoutineType(NodeImporter &n, TensorRef tensor);

/// `tensor` in a type that routines compute in: float32 for narrower floats,
/// and int32 for narrower integers.
TensorRef widenForRoutine(NodeImporter &n, TensorRef tensor);

/// The size of dimension `dim` of an output where it depends on data: what the
/// model declares, or an error that says what is in the `rest` otherwise.
llvm::FailureOr<int64_t> getDeclaredRoom(NodeImporter &n, unsigned output,
                                         int64_t dim, llvm::StringRef rest);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_ROUTINE_H
