//===- Import.h - ONNX to the tensor phase ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_IMPORT_IMPORT_H
#define SWAPC_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace swapc {

/// What one node computed, whatever became of it in the IR.
struct ImportedNode {
  std::string name;
  mlir::Location location;
  /// Two for each result: its shape, and what it holds if it is a small constant
  /// of integers.
  llvm::SmallVector<llvm::SmallVector<int64_t>, 1> shapes;
};

struct ImportOptions {
  /// Sizes of the symbolic dimensions, by name.
  llvm::StringMap<int64_t> dims;
  /// Whether the target runs swap.routine.
  bool routines = true;
  /// Files (.npy) with the values of inputs that are known, by name.
  llvm::StringMap<std::string> bindings;
  /// The shapes of inputs, by name: one for a tensor, any number for a
  /// sequence, at most one for an optional tensor.
  llvm::StringMap<llvm::SmallVector<llvm::SmallVector<int64_t>>> shapes;
  /// Whether the operations are the same for all sizes of a dimension, where
  /// others would do better for some of them.
  bool isUniform = false;
  /// Filled with the nodes in their order.
  std::vector<ImportedNode> *trace = nullptr;
};

/// Reads the ONNX model at `path` into a module of the tensor phase. Weights
/// stay in their files; the module names their bytes. Everything wrong or
/// unsupported is emitted as diagnostics, and the result is then null.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path,
                                             const ImportOptions &options,
                                             mlir::MLIRContext &context);

} // namespace swapc

#endif // SWAPC_IMPORT_IMPORT_H
