//===- ScheduleKernels.cpp - How each kernel is cut into tiles --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "RoutineKernel.h"
#include "Winograd.h"
#include "swapc/Codegen/CPU/Passes.h"
#include "swapc/Codegen/CPU/RowKernel.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_SCHEDULEKERNELS
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {

struct ScheduleKernels : swapc::impl::ScheduleKernelsBase<ScheduleKernels> {
  using ScheduleKernelsBase::ScheduleKernelsBase;

  void runOnOperation() override {
    FailureOr<CpuTarget> target =
        getCpuTarget(triple, cpu, features, getOperation());
    if (failed(target))
      return signalPassFailure();
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::MapVector<func::FuncOp, SmallVector<swap::CallOp>> kernels;
    module.walk([&](swap::CallOp call) {
      if (auto kernel = symbols.lookup<func::FuncOp>(call.getKernel()))
        kernels[kernel].push_back(call);
    });
    // Tiles of a size that a run says are cut to few rows.
    bool winograd = !directConvolutions &&
                    !module->hasAttr(swap::SwapDialect::kSizesAttr);
    for (auto &[kernel, calls] : kernels) {
      FailureOr<swap::ScheduleAttr> schedule =
          getSchedule(kernel, calls, *target, winograd);
      if (failed(schedule))
        return signalPassFailure();
      kernel->setAttr(swap::SwapDialect::kScheduleAttr, *schedule);
    }
  }

  /// Whether some call reads weights of the model.
  static bool readsParameter(const ContractionInfo &info,
                             ArrayRef<swap::CallOp> calls) {
    return info.b.hasOneUse() && llvm::any_of(calls, [&](swap::CallOp call) {
             return call.getInputs()[info.b.getArgNumber()]
                        .getDefiningOp<swap::ParamOp>() != nullptr;
           });
  }

  static FailureOr<swap::ScheduleAttr> getSchedule(func::FuncOp kernel,
                                                   ArrayRef<swap::CallOp> calls,
                                                   const CpuTarget &target,
                                                   bool winograd) {
    if (swap::RoutineOp routine = getRoutine(kernel))
      return getRoutineSchedule(routine);
    FailureOr<ContractionInfo> info = analyzeContraction(kernel);
    if (succeeded(info) && winograd && readsParameter(*info, calls)) {
      FailureOr<WinogradPlan> plan = chooseWinograd(*info, target);
      swap::PanelsAttr panels = swap::getPanels(info->b.getType());
      if (succeeded(plan) &&
          (!panels || panels.getWidth() == plan->panelWidth())) {
        kernel->setAttr(kWinogradAttr, UnitAttr::get(kernel.getContext()));
        return swapc::getSchedule(*info, *plan, target);
      }
    }
    if (succeeded(info))
      return swapc::getSchedule(*info, planContraction(*info, target));
    FailureOr<RowSchedule> rows = planRowKernel(kernel, target);
    if (failed(rows))
      return failure();
    return swap::ScheduleAttr::get(kernel.getContext(), swap::KernelKind::Rows,
                                   /*panels=*/1, rows->tiles, /*rows=*/1,
                                   rows->block, rows->scratch, rows->flops,
                                   rows->inPlace);
  }
};

} // namespace
