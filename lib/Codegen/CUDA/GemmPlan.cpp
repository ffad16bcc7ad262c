//===- GemmPlan.cpp - Tiles of products of many rows ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The variant "gemm": tiles and splits of the sums that take least time by a
// model of a multiprocessor, fitted to measurements.
//
//===----------------------------------------------------------------------===//

#include "ContractionText.h"
#include "ContractionTiles.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

namespace {
/// Sizes of swap_gemm (device/gemm.cuh).
struct GemmTile {
  int64_t block, step, rows, columns, groups, stages;

  int64_t groupThreads(int64_t width) const {
    return 32 * (width / (4 * columns)) * (block / (8 * rows));
  }
  int64_t threads(int64_t width) const { return groupThreads(width) * groups; }
  int64_t sharedBytes(int64_t width, int64_t element) const {
    int64_t stage = block * (step + 4) + step * (width + 4);
    return std::max(stages * stage, groups / 2 * block * width) * element;
  }
};
} // namespace

static int64_t getAccumulatorBytes(const ContractionInfo &info) {
  return swap::getElementBytes(info.accumulator);
}

/// Whether the template brings both operands in copies of 16 bytes. What it
/// brings otherwise takes registers, so that large register tiles would spill.
static bool isStraight(const ContractionInfo &info) {
  return !info.castA && !info.castB && getAccumulatorBytes(info) == 4 &&
         isVectorDepth(info, info.accessA.coefficients,
                       info.accessA.constant) &&
         (swap::getPanels(info.b.getType()) ||
          isVectorColumns(info, info.accessB.coefficients,
                          info.accessB.constant));
}

/// Tiles that the template has for panels of `width` columns.
static SmallVector<GemmTile> getGemmTiles(const ContractionInfo &info,
                                          int64_t width) {
  int64_t columns = width >= 32 ? 8 : 4;
  int64_t most = isStraight(info) ? 64 : 32;
  SmallVector<GemmTile> tiles;
  for (int64_t block : {128, 64, 32, 16}) {
    if (block == 16 && info.rows() > 16)
      continue;
    for (int64_t rows : {8, 4, 2})
      for (int64_t groups : {1, 2, 4}) {
        GemmTile tile{block, groups == 4 ? 32 : 16, rows, columns, groups, 3};
        // Small register tiles are for few rows, not for many warps.
        int64_t largest = rows == 8                  ? 128
                          : rows == 4 && groups == 1 ? 64
                                                     : 8 * rows;
        if (block < 8 * rows || block > largest || rows * columns > most)
          continue;
        int64_t threads = tile.threads(width);
        if (threads >= 64 && threads <= 256)
          tiles.push_back(tile);
      }
  }
  return tiles;
}

/// Elements of A and B that each thread brings must come out even.
static bool isEven(const GemmTile &tile, int64_t width) {
  int64_t threads = tile.threads(width);
  return (tile.block * tile.step / 4) % threads == 0 &&
         (tile.step * width / 4) % threads == 0;
}

/// Clock cycles of all blocks of a grid. The constants are fitted to 997
/// variants of 37 kernels of the model zoo on an H200.
static double estimateCycles(const ContractionInfo &info,
                             const CudaTarget &target, const GemmTile &tile,
                             int64_t width, int64_t tiles, int64_t splits) {
  int64_t steps =
      llvm::divideCeil(llvm::divideCeil(info.depth(), tile.step), splits);
  int64_t warps = tile.threads(width) / 32;
  int64_t sums = tile.rows * tile.columns;
  int64_t resident =
      std::max<int64_t>(1, std::min((sums > 32 ? 12 : 16) / warps,
                                    (227 << 10) / tile.sharedBytes(width, 4)));
  int64_t blocks = tiles * splits;
  int64_t most = llvm::divideCeil(blocks, target.multiprocessors);

  // Small register tiles wait for shared memory, few warps for everything.
  double peak =
      std::min(0.85, 0.27 / (1.0 / tile.rows + 1.0 / tile.columns) + 0.1);
  double work = static_cast<double>(tile.block * width * tile.step) / 128;
  double single =
      isStraight(info) ? 0 : static_cast<double>(tile.block * tile.step) * 0.23;
  auto getRound = [&](int64_t together) {
    double busy = static_cast<double>(together * warps);
    double rate = peak * busy / (busy + 2.5);
    return together * (work / std::max(rate, 0.01) + single);
  };
  // Blocks of the fullest multiprocessor.
  double step = most / resident * getRound(resident);
  if (most % resident != 0)
    step += getRound(most % resident);
  double rounds = std::ceil(static_cast<double>(most) / resident);
  double cycles = steps * std::max(step, 150.0 * rounds) + 2600 * rounds;
  if (splits > 1)
    cycles += 2250 + 9.5 * splits * sums;
  cycles += 14.0 * llvm::Log2_64(tile.groups) * sums;

  // What the second cache and the memory bring in a cycle.
  double bytesA = swap::getElementBytes(info.elementA);
  double bytesB = swap::getElementBytes(info.elementB);
  double cached = static_cast<double>(blocks * steps * tile.step) *
                  (tile.block * bytesA + width * bytesB) / 1950;
  double weights = static_cast<double>(info.sizeOf(info.batch) *
                                       info.columns() * info.depth()) *
                   bytesB / 2450;
  auto power = [](double x) { return x * x * x * x; };
  return std::sqrt(std::sqrt(power(cycles) + power(cached) + power(weights)));
}

FailureOr<CudaKernelPlan> swapc::planGemm(const ContractionInfo &info,
                                          const CudaTarget &target,
                                          int64_t width) {
  int64_t element = getAccumulatorBytes(info);
  SmallVector<GemmTile> tiles = getGemmTiles(info, width);
  llvm::erase_if(tiles, [&](const GemmTile &tile) {
    return !isEven(tile, width) ||
           tile.sharedBytes(width, element) > kCudaSharedBytes;
  });
  auto best = chooseGrid<GemmTile>(
      info, width, element, tiles,
      [&](const GemmTile &tile, int64_t count, int64_t splits) {
        return estimateCycles(info, target, tile, width, count, splits);
      });
  if (best.splits == 0)
    return failure();
  const GemmTile &tile = best.tile;
  return CudaKernelPlan{
      makeCudaSchedule(info, width, tile.block, best.scratch),
      makeCudaLaunch(info, "gemm", tile.threads(width), best.splits,
                     tile.sharedBytes(width, element),
                     {tile.block, width, tile.step, tile.rows, tile.columns,
                      tile.groups, tile.stages})};
}
