//===- Grouping.h - Which operations make a kernel --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_KERNELS_GROUPING_H
#define SWAPC_LIB_KERNELS_GROUPING_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace swapc {

/// Operations that become one kernel, in execution order, and what to call it.
/// Their inits (tensor.empty, linalg.fill) are not among them.
struct Group {
  llvm::SmallVector<mlir::Operation *> ops;
  std::string name;
};

/// Cuts the computations of `func` into groups: every one is in a group.
llvm::SmallVector<Group> formGroups(mlir::func::FuncOp func);

} // namespace swapc

#endif // SWAPC_LIB_KERNELS_GROUPING_H
