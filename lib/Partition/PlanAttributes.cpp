//===- PlanAttributes.cpp - Predictions as attributes -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanAttributes.h"
#include "PlanTimeline.h"
#include "swapc/Partition/Plan.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

void swapc::setPrediction(PlanOp op, const MemoryPlan &plan,
                          const PlanProblem &problem, const Sequence &sequence,
                          const SymbolTable &symbols) {
  static constexpr StringLiteral limits[] = {"nothing", "compute", "link",
                                             "memory", "stalls"};
  Builder builder(op);
  PlanTimeline timeline(problem, plan);
  NamedAttrList entries;
  auto addMs = [&](StringRef name, double seconds) {
    entries.set(name, builder.getF64FloatAttr(seconds * 1e3));
  };
  addMs("compute_ms", plan.computeSeconds);
  addMs("stream_ms", plan.streamSeconds);
  addMs("time_ms", plan.seconds);
  if (plan.isSerial)
    addMs("bound_ms", plan.boundSeconds());
  addMs("cold_ms", plan.coldSeconds);
  addMs("least_ms", plan.leastSeconds);
  addMs("stall_ms", timeline.stall);
  entries.set("resident_bytes", builder.getI64IntegerAttr(plan.residentBytes));
  entries.set("streamed_bytes", builder.getI64IntegerAttr(plan.streamedBytes));
  if (plan.inPlaceBytes)
    entries.set("in_place_bytes",
                builder.getI64IntegerAttr(plan.inPlaceBytes));
  entries.set("limit",
              builder.getStringAttr(limits[static_cast<int>(getLimit(plan))]));
  if (timeline.longestStep >= 0) {
    Operation *step = sequence.steps[timeline.longestStep];
    addMs("longest_stall_ms", timeline.longestStall);
    entries.set("stall_kernel", builder.getStringAttr(getKernelName(step)));
    entries.set("stall_node", builder.getStringAttr(getOrigin(step, symbols)));
  }
  op->setAttr(kPredictedAttr, entries.getDictionary(op.getContext()));
  SmallVector<int64_t> starts;
  for (double seconds : timeline.starts)
    starts.push_back(std::llround(seconds * 1e6));
  op->setAttr(kStartsAttr, builder.getDenseI64ArrayAttr(starts));
  auto step = plan.stepSeconds.begin();
  for (Operation &inner : op.getBody().front())
    if (isa<CallOp, RowsOp>(inner))
      inner.setAttr(kSecondsAttr, builder.getF64FloatAttr(*step++));
}

void swapc::setLink(ModuleOp module, const PlanLink &link) {
  Builder builder(module.getContext());
  NamedAttrList entries;
  for (auto [name, value] :
       {std::pair<StringRef, double>{"bytesPerSecond", link.bytesPerSecond},
        {"latency", link.latency},
        {"perRead", link.perRead},
        {"startSeconds", link.startSeconds},
        {"cpuPerByte", link.cpuPerByte},
        {"inPlaceBytesPerSecond", link.inPlaceBytesPerSecond}})
    entries.set(name, builder.getF64FloatAttr(value));
  if (link.isBlocking)
    entries.set("blocking", builder.getUnitAttr());
  module->setAttr(kLinkAttr, entries.getDictionary(module.getContext()));
}

void swapc::setCurve(ModuleOp module, const PlanCurve &curve) {
  Builder builder(module.getContext());
  SmallVector<Attribute> points;
  for (const auto &[budget, plan] : curve.getPlans()) {
    auto ms = [&](double seconds) {
      return builder.getF64FloatAttr(seconds * 1e3);
    };
    points.push_back(builder.getArrayAttr(
        {builder.getI64IntegerAttr(budget), ms(plan.seconds),
         ms(plan.boundSeconds()), ms(plan.leastSeconds),
         builder.getI64IntegerAttr(plan.residentBytes),
         builder.getI64IntegerAttr(plan.streamedBytes)}));
  }
  module->setAttr(kCurveAttr, builder.getArrayAttr(points));
}
