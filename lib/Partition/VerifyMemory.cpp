//===- VerifyMemory.cpp - Nothing alive overlaps ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nothing is taken over from the passes before. Every byte of the arena has an
// owner: the activation or the unit that was written there last. A launch may
// read bytes only while what it means still owns all of them.
//
// A plan is a cycle: what it reads ahead stays to its end, and is there from
// the beginning of the next inference. In the first inference these reads start
// a little later, at the top; to treat it like all others is only stricter.
//
//===----------------------------------------------------------------------===//

#include "OwnerMap.h"
#include "TokenTracker.h"
#include "swapc/Partition/Passes.h"
#include "swapc/Partition/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace swapc {
#define GEN_PASS_DEF_VERIFYMEMORY
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

namespace {

/// Something in the arena from position `first` to position `last` of a plan.
struct Tenant {
  int64_t begin, end;
  int64_t bytes; ///< that count towards the peak
  int first, last;
  int unit = -1;          ///< of a unit, its number
  StringAttr kernel = {}; ///< of an activation, what wrote it
  int64_t base = 0;       ///< of an activation, where all of it would begin
  int64_t panels = 0;     ///< of an update in place: how many are done
};

class MemoryVerifier {
public:
  MemoryVerifier(PlanOp plan, const SymbolTable &symbols,
                 const UnitIndex &index)
      : plan(plan), symbols(symbols), index(index),
        tracker(index, std::numeric_limits<int64_t>::max()),
        unitTenant(index.getUnits().size(), -1) {}
  LogicalResult run();

private:
  LogicalResult start();
  LogicalResult enter(Operation *op, int unit, int last);
  LogicalResult visit(LaunchOp launch);
  LogicalResult visit(FetchOp fetch);
  LogicalResult read(Operation *op, int64_t base, ByteRange bytes);
  LogicalResult readUnit(Operation *op, PlaceAttr place, RankedTensorType type,
                         bool isOnce, int64_t begin, int64_t end);
  int64_t getReach(int unit, int64_t needed);
  LogicalResult write(Operation *op, StringAttr kernel, int64_t base,
                      ByteRange bytes, bool isUpdate);
  LogicalResult checkRange(Operation *op, int64_t begin, int64_t end,
                           StringRef what, bool isResident = false);
  LogicalResult updateInPlace(LaunchOp launch, int64_t begin, int64_t bytes);
  LogicalResult verifyUse();

