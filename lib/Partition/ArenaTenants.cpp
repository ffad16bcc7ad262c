//===- ArenaTenants.cpp - Whose the bytes of an arena are -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArenaTenants.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

ArenaTenants::ArenaTenants(PlanOp plan, const UnitIndex &index,
                           const TokenTracker &tracker)
    : plan(plan), index(index), tracker(tracker),
      unitTenant(index.getUnits().size(), -1),
      scratchBegin(plan.getScratchOffset()),
      scratchEnd(scratchBegin + plan.getScratchStride() * plan.getThreads()),
      region(plan.getArena()), pageBytes(getPageBytes(plan->getParentOp())) {}

LogicalResult ArenaTenants::start() {
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
      if (failed(enter(plan, unit)))
        return failure();
      residentBytes += tenants.back().bytes;
    }
  for (InOp in : plan.getBody().front().getOps<InOp>()) {
    int unit = tracker.getUnit(in.getToken());
    // One that is in already is refused where it stands.
    if (in.getStarted() && unitTenant[unit] < 0 && failed(enter(in, unit)))
      return failure();
  }
  return success();
}

LogicalResult ArenaTenants::checkRange(Operation *op, int64_t begin,
                                       int64_t end, StringRef what,
                                       bool isResident) {
  if (begin < 0 || end > static_cast<int64_t>(plan.getArena()))
    return op->emitOpError()
           << what << " takes bytes " << begin << " to " << end
           << ", outside the arena of " << plan.getArena();
  if (!isResident && end > region)
    return op->emitOpError()
           << what << " takes bytes " << begin << " to " << end << ", but from "
           << region << " on there are resident units";
  if (begin < scratchEnd && end > scratchBegin)
    return op->emitOpError() << what << " takes bytes " << begin << " to "
                             << end << ", which overlap the scratch areas";
  return success();
}

LogicalResult ArenaTenants::enter(Operation *op, int unit) {
  UnitOp unitOp = index.getUnit(unit);
  int64_t begin = (*plan.getSlots())[unit];
  int64_t bytes = roundUp(unitOp.getLength(), pageBytes);
  std::string what = ("unit @" + unitOp.getSymName()).str();
  if (begin < 0)
    return op->emitOpError() << what << " has no slot";
  if (begin % pageBytes)
    return op->emitOpError()
           << what << " has a slot at " << begin << ", not on a page";
  if (failed(
          checkRange(op, begin, begin + bytes, what, tracker.isResident(unit))))
    return failure();
  for (int other : owners.get(begin, begin + bytes))
    if (other >= 0 && tenants[other].unit >= 0 &&
        tenants[other].last >= position)
      return op->emitOpError()
             << what << " would overwrite unit @"
             << index.getUnit(tenants[other].unit).getSymName();
  owners.set(begin, begin + bytes, tenants.size());
  unitTenant[unit] = tenants.size();
  tenants.push_back({begin, begin + bytes, bytes, position,
                     std::numeric_limits<int>::max(), unit});
  return success();
}

LogicalResult ArenaTenants::read(Operation *op, int64_t base, ByteRange bytes) {
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
int64_t ArenaTenants::getReach(int unit, int64_t needed) {
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

LogicalResult ArenaTenants::readUnit(Operation *op, PlaceAttr place,
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

LogicalResult ArenaTenants::write(Operation *op, StringAttr kernel,
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

LogicalResult ArenaTenants::updateInPlace(LaunchOp launch, int64_t begin,
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

LogicalResult ArenaTenants::verifyUse() {
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
