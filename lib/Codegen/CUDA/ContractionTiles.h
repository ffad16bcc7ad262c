//===- ContractionTiles.h - Choosing tiles of contractions ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the plans for different templates share.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CUDA_CONTRACTIONTILES_H
#define SWAPC_LIB_CODEGEN_CUDA_CONTRACTIONTILES_H

#include "../CPU/Contraction.h"
#include "KernelSource.h"

namespace swapc {

/// Partial sums of one launch. The budget counts them: twice as much gave the
/// widest layers of an image network 3 % of their time.
constexpr int64_t kCudaScratchBytes = 4 << 20;

/// Shared memory that a block has without asking for more.
constexpr int64_t kCudaSharedBytes = 48 << 10;

/// Threads of a gemv that a multiprocessor runs at the same time.
constexpr int64_t kCudaGemvThreads = 1024;

/// Tiles of `block` rows and `width` columns.
mlir::swap::ScheduleAttr makeCudaSchedule(const ContractionInfo &info,
                                          int64_t width, int64_t block,
                                          int64_t scratch);

mlir::swap::GpuAttr makeCudaLaunch(const ContractionInfo &info,
                                   llvm::StringRef variant, int64_t threads,
                                   int64_t splits, int64_t shared,
                                   llvm::ArrayRef<int64_t> tile);

// GemmPlan.cpp

llvm::FailureOr<CudaKernelPlan>
planGemm(const ContractionInfo &info, const CudaTarget &target, int64_t width);

// TensorCorePlan.cpp

/// Variants "mma_f16", "mma_bf16" and "mma_tf32". Fails silently where the
/// types, the number of rows or an architecture of the target forbid it.
llvm::FailureOr<CudaKernelPlan> planTensorCores(const ContractionInfo &info,
                                                const CudaTarget &target,
                                                int64_t width);

/// The product of swap_gemm that a variant takes, "" for that of "gemm".
llvm::StringRef getTensorProduct(llvm::StringRef variant);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CUDA_CONTRACTIONTILES_H
