//===- RowKernel.h - Kernels without a contraction --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CPU_ROWKERNEL_H
#define SWAPC_CODEGEN_CPU_ROWKERNEL_H

#include "swapc/Codegen/CPU/CpuTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace swapc {

/// What a #swap.schedule says of a row kernel.
struct RowSchedule {
  int64_t tiles = 1;
  int64_t block = 1;   // outer iterations of one tile
  int64_t scratch = 0; // bytes per thread
  int64_t flops = 0;
  /// Operands whose memory the result may take.
  llvm::SmallVector<int64_t> inPlace;
};

/// Cuts a row kernel into tiles. What cannot be computed is a diagnostic.
llvm::FailureOr<RowSchedule> planRowKernel(mlir::func::FuncOp kernel,
                                           const CpuTarget &target);

/// Writes the body of a row kernel whose tiles have `block` outer iterations.
/// Integers are i64.
llvm::LogicalResult emitRowKernel(mlir::OpBuilder &builder,
                                  mlir::func::FuncOp kernel, int64_t block,
                                  const CpuTarget &target, mlir::Value operands,
                                  mlir::Value begin, mlir::Value end,
                                  mlir::Value scratch);

} // namespace swapc

#endif // SWAPC_CODEGEN_CPU_ROWKERNEL_H
