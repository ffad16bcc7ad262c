//===- VerifyPlan.cpp - Kernels read only units that are in -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sequence.h"
#include "TokenTracker.h"
#include "UnitIndex.h"
#include "swapc/Partition/Passes.h"

namespace swapc {
#define GEN_PASS_DEF_VERIFYPLAN
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

static LogicalResult verifyCall(PlanOp plan, CallOp call,
                                const SymbolTable &symbols,
                                const UnitIndex &index,
                                const TokenTracker &tracker) {
  ScheduleAttr schedule = getSchedule(call, symbols);
  if (!schedule)
    return failure();
  PanelRange range = getPanelRange(call, schedule);
  auto kernel = symbols.lookup<func::FuncOp>(call.getKernel());
  for (auto [number, operand] : llvm::enumerate(call.getInputs())) {
    ParamOp param = getParam(operand);
    if (!param)
      continue;
    const UnitPiece *piece = index.find(param, range);
    if (!piece)
      return call.emitOpError()
             << "reads panels " << range.begin << " to " << range.end << " of "
             << param.getParameterAttr() << ", which no unit holds";
    UnitOp unit = index.getUnit(piece->unit);
    if (tracker.isInPlace(piece->unit) && !plan.getMapped() &&
        !readsOnce(kernel, number, unit.getLength()))
      return call.emitOpError()
             << "reads " << param.getParameterAttr() << " more than once, but "
             << "unit @" << unit.getSymName() << " is read in place";
    if (!tracker.isIn(piece->unit))
      return call.emitOpError()
             << "reads " << param.getParameterAttr() << ", but unit @"
             << unit.getSymName() << " is not in memory";
  }
  return success();
}

static LogicalResult verifyPlan(PlanOp plan, const SymbolTable &symbols,
                                const UnitIndex &index, int64_t depth) {
  TokenTracker tracker(index, depth);
  if (failed(tracker.start(plan)))
    return failure();
  for (Operation &op : plan.getBody().front()) {
    if (failed(tracker.visit(&op)))
      return failure();
    if (auto call = dyn_cast<CallOp>(op)) {
      if (failed(verifyCall(plan, call, symbols, index, tracker)))
        return failure();
    } else if (auto rows = dyn_cast<RowsOp>(op)) {
      ParamOp param = getParam(rows.getTable());
      if (!param || index.findTable(param) < 0)
        return rows.emitOpError("reads a table that no unit holds");
    }
  }
  return tracker.finish(plan);
}

namespace {

struct VerifyPlanPass : public swapc::impl::VerifyPlanBase<VerifyPlanPass> {
  using VerifyPlanBase::VerifyPlanBase;
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    UnitIndex index(getOperation());
    for (PlanOp plan : getOperation().getOps<PlanOp>())
      if (failed(verifyPlan(plan, symbols, index, depth)))
        signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace
