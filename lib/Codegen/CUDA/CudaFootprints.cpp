//===- CudaFootprints.cpp - What some tiles read and write ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/Footprint.h"
#include "RowKernels.h"
#include "swapc/Codegen/CUDA/Passes.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_CUDAFOOTPRINTS
#include "swapc/Codegen/CUDA/Passes.h.inc"
} // namespace swapc

namespace {
struct CudaFootprints : swapc::impl::CudaFootprintsBase<CudaFootprints> {
  using CudaFootprintsBase::CudaFootprintsBase;
  void runOnOperation() override;
};
} // namespace

/// Tiles are blocks of teams. Groups have tiles of their own, and a transpose
/// has squares of the result.
static FailureOr<FootprintCut> getCut(const CudaRowPlan &plan) {
  if (plan.groups.size() != 1)
    return failure();
  const RowGroup &group = plan.groups[0];
  for (const CudaNest &entry : group.nests)
    if (entry.run == NestRun::Tiles)
      return failure();
  FailureOr<FootprintCut> cut = getRowCut(plan.rows);
  if (succeeded(cut))
    cut->step = plan.teams * group.vector;
  return cut;
}

void CudaFootprints::runOnOperation() {
  FailureOr<CudaTarget> target = getCudaTarget(archs, tf32, getOperation());
  if (failed(target))
    return signalPassFailure();
  for (auto kernel : getOperation().getOps<func::FuncOp>()) {
    auto schedule = kernel->getAttrOfType<swap::ScheduleAttr>(
        swap::SwapDialect::kScheduleAttr);
    if (!schedule)
      continue;
    FailureOr<FootprintCut> cut = failure();
    if (schedule.getKind() == swap::KernelKind::Contraction) {
      FailureOr<ContractionInfo> info = analyzeContraction(kernel);
      if (succeeded(info))
        cut = getContractionCut(*info, schedule);
    } else {
      FailureOr<CudaRowPlan> plan = makeCudaRowPlan(kernel, *target);
      if (failed(plan))
        return signalPassFailure();
      cut = getCut(*plan);
    }
    if (succeeded(cut))
      setFootprint(kernel, *cut);
  }
}
