//===- FormUnits.cpp - Cut parameters into units ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceModel.h"
#include "Sequence.h"
#include "swapc/Partition/Passes.h"
#include "swapc/Partition/Plan.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

namespace swapc {
#define GEN_PASS_DEF_FORMUNITS
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

/// Plain parameters up to this size may share the unit of tiny ones.
static constexpr int64_t kTinyBytes = 16 * 1024;

namespace {

/// A parameter and the calls that read it.
struct Use {
  RankedTensorType type;
  llvm::SmallSetVector<Operation *, 2> calls;
  bool isTiny = false; ///< in the shared unit
  bool isCut = false;  ///< read by several calls: has units of its own
  llvm::SmallSetVector<int64_t, 8> cuts;
};

/// A call and how it is cut.
struct Cut {
  CallOp call;
  int64_t panels = 1;
  SmallVector<StringAttr> packed, plain;
  SmallVector<int64_t> bounds; ///< 0, ..., panels
  bool isWhole() const { return bounds.size() == 2; }
};

class UnitFormer {
public:
  UnitFormer(ModuleOp module, func::FuncOp main, const DeviceModel &device,
             int64_t unitBytes)
      : symbols(module), main(main), builder(main), device(device),
        unitBytes(unitBytes) {}
  LogicalResult run();
  /// Cuts the calls of another sequence, which reads the same parameters, at
  /// the ends of the units.
  LogicalResult follow(func::FuncOp other);

private:
  LogicalResult collect();
  LogicalResult collect(CallOp call);
  FailureOr<Cut> getCut(CallOp call);
  void chooseBounds(Cut &cut);
  void formTinyUnit();
  void formUnits(Cut &cut);
  void rewrite(Cut &cut);

  struct Piece {
    StringAttr parameter;
    int64_t begin, end;
  };
  void makeUnit(ArrayRef<Piece> pieces, int64_t rowBytes = 0);

  SymbolTable symbols;
  func::FuncOp main;
  OpBuilder builder;
  const DeviceModel &device;
  int64_t unitBytes;
  int unitCount = 0;
  llvm::MapVector<StringAttr, Use> uses;
  llvm::MapVector<Operation *, Cut> cuts;
};

struct FormUnitsPass : public swapc::impl::FormUnitsBase<FormUnitsPass> {
  using FormUnitsBase::FormUnitsBase;
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) {
      getOperation().emitError("has no @main to form units for");
      return signalPassFailure();
    }
    if (unitBytes < 0) {
      main.emitError() << "unit-bytes is negative: " << unitBytes;
      return signalPassFailure();
    }
    const DeviceModel *model = DeviceModel::get(device, main);
    if (!model)
      return signalPassFailure();
    UnitFormer former(getOperation(), main, *model, unitBytes);
    if (failed(former.run()))
      return signalPassFailure();
    auto banded = getOperation().lookupSymbol<func::FuncOp>(kBandedMain);
    if (banded && !banded.isExternal() && failed(former.follow(banded)))
      signalPassFailure();
  }
};

} // namespace

FailureOr<Cut> UnitFormer::getCut(CallOp call) {
  ScheduleAttr schedule = getSchedule(call, symbols);
  if (!schedule)
    return failure();
  Cut cut{call, schedule.getPanels(), {}, {}, {}};
  if (call.getBegin())
    return call.emitOpError("is cut already");
  for (Value operand : call.getInputs()) {
    ParamOp param = getParam(operand);
    if (!param)
      continue;
    auto type = cast<RankedTensorType>(param.getType());
    StringAttr name = param.getParameterAttr().getAttr();
    bool isPacked = getPanels(type) != nullptr;
    if (isPacked && getPanelCount(type) != cut.panels)
      return call.emitOpError()
             << "reads " << getPanelCount(type) << " panels of '"
             << name.getValue() << "' but has " << cut.panels;
    uses[name].type = type;
    SmallVector<StringAttr> &list = isPacked ? cut.packed : cut.plain;
    if (!llvm::is_contained(list, name))
      list.push_back(name);
  }
  return cut;
}

LogicalResult UnitFormer::collect(CallOp call) {
  FailureOr<Cut> cut = getCut(call);
  if (failed(cut))
    return failure();
  for (ArrayRef<StringAttr> list : {cut->packed, cut->plain})
    for (StringAttr name : list)
      uses[name].calls.insert(call);
  cuts.insert({call, *cut});
  return success();
}

LogicalResult UnitFormer::follow(func::FuncOp other) {
  for (CallOp call :
       llvm::make_early_inc_range(other.front().getOps<CallOp>())) {
    FailureOr<Cut> cut = getCut(call);
    if (failed(cut))
      return failure();
    chooseBounds(*cut);
    rewrite(*cut);
  }
  return success();
}

LogicalResult UnitFormer::collect() {
  for (Operation &op : main.front())
    if (auto call = dyn_cast<CallOp>(op))
      if (failed(collect(call)))
        return failure();
  int64_t weights = 0;
  for (auto &[name, use] : uses) {
    weights += getStorageBytes(use.type);
    use.isCut = use.calls.size() > 1;
  }
  if (unitBytes == 0)
    unitBytes = device.getUnitBytes(weights);
  return success();
}

/// As few ranges of equal size as keep each within a unit; a parameter of
/// several calls cuts all of them alike.
void UnitFormer::chooseBounds(Cut &cut) {
  int64_t panelBytes = 0;
  for (StringAttr name : cut.packed)
    panelBytes += getPanelBytes(uses[name].type);
  int64_t perUnit =
      panelBytes ? std::max<int64_t>(1, unitBytes / panelBytes) : cut.panels;
  int64_t count = llvm::divideCeil(cut.panels, perUnit);
  llvm::SmallSetVector<int64_t, 8> bounds;
  for (int64_t i = 0; i <= count; ++i)
    bounds.insert(i * cut.panels / count);
  for (StringAttr name : cut.packed)
    for (int64_t bound : uses[name].cuts)
      bounds.insert(bound);
  cut.bounds = bounds.takeVector();
  llvm::sort(cut.bounds);
}

