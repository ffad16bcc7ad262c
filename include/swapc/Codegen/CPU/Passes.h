//===- Passes.h - Passes of the CPU target ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_CODEGEN_CPU_PASSES_H
#define SWAPC_CODEGEN_CPU_PASSES_H

#include "Swap/SwapDialect.h"
#include "swapc/Codegen/CPU/CpuTarget.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace swapc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "swapc/Codegen/CPU/Passes.h.inc"

/// A kernel that is a routine calls a function of this and the routine's name.
inline constexpr llvm::StringLiteral kRoutinePrefix = "swap_routine_";

/// From kernels with a schedule to llvm.func operations in the LLVM dialect;
/// leaves everything else in the module as it is.
void buildCPULoweringPipeline(mlir::OpPassManager &pm, const CpuTarget &target);

/// Registers the passes and `--swap-cpu-pipeline`.
void registerCPUPasses();

} // namespace swapc

#endif // SWAPC_CODEGEN_CPU_PASSES_H
