//===- BandRows.cpp - The widest layers band by band ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BandModel.h"
#include "swapc/Partition/Passes.h"
#include "swapc/Partition/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace swapc {
#define GEN_PASS_DEF_BANDROWS
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

/// Calls of a segment at most; what is longer computes too much twice.
static constexpr int kMostCalls = 64;
static constexpr int64_t kMostBands = 64;

namespace {

/// Chooses segments so that the least memory is alive at the worst moment.
class SegmentChooser {
public:
  SegmentChooser(const BandModel &model, double mostFlops)
      : model(model), mostFlops(mostFlops) {}
  /// Segments in order; none if bands do not help.
  SmallVector<Segment> run();

private:
  void collect();
  bool choose(int64_t bytes, SmallVectorImpl<Segment> *chosen) const;

  const BandModel &model;
  double mostFlops;
  int64_t worst = 0;                          ///< bytes without bands
  SmallVector<SmallVector<Segment>> endingAt; ///< candidates by last step
};

struct BandRowsPass : public swapc::impl::BandRowsBase<BandRowsPass> {
  using BandRowsBase::BandRowsBase;
  void runOnOperation() override;

private:
  void build(func::FuncOp main, const BandModel &model,
             ArrayRef<Segment> segments);
};

} // namespace

/// Candidates: of each stretch, numbers of bands that each save memory.
void SegmentChooser::collect() {
  endingAt.resize(model.size());
  for (int first = 0; first < model.size(); ++first) {
    int64_t within = model.getBytes(first);
    for (int last = first + 1;
         last < std::min(model.size(), first + kMostCalls); ++last) {
      within = std::max(within, model.getBytes(last));
      if (!model.isSegment(first, last))
        continue;
      int64_t best = within;
      for (int64_t bands = 2; bands <= kMostBands;
           bands += std::max<int64_t>(1, bands / 4)) {
        if (bands > model.getSchedule(last).getTiles())
          break;
        Segment segment{first, last, bands, 0, 0};
        model.measure(segment);
        if (segment.flops > mostFlops)
          break;
        if (segment.bytes >= best)
          continue;
        best = segment.bytes;
        endingAt[last].push_back(segment);
      }
    }
  }
}

/// Whether everything fits into `bytes`; with the least repeated work.
bool SegmentChooser::choose(int64_t bytes,
                            SmallVectorImpl<Segment> *chosen) const {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  int count = model.size();
  SmallVector<double> cost(count + 1, kNever);
  SmallVector<const Segment *> before(count + 1, nullptr);
  cost[0] = 0;
  for (int step = 0; step < count; ++step) {
    if (model.getBytes(step) <= bytes)
      cost[step + 1] = cost[step];
    for (const Segment &segment : endingAt[step]) {
      double flops = cost[segment.first] + segment.flops;
      if (segment.bytes > bytes || flops >= cost[step + 1])
        continue;
      cost[step + 1] = flops;
      before[step + 1] = &segment;
    }
  }
  if (cost[count] > mostFlops)
    return false;
  for (int at = count; chosen && at > 0;) {
    if (before[at])
      chosen->push_back(*before[at]);
    at = before[at] ? before[at]->first : at - 1;
  }
  if (chosen)
    std::reverse(chosen->begin(), chosen->end());
  return true;
}

SmallVector<Segment> SegmentChooser::run() {
  SmallVector<int64_t> sizes;
  for (int step = 0; step < model.size(); ++step)
    sizes.push_back(model.getBytes(step));
  worst = sizes.empty() ? 0 : *llvm::max_element(sizes);
  collect();
  for (ArrayRef<Segment> segments : endingAt)
    for (const Segment &segment : segments)
      sizes.push_back(segment.bytes);
  llvm::sort(sizes);
  auto *least =
      std::partition_point(sizes.begin(), sizes.end(), [&](int64_t bytes) {
        return !choose(bytes, nullptr);
      });
  SmallVector<Segment> chosen;
  // Below a twentieth it is not worth a second sequence.
  if (least != sizes.end() && *least <= worst - worst / 20)
    choose(*least, &chosen);
  return chosen;
}

/// Writes the second sequence: a copy of @main in which the calls of each
/// segment are replaced by calls of their tiles, band after band.
void BandRowsPass::build(func::FuncOp main, const BandModel &model,
                         ArrayRef<Segment> segments) {
  OpBuilder builder(main);
  builder.setInsertionPointAfter(main);
  IRMapping mapping;
  auto banded = cast<func::FuncOp>(builder.clone(*main, mapping));
  banded.setName(kBandedMain);
  banded.setPrivate();
  for (auto [number, segment] : llvm::enumerate(segments)) {
    SmallVector<CallOp> calls;
    for (int step = segment.first; step <= segment.last; ++step)
      calls.push_back(
          cast<CallOp>(mapping.lookup(model.getCall(step).getOperation())));
    CallOp lastCall = calls.back();
    builder.setInsertionPoint(lastCall);
    Value result;
    SmallVector<TileRange> tiles;
    for (int64_t band = 0; band < segment.bands; ++band) {
      model.getTiles(segment, band, tiles);
      IRMapping inBand;
      for (auto [call, range] : llvm::zip_equal(calls, tiles)) {
        if (range.empty())
          continue;
        SmallVector<Value> inputs;
        for (Value input : call.getInputs())
          inputs.push_back(inBand.lookupOrDefault(input));
        SmallVector<Value> init;
        if (call == lastCall && result)
          init.push_back(result);
        auto part = CallOp::create(builder, call.getLoc(),
                                   call.getResultTypes(), call.getKernelAttr(),
                                   inputs, init, IntegerAttr(), IntegerAttr(),
                                   builder.getI64IntegerAttr(range.first),
                                   builder.getI64IntegerAttr(range.last));
        part->setDiscardableAttrs(call->getDiscardableAttrDictionary());
        part->setAttr(SwapDialect::kSegmentAttr,
                      builder.getI64IntegerAttr(number));
        inBand.map(call.getResult(0), part.getResult(0));
        if (call == lastCall)
          result = part.getResult(0);
      }
    }
    lastCall.getResult(0).replaceAllUsesWith(result);
    for (CallOp call : llvm::reverse(calls))
      call.erase();
  }
}

void BandRowsPass::runOnOperation() {
  SymbolTable symbols(getOperation());
  auto main = symbols.lookup<func::FuncOp>("main");
  if (!main || main.isExternal())
    return;
  const DeviceModel *deviceModel = DeviceModel::get(device, main);
  if (!deviceModel)
    return signalPassFailure();
  FailureOr<BandModel> model =
      BandModel::build(main.front(), symbols, *deviceModel);
  if (failed(model))
    return signalPassFailure();
  SmallVector<Segment> segments =
      SegmentChooser(*model, model->getFlops() * moreFlops / 100).run();
  if (segments.empty())
    return;
  for (const Segment &segment : segments)
    for (int step = segment.first; step <= segment.last; ++step)
      symbols.lookup(model->getCall(step).getKernel())
          ->setAttr(SwapDialect::kScheduleAttr, model->getSchedule(step));
  build(main, *model, segments);
}
