//===- ContractionPlan.cpp - Tiles of contractions on a GPU -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A batch-1 network seldom has a tile for each multiprocessor. Splits of the
// sums fill the chip; their partial sums pass through the scratch area. All
// choices depend on the shapes alone, so the order of every sum does too.
//
//===----------------------------------------------------------------------===//

#include "../CPU/Contraction.h"
#include "ContractionTiles.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Rows up to which weights are read at the speed of memory ("gemv").
static constexpr int64_t kFewRows = 4;
static constexpr int64_t kGemvThreads = 256;

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

static int64_t roundUpTo(int64_t columns, int64_t width) {
  return llvm::alignTo(columns, width);
}

int64_t swapc::getCudaPanelWidth(const ContractionInfo &info,
                                 const CudaTarget &target) {
  if (swap::PanelsAttr encoding = swap::getPanels(info.b.getType()))
    return encoding.getWidth();
  // The widest panels that are at most an eighth larger than need be.
  for (int64_t width : {64, 32})
    if (8 * roundUpTo(info.columns(), width) <=
        9 * roundUpTo(info.columns(), 16))
      return width;
  return info.columns() <= 16 ? 16 : 32;
}

static int64_t getAccumulatorBytes(const ContractionInfo &info) {
  return swap::getElementBytes(info.accumulator);
}

//===----------------------------------------------------------------------===//
// gemm
//===----------------------------------------------------------------------===//