  PlanOp plan;
  const SymbolTable &symbols;
  const UnitIndex &index;
  TokenTracker tracker;
  OwnerMap owners;
  SmallVector<Tenant> tenants;
  SmallVector<int> unitTenant;
  int position = 0;
  int64_t scratchBegin = 0, scratchEnd = 0, residentBytes = 0;
  int64_t region = 0; ///< Nothing but resident units lies behind it.
  int64_t pageBytes = kPageBytes;
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

LogicalResult MemoryVerifier::checkRange(Operation *op, int64_t begin,
                                         int64_t end, StringRef what,
                                         bool isResident) {
  if (begin < 0 || end > static_cast<int64_t>(plan.getArena()))
    return op->emitOpError()
           << what << " takes bytes " << begin << " to " << end
           << ", outside the arena of " << plan.getArena();
  if (!isResident && end > region)
    return op->emitOpError()
           << what << " takes bytes " << begin << " to " << end
           << ", but from " << region << " on there are resident units";
  if (begin < scratchEnd && end > scratchBegin)
    return op->emitOpError() << what << " takes bytes " << begin << " to "
                             << end << ", which overlap the scratch areas";
  return success();
}

/// A unit takes its slot: nobody else may hold a byte of it until it is out.
LogicalResult MemoryVerifier::enter(Operation *op, int unit, int last) {
  UnitOp unitOp = index.getUnit(unit);
  int64_t begin = (*plan.getSlots())[unit];
  int64_t bytes = roundUp(unitOp.getLength(), pageBytes);
  std::string what = ("unit @" + unitOp.getSymName()).str();
  if (begin < 0)
    return op->emitOpError() << what << " has no slot";
  if (begin % pageBytes)
    return op->emitOpError()
           << what << " has a slot at " << begin << ", not on a page";
  if (failed(checkRange(op, begin, begin + bytes, what,
                        tracker.isResident(unit))))
    return failure();
  for (int other : owners.get(begin, begin + bytes))
    if (other >= 0 && tenants[other].unit >= 0 &&
        tenants[other].last >= position)
      return op->emitOpError()
             << what << " would overwrite unit @"
             << index.getUnit(tenants[other].unit).getSymName();
  owners.set(begin, begin + bytes, tenants.size());
  unitTenant[unit] = tenants.size();
  tenants.push_back({begin, begin + bytes, bytes, position, last, unit});
  return success();
}

LogicalResult MemoryVerifier::start() {
  int64_t arena = plan.getArena();
  int64_t overhead = getOverheadBytes(plan->getParentOp());
  pageBytes = getPageBytes(plan->getParentOp());
  if (arena > static_cast<int64_t>(plan.getBudget()) - overhead) {
    InFlightDiagnostic error = plan.emitOpError();
    error << "has an arena of " << arena << " bytes in a budget of "
          << plan.getBudget();
    if (overhead)
      error << " of which " << overhead << " are for code and graphs";
    return error;
  }
  scratchBegin = plan.getScratchOffset();
  scratchEnd = scratchBegin + plan.getScratchStride() * plan.getThreads();
  if (scratchEnd > arena)
    return plan.emitOpError("has scratch areas outside the arena");
  if (!plan.getSlots() || plan.getSlots()->size() != index.getUnits().size())
    return plan.emitOpError("has no slot for each unit");
  if (failed(tracker.start(plan)))
    return failure();
  region = arena;
  for (auto [unit, slot] : llvm::enumerate(*plan.getSlots()))
    if (tracker.isResident(unit) && slot >= 0)
      region = std::min(region, slot);
  if (scratchEnd > std::max(region, scratchBegin))
    return plan.emitOpError("has scratch areas behind resident units");
  for (auto [unit, slot] : llvm::enumerate(*plan.getSlots()))
    if (tracker.isInPlace(unit) != (slot == kInPlaceSlot))
      return plan.emitOpError()
             << "has slot " << slot << " for unit @"
             << index.getUnit(unit).getSymName() << ", which is "
             << (tracker.isInPlace(unit) ? "" : "not ") << "read in place";
  for (auto [unit, ignored] : llvm::enumerate(unitTenant))
    if (tracker.isResident(unit)) {
      if (failed(enter(plan, unit, std::numeric_limits<int>::max())))
        return failure();
      residentBytes += tenants.back().bytes;
    }
  for (InOp in : plan.getBody().front().getOps<InOp>()) {
    int unit = tracker.getUnit(in.getToken());
    // One that is in already is refused where it stands.
    if (in.getStarted() && unitTenant[unit] < 0 &&
        failed(enter(in, unit, std::numeric_limits<int>::max())))
      return failure();
  }
  return success();
}

/// Reads `bytes` of what would begin at `base` if it existed whole.
LogicalResult MemoryVerifier::read(Operation *op, int64_t base,
                                   ByteRange bytes) {
  int64_t begin = base + bytes.begin, end = base + bytes.end;
  if (failed(checkRange(op, begin, end, "operand")))
    return failure();
  for (int owner : owners.get(begin, end)) {
    if (owner < 0 || tenants[owner].unit >= 0 || tenants[owner].base != base ||
        tenants[owner].begin > begin || tenants[owner].end < end)
      return op->emitOpError() << "reads bytes " << begin << " to " << end
                               << ", where something else was written since";
    tenants[owner].last = position;
  }
  return success();
}

/// How many bytes from the start of a unit on may be read as its parameter's
/// panels: its own, and those of resident units beside it that go on with it.
int64_t MemoryVerifier::getReach(int unit, int64_t needed) {
  ArrayRef<int64_t> slots = *plan.getSlots();
  int64_t reach = index.getUnit(unit).getLength();
  auto getPiece = [&](int number) {
    ArrayAttr pieces = index.getUnit(number).getPieces();
    return pieces.size() == 1 ? cast<PieceAttr>(pieces[0]) : PieceAttr();
  };
  for (int next = unit + 1;
       reach < needed && tracker.isResident(unit) &&
       next < static_cast<int>(slots.size()) && tracker.isResident(next);
       ++next) {
    PieceAttr before = getPiece(next - 1), piece = getPiece(next);
    if (!before || !piece || slots[next] != slots[unit] + reach ||
        piece.getParameter() != before.getParameter() ||
        piece.getBegin() != before.getEnd())
      break;
    reach += index.getUnit(next).getLength();
  }
  return reach;
}

LogicalResult MemoryVerifier::readUnit(Operation *op, PlaceAttr place,
                                       RankedTensorType type, bool isOnce,
                                       int64_t begin, int64_t end) {
  int64_t unit = place.getIndex();
  if (unit < 0 || unit >= static_cast<int64_t>(index.getUnits().size()))
    return op->emitOpError()
           << "reads unit " << unit << " of " << index.getUnits().size();
  UnitOp unitOp = index.getUnit(unit);
  if (!getPanels(type)) {
    begin = 0;
    end = 1;
  }
  int64_t from = place.getOffset() + begin * getPanelBytes(type);
  int64_t to = place.getOffset() + end * getPanelBytes(type);
  if (from < 0 || to > getReach(unit, to))
    return op->emitOpError()
           << "reads bytes " << from << " to " << to << " of unit @"
           << unitOp.getSymName() << ", which has " << unitOp.getLength();
  if (!tracker.isIn(unit))
    return op->emitOpError() << "reads unit @" << unitOp.getSymName()
                             << ", which is not in memory";
  if (tracker.isInPlace(unit)) {
    if (!isOnce && !plan.getMapped())
      return op->emitOpError() << "reads unit @" << unitOp.getSymName()
                               << " in place, and more than once";
    return success();
  }
  int64_t slot = tenants[unitTenant[unit]].begin;
  for (int owner : owners.get(slot + from, slot + to))
    if (owner != unitTenant[unit] &&
        (owner < 0 || tenants[owner].unit < 0 ||
         !tracker.isResident(tenants[owner].unit) || !tracker.isResident(unit)))
      return op->emitOpError() << "reads unit @" << unitOp.getSymName()
                               << ", which was overwritten";
  return success();
}

/// Writes `bytes` of what would begin at `base` if it existed whole. An update
/// keeps what was written of it before, and may add to that.
LogicalResult MemoryVerifier::write(Operation *op, StringAttr kernel,
                                    int64_t base, ByteRange bytes,
                                    bool isUpdate) {
  int64_t begin = base + bytes.begin, end = base + bytes.end;
  if (failed(checkRange(op, begin, end, "result")))
    return failure();
  if (base % kBufferAlign)
    return op->emitOpError() << "writes to " << base
                             << ", which is not a multiple of " << kBufferAlign;
  for (int owner : owners.get(begin, end))
    if (owner >= 0 && tenants[owner].unit >= 0 &&
        tenants[owner].last >= position)
      return op->emitOpError()
             << "overwrites unit @"
             << index.getUnit(tenants[owner].unit).getSymName()
             << ", which is in memory";
  int owner = tenants.size();
  if (isUpdate) {
    // What it continues owns these bytes, or those before them: whichever was
    // touched last, as an earlier result of the same kernel may have been here.
    owner = -1;
    for (int64_t at : {begin, bytes.begin ? begin - 1 : begin}) {
      int found = at < 0 ? -1 : owners.get(at, at + 1)[0];
      if (found >= 0 && tenants[found].unit < 0 &&
          tenants[found].base == base && tenants[found].kernel == kernel &&
          (owner < 0 || tenants[found].last > tenants[owner].last))
        owner = found;
    }
    bool isWhole = !op->hasAttr(SwapDialect::kUpdateAttr);
    if (owner < 0 ||
        (isWhole && (tenants[owner].begin > begin || tenants[owner].end < end)))
      return op->emitOpError("continues a result whose first panels are lost");
    if (tenants[owner].panels > 0)
      return op->emitOpError(
          "continues in another place what it began over an operand");
  } else {
    tenants.push_back({begin, end, 0, position, position, -1, kernel, base});
  }
  Tenant &tenant = tenants[owner];
  tenant.begin = std::min(tenant.begin, begin);
  tenant.end = std::max(tenant.end, end);
  tenant.bytes = roundUp(tenant.end, kBufferAlign) -
                 tenant.begin / kBufferAlign * kBufferAlign;
  tenant.last = position;
  owners.set(begin, end, owner);
  return success();
}

/// The operand at `begin`, which was read just now, becomes the result, panel
/// after panel: what is computed twice would read what it wrote.
LogicalResult MemoryVerifier::updateInPlace(LaunchOp launch, int64_t begin,
                                            int64_t bytes) {
  Tenant &tenant = tenants[owners.get(begin, begin + bytes)[0]];
  StringAttr kernel = launch.getKernelAttr().getAttr();
  int64_t first = launch.getBegin();
  if (tenant.end != begin + bytes)
    return launch.emitOpError("updates a part of an operand in place");
  if (first > 0 && (tenant.kernel != kernel || tenant.panels != first))
    return launch.emitOpError()
           << "updates an operand in place from panel " << first
           << ", which does not follow the panels before";
  tenant.kernel = kernel;
  tenant.panels = launch.getEnd();
  return success();
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
                    unit < static_cast<int64_t>(unitTenant.size()) &&
                    readsOnce(kernel, i, index.getUnit(unit).getLength());
      if (failed(readUnit(launch, place, tensor, isOnce, begin, end)))
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
    if (failed(i < inputs     ? read(launch, place.getOffset(), bytes)
               : inPlace >= 0 ? updateInPlace(launch, from, to - from)
                              : write(launch, launch.getKernelAttr().getAttr(),
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
      failed(read(fetch, fetch.getIndices().getOffset(), {0, indexBytes})))
    return failure();
  if (fetch.getResult().getSpace() == Space::Arena)
    return write(
        fetch, fetch.getUnitAttr().getAttr(), fetch.getResult().getOffset(),
        {0, static_cast<int64_t>(fetch.getCount() * unit.getRowBytes())},
        false);
  return success();
}

/// The bytes in use at each position, and the most at any.
LogicalResult MemoryVerifier::verifyUse() {
  SmallVector<int64_t> change(position + 2, 0);
  for (const Tenant &tenant : tenants) {
    if (tenant.unit >= 0 && tracker.isResident(tenant.unit))
      continue;
    change[tenant.first] += tenant.bytes;
    change[std::min(tenant.last, position) + 1] -= tenant.bytes;
  }
  int64_t inUse = scratchEnd - scratchBegin + residentBytes, peak = inUse;
  SmallVector<int64_t> live; // of position 0 first, which no operation has
  for (int64_t bytes : change) {
    inUse += bytes;
    peak = std::max(peak, inUse);
    live.push_back(inUse);
  }
  if (peak != static_cast<int64_t>(plan.getPeak()))
    return plan.emitOpError()
           << "has a peak of " << plan.getPeak() << " bytes, but uses " << peak;
  auto said = plan->getAttrOfType<DenseI64ArrayAttr>(kLiveAttr);
  if (!said)
    return success();
  Block::OpListType &ops = plan.getBody().front().getOperations();
  if (said.size() + 1 != static_cast<int64_t>(ops.size()))
    return plan.emitOpError()
           << "has " << said.size() << " values of bytes in use for "
           << ops.size() - 1 << " operations";
  for (auto [op, bytes, expected] :
       llvm::zip(ops, said.asArrayRef(), llvm::drop_begin(live)))
    if (bytes != expected)
      return op.emitOpError() << "runs with " << expected
                              << " bytes in use, but the plan says " << bytes;
  return success();
}

LogicalResult MemoryVerifier::run() {
  if (failed(start()))
    return failure();
  for (Operation &op : plan.getBody().front()) {
    ++position;
    if (failed(tracker.visit(&op)))
      return failure();
    LogicalResult result = success();
    if (auto in = dyn_cast<InOp>(op)) {
      if (!in.getStarted()) // those are in from the beginning
        result = enter(in, tracker.getUnit(in.getToken()),
                       std::numeric_limits<int>::max());
    } else if (auto out = dyn_cast<OutOp>(op)) {
      tenants[unitTenant[tracker.getUnit(out.getToken())]].last = position - 1;
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
  return verifyUse();
}
