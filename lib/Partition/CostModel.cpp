//===- CostModel.cpp - How long calls and reads take ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostModel.h"
#include "Sequence.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

/// A byte of activations: below, a product with one vector; between, depthwise.
constexpr double kVectorFlops = 1, kThinFlops = 4;

int64_t swapc::getCallTiles(CallOp call, ScheduleAttr schedule) {
  PanelRange range = getPanelRange(call, schedule);
  int64_t tiles = schedule.getTiles();
  if (call.getFirstTile() && call.getLastTile())
    tiles = *call.getLastTile() - *call.getFirstTile();
  return (range.end - range.begin) * tiles;
}

CostModel::CostModel(const DeviceModel &device, DeviceProfile given,
                     llvm::StringRef model, unsigned threads)
    : device(device), profile(std::move(given)), model(model),
      threads(std::max(threads, 1u)) {
  double others = this->threads - 1;
  if (const ProfileProcessor *measured = profile.getProcessor(this->threads)) {
    processor = *measured;
  } else if (const ProfileProcessor *one = profile.getProcessor(1)) {
    processor = *one;
    processor.flopsPerSecond *= 1 + device.flopsScaling * others;
    processor.bytesPerSecond *= 1 + device.bytesScaling * std::min(others, 3.0);
    processor.callUs = this->threads > 1 ? device.parallelCallUs : one->callUs;
  } else {
    processor.flopsPerSecond =
        device.flopsPerSecond * (1 + device.flopsScaling * others);
    processor.bytesPerSecond =
        device.bytesPerSecond *
        (1 + device.bytesScaling * std::min(others, 3.0));
    processor.callUs =
        this->threads > 1 ? device.parallelCallUs : device.callUs;
  }
  if (!processor.blocks)
    processor.blocks = device.blocks;
  processor.threads = this->threads;
}

/// The curve between the two sizes around `bytes`; straight beyond the ends.
static double interpolate(llvm::ArrayRef<ProfileRead> reads, double bytes,
                          llvm::function_ref<double(const ProfileRead &)> get) {
  if (reads.size() == 1)
    return get(reads[0]);
  size_t after = 1;
  while (after + 1 < reads.size() && reads[after].bytes < bytes)
    ++after;
  const ProfileRead &low = reads[after - 1], &high = reads[after];
  double share = (bytes - low.bytes) / (high.bytes - low.bytes);
  return get(low) + share * (get(high) - get(low));
}

PlanLink CostModel::getLink(llvm::ArrayRef<int64_t> unitBytes) const {
  PlanLink link;
  link.jitter = device.lateUs * 1e-6;
  link.caution = device.caution;
  link.burstBytes = device.burstBytes;
  link.inPlaceBytesPerSecond = device.inPlaceBytesPerSecond;
  const ProfileStorage *storage = profile.getStorage();
  if (storage) {
    link.jitter = storage->lateUs.value_or(device.lateUs) * 1e-6;
    link.caution = storage->caution.value_or(device.caution);
    link.inPlaceBytesPerSecond = storage->inPlaceBytesPerSecond.value_or(
        device.inPlaceBytesPerSecond);
  }
  llvm::ArrayRef<ProfileRead> reads = storage ? storage->reads : device.reads;
  if (reads.empty())
    return link;
  // The size that most bytes come in by.
  double sum = 0, squares = 0;
  for (int64_t bytes : unitBytes) {
    sum += bytes;
    squares += static_cast<double>(bytes) * bytes;
  }
  double size = sum > 0 ? squares / sum : reads.back().bytes;
  size = std::clamp<double>(size, reads.front().bytes, reads.back().bytes);
  auto occupied = [](const ProfileRead &read) {
    return read.bytes / read.bytesPerSecond;
  };
  double time = interpolate(reads, size, occupied);
  // A line through the curve there: seconds a byte and seconds a read.
  double slope = time / size;
  if (reads.size() > 1) {
    double beside = size * 1.01 <= reads.back().bytes ? 1.01 : 0.99;
    slope = (interpolate(reads, size * beside, occupied) - time) /
            (size * (beside - 1));
    slope = std::clamp(slope, 0.25 * time / size, time / size);
  }
  link.bytesPerSecond = 1 / slope;
  link.perRead = std::max(0.0, time - size * slope);
  link.latency = std::max(
      0.0, 1e-6 * interpolate(reads, size, [](const ProfileRead &read) {
             return read.latencyUs;
           }) - time);
  link.startSeconds =
      1e-6 * std::max(0.0, interpolate(reads, size, [](const ProfileRead &r) {
                        return r.startUs;
                      }));
  link.cpuPerByte = storage ? storage->computeSecondsPerGiB / (1 << 30) : 0;
  return link;
}

