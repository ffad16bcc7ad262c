//===- PrintCudaSource.cpp - Kernels as text --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CUDA/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_PRINTCUDASOURCE
#include "swapc/Codegen/CUDA/Passes.h.inc"
} // namespace swapc

namespace {

struct PrintCudaSource : swapc::impl::PrintCudaSourceBase<PrintCudaSource> {
  using PrintCudaSourceBase::PrintCudaSourceBase;

  void runOnOperation() override {
    FailureOr<CudaTarget> target = getCudaTarget(archs, tf32, getOperation());
    if (failed(target))
      return signalPassFailure();
    std::vector<std::string> names;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(swap::SwapDialect::kGpuAttr))
        names.push_back(kernel.getName().str());
    FailureOr<std::string> text =
        emitCudaSource(getOperation(), names, *target, /*rows=*/false);
    if (failed(text))
      return signalPassFailure();
    llvm::outs() << *text;
    markAllAnalysesPreserved();
  }
};

} // namespace
