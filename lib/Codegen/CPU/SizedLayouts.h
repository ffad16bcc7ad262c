//===- SizedLayouts.h - Where values of a size are, in kernels --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_SIZEDLAYOUTS_H
#define SWAPC_LIB_CODEGEN_CPU_SIZEDLAYOUTS_H

#include "Swap/SwapDialect.h"
#include "swapc/Dynamic/Layout.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace swapc {

/// Follows dimensions whose size a run says from the inputs of a function to
/// its results. What it does not follow counts as whole: computing too much is
/// always right. A mask makes a dimension whole, since what it writes outside
/// of a size is read.
class SizedLayouts {
public:
  /// Of an argument of @main.
  void setInput(mlir::Value value, llvm::ArrayRef<int64_t> extents,
                llvm::ArrayRef<int64_t> most);
  void setSize(mlir::Value value) { derived.insert(value); }
  /// Hands arguments to a kernel, and what is known of them.
  void enter(mlir::func::FuncOp kernel, mlir::ValueRange operands);
  void visit(mlir::Operation *op);
  void setResult(mlir::Value value, mlir::Value from);

  Layout getLayout(mlir::Value value) const;
  llvm::SmallVector<Dim> getLoops(mlir::linalg::GenericOp op) const;

private:
  void visitGeneric(mlir::linalg::GenericOp op);
  bool isDerived(mlir::Operation *op) const;

  llvm::DenseMap<mlir::Value, Layout> layouts;
  /// Computed from the sizes alone.
  llvm::DenseSet<mlir::Value> derived;
};

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_SIZEDLAYOUTS_H
