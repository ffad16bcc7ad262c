//===- PackParameters.cpp - Weights as the CPU's kernels read them --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Packing.h"
#include "Winograd.h"
#include "swapc/Codegen/CPU/Passes.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_PACKPARAMETERS
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {

struct PackParameters : swapc::impl::PackParametersBase<PackParameters> {
  using PackParametersBase::PackParametersBase;

  void runOnOperation() override {
    FailureOr<CpuTarget> target =
        getCpuTarget(triple, cpu, features, getOperation());
    if (failed(target))
      return signalPassFailure();
    auto getWidth = [&](const ContractionInfo &info) {
      if (info.root->getParentOfType<func::FuncOp>()->hasAttr(kWinogradAttr))
        if (auto plan = chooseWinograd(info, *target); succeeded(plan))
          return plan->panelWidth();
      return planContraction(info, *target).width();
    };
    auto reschedule = [&](func::FuncOp kernel) -> LogicalResult {
      FailureOr<ContractionInfo> info = analyzeContraction(kernel);
      if (failed(info))
        return success();
      FailureOr<WinogradPlan> winograd = failure();
      if (kernel->hasAttr(kWinogradAttr) && swap::getPanels(info->b.getType()))
        winograd = chooseWinograd(*info, *target);
      if (failed(winograd))
        kernel->removeAttr(kWinogradAttr);
      kernel->setAttr(swap::SwapDialect::kScheduleAttr,
                      succeeded(winograd)
                          ? getSchedule(*info, *winograd, *target)
                          : getSchedule(*info,
                                        planContraction(*info, *target)));
      return success();
    };
    if (failed(packParameters(getOperation(), getWidth, reschedule,
                              /*epilogues=*/true)))
      return signalPassFailure();
    // Calls that compute the weights have a kernel of their own.
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(kWinogradAttr))
        (void)reschedule(kernel);
  }
};

} // namespace
