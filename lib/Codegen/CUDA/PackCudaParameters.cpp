//===- PackCudaParameters.cpp - Weights as the GPU's kernels read them ----===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/Packing.h"
#include "KernelSource.h"
#include "swapc/Codegen/CUDA/Passes.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_PACKCUDAPARAMETERS
#include "swapc/Codegen/CUDA/Passes.h.inc"
} // namespace swapc

namespace {

struct PackCudaParameters
    : swapc::impl::PackCudaParametersBase<PackCudaParameters> {
  using PackCudaParametersBase::PackCudaParametersBase;

  void runOnOperation() override {
    FailureOr<CudaTarget> target = getCudaTarget(archs, tf32, getOperation());
    if (failed(target))
      return signalPassFailure();
    // Kernels of rows read operands as they are.
    auto getWidth = [&](const ContractionInfo &info) -> int64_t {
      return succeeded(planCudaContraction(info, *target))
                 ? getCudaPanelWidth(info, *target)
                 : 0;
    };
    auto reschedule = [&](func::FuncOp kernel) {
      return scheduleCudaKernel(kernel, *target);
    };
    // A bias between the panels of two units would keep their launches apart.
    if (failed(packParameters(getOperation(), getWidth, reschedule,
                              /*epilogues=*/false)))
      signalPassFailure();
  }
};

} // namespace
