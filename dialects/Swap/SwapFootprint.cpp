//===- SwapFootprint.cpp - Bytes that some tiles of a kernel touch --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::swap;

LogicalResult ReachAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t slices, int64_t group, int64_t scale,
                                int64_t, int64_t) {
  if (slices < 0 || group < 1 || scale < 0)
    return emitError() << "reach has " << slices << " slices, groups of "
                       << group << " and scale " << scale;
  return success();
}

LogicalResult
FootprintAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t positions, int64_t step, ArrayRef<ReachAttr>) {
  if (positions < 1 || step < 1)
    return emitError() << "footprint has " << positions << " positions, "
                       << step << " a step";
  return success();
}

ByteRange ByteRange::unite(ByteRange other) const {
  if (empty())
    return other;
  if (other.empty())
    return *this;
  return {std::min(begin, other.begin), std::max(end, other.end)};
}

/// Positions that tiles [first, last) compute.
static ByteRange getPositions(ScheduleAttr schedule, FootprintAttr footprint,
                              int64_t first, int64_t last) {
  int64_t tile = schedule.getBlock() * footprint.getStep();
  return {std::min(first * tile, footprint.getPositions()),
          std::min(last * tile, footprint.getPositions())};
}

ByteRange swap::getWrittenBytes(ScheduleAttr schedule, FootprintAttr footprint,
                                RankedTensorType type, int64_t first,
                                int64_t last) {
  ByteRange positions = getPositions(schedule, footprint, first, last);
  int64_t bytes = getStorageBytes(type) / footprint.getPositions();
  return {positions.begin * bytes, positions.end * bytes};
}

ByteRange swap::getReadBytes(ScheduleAttr schedule, FootprintAttr footprint,
                             unsigned operand, RankedTensorType type,
                             int64_t first, int64_t last) {
  ReachAttr reach = footprint.getReaches()[operand];
  int64_t slices = reach.getSlices();
  if (slices == 0)
    return {0, getStorageBytes(type)};
  ByteRange positions = getPositions(schedule, footprint, first, last);
  if (positions.empty())
    return {};
  int64_t group = positions.begin / reach.getGroup();
  int64_t lastGroup = llvm::divideCeil(positions.end, reach.getGroup()) - 1;
  int64_t low = reach.getScale() * group + reach.getLow();
  int64_t high = reach.getScale() * lastGroup + reach.getHigh();
  int64_t bytes = getStorageBytes(type) / slices;
  return {std::clamp<int64_t>(low, 0, slices - 1) * bytes,
          (std::clamp<int64_t>(high, 0, slices - 1) + 1) * bytes};
}

std::pair<int64_t, int64_t> swap::getTilesOf(ScheduleAttr schedule,
                                             FootprintAttr footprint,
                                             RankedTensorType type,
                                             ByteRange bytes) {
  int64_t tile = schedule.getBlock() * footprint.getStep() *
                 (getStorageBytes(type) / footprint.getPositions());
  return {bytes.begin / tile, llvm::divideCeil(bytes.end, tile)};
}

LogicalResult swap::verifyTiles(Operation *user, Operation *kernel,
                                std::optional<int64_t> first,
                                std::optional<int64_t> last) {
  if (first.has_value() != last.has_value())
    return user->emitOpError("needs both ends of a tile range");
  if (!first)
    return success();
  auto schedule =
      kernel->getAttrOfType<ScheduleAttr>(SwapDialect::kScheduleAttr);
  if (!schedule || !kernel->hasAttr(SwapDialect::kFootprintAttr))
    return user->emitOpError("runs some tiles of a kernel without a ")
           << SwapDialect::kFootprintAttr;
  if (*first < 0 || *first >= *last || *last > schedule.getTiles())
    return user->emitOpError() << "runs tiles " << *first << " to " << *last
                               << " of " << schedule.getTiles();
  return success();
}
