//===- WinogradPlan.cpp - Which convolutions, and in which sizes ----------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneEmitter.h"
#include "Winograd.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// What a thread's scratch should fit in: a share of the second-level cache.
static constexpr int64_t kScratchBytes = 704 * 1024;

/// It counts towards the budget, so that it may only be a part of what a kernel
/// reads and writes; and with less than this the transforms take too long.
static constexpr int64_t kScratchPart = 4, kLeastScratch = 256 * 1024;

/// A panel of weights above this does not stay in that cache.
static constexpr int64_t kPanelBytes = 1280 * 1024;

/// The part of the direct algorithm's time below which it is worth it: the
/// direct one has the smaller error and no scratch, and the estimate is low
/// where tiles are few (7x7 of 512 channels: 0.69, measured 1.17).
static constexpr double kLeastGain = 0.65;

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

static bool isFloat(Type type) {
  return type.isF32() || type.isF16() || type.isBF16();
}

/// The dimension of A that a tap moves along.
static FailureOr<WinogradAxis> getAxis(const ContractionInfo &info,
                                       unsigned tap, int64_t &dilation) {
  auto type = cast<RankedTensorType>(info.a.getType());
  WinogradAxis axis;
  axis.tap = tap;
  linalg::GenericOp root = info.root;
  for (OpOperand *input : root.getDpsInputOperands()) {
    Value value = input->get();
    auto pad = value.getDefiningOp<tensor::PadOp>();
    if ((pad ? pad.getSource() : value) != info.a)
      continue;
    AffineMap map = root.getMatchingIndexingMap(input);
    int64_t stride = 1;
    for (int64_t dim = type.getRank() - 1; dim >= 0;
         stride *= type.getDimSize(dim--)) {
      FailureOr<LinearForm> form =
          getLinearForm(map.getResult(dim), map.getNumDims());
      if (failed(form))
        return failure();
      if (form->coefficients[tap] == 0)
        continue;
      dilation = form->coefficients[tap];
      axis.stride = stride;
      axis.low = pad ? pad.getStaticLow()[dim] : 0;
      axis.size = type.getDimSize(dim);
      int found = -1;
      for (auto [loop, coefficient] : llvm::enumerate(form->coefficients)) {
        if (coefficient == 0 || loop == tap || info.sizes[loop] == 1)
          continue;
        if (found >= 0 || coefficient != 1 || !llvm::is_contained(info.m, loop))
          return failure();
        found = loop;
      }
      if (found < 0 || form->constant != 0 || dilation < 1)
        return failure();
      axis.loop = found;
      return axis;
    }
  }
  return failure();
}

