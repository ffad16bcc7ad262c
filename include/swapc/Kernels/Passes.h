//===- Passes.h - Passes of the kernel phase --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_KERNELS_PASSES_H
#define SWAPC_KERNELS_PASSES_H

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace swapc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "swapc/Kernels/Passes.h.inc"

/// From the tensor phase to the kernel phase.
void buildKernelPipeline(mlir::OpPassManager &pm);

/// Registers the passes and `--swap-kernel-pipeline`.
void registerKernelPasses();

} // namespace swapc

#endif // SWAPC_KERNELS_PASSES_H
