//===- Packing.h - Weights in the layout of their kernel --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_PACKING_H
#define SWAPC_LIB_CODEGEN_CPU_PACKING_H

#include "Contraction.h"

namespace swapc {

/// Columns of a panel of a kernel's right operand; 0 where it stays plain.
using PanelWidth = llvm::function_ref<int64_t(const ContractionInfo &info)>;
/// Makes the schedule of a kernel anew, whose operands have other layouts now.
using Reschedule =
    llvm::function_ref<mlir::LogicalResult(mlir::func::FuncOp kernel)>;

/// Gives parameters the layout that the kernels of `module` read: right
/// operands and, with `epilogues`, what the operations behind them read of the
/// columns.
mlir::LogicalResult packParameters(mlir::ModuleOp module, PanelWidth getWidth,
                                   Reschedule reschedule, bool epilogues);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_PACKING_H
