//===- SwapSchedule.cpp - Calls, routines, units and plans ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace mlir::swap;

template <typename OpTy>
static OpTy lookup(SymbolTableCollection &tables, Operation *from,
                   FlatSymbolRefAttr symbol) {
  return dyn_cast_or_null<OpTy>(tables.lookupNearestSymbolFrom(from, symbol));
}

LogicalResult CallOp::verify() {
  if (getBegin().has_value() != getEnd().has_value())
    return emitOpError("needs both ends of a panel range");
  if (getBegin() && (*getBegin() < 0 || *getBegin() >= *getEnd()))
    return emitOpError() << "has the empty panel range " << *getBegin()
                         << " to " << *getEnd();
  if (!getInit().empty() &&
      !llvm::equal(getInit().getTypes(), getResultTypes()))
    return emitOpError("updates tensors of other types than its results");
  return success();
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto kernel = lookup<func::FuncOp>(tables, *this, getKernelAttr());
  if (!kernel)
    return emitOpError() << getKernelAttr() << " is not a kernel";
  FunctionType type = kernel.getFunctionType();
  if (!llvm::equal(type.getInputs(), getInputs().getTypes()) ||
      !llvm::equal(type.getResults(), getResultTypes()))
    return emitOpError() << "does not match the type of " << getKernelAttr();
  auto schedule =
      kernel->getAttrOfType<ScheduleAttr>(SwapDialect::kScheduleAttr);
  if (getEnd() &&
      (!schedule || static_cast<int64_t>(*getEnd()) > schedule.getPanels()))
    return emitOpError() << "names more panels than " << getKernelAttr()
                         << " has";
  if (schedule)
    for (int64_t operand : schedule.getInplace())
      if (operand < 0 || operand >= static_cast<int64_t>(type.getNumInputs()) ||
          type.getNumResults() != 1)
        return emitOpError()
               << "calls " << getKernelAttr()
               << ", whose schedule overwrites operand " << operand << " of "
               << type.getNumInputs() << " by one of " << type.getNumResults()
               << " results";
  return verifyTiles(*this, kernel, getFirstTile(), getLastTile());
}

LogicalResult RoutineOp::verify() {
  if (getItems() < 1 || static_cast<int64_t>(getScratch()) < 0)
    return emitOpError("needs at least one item, and no negative scratch");
  for (int64_t operand : getInplace()) {
    if (operand < 0 || operand >= static_cast<int64_t>(getInputs().size()) ||
        getNumResults() != 1)
      return emitOpError() << "cannot overwrite input " << operand << " of "
                           << getInputs().size() << " by one of "
                           << getNumResults() << " results";
    if (getInputs()[operand].getType() != getResultTypes()[0])
      return emitOpError() << "cannot overwrite input " << operand
                           << ", which has another type than the result";
  }
  return success();
}

LogicalResult UnitOp::verify() {
  auto module = (*this)->getParentOfType<ModuleOp>();
  int64_t length = getLength();
  for (auto piece : getPieces().getAsRange<PieceAttr>()) {
    Operation *symbol =
        module ? module.lookupSymbol(piece.getParameter().getAttr()) : nullptr;
    auto typeAttr = symbol ? symbol->getAttrOfType<TypeAttr>("type") : nullptr;
    auto type = typeAttr ? dyn_cast<RankedTensorType>(typeAttr.getValue())
                         : RankedTensorType();
    if (!type)
      return emitOpError() << piece.getParameter() << " is not a parameter";
    if (piece.getBegin() < 0 || piece.getBegin() >= piece.getEnd() ||
        piece.getEnd() > getPanelCount(type))
      return emitOpError() << "panels " << piece.getBegin() << " to "
                           << piece.getEnd() << " are not in "
                           << piece.getParameter();
    int64_t bytes = (piece.getEnd() - piece.getBegin()) * getPanelBytes(type);
    if (piece.getOffset() < 0 || piece.getOffset() + bytes > length)
      return emitOpError() << piece.getParameter() << " ends at "
                           << piece.getOffset() + bytes
                           << ", beyond the length of " << length;
  }
  return success();
}

LogicalResult PlanOp::verify() {
  if (!isa<ReturnOp>(getBody().front().getTerminator()))
    return emitOpError("must end in swap.return");
  if (getMapped() &&
      (!getResident().empty() || !getBody().front().getOps<InOp>().empty()))
    return emitOpError("is mapped, but has units that come in");
  return success();
}

LogicalResult InOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (!lookup<UnitOp>(tables, *this, getUnitAttr()))
    return emitOpError() << getUnitAttr() << " is not a unit";
  return success();
}

LogicalResult FetchOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto unit = lookup<UnitOp>(tables, *this, getUnitAttr());
  if (!unit || unit.getRowBytes() == 0)
    return emitOpError() << getUnitAttr() << " is not a row table";
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto kernel = lookup<FunctionOpInterface>(tables, *this, getKernelAttr());
  if (!kernel)
    return emitOpError() << getKernelAttr() << " is not a kernel";
  return success();
}