/// Tiles that the template has for panels of `width` columns.
static SmallVector<GemmTile> getGemmTiles(int64_t width) {
  int64_t columns = width >= 32 ? 8 : 4;
  SmallVector<GemmTile> tiles;
  for (int64_t block : {128, 64, 32, 16}) {
    int64_t rows = std::min<int64_t>(8, block / 8);
    for (int64_t groups : {1, 2, 4}) {
      GemmTile tile{block, groups == 4 ? 32 : 16, rows, columns, groups, 3};
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

/// Clock cycles of all blocks of a grid.
static double estimateCycles(const ContractionInfo &info,
                             const CudaTarget &target, const GemmTile &tile,
                             int64_t width, int64_t tiles, int64_t splits) {
  int64_t part =
      llvm::alignTo(llvm::divideCeil(info.depth(), splits), tile.step);
  int64_t steps = part / tile.step;
  int64_t warps = tile.threads(width) / 32;
  int64_t resident = std::max<int64_t>(
      1, std::min((tile.rows * tile.columns > 32 ? 12 : 16) / warps,
                  (220 << 10) / tile.sharedBytes(width, 4)));
  int64_t processors = target.multiprocessors;
  int64_t blocks = tiles * splits;
  // Blocks of the fullest multiprocessor, and how many of them run at a time.
  int64_t most = llvm::divideCeil(blocks, processors);
  double together = static_cast<double>(std::min(most, resident));
  double rounds = std::ceil(static_cast<double>(most) / resident);
  // Multiply-adds issue at full rate when there are warps to hide latencies;
  // small register tiles wait for shared memory.
  double reuse = 1.0 / tile.rows + 1.0 / tile.columns;
  double rate = std::min(1.0, 0.30 / reuse + 0.1) *
                std::min(1.0, 0.35 + 0.08 * together * warps);
  double cycles = static_cast<double>(tile.block * width * tile.step) / 128;
  double step = std::max(cycles * together / rate, 350.0);
  double fixed = 2500;
  if (splits > 1)
    fixed += 2500 + splits * tile.block * width / 64.0;
  // The last round is seldom full.
  return rounds * (steps * step + 800) + fixed;
}

swap::ScheduleAttr swapc::makeCudaSchedule(const ContractionInfo &info,
                                           int64_t width, int64_t block,
                                           int64_t scratch) {
  bool packed = static_cast<bool>(swap::getPanels(info.b.getType()));
  int64_t panels =
      info.sizeOf(info.batch) * llvm::divideCeil(info.columns(), width);
  int64_t chunks = llvm::divideCeil(info.rows(), block);
  ContractionPlan plan;
  return swap::ScheduleAttr::get(
      info.b.getContext(), swap::KernelKind::Contraction, packed ? panels : 1,
      packed ? chunks : panels * chunks, /*rows=*/1, block, scratch,
      info.flops(), findInPlaceOperands(info, plan));
}

swap::GpuAttr swapc::makeCudaLaunch(const ContractionInfo &info,
                                    StringRef variant, int64_t threads,
                                    int64_t splits, int64_t shared,
                                    ArrayRef<int64_t> tile) {
  MLIRContext *context = info.b.getContext();
  return swap::GpuAttr::get(context, StringAttr::get(context, variant), threads,
                            splits, shared, tile);
}

static FailureOr<CudaKernelPlan>
planGemm(const ContractionInfo &info, const CudaTarget &target, int64_t width) {
  int64_t element = getAccumulatorBytes(info);
  double best = 0;
  GemmTile bestTile{};
  int64_t bestSplits = 1, bestTiles = 1;
  for (const GemmTile &tile : getGemmTiles(width)) {
    if (!isEven(tile, width) ||
        tile.sharedBytes(width, element) > kCudaSharedBytes)
      continue;
    int64_t tiles = info.sizeOf(info.batch) *
                    llvm::divideCeil(info.columns(), width) *
                    llvm::divideCeil(info.rows(), tile.block);
    int64_t steps = llvm::divideCeil(info.depth(), tile.step);
    for (int64_t splits = 1; splits <= std::min<int64_t>(steps, 64); ++splits) {
      // The number of splits that a part of this depth makes.
      int64_t part = llvm::divideCeil(steps, splits);
      if (static_cast<int64_t>(llvm::divideCeil(steps, part)) != splits)
        continue;
      int64_t scratch = tiles * splits * tile.block * width * element;
      if (splits > 1 && scratch > kCudaScratchBytes)
        break;
      double cycles = estimateCycles(info, target, tile, width, tiles, splits);
      if (best == 0 || cycles < best) {
        best = cycles;
        bestTile = tile;
        bestSplits = splits;
        bestTiles = tiles;
      }
    }
  }
  if (best == 0)
    return failure();
  int64_t scratch = bestSplits == 1 ? 0
                                    : bestTiles * bestSplits * bestTile.block *
                                          width * element;
  return CudaKernelPlan{
      makeCudaSchedule(info, width, bestTile.block, scratch),
      makeCudaLaunch(info, "gemm", bestTile.threads(width), bestSplits,
                     bestTile.sharedBytes(width, element),
                     {bestTile.block, width, bestTile.step, bestTile.rows,
                      bestTile.columns, bestTile.groups, bestTile.stages})};
}

//===----------------------------------------------------------------------===//
// gemv
//===----------------------------------------------------------------------===//

static bool isGemv(const ContractionInfo &info, int64_t width) {
  int64_t element = swap::getElementBytes(info.elementB);
  return info.rows() <= kFewRows && swap::getPanels(info.b.getType()) &&
         info.windows.empty() && !info.vectorA && width * element % 16 == 0;
}

static CudaKernelPlan planGemv(const ContractionInfo &info,
                               const CudaTarget &target, int64_t width) {
  int64_t element = swap::getElementBytes(info.elementB);
  int64_t lanes = kGemvThreads / (width * element / 16);
  int64_t panels =
      info.sizeOf(info.batch) * llvm::divideCeil(info.columns(), width);
  int64_t loads = 4;
  // All blocks run at the same time, each with some loads in flight.
  int64_t wanted =
      std::max<int64_t>(1, kCudaGemvBlocks * target.multiprocessors / panels);
  int64_t most = llvm::divideCeil(info.depth(), lanes * loads);
  int64_t splits = std::min(wanted, most);
  int64_t part = llvm::alignTo(llvm::divideCeil(info.depth(), splits), lanes);
  splits = llvm::divideCeil(info.depth(), part);
  int64_t scratch = splits == 1 ? 0
                                : panels * splits * info.rows() * width *
                                      getAccumulatorBytes(info);
  return CudaKernelPlan{makeCudaSchedule(info, width, info.rows(), scratch),
                        makeCudaLaunch(info, "gemv", kGemvThreads, splits, 0,
                                       {info.rows(), width, part, loads})};
}

//===----------------------------------------------------------------------===//
// depthwise
//===----------------------------------------------------------------------===//

static CudaKernelPlan planDepthwise(const ContractionInfo &info,
                                    const CudaTarget &target, int64_t width) {
  int64_t across = width / 4;
  int64_t threads = 128, pixels = 4;
  int64_t panels =
      info.sizeOf(info.batch) * llvm::divideCeil(info.columns(), width);
  auto getBlocks = [&]() -> int64_t {
    return panels * llvm::divideCeil(info.rows(), threads / across * pixels);
  };
  while (pixels > 1 && getBlocks() < 8 * target.multiprocessors)
    pixels /= 2;
  int64_t block = threads / across * pixels;
  return CudaKernelPlan{
      makeCudaSchedule(info, width, block, 0),
      makeCudaLaunch(info, "depthwise", threads, 1, 0, {block, width, pixels})};
}

FailureOr<CudaKernelPlan>
swapc::planCudaContraction(const ContractionInfo &info,
                           const CudaTarget &target) {
  int64_t width = getCudaPanelWidth(info, target);
  if (width % 16 != 0 || width > 128)
    return failure();
  auto choose = [&]() -> FailureOr<CudaKernelPlan> {
    if (info.vectorA)
      return planDepthwise(info, target, width);
    if (isGemv(info, width))
      return planGemv(info, target, width);
    FailureOr<CudaKernelPlan> tensors = planTensorCores(info, target, width);
    if (succeeded(tensors))
      return tensors;
    return planGemm(info, target, width);
  };
  FailureOr<CudaKernelPlan> plan = choose();
  // A panel that belongs to one tile is read once, in parts by its splits.
  // Over the bus, kernels that wait for the copies of each step reach half of
  // its rate; those that only load reach all of it.
  if (succeeded(plan) && plan->schedule.getTiles() == 1 &&
      plan->launch.getVariant().getValue() == "gemv")
    for (BlockArgument argument : info.b.getOwner()->getArguments())
      if (swap::getPanels(argument.getType()))
        plan->readOnce.push_back(argument.getArgNumber());
  return plan;
}
