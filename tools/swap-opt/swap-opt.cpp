//===- swap-opt.cpp - One pass at a time ------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"
#include "swapc/Kernels/Passes.h"
#if defined(SWAPC_HAS_PARTITION) && __has_include("swapc/Partition/Passes.h")
#define SWAPC_PARTITION_PASSES
#include "swapc/Partition/Passes.h"
#endif
#if defined(SWAPC_HAS_CPU) && __has_include("swapc/Codegen/CPU/Passes.h")
#define SWAPC_CPU_PASSES
#include "swapc/Codegen/CPU/Passes.h"
#endif

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::LLVM::LLVMDialect, mlir::affine::AffineDialect,
                  mlir::arith::ArithDialect, mlir::func::FuncDialect,
                  mlir::linalg::LinalgDialect, mlir::math::MathDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect,
                  mlir::swap::SwapDialect, mlir::tensor::TensorDialect,
                  mlir::vector::VectorDialect>();
  mlir::registerTransformsPasses();
  swapc::registerKernelPasses();
#ifdef SWAPC_PARTITION_PASSES
  swapc::registerPartitionPasses();
#endif
#ifdef SWAPC_CPU_PASSES
  swapc::registerCPUPasses();
#endif
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "swapc: one pass at a time\n", registry));
}
