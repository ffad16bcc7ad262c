//===- PackParameters.cpp - Weights as the CPU's kernels read them --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Packing.h"
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
      return planContraction(info, *target).width();
    };
    auto reschedule = [&](func::FuncOp kernel) -> LogicalResult {
      FailureOr<ContractionInfo> info = analyzeContraction(kernel);
      if (succeeded(info))
        kernel->setAttr(swap::SwapDialect::kScheduleAttr,
                        getSchedule(*info, planContraction(*info, *target)));
      return success();
    };
    if (failed(packParameters(getOperation(), getWidth, reschedule,
                              /*epilogues=*/true)))
      signalPassFailure();
  }
};

} // namespace