/// Bytes of a call's parameters (that come from memory) and of the rest.
static std::pair<double, double> getGridBytes(CallOp call) {
  double weights = 0, activations = 0;
  for (Value operand : call.getInputs())
    (getParam(operand) ? weights : activations) +=
        getStorageBytes(cast<RankedTensorType>(operand.getType()));
  for (Type type : call.getResultTypes())
    activations += getStorageBytes(cast<RankedTensorType>(type));
  return {weights, activations};
}

double CostModel::estimateGridSeconds(CallOp call, ScheduleAttr schedule,
                                      int64_t blocks) const {
  auto [weights, activations] = getGridBytes(call);
  double flops = schedule.getFlops();
  bool isThin =
      flops > kVectorFlops * activations && flops < kThinFlops * activations;
  double share = schedule.getKind() != KernelKind::Contraction
                     ? device.rowsShare
                 : isThin ? device.thinShare
                          : device.contractionShare;
  double arithmetic = flops / (processor.flopsPerSecond * share);
  if (blocks < processor.blocks) // a part of the GPU idles
    arithmetic *= static_cast<double>(processor.blocks) / blocks;
  double memory = weights / processor.bytesPerSecond +
                  activations / (processor.bytesPerSecond * device.cacheFactor);
  return std::max(arithmetic, memory);
}

const ProfileKernel *CostModel::getMeasured(CallOp call,
                                            ScheduleAttr schedule) const {
  return profile.getKernel(model, call.getKernel(), threads,
                           schedule.getPanels() * schedule.getTiles());
}

double CostModel::getGridSeconds(CallOp call, ScheduleAttr schedule,
                                 int64_t blocks) const {
  const ProfileKernel *kernel = getMeasured(call, schedule);
  if (!kernel)
    return estimateGridSeconds(call, schedule, blocks);
  return std::max(0.0,
                  kernel->seconds - kernel->calls * processor.callUs * 1e-6);
}

double CostModel::getCallSeconds(CallOp call, ScheduleAttr schedule,
                                 int64_t splits) const {
  // Threads take tiles one at a time; the last ones may leave some idle. Of the
  // blocks of a GPU, many run side by side: fewer take no less time.
  auto getRounds = [&](int64_t tiles) {
    return processor.blocks
               ? static_cast<double>(std::max(tiles * splits, processor.blocks))
               : static_cast<double>(llvm::divideCeil(tiles, threads));
  };
  int64_t grid =
      std::max<int64_t>(1, schedule.getPanels() * schedule.getTiles());
  double share = getRounds(getCallTiles(call, schedule)) / getRounds(grid);
  return getGridSeconds(call, schedule, grid * splits) * share +
         processor.callUs * 1e-6;
}

double CostModel::getJoinedSeconds(CallOp call, ScheduleAttr schedule,
                                   int64_t splits) const {
  if (!processor.blocks) // a call is a step of the plan
    return -1;
  int64_t grid =
      std::max<int64_t>(1, schedule.getPanels() * schedule.getTiles());
  return getGridSeconds(call, schedule, grid * splits) *
         getCallTiles(call, schedule) / grid;
}

double CostModel::getRowsSeconds(RowsOp rows, const PlanLink &link,
                                 int64_t depth) const {
  auto type = cast<RankedTensorType>(rows.getResult().getType());
  if (processor.blocks && link.inPlaceBytesPerSecond > 0) // one kernel for all
    return processor.callUs * 1e-6 + link.latency +
           getStorageBytes(type) / link.inPlaceBytesPerSecond;
  if (link.isBlocking)
    return static_cast<double>(type.getDimSize(0)) * link.startSeconds +
           getStorageBytes(type) * link.cpuPerByte;
  double reads = std::ceil(static_cast<double>(type.getDimSize(0)) / depth);
  return reads * link.latency + getStorageBytes(type) / link.bytesPerSecond;
}

double CostModel::getMappedSeconds(int64_t bytes, const PlanLink &link) const {
  return link.inPlaceBytesPerSecond > 0
             ? static_cast<double>(bytes) / link.inPlaceBytesPerSecond
             : 0;
}
