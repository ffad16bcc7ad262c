//===- ContractionPlan.cpp - Tile sizes of multiply-add kernels -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Floating-point operations that make a grid tile worth handing to a thread:
/// about 30 microseconds at 100 GFLOP/s.
static constexpr int64_t kTileFlops = 3000000;

/// A panel above this does not stay in the second-level cache (and a row kernel
/// of a decode step streams it once).
static constexpr int64_t kPanelBytes = 1536 * 1024;

/// Rows of a tile after which converting its panel does not show.
static constexpr int64_t kWidenedRows = 256;

/// The most products of an output whose taps are each so little work that a
/// test for padding costs as much.
static constexpr int64_t kFewProducts = 32;

int64_t swapc::getReach(const ContractionInfo &info,
                        const ContractionWindow &window) {
  int64_t reach = 0;
  for (unsigned tap : info.taps)
    reach += window.coefficients[tap] * (info.sizes[tap] - 1);
  return reach;
}

bool swapc::hasInterior(const ContractionInfo &info, int64_t lanes) {
  if (info.windows.empty() || info.vectorA || lanes < 4 ||
      info.depth() > kFewProducts)
    return false;
  return llvm::all_of(info.windows, [&](const ContractionWindow &window) {
    return getReach(info, window) < window.size &&
           llvm::all_of(info.taps, [&](unsigned tap) {
             return window.coefficients[tap] >= 0;
           });
  });
}

/// Cycles for all register tiles of `rows` x `vectors`: multiply-adds, their
/// latency, and a share of the loads that feed them.
static double estimateCycles(const ContractionInfo &info,
                             const ContractionPlan &plan, int64_t m,
                             int64_t rows, int64_t vectors) {
  int64_t lanes = plan.lanes;
  double fma = static_cast<double>(rows * vectors);
  double loads = (info.vectorA ? rows * vectors : rows) + vectors;
  // A chain of dependent multiply-adds needs four cycles a step.
  double step = std::max(fma + 0.35 * loads + 0.5, 4.0);
  // Conversions, by vectors where they are ahead of their use.
  if (info.castA && isa<FloatType>(info.accumulator))
    step += rows * (plan.widensA ? 4.0 / lanes : 1.0);
  if (info.castB && isa<FloatType>(info.accumulator) && !plan.widensB)
    step += vectors;
  double tiles =
      static_cast<double>(llvm::divideCeil(m, rows) *
                          llvm::divideCeil(info.columns(), vectors * lanes));
  // Bounds checks of each tap, measured: the more rows, the more of them spill.
  double checks = 0.5 * rows;
  if (!info.windows.empty() && !hasInterior(info, lanes))
    checks = info.windows.size() * rows * (info.vectorA ? 1.0 : 0.5 * rows);
  // Pointers and the epilogue of each register tile.
  return tiles * (step * info.depth() + checks * info.sizeOf(info.taps) +
                  6.0 * rows + fma);
}

/// The same for single elements, which processors without vectors run in order:
/// an instruction is about a cycle, and latency is hidden by the tile.
static double estimateScalarCycles(const ContractionInfo &info, int64_t m,
                                   int64_t rows, int64_t columns) {
  double step = rows * columns + rows + columns + 0.25 * (rows + 3);
  if (info.vectorA)
    step += rows * columns - rows;
  double tiles = static_cast<double>(llvm::divideCeil(m, rows) *
                                     llvm::divideCeil(info.columns(), columns));
  double checks = 4.0 * info.windows.size() * rows + 2.0 * rows;
  return tiles * (step * info.depth() + checks * info.sizeOf(info.taps) +
                  6.0 * rows + 4.0 * rows * columns);
}

namespace {
/// The largest register tiles.
struct TileLimits {
  int64_t rows = 6;
  int64_t vectors = 4;
  int64_t tile = 12; // rows * vectors
  bool isScalar = false;
};
} // namespace

static TileLimits getTileLimits(const ContractionInfo &info,
                                const CpuTarget &target) {
  TileLimits limits;
  if (target.vectorRegisters >= 32) {
    limits.rows = 8;
    limits.tile = 24;
  } else if (target.vectorRegisters <= 8) {
    limits.tile = 6;
  }
  // Each row holds a pointer in a general-purpose register.
  if (target.indexBits == 32 && target.addressRegisters <= 16)
    limits.rows = 4;
  limits.isScalar = target.vectorBits <= 32;
  if (limits.isScalar) {
    bool isFloat = isa<FloatType>(info.accumulator);
    if (isFloat && !target.hasFloat) // A call for each operation.
      limits.rows = limits.vectors = limits.tile = 1;
    else if (isFloat)
      limits.tile = 16;
    else // Sums and pointers share the registers.
      limits.tile = target.addressRegisters <= 16 ? 4 : 12;
  }
  // Pairs of even and of odd bytes take more registers.
  if (getProductSteps(info, target) == ProductSteps::TwoTwice &&
      target.vectorRegisters <= 16)
    limits.tile = 8;
  if (info.vectorA && !info.windows.empty()) // Depthwise: the checks of more
    limits.rows = std::min<int64_t>(limits.rows, 2); // rows cost what they save
  return limits;
}

