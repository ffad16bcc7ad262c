//===- RoutineKernel.h - Kernels that call a routine ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_ROUTINEKERNEL_H
#define SWAPC_LIB_CODEGEN_CPU_ROUTINEKERNEL_H

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace swapc {

/// The routine that is all of `kernel`, or null.
mlir::swap::RoutineOp getRoutine(mlir::func::FuncOp kernel);

/// Cuts the items of a routine into tiles.
mlir::swap::ScheduleAttr getRoutineSchedule(mlir::swap::RoutineOp routine);

/// Writes the body of a kernel whose tiles are `block` items of a routine: a
/// call, with the routine's constants in constant memory. `begin` and `end` are
/// i64.
void emitRoutine(mlir::OpBuilder &builder, mlir::func::FuncOp kernel,
                 int64_t block, mlir::Value operands, mlir::Value begin,
                 mlir::Value end, mlir::Value scratch);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_ROUTINEKERNEL_H