void UnitFormer::makeUnit(ArrayRef<Piece> pieces, int64_t rowBytes) {
  if (pieces.empty())
    return;
  SmallVector<Attribute> attributes;
  int64_t length = 0;
  for (const Piece &piece : pieces) {
    RankedTensorType type = uses[piece.parameter].type;
    int64_t offset = roundUp(length, kBufferAlign);
    attributes.push_back(PieceAttr::get(builder.getContext(),
                                        FlatSymbolRefAttr::get(piece.parameter),
                                        piece.begin, piece.end, offset));
    length = offset + (piece.end - piece.begin) * getPanelBytes(type);
  }
  std::string name = ("unit_" + Twine(unitCount++)).str();
  auto unit =
      UnitOp::create(builder, main.getLoc(), name,
                     builder.getArrayAttr(attributes), length, rowBytes);
  symbols.insert(unit, main->getIterator());
}

/// Tiny plain parameters that no unit would carry along: thousands of reads
/// of a few bytes would cost more than keeping them.
void UnitFormer::formTinyUnit() {
  SmallVector<StringAttr> tiny;
  int64_t weights = 0;
  for (auto &[name, use] : uses) {
    weights += getStorageBytes(use.type);
    bool rides = use.calls.size() == 1 && cuts[use.calls[0]].isWhole() &&
                 !cuts[use.calls[0]].packed.empty();
    if (!getPanels(use.type) && getStorageBytes(use.type) <= kTinyBytes &&
        !rides)
      tiny.push_back(name);
  }
  // Those of several calls first, which would be in memory all the time anyway.
  SmallVector<std::tuple<bool, int64_t, size_t>> keys;
  for (auto [i, name] : llvm::enumerate(tiny))
    keys.push_back(
        {uses[name].calls.size() == 1, getStorageBytes(uses[name].type), i});
  llvm::sort(keys);
  int64_t room = std::clamp<int64_t>(weights / 64, kTinyBytes, 1024 * 1024);
  SmallVector<Piece> pieces;
  for (auto [isSingle, size, i] : keys) {
    StringAttr name = tiny[i];
    int64_t bytes = roundUp(size, kBufferAlign);
    if (bytes > room)
      break;
    room -= bytes;
    uses[name].isTiny = true;
    pieces.push_back({name, 0, 1});
  }
  makeUnit(pieces);
}

void UnitFormer::formUnits(Cut &cut) {
  SmallVector<Piece> plain;
  for (StringAttr name : cut.plain) {
    Use &use = uses[name];
    if (use.isTiny)
      continue;
    if (!use.isCut)
      plain.push_back({name, 0, 1});
    else if (use.calls.front() == cut.call)
      makeUnit(Piece{name, 0, 1});
  }
  if (!cut.isWhole()) {
    makeUnit(plain);
    plain.clear();
  }
  for (size_t i = 0; i + 1 < cut.bounds.size(); ++i) {
    SmallVector<Piece> pieces;
    for (StringAttr name : cut.packed) {
      Piece piece{name, cut.bounds[i], cut.bounds[i + 1]};
      if (!uses[name].isCut)
        pieces.push_back(piece);
      else if (uses[name].calls.front() == cut.call)
        makeUnit(piece);
    }
    pieces.append(plain);
    makeUnit(pieces);
  }
}

void UnitFormer::rewrite(Cut &cut) {
  if (cut.isWhole())
    return;
  CallOp call = cut.call;
  OpBuilder at(call);
  ValueRange init = call.getInit();
  for (size_t i = 0; i + 1 < cut.bounds.size(); ++i) {
    auto piece = CallOp::create(at, call.getLoc(), call.getResultTypes(),
                                call.getKernelAttr(), call.getInputs(), init,
                                at.getI64IntegerAttr(cut.bounds[i]),
                                at.getI64IntegerAttr(cut.bounds[i + 1]),
                                call.getFirstTileAttr(), call.getLastTileAttr());
    piece->setDiscardableAttrs(call->getDiscardableAttrDictionary());
    init = piece.getResults();
  }
  call.replaceAllUsesWith(init);
  call.erase();
}

LogicalResult UnitFormer::run() {
  if (failed(collect()))
    return failure();
  // Bounds in execution order: the first call of a shared parameter decides,
  // and unions later are within its units.
  for (auto &[op, cut] : cuts) {
    chooseBounds(cut);
    for (StringAttr name : cut.packed)
      if (uses[name].isCut && uses[name].cuts.empty())
        uses[name].cuts.insert(cut.bounds.begin(), cut.bounds.end());
  }
  formTinyUnit();
  llvm::DenseSet<StringAttr> tables;
  for (Operation &op : main.front()) {
    auto found = cuts.find(&op);
    if (found != cuts.end())
      formUnits(found->second);
    auto rows = dyn_cast<RowsOp>(op);
    if (!rows)
      continue;
    ParamOp param = getParam(rows.getTable());
    if (!param)
      return rows.emitOpError("table is not a swap.param");
    StringAttr name = param.getParameterAttr().getAttr();
    if (!tables.insert(name).second)
      continue;
    auto type = cast<RankedTensorType>(param.getType());
    uses[name].type = type;
    makeUnit(Piece{name, 0, 1},
             getStorageBytes(type) / std::max<int64_t>(1, type.getDimSize(0)));
  }
  for (auto &[op, cut] : cuts)
    rewrite(cut);
  return success();
}
