//===- VerifyMemory.cpp - Nothing alive overlaps ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plan is a cycle: what it reads ahead stays to its end, and is there from
// the beginning of the next inference. In the first inference these reads start
// a little later, at the top; to treat it like all others is only stricter.
//
//===----------------------------------------------------------------------===//

#include "ArenaTenants.h"
#include "swapc/Partition/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace swapc {
#define GEN_PASS_DEF_VERIFYMEMORY
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

namespace {

class MemoryVerifier {
public:
  MemoryVerifier(PlanOp plan, const SymbolTable &symbols,
                 const UnitIndex &index)
      : plan(plan), symbols(symbols), index(index),
        tracker(index, std::numeric_limits<int64_t>::max()),
        tenants(plan, index, tracker) {}
  LogicalResult run();

private:
  LogicalResult start();
  LogicalResult visit(LaunchOp launch);
  LogicalResult visit(FetchOp fetch);

  PlanOp plan;
  const SymbolTable &symbols;
  const UnitIndex &index;
  TokenTracker tracker;
  ArenaTenants tenants;
};

struct VerifyMemoryPass
    : public swapc::impl::VerifyMemoryBase<VerifyMemoryPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    UnitIndex index(getOperation());
    for (PlanOp plan : getOperation().getOps<PlanOp>())
      if (failed(MemoryVerifier(plan, symbols, index).run()))
        signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

/// What can be said of a plan before its first operation.
LogicalResult MemoryVerifier::start() {
  int64_t arena = plan.getArena();
  int64_t overhead = getOverheadBytes(plan->getParentOp());
  if (arena > static_cast<int64_t>(plan.getBudget()) - overhead) {
    InFlightDiagnostic error = plan.emitOpError();
    error << "has an arena of " << arena << " bytes in a budget of "
          << plan.getBudget();
    if (overhead)
      error << " of which " << overhead << " are for code and graphs";
    return error;
  }
  if (static_cast<int64_t>(plan.getScratchOffset() +
                           plan.getScratchStride() * plan.getThreads()) > arena)
    return plan.emitOpError("has scratch areas outside the arena");
  if (!plan.getSlots() || plan.getSlots()->size() != index.getUnits().size())
    return plan.emitOpError("has no slot for each unit");
  if (failed(tracker.start(plan)))
    return failure();
  return tenants.start();
}

/// The operand in the place of operand `result` (a result of the kernel) that
/// the kernel may overwrite; -1 if it overlaps none, -2 if it must not.
static int findInPlace(LaunchOp launch, ScheduleAttr schedule,
                       FunctionType type, unsigned result) {
  auto places = llvm::to_vector(launch.getOperands().getAsRange<PlaceAttr>());
  auto bytesOf = [&](size_t i) {
    return getStorageBytes(cast<RankedTensorType>(
        i < type.getNumInputs() ? type.getInput(i)
                                : type.getResult(i - type.getNumInputs())));
  };
  int found = -1;
  PlaceAttr to = places[result];
  for (size_t i = 0; i < result; ++i) {
    PlaceAttr from = places[i];
    if (from.getSpace() != to.getSpace() || from.getIndex() != to.getIndex() ||
        from.getOffset() >= to.getOffset() + bytesOf(result) ||
        to.getOffset() >= from.getOffset() + bytesOf(i))
      continue;
    if (!llvm::is_contained(schedule.getInplace(), static_cast<int64_t>(i)) ||
        from != to || bytesOf(i) != bytesOf(result) || found != -1)
      return -2;
    found = i;
  }
  return found;
}

LogicalResult MemoryVerifier::visit(LaunchOp launch) {
  auto kernel = symbols.lookup<func::FuncOp>(launch.getKernel());
  auto schedule =
      kernel ? kernel->getAttrOfType<ScheduleAttr>(SwapDialect::kScheduleAttr)
             : ScheduleAttr();
  if (!schedule)
    return launch.emitOpError("launches what is not a scheduled kernel");
  int64_t begin = launch.getBegin(), end = launch.getEnd();
  if (begin < 0 || begin >= end || end > schedule.getPanels())
    return launch.emitOpError() << "computes panels " << begin << " to " << end
                                << " of " << schedule.getPanels();
  if (roundUp(schedule.getScratch(), kBufferAlign) >
      static_cast<int64_t>(plan.getScratchStride()))
    return launch.emitOpError()
           << "needs " << schedule.getScratch()
           << " bytes of scratch, more than the areas have";
  FunctionType type = kernel.getFunctionType();
  size_t inputs = type.getNumInputs();
  if (launch.getOperands().size() != inputs + type.getNumResults())
    return launch.emitOpError("has another number of operands than its kernel");

  if (failed(verifyTiles(launch, kernel, launch.getFirstTile(),
                         launch.getLastTile())))
    return failure();
  auto footprint =
      kernel->getAttrOfType<FootprintAttr>(SwapDialect::kFootprintAttr);
  bool isBand = launch.getFirstTile().has_value();
  if (isBand &&
      (footprint.getReaches().size() != inputs || type.getNumResults() != 1))
    return launch.emitOpError("has a kernel whose footprint is of another");

  SmallVector<std::pair<int64_t, int64_t>> touched;
  for (auto [i, place] :
       llvm::enumerate(launch.getOperands().getAsRange<PlaceAttr>())) {
    auto tensor = dyn_cast<RankedTensorType>(
        i < inputs ? type.getInput(i) : type.getResult(i - inputs));
    if (!tensor)
      return launch.emitOpError("has a kernel of other than tensors");
    ByteRange bytes{0, getStorageBytes(tensor)};
    if (isBand && i < inputs)
      bytes = getReadBytes(schedule, footprint, i, tensor,
                           *launch.getFirstTile(), *launch.getLastTile());
    else if (isBand)
      bytes = getWrittenBytes(schedule, footprint, tensor,
                              *launch.getFirstTile(), *launch.getLastTile());
    int64_t from = place.getOffset() + bytes.begin;
    int64_t to = place.getOffset() + bytes.end;
    if (place.getSpace() == Space::Unit) {
      if (i >= inputs)
        return launch.emitOpError("writes into a unit");
      int64_t unit = place.getIndex();
      bool isOnce = unit >= 0 &&
                    unit < static_cast<int64_t>(index.getUnits().size()) &&
                    readsOnce(kernel, i, index.getUnit(unit).getLength());
      if (failed(tenants.readUnit(launch, place, tensor, isOnce, begin, end)))
        return failure();
    } else if (place.getSpace() == Space::Input && i >= inputs) {
      return launch.emitOpError("writes into a model input");
    }
    int inPlace =
        i < inputs || isBand ? -1 : findInPlace(launch, schedule, type, i);
    if (inPlace == -2)
      return launch.emitOpError("writes over one of its own operands");
    if (place.getSpace() != Space::Arena)
      continue;
    if (isBand && i >= inputs)
      for (auto [otherFrom, otherTo] : touched)
        if (from < otherTo && otherFrom < to)
          return launch.emitOpError("writes over one of its own operands");
    bool isUpdate = begin > 0 || launch->hasAttr(SwapDialect::kUpdateAttr);
    if (failed(i < inputs ? tenants.read(launch, place.getOffset(), bytes)
               : inPlace >= 0
                   ? tenants.updateInPlace(launch, from, to - from)
                   : tenants.write(launch, launch.getKernelAttr().getAttr(),
                                   place.getOffset(), bytes, isUpdate)))
      return failure();
    touched.push_back({from, to});
  }
  return success();
}

LogicalResult MemoryVerifier::visit(FetchOp fetch) {
  UnitOp unit = index.getUnit(index.getNumber(fetch.getUnit()));
  int64_t indexBytes = fetch.getCount() * getElementBytes(fetch.getIndexType());
  if (fetch.getIndices().getSpace() == Space::Arena &&
      failed(
          tenants.read(fetch, fetch.getIndices().getOffset(), {0, indexBytes})))
    return failure();
  if (fetch.getResult().getSpace() == Space::Arena)
    return tenants.write(
        fetch, fetch.getUnitAttr().getAttr(), fetch.getResult().getOffset(),
        {0, static_cast<int64_t>(fetch.getCount() * unit.getRowBytes())},
        false);
  return success();
}

LogicalResult MemoryVerifier::run() {
  if (failed(start()))
    return failure();
  for (Operation &op : plan.getBody().front()) {
    tenants.advance();
    if (failed(tracker.visit(&op)))
      return failure();
    LogicalResult result = success();
    if (auto in = dyn_cast<InOp>(op)) {
      if (!in.getStarted()) // those are in from the beginning
        result = tenants.enter(in, tracker.getUnit(in.getToken()));
    } else if (auto out = dyn_cast<OutOp>(op)) {
      tenants.leave(tracker.getUnit(out.getToken()));
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      result = visit(launch);
    } else if (auto fetch = dyn_cast<FetchOp>(op)) {
      result = visit(fetch);
    } else if (!isa<WaitOp, ReturnOp>(op)) {
      return op.emitOpError("is not of the memory phase");
    }
    if (failed(result))
      return failure();
  }
  if (failed(tracker.finish(plan)))
    return failure();
  return tenants.verifyUse();
}
