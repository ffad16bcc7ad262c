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

#include "ContractionText.h"
#include "ContractionTiles.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// Rows up to which weights are read at the speed of memory ("gemv").
static constexpr int64_t kFewRows = 4;
static constexpr int64_t kFewDirectRows = 8;
/// Of a panel, what one block of a gemv reads where panels fill the chip.
static constexpr int64_t kGemvPartBytes = 384 << 10;

/// Panels from which each is summed by one block, 16 warps at most.
static int64_t getFewPanels(const CudaTarget &target) {
  return target.multiprocessors * 5 / 8;
}

static int64_t roundUpTo(int64_t columns, int64_t width) {
  return llvm::alignTo(columns, width);
}

int64_t swapc::getCudaPanelWidth(const ContractionInfo &info,
                                 const CudaTarget &target) {
  if (swap::PanelsAttr encoding = swap::getPanels(info.b.getType()))
    return encoding.getWidth();
  // Rather narrow panels than parts of wide ones, where every weight is read
  // once.
  int64_t panels = llvm::divideCeil(info.columns(), 32);
  if (info.rows() <= kFewRows && info.columns() >= 64 && !info.vectorA &&
      panels * 8 >= target.multiprocessors * 7 &&
      panels < target.multiprocessors * 3 / 2)
    return 32;
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

//===----------------------------------------------------------------------===//
// gemv
//===----------------------------------------------------------------------===//

static bool isGemv(const ContractionInfo &info, int64_t width) {
  int64_t element = swap::getElementBytes(info.elementB);
  if (!info.windows.empty() || info.vectorA || width * element % 16 != 0)
    return false;
  if (swap::getPanels(info.b.getType()))
    return info.rows() <= kFewRows;
  // Columns that lie next to each other are as good as panels, and their
  // tiles in a "gemm" would be mostly empty.
  return info.rows() <= kFewDirectRows && info.columns() % width == 0 &&
         isVectorColumns(info, info.accessB.coefficients, info.accessB.constant,
                         16 / element);
}

static CudaKernelPlan planGemv(const ContractionInfo &info,
                               const CudaTarget &target, int64_t width) {
  int64_t element = swap::getElementBytes(info.elementB);
  int64_t panels =
      info.sizeOf(info.batch) * llvm::divideCeil(info.columns(), width);
  // Whole panels where they fill the chip, else as many parts as run at the
  // same time; each with as many loads in flight as its registers hold. Long
  // panels come a few at a time, and must be read faster than the bus brings
  // the next.
  bool whole = panels >= getFewPanels(target);
  int64_t threads = whole && panels <= 2 * target.multiprocessors ? 512 : 256;
  int64_t lanes = threads / (width * element / 16);
  int64_t loads = info.rows() == 1 ? 8 : 4;
  int64_t wanted = whole ? info.depth() * width * element / kGemvPartBytes
                         : 2 * target.multiprocessors / panels;
  wanted = std::max<int64_t>(wanted, 1);
  int64_t most = llvm::divideCeil(info.depth(), lanes * loads);
  int64_t splits = std::min(wanted, most);
  int64_t part = llvm::alignTo(llvm::divideCeil(info.depth(), splits), lanes);
  splits = llvm::divideCeil(info.depth(), part);
  int64_t scratch = splits == 1 ? 0
                                : panels * splits * info.rows() * width *
                                      getAccumulatorBytes(info);
  return CudaKernelPlan{makeCudaSchedule(info, width, info.rows(), scratch),
                        makeCudaLaunch(info, "gemv", threads, splits, 0,
                                       {info.rows(), width, part, loads})};
}

//===----------------------------------------------------------------------===//
// depthwise
//===----------------------------------------------------------------------===//

static CudaKernelPlan planDepthwise(const ContractionInfo &info,
                                    const CudaTarget &target, int64_t width) {
  int64_t across = width / 4;
  int64_t threads = 64, pixels = 4;
  int64_t panels =
      info.sizeOf(info.batch) * llvm::divideCeil(info.columns(), width);
  // Fours of pixels share their weights where that leaves blocks enough.
  int64_t chunks = llvm::divideCeil(info.rows(), threads / across * pixels);
  if (panels * chunks < 2 * target.multiprocessors)
    pixels = 1;
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
