//===- TokenTracker.cpp - Which units are in memory -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TokenTracker.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

int TokenTracker::getUnit(Value token) const {
  auto in = token.getDefiningOp<InOp>();
  return in ? index.getNumber(in.getUnit()) : -1;
}

/// Units that are there from beginning to end, or in place.
LogicalResult TokenTracker::enter(PlanOp plan, ArrayAttr units, State state) {
  StringRef what = state == Resident ? "resident" : "in_place";
  for (auto symbol : units.getAsRange<FlatSymbolRefAttr>()) {
    int unit = index.getNumber(symbol.getValue());
    if (unit < 0)
      return plan.emitOpError() << what << " " << symbol << " is not a unit";
    if (states[unit] == Resident && state == InPlace)
      return plan.emitOpError() << what << " " << symbol << " is resident";
    if (states[unit] != Absent)
      return plan.emitOpError() << what << " " << symbol << " is named twice";
    states[unit] = state;
  }
  return success();
}

LogicalResult TokenTracker::start(PlanOp plan) {
  if (failed(enter(plan, plan.getResident(), Resident)))
    return failure();
  if (plan.getInPlace() && failed(enter(plan, *plan.getInPlace(), InPlace)))
    return failure();
  for (InOp in : plan.getBody().front().getOps<InOp>())
    if (in.getStarted())
      started.push_back(getUnit(in.getToken()));
  return success();
}

/// In every inference but the first, all of these are under way already: so
/// nothing else comes before them.
LogicalResult TokenTracker::visitStarted(InOp in, int unit) {
  if (in.getAhead())
    return in.emitOpError("is both started and ahead");
  if (!isAtTop)
    return in.emitOpError(
        "stands after other steps: what has started comes first");
  states[unit] = Reading;
  current[unit] = in.getToken();
  return success();
}

LogicalResult TokenTracker::visitAhead(InOp in, int unit) {
  if (aheadSeen == started.size())
    return in.emitOpError() << "reads unit " << in.getUnitAttr()
                            << " ahead, but the plan does not begin with a "
                               "'swap.in started' of it";
  if (started[aheadSeen] != unit)
    return in.emitOpError()
           << "reads unit " << in.getUnitAttr() << " ahead where @"
           << index.getUnit(started[aheadSeen]).getSymName()
           << " is the next that the plan finds started";
  ++aheadSeen;
  states[unit] = Ahead;
  current[unit] = in.getToken();
  return success();
}

LogicalResult TokenTracker::visit(Operation *op) {
  if (auto in = dyn_cast<InOp>(op)) {
    int unit = getUnit(in.getToken());
    if (unit < 0)
      return in.emitOpError() << in.getUnitAttr() << " is not a unit";
    if (states[unit] == InPlace)
      return in.emitOpError()
             << "unit " << in.getUnitAttr() << " is read in place";
    if (states[unit] != Absent)
      return in.emitOpError()
             << "unit " << in.getUnitAttr() << " is in memory already";
    if (++inFlight > depth)
      return in.emitOpError()
             << "makes " << inFlight << " reads in flight, more than " << depth;
    if (in.getStarted())
      return visitStarted(in, unit);
    isAtTop = false;
    if (in.getAhead())
      return visitAhead(in, unit);
    if (llvm::is_contained(started, unit))
      return in.emitOpError() << "unit " << in.getUnitAttr()
                              << " is one that the plan finds started: it "
                                 "comes in once an inference";
    states[unit] = Reading;
    current[unit] = in.getToken();
    return success();
  }
  if (isa<CallOp, RowsOp, LaunchOp, FetchOp>(op))
    isAtTop = false;
  if (!isa<WaitOp, OutOp>(op))
    return success();
  isAtTop = false;
  Value token = op->getOperand(0);
  int unit = getUnit(token);
  if (unit < 0)
    return op->emitOpError("token is not that of a swap.in");
  if (token.getDefiningOp<InOp>().getAhead())
    return op->emitOpError("uses the token of a read ahead, which is for the "
                           "next inference");
  if (current.lookup(unit) != token)
    return op->emitOpError("uses a token whose unit is out already");
  if (isa<WaitOp>(op)) {
    if (states[unit] != Reading)
      return op->emitOpError("waits for a read a second time");
    states[unit] = Ready;
    --inFlight;
  } else {
    if (states[unit] != Ready)
      return op->emitOpError("gives up a unit whose read was not waited for");
    states[unit] = Absent;
    current.erase(unit);
  }
  return success();
}

LogicalResult TokenTracker::finish(PlanOp plan) {
  for (auto [number, state] : llvm::enumerate(states))
    if (state == Reading || state == Ready)
      return current.lookup(number).getDefiningOp()->emitOpError(
          "has no swap.out");
  // The first inference starts what the one before would have left under way.
  if (aheadSeen != started.size())
    return plan.emitOpError()
           << "finds unit @" << index.getUnit(started[aheadSeen]).getSymName()
           << " started, but does not read it ahead";
  return success();
}
