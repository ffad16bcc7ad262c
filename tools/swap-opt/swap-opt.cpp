//===- swap-opt.cpp - One pass at a time ------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"
#include "swapc/Kernels/Passes.h"
#include "swapc/Codegen/CPU/Passes.h"
#include "swapc/Codegen/CUDA/Passes.h"
#include "swapc/Partition/Passes.h"

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
  swapc::registerPartitionPasses();
  swapc::registerCPUPasses();
  swapc::registerCUDACodegenPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "swapc: one pass at a time\n", registry));
}
