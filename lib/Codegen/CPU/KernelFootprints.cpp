//===- KernelFootprints.cpp - What some tiles read and write ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "Footprint.h"
#include "swapc/Codegen/CPU/Passes.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_KERNELFOOTPRINTS
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {
struct KernelFootprints
    : public swapc::impl::KernelFootprintsBase<KernelFootprints> {
  using KernelFootprintsBase::KernelFootprintsBase;
  void runOnOperation() override;
};
} // namespace

void KernelFootprints::runOnOperation() {
  FailureOr<CpuTarget> target =
      getCpuTarget(triple, cpu, features, getOperation());
  if (failed(target))
    return signalPassFailure();
  for (auto kernel : getOperation().getOps<func::FuncOp>()) {
    auto schedule = kernel->getAttrOfType<swap::ScheduleAttr>(
        swap::SwapDialect::kScheduleAttr);
    // Nobody knows what a routine reads for an item, and a tile of attention
    // reads all keys.
    if (!schedule || schedule.getKind() == swap::KernelKind::Routine ||
        isAttention(kernel))
      continue;
    FailureOr<ContractionInfo> info = analyzeContraction(kernel);
    FailureOr<FootprintCut> cut = failure();
    if (succeeded(info)) {
      cut = getContractionCut(*info, schedule);
    } else {
      FailureOr<RowPlan> plan = makeRowPlan(kernel, *target);
      if (failed(plan))
        return signalPassFailure();
      cut = getRowCut(*plan);
    }
    if (succeeded(cut))
      setFootprint(kernel, *cut);
  }
}
