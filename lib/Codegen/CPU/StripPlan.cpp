//===- StripPlan.cpp - Tile sizes of depthwise convolutions -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A depthwise convolution has no inner reduction: each loaded vector of the
// input is worth as many multiplications as windows see it. Its register tile
// is a strip of neighbours in one row of the image, which share what they read
// and all weights of that row; where a strip meets the border is known while
// compiling, so that no multiplication is tested for.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// The longest strip, and the most multiplications that are written out.
static constexpr int64_t kLongestStrip = 16, kMostProducts = 320;
/// What a processor brings in at once from its second cache.
static constexpr int64_t kLineBytes = 64;
/// Strips at the borders, each of which is code of its own.
static constexpr int64_t kMostBorderStrips = 6;

std::optional<StripLoops> swapc::getStripLoops(const ContractionInfo &info) {
  if (!info.vectorA || info.k >= 0 || info.taps.empty() || info.m.empty())
    return std::nullopt;
  StripLoops loops;
  loops.x = info.m.back();
  loops.tap = info.taps.back();
  if (info.accessA.coefficients[loops.x] <= 0 ||
      info.accessA.coefficients[loops.tap] <= 0)
    return std::nullopt;
  loops.outerWindows.assign(info.taps.size() - 1, -1);
  for (auto [index, window] : llvm::enumerate(info.windows)) {
    bool isInner = false;
    SmallVector<unsigned> outer;
    for (auto [loop, coefficient] : llvm::enumerate(window.coefficients)) {
      if (coefficient == 0)
        continue;
      if (coefficient < 0)
        return std::nullopt;
      isInner |= loop == loops.x || loop == loops.tap;
      for (auto [level, tap] : llvm::enumerate(info.taps))
        if (tap == loop && tap != loops.tap)
          outer.push_back(level);
    }
    if (isInner) {
      bool isAlone = outer.empty() && loops.window < 0;
      for (auto [loop, coefficient] : llvm::enumerate(window.coefficients))
        isAlone &= coefficient == 0 || loop == loops.x || loop == loops.tap;
      if (!isAlone)
        return std::nullopt;
      loops.window = index;
      continue;
    }
    if (outer.size() != 1 || loops.outerWindows[outer[0]] >= 0)
      return std::nullopt;
    loops.outerWindows[outer[0]] = index;
  }
  return loops;
}

bool swapc::isInsideStrip(const ContractionInfo &info, const StripLoops &loops,
                          int64_t x, int64_t tap) {
  if (loops.window < 0)
    return true;
  const ContractionWindow &window = info.windows[loops.window];
  int64_t at = window.coefficients[loops.x] * x +
               window.coefficients[loops.tap] * tap - window.low;
  return at >= 0 && at < window.size;
}

/// Whether all multiplications of x to x + count are inside.
bool swapc::isInterior(const ContractionInfo &info, const StripLoops &loops,
                       int64_t x, int64_t count) {
  // Windows move with x: the first and the last tell.
  int64_t lastTap = info.sizes[loops.tap] - 1;
  return isInsideStrip(info, loops, x, 0) &&
         isInsideStrip(info, loops, x + count - 1, lastTap);
}

/// Whether the sums, the weights of a row and an input have registers.
static bool fitsRegisters(const ContractionInfo &info, const StripLoops &loops,
                          const CpuTarget &target, int64_t strip,
                          int64_t vectors) {
  return (strip + info.sizes[loops.tap] + 1) * vectors <=
         target.vectorRegisters;
}

/// Cycles for one row of taps of the whole image row, all panels.
static double estimateCycles(const ContractionInfo &info,
                             const StripLoops &loops, const CpuTarget &target,
                             int64_t strip, int64_t vectors, int64_t lanes) {
  int64_t taps = info.sizes[loops.tap];
  int64_t stride =
      std::max<int64_t>(1, info.accessA.coefficients[loops.x] /
                               info.accessA.coefficients[loops.tap]);
  double products = static_cast<double>(strip * taps * vectors);
  double loads = static_cast<double>(
      std::min((strip - 1) * stride + taps, strip * taps) * vectors);
  // Weights that find no register are loaded where they are needed.
  loads += fitsRegisters(info, loops, target, strip, vectors)
               ? static_cast<double>(taps * vectors)
               : products;
  // Each chain of dependent sums takes four cycles a step.
  double cycles = std::max({products, loads, 4.0 * taps}) + 4.0;
  // The epilogue and the store, shared by the outer taps.
  int64_t outer = info.depth() / taps;
  cycles += (4.0 * strip * vectors + 8.0) / outer;
  int64_t width = vectors * lanes;
  int64_t panels = llvm::divideCeil(info.columns(), width);
  // Parts of a line are brought in again for each panel.
  if (width * swap::getElementBytes(info.elementA) < kLineBytes && panels > 1)
    cycles *= 1.4;
  if (info.columns() % width != 0 && !target.hasMasks)
    cycles *= 2;
  return cycles * panels * llvm::divideCeil(info.sizes[loops.x], strip);
}

bool swapc::chooseStrip(const ContractionInfo &info, const CpuTarget &target,
                        int64_t fixedWidth, ContractionPlan &plan) {
  std::optional<StripLoops> loops = getStripLoops(info);
  int64_t bits = info.accumulator.getIntOrFloatBitWidth();
  if (!loops || target.vectorBits <= 32)
    return false;
  int64_t native = std::max<int64_t>(1, target.vectorBits / bits);
  int64_t lanes = std::min<int64_t>(native, llvm::PowerOf2Ceil(info.columns()));
  while (fixedWidth % lanes != 0)
    lanes /= 2;
  int64_t size = info.sizes[loops->x], taps = info.sizes[loops->tap];
  double best = 0;
  for (int64_t vectors : {2, 1, 3, 4}) {
    if (fixedWidth ? vectors * lanes != fixedWidth
                   : vectors > 1 && (vectors - 1) * lanes >= info.columns())
      continue;
    for (int64_t most = std::min(size, kLongestStrip); most >= 1; --most) {
      // Strips of about the same length.
      int64_t strip = llvm::divideCeil(size, llvm::divideCeil(size, most));
      int64_t borders = 0;
      for (int64_t x = 0; x < size; x += strip)
        borders += !isInterior(info, *loops, x, std::min(strip, size - x));
      bool fits = fitsRegisters(info, *loops, target, strip, vectors) ||
                  strip * vectors * 2 <= target.vectorRegisters;
      if (strip != most || strip * taps * vectors > kMostProducts || !fits ||
          borders > kMostBorderStrips)
        continue;
      double cycles =
          estimateCycles(info, *loops, target, strip, vectors, lanes);
      if (best != 0 && cycles >= best * 0.98)
        continue;
      best = cycles;
      plan.lanes = lanes;
      plan.vectors = vectors;
      plan.strip = strip;
    }
  }
  if (best == 0)
    return false;
  plan.rows = size;
  return true;
}
