//===- TensorCorePlan.cpp - Contractions on tensor cores --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The template "gemm" with another inner product (device/mma.cuh). Warps have
// tiles of 16 x 8; what limits them is mostly how fast operands arrive.
//
//===----------------------------------------------------------------------===//

#include "ContractionText.h"
#include "ContractionTiles.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Up to these many rows most of a tile of 16 would be empty.
static constexpr int64_t kFewRows = 8;

namespace {

struct TensorKind {
  llvm::StringLiteral variant, product;
  int64_t bytes;   // of an element
  int64_t depth;   // products of one instruction
  unsigned arch;   // the first that has it
  double products; // of a multiprocessor in a clock cycle
};

/// Sizes of swap_gemm; a warp has 16 * rows rows and 2 * columns columns.
struct TensorTile {
  int64_t block, step, rows, columns, groups, stages = 3;

  int64_t threads(int64_t width) const {
    return 32 * (width / (2 * columns)) * (block / (16 * rows)) * groups;
  }
  int64_t sharedBytes(int64_t width, const TensorKind &kind) const {
    int64_t padA = 16 / kind.bytes, padB = 8;
    int64_t stage = block * (step + padA) + step * (width + padB);
    return std::max(stages * stage * kind.bytes,
                    groups / 2 * block * width * 4);
  }
};

} // namespace

static constexpr TensorKind kKinds[] = {
    {"mma_f16", "swap_gemm_mma", 2, 16, 75, 1200},
    {"mma_bf16", "swap_gemm_mma", 2, 16, 80, 1200},
    {"mma_tf32", "swap_gemm_tf32", 4, 8, 80, 600},
};

llvm::StringRef swapc::getTensorProduct(llvm::StringRef variant) {
  for (const TensorKind &kind : kKinds)
    if (kind.variant == variant)
      return kind.product;
  return "";
}

static const TensorKind *getKind(const ContractionInfo &info,
                                 const CudaTarget &target) {
  if (info.elementA != info.elementB || !info.accumulator.isF32() ||
      info.rows() <= kFewRows)
    return nullptr;
  const TensorKind *kind = nullptr;
  if (info.elementA.isF16())
    kind = &kKinds[0];
  else if (info.elementA.isBF16())
    kind = &kKinds[1];
  else if (info.elementA.isF32() && target.tf32)
    kind = &kKinds[2];
  return kind && target.archs.front() >= kind->arch ? kind : nullptr;
}

/// Tiles that fit panels of `width` columns.
static SmallVector<TensorTile> getTiles(int64_t width, const TensorKind &kind) {
  SmallVector<TensorTile> tiles;
  for (int64_t block : {128, 64, 32, 16})
    for (int64_t rows : {4, 2, 1})
      for (int64_t columns : {16, 8})
        for (int64_t groups : {1, 2, 4}) {
          int64_t step = std::max(2, static_cast<int>(groups)) * kind.depth;
          TensorTile tile{block, step, rows, columns, groups};
          if (width % (2 * columns) != 0 || block % (16 * rows) != 0)
            continue;
          int64_t threads = tile.threads(width);
          // All threads bring as many vectors of 16 bytes.
          int64_t vector = 16 / kind.bytes;
          if (threads < 64 || threads > 256 ||
              (block * step / vector) % threads != 0 ||
              (step * width / vector) % threads != 0 ||
              tile.sharedBytes(width, kind) > kCudaSharedBytes)
            continue;
          tiles.push_back(tile);
        }
  return tiles;
}

/// Clock cycles of all blocks of a grid.
static double estimateCycles(const ContractionInfo &info,
                             const CudaTarget &target, const TensorKind &kind,
                             const TensorTile &tile, int64_t width,
                             int64_t tiles, int64_t splits) {
  int64_t steps =
      llvm::divideCeil(llvm::divideCeil(info.depth(), splits), tile.step);
  int64_t warps = tile.threads(width) / 32;
  int64_t resident = std::max<int64_t>(
      1, std::min((tile.rows * tile.columns > 32 ? 12 : 16) / warps,
                  (220 << 10) / tile.sharedBytes(width, kind)));
  int64_t most = llvm::divideCeil(tiles * splits, target.multiprocessors);
  double together = static_cast<double>(std::min(most, resident));
  double rounds = std::ceil(static_cast<double>(most) / resident);
  double products = static_cast<double>(tile.block * width * tile.step);
  double compute = products / kind.products;
  // Shared memory gives 128 bytes a cycle, and every warp of a row or column
  // of warps reads the same; the second cache gives a multiprocessor 24.
  double perWarp = static_cast<double>((16 * tile.rows + 2 * tile.columns) *
                                       tile.step * kind.bytes) /
                   tile.groups;
  double shared = perWarp * warps / 128;
  double arriving =
      static_cast<double>((tile.block + width) * tile.step * kind.bytes) / 24;
  double step =
      std::max(std::max({compute, shared, arriving}) * together, 350.0);
  double fixed = 2500;
  if (splits > 1)
    fixed += 2500 + splits * tile.block * width / 64.0;
  return rounds * (steps * step + 800) + fixed;
}

FailureOr<CudaKernelPlan> swapc::planTensorCores(const ContractionInfo &info,
                                                 const CudaTarget &target,
                                                 int64_t width) {
  const TensorKind *kind = getKind(info, target);
  if (!kind)
    return failure();
  auto best = chooseGrid<TensorTile>(
      info, width, /*element=*/4, getTiles(width, *kind),
      [&](const TensorTile &tile, int64_t count, int64_t splits) {
        return estimateCycles(info, target, *kind, tile, width, count, splits);
      });
  if (best.splits == 0)
    return failure();
  const TensorTile &tile = best.tile;
  return CudaKernelPlan{
      makeCudaSchedule(info, width, tile.block, best.scratch),
      makeCudaLaunch(info, kind->variant, tile.threads(width), best.splits,
                     tile.sharedBytes(width, *kind),
                     {tile.block, width, tile.step, tile.rows, tile.columns,
                      tile.groups, tile.stages})};
}
