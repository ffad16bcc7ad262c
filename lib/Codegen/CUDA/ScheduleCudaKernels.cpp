//===- ScheduleCudaKernels.cpp - How kernels run on a GPU -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/Contraction.h"
#include "../CPU/RoutineKernel.h"
#include "KernelSource.h"
#include "swapc/Codegen/CUDA/Passes.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_SCHEDULECUDAKERNELS
#include "swapc/Codegen/CUDA/Passes.h.inc"
} // namespace swapc

namespace {

struct ScheduleCudaKernels
    : swapc::impl::ScheduleCudaKernelsBase<ScheduleCudaKernels> {
  using ScheduleCudaKernelsBase::ScheduleCudaKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<CudaTarget> target = getCudaTarget(archs, tf32, module);
    if (failed(target))
      return signalPassFailure();
    SymbolTable symbols(module);
    llvm::SetVector<func::FuncOp> kernels;
    module.walk([&](swap::CallOp call) {
      if (auto kernel = symbols.lookup<func::FuncOp>(call.getKernel()))
        kernels.insert(kernel);
    });
    for (func::FuncOp kernel : kernels) {
      if (failed(scheduleCudaKernel(kernel, *target)))
        return signalPassFailure();
    }
  }
};

} // namespace

static FailureOr<CudaKernelPlan> makePlan(func::FuncOp kernel,
                                          const CudaTarget &target) {
  if (swap::RoutineOp routine = getRoutine(kernel)) {
    auto origin =
        kernel->getAttrOfType<StringAttr>(swap::SwapDialect::kOriginAttr);
    return emitError(routine.getLoc())
           << "node '" << (origin ? origin.getValue() : kernel.getName())
           << "' is computed by the routine '" << routine.getRoutine()
           << "', which runs on processors only; compile with --target cpu, or "
              "take the node out of the model";
  }
  FailureOr<ContractionInfo> info = analyzeContraction(kernel);
  if (succeeded(info))
    if (FailureOr<CudaKernelPlan> plan = planCudaContraction(*info, target);
        succeeded(plan))
      return plan;
  return planCudaRows(kernel, target);
}

LogicalResult swapc::scheduleCudaKernel(func::FuncOp kernel,
                                        const CudaTarget &target) {
  FailureOr<CudaKernelPlan> plan = makePlan(kernel, target);
  if (failed(plan))
    return failure();
  kernel->setAttr(swap::SwapDialect::kScheduleAttr, plan->schedule);
  kernel->setAttr(swap::SwapDialect::kGpuAttr, plan->launch);
  if (plan->readOnce.empty())
    kernel->removeAttr(swap::SwapDialect::kReadOnceAttr);
  else
    kernel->setAttr(
        swap::SwapDialect::kReadOnceAttr,
        DenseI64ArrayAttr::get(kernel.getContext(), plan->readOnce));
  return success();
}
