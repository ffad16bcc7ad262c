//===- Outline.h - From a group to a function and a call --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_KERNELS_OUTLINE_H
#define SWAPC_LIB_KERNELS_OUTLINE_H

#include "Grouping.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace swapc {

class Outliner {
public:
  explicit Outliner(mlir::ModuleOp module) : symbols(module) {}

  /// Moves the operations of `group` into a kernel, which an equal group may
  /// have made before, and calls it where the last of them stood.
  void outline(const Group &group);

private:
  mlir::func::FuncOp build(const Group &group,
                           llvm::ArrayRef<mlir::Value> inputs,
                           llvm::ArrayRef<mlir::Value> results);
  mlir::func::FuncOp share(mlir::func::FuncOp kernel,
                           mlir::func::FuncOp caller);

  mlir::SymbolTable symbols;
  llvm::StringMap<mlir::func::FuncOp> known;
};

} // namespace swapc

#endif // SWAPC_LIB_KERNELS_OUTLINE_H