static void chooseRegisterTile(const ContractionInfo &info,
                               const CpuTarget &target, ContractionPlan &plan,
                               int64_t fixedWidth) {
  int64_t bits = info.accumulator.getIntOrFloatBitWidth();
  int64_t native = std::max<int64_t>(1, target.vectorBits / bits);
  plan.lanes = std::min<int64_t>(native, llvm::PowerOf2Ceil(info.columns()));
  while (fixedWidth % plan.lanes != 0)
    plan.lanes /= 2;
  if (plan.lanes >= 4)
    plan.steps = getProductSteps(info, target);
  chooseWidening(info, plan);
  int64_t m = info.rows();
  TileLimits limits = getTileLimits(info, target);
  // Two vectors are the first choice: their panels are small, which the cache
  // and the planner like.
  double best = 0;
  for (int64_t vectors : {2, 4, 3, 1}) {
    if (fixedWidth && vectors * plan.lanes != fixedWidth)
      continue;
    if (!fixedWidth && vectors > limits.vectors)
      continue;
    if (!fixedWidth && vectors > 1 &&
        (vectors - 1) * plan.lanes >= info.columns())
      continue;
    int64_t panelBytes = info.depth() * vectors * plan.lanes *
                         swap::getElementBytes(info.elementB);
    if (!fixedWidth && vectors > 2 && panelBytes > kPanelBytes)
      continue;
    double least = 0;
    int64_t bestRows = 1;
    for (int64_t rows = std::min(m, limits.rows); rows >= 1; --rows) {
      if (rows > 1 && rows * vectors > limits.tile)
        continue;
      // Beside the sums a step of k holds its columns and an element of A.
      if (rows > 1 && plan.widensA &&
          rows * vectors + vectors >= target.vectorRegisters)
        continue;
      double cycles = limits.isScalar
                          ? estimateScalarCycles(info, m, rows, vectors)
                          : estimateCycles(info, plan, m, rows, vectors);
      if (least == 0 || cycles < least) {
        least = cycles;
        bestRows = rows;
      }
    }
    if (best == 0 || least < best * 0.9) {
      best = least;
      plan.rows = bestRows;
      plan.vectors = vectors;
    }
  }
  if (best == 0) { // An encoding from elsewhere; one row of it.
    plan.vectors = fixedWidth / plan.lanes;
    plan.rows = 1;
  }
}

ContractionPlan swapc::planContraction(const ContractionInfo &info,
                                       const CpuTarget &target) {
  ContractionPlan plan;
  plan.indexBits = target.indexBits;
  plan.fuses = target.fusesOnDemand;
  if (target.vectorBits <= 32) { // Small processors: less code.
    plan.straightSteps = target.hasFloat ? 4 : 1;
    plan.straightTaps = target.hasFloat ? 12 : 1;
    plan.unroll = target.hasFloat ? 4 : 1;
    plan.rowUnroll = target.hasFloat ? 4 : 1;
  }
  swap::PanelsAttr encoding = swap::getPanels(info.b.getType());
  int64_t width = encoding ? encoding.getWidth() : 0;
  if (!chooseStrip(info, target, width, plan))
    chooseRegisterTile(info, target, plan, width);
  int64_t columnPanels = llvm::divideCeil(info.columns(), plan.width());
  plan.panels = info.sizeOf(info.batch) * columnPanels;

  // Masked loads of narrow types need AVX-512; elsewhere they become branches.
  bool tail = info.columns() % plan.width() != 0;
  bool canMask = target.hasMasks || info.elementB.getIntOrFloatBitWidth() >= 32;
  if (encoding)
    plan.source = PanelSource::Packed;
  else if (info.accessB.coefficients[info.n] == 1 && (!tail || canMask))
    plan.source = PanelSource::Direct;
  else
    plan.source = PanelSource::Scratch;

  // Rows of a grid tile: enough work for a thread, but several tiles for each.
  int64_t m = info.rows();
  int64_t rowFlops = 2 * plan.width() * info.depth();
  int64_t block = llvm::divideCeil(kTileFlops, rowFlops);
  if (plan.widensB) // A converted panel serves many rows.
    block = std::max(block, kWidenedRows);
  int64_t wanted =
      llvm::divideCeil(4 * std::max<int64_t>(1, target.threads), plan.panels);
  block = std::min<int64_t>(block, llvm::divideCeil(m, wanted));
  // Packing and widening pay over many rows.
  if (plan.source == PanelSource::Scratch || plan.widensB)
    block = std::max<int64_t>(block, 64);
  block =
      std::min<int64_t>(llvm::alignTo(std::max<int64_t>(block, 1), plan.rows),
                        llvm::alignTo(m, plan.rows));
  // Tiles of about the same size.
  int64_t chunks = llvm::divideCeil(m, block);
  plan.block = llvm::alignTo(llvm::divideCeil(m, chunks), plan.rows);
  plan.scratch = getScratch(info, plan).end;
  return plan;
}

double swapc::estimateContractionCycles(const ContractionInfo &info,
                                        const CpuTarget &target) {
  ContractionPlan plan;
  chooseRegisterTile(info, target, plan, /*fixedWidth=*/0);
  return estimateCycles(info, plan, info.rows(), plan.rows, plan.vectors);
}

swap::ScheduleAttr swapc::getSchedule(const ContractionInfo &info,
                                      const ContractionPlan &plan) {
  // Without an encoding there is one panel, whatever the width of the tiles.
  bool packed = plan.source == PanelSource::Packed;
  int64_t chunks = llvm::divideCeil(info.rows(), plan.block);
  return swap::ScheduleAttr::get(
      info.b.getContext(), swap::KernelKind::Contraction,
      packed ? plan.panels : 1, packed ? chunks : plan.panels * chunks,
      plan.rows, plan.block, plan.scratch, info.flops(),
      findInPlaceOperands(info, plan));
}

ContractionPlan swapc::planContraction(const ContractionInfo &info,
                                       const CpuTarget &target,
                                       swap::ScheduleAttr schedule) {
  ContractionPlan plan = planContraction(info, target);
  plan.rows = std::max<int64_t>(1, schedule.getRows());
  plan.block = std::max<int64_t>(plan.rows, schedule.getBlock());
  plan.scratch = getScratch(info, plan).end;
  return plan;
}
