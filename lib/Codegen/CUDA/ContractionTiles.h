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

#include "llvm/Support/MathExtras.h"

#include <algorithm>

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

/// A tile, and into how many parts the sums of each are split.
template <typename Tile> struct GridChoice {
  Tile tile = {};
  int64_t splits = 0;  ///< 0: no tile will do
  int64_t scratch = 0; ///< bytes of partial sums
};

/// The fastest of `tiles` by `estimate(tile, tiles of the grid, splits)`, whose
/// partial sums, of `element` bytes, are not too many.
template <typename Tile, typename Estimate>
GridChoice<Tile> chooseGrid(const ContractionInfo &info, int64_t width,
                            int64_t element, llvm::ArrayRef<Tile> tiles,
                            Estimate estimate) {
  GridChoice<Tile> best;
  double least = 0;
  for (const Tile &tile : tiles) {
    int64_t count = info.sizeOf(info.batch) *
                    llvm::divideCeil(info.columns(), width) *
                    llvm::divideCeil(info.rows(), tile.block);
    int64_t steps = llvm::divideCeil(info.depth(), tile.step);
    for (int64_t splits = 1; splits <= std::min<int64_t>(steps, 64); ++splits) {
      // The number of splits that a part of this depth makes.
      int64_t part = llvm::divideCeil(steps, splits);
      if (static_cast<int64_t>(llvm::divideCeil(steps, part)) != splits)
        continue;
      int64_t scratch =
          splits == 1 ? 0 : count * splits * tile.block * width * element;
      if (scratch > kCudaScratchBytes)
        break;
      double cycles = estimate(tile, count, splits);
      if (best.splits == 0 || cycles < least) {
        least = cycles;
        best = {tile, splits, scratch};
      }
    }
  }
  return best;
}

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