static FailureOr<WinogradShape> getShape(const ContractionInfo &info) {
  if (info.k < 0 || info.vectorA || info.sizeOf(info.batch) != 1 ||
      !info.accumulator.isF32() || !isFloat(info.elementA) ||
      !isFloat(info.elementB) || info.columns() == 1 ||
      info.accessA.coefficients[info.k] != 1 ||
      info.accessOut.coefficients[info.n] != 1)
    return failure();
  SmallVector<unsigned> taps, m;
  for (unsigned loop : info.taps)
    if (info.sizes[loop] != 1)
      taps.push_back(loop);
  for (unsigned loop : info.m)
    if (info.sizes[loop] != 1)
      m.push_back(loop);
  if (taps.size() != 2 || info.sizes[taps[0]] != 3 ||
      info.sizes[taps[1]] != 3 ||
      m.size() < 2 || m.size() > 3)
    return failure();
  int64_t dilations[2] = {1, 1};
  FailureOr<WinogradAxis> height = getAxis(info, taps[0], dilations[0]);
  FailureOr<WinogradAxis> width = getAxis(info, taps[1], dilations[1]);
  if (failed(height) || failed(width) || dilations[0] != dilations[1] ||
      height->loop != m[m.size() - 2] || width->loop != m.back())
    return failure();
  // No other dimension is padded or shifted.
  if (info.accessA.constant !=
          -height->low * height->stride - width->low * width->stride ||
      llvm::any_of(info.windows, [&](const ContractionWindow &window) {
        return window.coefficients[height->tap] == 0 &&
               window.coefficients[width->tap] == 0;
      }))
    return failure();
  WinogradShape shape;
  shape.height = *height;
  shape.width = *width;
  shape.dilation = dilations[0];
  if (m.size() == 3) {
    shape.image = m[0];
    shape.images = info.sizes[m[0]];
  }
  return shape;
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

namespace {

/// Tries sizes and keeps the best. Costs are in cycles of a processor that
/// starts one vector operation each, for one image: neither the batch nor the
/// budget have a say.
class Search {
public:
  Search(const ContractionInfo &info, const CpuTarget &target,
         const WinogradShape &shape)
      : info(info), target(target) {
    base.shape = shape;
    base.lanes = target.lanes(32);
    base.inputLanes = base.lanes;
    while (info.innerK() % base.inputLanes != 0)
      base.inputLanes /= 2;
    limit = std::min(kScratchBytes,
                     (getImageBytes() + getWeightBytes()) / kScratchPart);
    rows = base.tileRowsOf(info);
    across = base.tilesOfRow(info);
  }

  WinogradPlan run(int64_t fixedWidth) {
    if (limit < kLeastScratch)
      return best;
    for (int64_t width : {64, 48, 32, 16}) {
      if (fixedWidth ? width != fixedWidth : !isWorthTrying(width))
        continue;
      WinogradPlan plan = base;
      plan.panels = llvm::divideCeil(info.columns(), width);
      for (int64_t parts : {1, 2}) {
        plan.parts = parts;
        // Large images run band by band, which takes tiles of whole rows.
        if (parts > 1 && getImageBytes() > getWeightBytes())
          continue;
        plan.vectors = width / plan.lanes / plan.parts;
        if (plan.panelWidth() == width)
          tryChannels(plan);
      }
    }
    return best;
  }

private:
  /// One image before and after.
  int64_t getImageBytes() const {
    int64_t image = info.sizes[base.shape.height.loop] *
                    info.sizes[base.shape.width.loop];
    return image * info.innerK() * swap::getElementBytes(info.elementA) +
           image * info.columns() * swap::getElementBytes(info.elementOut);
  }
  int64_t getWeightBytes() const {
    return info.depth() * info.columns() *
           swap::getElementBytes(info.elementB);
  }

  bool isWorthTrying(int64_t width) const {
    int64_t bytes = info.depth() * width * swap::getElementBytes(info.elementB);
    return width % base.lanes == 0 &&
           (width <= base.lanes ||
            width - std::max<int64_t>(base.lanes, 16) < info.columns()) &&
           (width <= 32 || bytes <= kPanelBytes);
  }

  void tryChannels(WinogradPlan plan) {
    int64_t all = info.innerK();
    for (int64_t parts = 1; parts <= all / plan.inputLanes; ++parts) {
      plan.channels =
          llvm::alignTo(llvm::divideCeil(all, parts), plan.inputLanes);
      if (plan.channels > 128)
        continue;
      if (plan.channels < 16 && parts > 1)
        break;
      for (plan.band = 1; plan.band <= rows; ++plan.band)
        tryGroup(plan);
    }
  }

  void tryGroup(WinogradPlan plan) {
    int64_t all = plan.band * across;
    plan.tileRows = 1;
    int64_t weights = 36 * 4 * plan.weightStride();
    int64_t each = 36 * 4 * (plan.width() + plan.channels);
    int64_t most = std::max<int64_t>((limit - weights) / each, 4);
    plan.group = llvm::divideCeil(all, llvm::divideCeil(all, most));
    chooseRegisterTile(plan);
    if (plan.scratch() > limit && plan.group > plan.tileRows) {
      plan.group -= plan.group % plan.tileRows;
      chooseRegisterTile(plan);
    }
    estimate(plan);
    if (plan.scratch() > limit)
      return;
    if (best.cost == 0 || plan.cost < best.cost)
      best = plan;
  }

  void chooseRegisterTile(WinogradPlan &plan) {
    int64_t most = target.vectorRegisters >= 32 ? 24 : 12;
    double least = 0;
    for (int64_t vectors : {4, 3, 2, 1}) {
      if (plan.vectors % vectors != 0)
        continue;
      // Beside the sums, a row of weights and one input are in registers.
      int64_t tallest =
          std::min(most, target.vectorRegisters - vectors - 1) / vectors;
      for (int64_t tileRows = std::min<int64_t>(12, tallest); tileRows >= 1;
           --tileRows) {
        double step = std::max(tileRows * vectors +
                                   0.35 * (tileRows + vectors) + 0.5,
                               4.0);
        double cycles = step / vectors *
                        llvm::divideCeil(plan.group, tileRows);
        if (least != 0 && cycles >= least)
          continue;
        least = cycles;
        plan.tileRows = tileRows;
        plan.tileVectors = vectors;
      }
    }
    productCycles = least; // of one channel and a vector of columns
  }

  void estimate(WinogradPlan &plan) const {
    double depth = info.innerK();
    double columns = llvm::divideCeil(info.columns(), plan.lanes);
    double tiles = rows * across;
    double bands = llvm::divideCeil(rows, plan.band);
    double groups =
        bands * llvm::divideCeil(plan.band * across, plan.group);
    double parts = llvm::divideCeil(info.innerK(), plan.channels);
    double products = 36 * groups * columns *
                      (productCycles * depth + 1.5 * plan.groupRows() * parts);
    // Each group reads all of scratch from the second-level cache.
    double moved = plan.channels * plan.vectors +
                   plan.group * plan.channels / plan.lanes +
                   2 * plan.group * plan.vectors;
    double columnParts = plan.panels * plan.parts;
    products += 36 * groups * parts * columnParts * moved;
    double inputs = 200 * tiles * columnParts * depth / plan.inputLanes;
    double weights = 115 * (parts == 1 ? bands : groups) * depth * columns;
    double outputs = 180 * tiles * columns;
    plan.cycles = products + inputs + weights + outputs;
    // Calls are often of one panel: the last thread to take a tile of it may
    // leave others idle, and small tiles serve more threads.
    double grid = bands * plan.parts;
    double last = llvm::alignTo(static_cast<int64_t>(grid), target.threads);
    plan.cost = plan.cycles *
                (last * plan.band / (rows * plan.parts) + 0.1 / grid);
    // Columns that only fill a panel are streamed all the same, and kernels
    // whose tiles are parts of rows cannot run band by band.
    plan.cost *= static_cast<double>(plan.panels * plan.panelWidth()) /
                 info.columns();
    plan.cost *= 1 + 0.02 * (plan.parts - 1);
  }

  const ContractionInfo &info;
  const CpuTarget &target;
  WinogradPlan base, best;
  int64_t limit = 0;            // of scratch
  int64_t rows = 0, across = 0; // tiles of an image
  double productCycles = 0;
};

} // namespace

static bool hasRoom(const CpuTarget &target) {
  return target.vectorBits >= 128 && target.vectorRegisters >= 16 &&
         target.indexBits == 64 && target.hasFloat && !target.isBareMetal;
}

FailureOr<WinogradPlan> swapc::chooseWinograd(const ContractionInfo &info,
                                              const CpuTarget &target) {
  FailureOr<WinogradShape> shape = getShape(info);
  // Fewer channels are a small part of the vectors of the transforms.
  if (failed(shape) || !hasRoom(target) || info.innerK() % 4 != 0 ||
      info.innerK() < 8 || info.columns() < target.lanes(32))
    return failure();
  // Which algorithm it is decides the last bits, so that the number of threads
  // may only change the tiles.
  CpuTarget single = target;
  single.threads = 1;
  double direct = estimateContractionCycles(info, single) / shape->images;
  double cost = Search(info, single, *shape).run(0).cost;
  if (cost == 0 || cost > kLeastGain * direct)
    return failure();
  return Search(info, target, *shape).run(0);
}

FailureOr<WinogradPlan> swapc::planWinograd(const ContractionInfo &info,
                                            const CpuTarget &target,
                                            swap::ScheduleAttr schedule) {
  FailureOr<WinogradShape> shape = getShape(info);
  swap::PanelsAttr encoding = swap::getPanels(info.b.getType());
  if (failed(shape) || !encoding)
    return failure();
  WinogradPlan plan = Search(info, target, *shape).run(encoding.getWidth());
  if (plan.cost == 0 || schedule.getBlock() % plan.rowPositions(info) != 0 ||
      plan.scratch() > schedule.getScratch())
    return failure();
  plan.band = schedule.getBlock() / plan.rowPositions(info);
  return plan;
}

swap::ScheduleAttr swapc::getSchedule(const ContractionInfo &info,
                                      const WinogradPlan &plan,
                                      const CpuTarget &target) {
  ContractionPlan columns;
  columns.lanes = plan.lanes;
  columns.vectors = plan.vectors * plan.parts;
  int64_t bands =
      llvm::divideCeil(plan.tileRowsOf(info) * plan.shape.images, plan.band);
  // Work as the direct algorithm's rate counts it.
  double direct = estimateContractionCycles(info, target) / plan.shape.images;
  auto flops = static_cast<int64_t>(info.flops() * (plan.cycles / direct));
  return swap::ScheduleAttr::get(
      info.b.getContext(), swap::KernelKind::Contraction, plan.panels,
      bands * plan.parts,
      plan.rowPositions(info), plan.band * plan.rowPositions(info),
      llvm::alignTo(plan.scratch(), 64), std::min(flops, info.flops()),
      findInPlaceOperands(info, columns));
}
