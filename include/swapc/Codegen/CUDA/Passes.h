//===- Passes.h - Passes of the CUDA target ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CUDA_PASSES_H
#define SWAPC_CODEGEN_CUDA_PASSES_H

#include "Swap/SwapDialect.h"
#include "swapc/Codegen/CUDA/CudaTarget.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace swapc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "swapc/Codegen/CUDA/Passes.h.inc"

/// The kernels of `module` that `names` lists, which have a swap.gpu, as one
/// CUDA C++ translation unit; with `rows`, swap_rows_i32 and swap_rows_i64 too.
llvm::FailureOr<std::string> emitCudaSource(mlir::ModuleOp module,
                                            llvm::ArrayRef<std::string> names,
                                            const CudaTarget &target,
                                            bool rows);

} // namespace swapc

#endif // SWAPC_CODEGEN_CUDA_PASSES_H
