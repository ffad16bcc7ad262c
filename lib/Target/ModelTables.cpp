//===- ModelTables.cpp - From the memory phase to tables --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/ModelTables.h"

#include "Swap/SwapDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "swap/runtime.h"
#include "swapc/Partition/Plan.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

/// The type of `i8` elements that stand for another of ONNX's.
static FailureOr<uint32_t> getNamedDtype(StringRef name) {
  uint32_t dtype = llvm::StringSwitch<uint32_t>(name)
                       .Case("float8e4m3fn", SWAP_F8E4M3FN)
                       .Case("float8e4m3fnuz", SWAP_F8E4M3FNUZ)
                       .Case("float8e5m2", SWAP_F8E5M2)
                       .Case("float8e5m2fnuz", SWAP_F8E5M2FNUZ)
                       .Case("float8e8m0", SWAP_F8E8M0)
                       .Case("float4e2m1", SWAP_F4E2M1)
                       .Case("int4", SWAP_I4)
                       .Case("uint4", SWAP_U4)
                       .Case("int2", SWAP_I2)
                       .Case("uint2", SWAP_U2)
                       .Default(0);
  if (dtype == 0)
    return failure();
  return dtype;
}

static FailureOr<uint32_t> getDtype(Type type, DictionaryAttr attrs) {
  bool isUnsigned =
      attrs && attrs.contains(swap::SwapDialect::kUnsignedAttr);
  if (auto element = attrs ? attrs.getAs<StringAttr>(
                                 swap::SwapDialect::kElementAttr)
                           : StringAttr()) {
    if (!type.isInteger(8))
      return failure();
    return getNamedDtype(element);
  }
  if (type.isF32())
    return uint32_t(SWAP_F32);
  if (type.isF16())
    return uint32_t(SWAP_F16);
  if (type.isBF16())
    return uint32_t(SWAP_BF16);
  if (type.isF64())
    return uint32_t(SWAP_F64);
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return failure();
  switch (integer.getWidth()) {
  case 1:
    return uint32_t(SWAP_BOOL);
  case 8:
    return uint32_t(isUnsigned ? SWAP_U8 : SWAP_I8);
  case 16:
    return uint32_t(isUnsigned ? SWAP_U16 : SWAP_I16);
  case 32:
    return uint32_t(isUnsigned ? SWAP_U32 : SWAP_I32);
  case 64:
    return uint32_t(isUnsigned ? SWAP_U64 : SWAP_I64);
  default:
    return failure();
  }
}

static LogicalResult addTensor(func::FuncOp main, Type type,
                               DictionaryAttr attrs, StringRef fallback,
                               size_t index, std::vector<TensorInfo> &tensors) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  FailureOr<uint32_t> dtype =
      getDtype(tensor ? tensor.getElementType() : type, attrs);
  if (!tensor || failed(dtype))
    return main.emitError() << fallback << " " << index << " has type " << type
                            << ", which a program cannot take";
  TensorInfo info;
  auto name = attrs ? attrs.getAs<StringAttr>(swap::SwapDialect::kNameAttr)
                    : StringAttr();
  info.name = name ? name.str() : (fallback + Twine(index)).str();
  info.dtype = *dtype;
  info.dims.assign(tensor.getShape().begin(), tensor.getShape().end());
  info.bytes = swap::getStorageBytes(tensor);
  tensors.push_back(std::move(info));
  return success();
}

/// The sizes of `module` and the dimensions of its tensors that they shorten.
static void addDynamic(ModuleOp module, func::FuncOp main,
                       DynamicTables &tables) {
  auto sizes =
      module->getAttrOfType<ArrayAttr>(swap::SwapDialect::kSizesAttr);
  if (!sizes)
    return;
  uint32_t inputs = main.getNumArguments(), next = inputs - sizes.size();
  for (auto size : sizes.getAsRange<DictionaryAttr>())
    tables.sizes.push_back({size.getAs<StringAttr>("name").str(), next++,
                            size.getAs<IntegerAttr>("least").getInt(),
                            size.getAs<IntegerAttr>("most").getInt()});
  auto add = [&](uint32_t tensor, Attribute attr) {
    auto extents = dyn_cast_or_null<DenseI64ArrayAttr>(attr);
    for (int64_t i = 0; extents && i + 2 < extents.size(); i += 3)
      tables.extents.push_back({tensor, static_cast<uint32_t>(extents[i]),
                                static_cast<uint32_t>(extents[i + 1]),
                                extents[i + 2]});
  };
  for (uint32_t i = 0; i < inputs; ++i)
    add(i, main.getArgAttr(i, swap::SwapDialect::kExtentsAttr));
  for (uint32_t i = 0; i < main.getNumResults(); ++i)
    add(inputs + i, main.getResultAttr(i, swap::SwapDialect::kExtentsAttr));
}

FailureOr<ModelSignature> swapc::getModelSignature(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return module.emitError("model has no main function");
  ModelSignature signature;
  auto name = module->getAttrOfType<StringAttr>(swap::SwapDialect::kModelAttr);
  signature.name = name ? name.str() : "model";
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (failed(addTensor(main, main.getArgumentTypes()[i],
                         main.getArgAttrDict(i), "input", i, signature.inputs)))
      return failure();
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    if (failed(addTensor(main, main.getResultTypes()[i],
                         main.getResultAttrDict(i), "output", i,
                         signature.outputs)))
      return failure();
  addDynamic(module, main, signature.dynamic);
  return signature;
}

namespace {
class TableBuilder {
public:
  TableBuilder(ModuleOp module, ModelTables &tables)
      : module(module), tables(tables) {
    for (swap::UnitOp unit : module.getOps<swap::UnitOp>()) {
      unitIndices[unit.getSymNameAttr()] = units.size();
      units.push_back(unit);
    }
  }
  LogicalResult add(swap::PlanOp plan);

private:
  FailureOr<uint32_t> getUnit(Operation *user, StringAttr name);
  FailureOr<uint32_t> getUnit(Operation *user, Value token) {
    auto in = token.getDefiningOp<swap::InOp>();
    if (!in)
      return user->emitError("token does not come from swap.in");
    return getUnit(user, in.getUnitAttr().getAttr());
  }
  LogicalResult addLaunch(swap::LaunchOp op, PlanTable &plan);
  LogicalResult addFetch(swap::FetchOp op, PlanTable &plan);
  static void addOperand(Attribute place, PlanTable &plan) {
    auto at = cast<swap::PlaceAttr>(place);
    plan.operands.push_back(
        {uint32_t(at.getSpace()), uint32_t(at.getIndex()), at.getOffset()});
  }
  uint64_t getPages(uint32_t unit) {
    return llvm::alignTo(uint64_t(units[unit].getLength()), tables.pageBytes);
  }

  ModuleOp module;
  ModelTables &tables;
  SmallVector<swap::UnitOp> units;
  llvm::DenseMap<StringAttr, uint32_t> unitIndices;
  struct Kernel {
    uint32_t index;
    swap::ScheduleAttr schedule;
  };
  llvm::DenseMap<StringAttr, Kernel> kernels;
};
} // namespace

FailureOr<uint32_t> TableBuilder::getUnit(Operation *user, StringAttr name) {
  auto found = unitIndices.find(name);
  if (found == unitIndices.end())
    return user->emitError() << name << " is not a unit";
  return found->second;
}

static KernelCosts getCosts(func::FuncOp kernel, swap::ScheduleAttr schedule) {
  KernelCosts costs;
  if (auto origin =
          kernel->getAttrOfType<StringAttr>(swap::SwapDialect::kOriginAttr))
    costs.node = origin.str();
  costs.tiles = schedule.getPanels() * schedule.getTiles();
  costs.operations = schedule.getFlops();
  costs.bytes = 0;
  FunctionType type = kernel.getFunctionType();
  for (TypeRange types : {TypeRange(type.getInputs()), TypeRange(type.getResults())})
    for (Type operand : types)
      if (auto tensor = dyn_cast<RankedTensorType>(operand))
        costs.bytes += swap::getStorageBytes(tensor);
  return costs;
}

LogicalResult TableBuilder::addLaunch(swap::LaunchOp op, PlanTable &plan) {
  StringAttr name = op.getKernelAttr().getAttr();
  auto found = kernels.find(name);
  if (found == kernels.end()) {
    auto function = module.lookupSymbol<func::FuncOp>(name);
    auto schedule = function ? function->getAttrOfType<swap::ScheduleAttr>(
                                   swap::SwapDialect::kScheduleAttr)
                             : swap::ScheduleAttr();
    if (!schedule)
      return op.emitError() << "kernel " << name << " has no schedule";
    Kernel kernel{uint32_t(tables.kernels.size()), schedule};
    found = kernels.try_emplace(name, kernel).first;
    tables.kernels.push_back(name.str());
    tables.costs.push_back(getCosts(function, schedule));
  }
  if (op.getOperands().size() > SWAP_MAX_OPERANDS)
    return op.emitError() << "kernel " << name << " has more than "
                          << SWAP_MAX_OPERANDS << " operands";
  uint64_t tiles = found->second.schedule.getTiles();
  PlanTable::Step step = {};
  step.op = SWAP_OP_CALL;
  step.index = found->second.index;
  step.firstOperand = plan.operands.size();
  step.operandCount = op.getOperands().size();
  step.tileBegin = op.getBegin() * tiles;
  step.tileEnd = op.getEnd() * tiles;
  if (op.getFirstTile()) {
    step.tileBegin += *op.getFirstTile();
    step.tileEnd = (op.getEnd() - 1) * tiles + *op.getLastTile();
    step.aux = tiles;
  }
  step.scratch = found->second.schedule.getScratch();
  plan.steps.push_back(step);
  for (Attribute place : op.getOperands())
    addOperand(place, plan);
  return success();
}

LogicalResult TableBuilder::addFetch(swap::FetchOp op, PlanTable &plan) {
  FailureOr<uint32_t> unit = getUnit(op, op.getUnitAttr().getAttr());
  if (failed(unit))
    return failure();
  PlanTable::Step step = {};
  step.op = SWAP_OP_ROWS;
  step.index = *unit;
  step.firstOperand = plan.operands.size();
  step.operandCount = 2;
  step.tileEnd = op.getCount();
  step.aux = op.getIndexType().isInteger(64) ? SWAP_I64 : SWAP_I32;
  plan.steps.push_back(step);
  addOperand(op.getIndices(), plan);
  addOperand(op.getResult(), plan);
  if (!plan.isResident[*unit] && plan.slots[*unit] != SWAP_SLOT_IN_PLACE)
    plan.streamed += op.getCount() * units[*unit].getRowBytes();
  return success();
}

static uint64_t getNanoseconds(DictionaryAttr predicted, StringRef name) {
  auto value = predicted.getAs<FloatAttr>(name);
  return value ? static_cast<uint64_t>(value.getValueAsDouble() * 1e6) : 0;
}

LogicalResult TableBuilder::add(swap::PlanOp op) {
  PlanTable plan = {};
  plan.budget = op.getBudget();
  plan.arena = plan.region = op.getArena();
  plan.peak = op.getPeak();
  plan.scratchOffset = op.getScratchOffset();
  plan.scratchStride = op.getScratchStride();
  plan.threads = op.getThreads();
  plan.isResident.assign(units.size(), 0);
  std::optional<ArrayRef<int64_t>> slots = op.getSlots();
  if (!slots || slots->size() != units.size())
    return op.emitError("plan has no slot for each unit");
  plan.slots.assign(slots->begin(), slots->end());
  for (Attribute symbol : op.getResident()) {
    FailureOr<uint32_t> unit =
        getUnit(op, cast<FlatSymbolRefAttr>(symbol).getAttr());
    if (failed(unit))
      return failure();
    plan.isResident[*unit] = 1;
    plan.resident += getPages(*unit);
    plan.region = std::min(plan.region, plan.slots[*unit]);
  }
  if (auto predicted = op->getAttrOfType<DictionaryAttr>(kPredictedAttr)) {
    plan.predictedNs = getNanoseconds(predicted, "time_ms");
    plan.computeNs = getNanoseconds(predicted, "compute_ms");
  }
  // Their bytes cross a GPU's bus in each run, too.
  if (auto inPlace = op.getInPlace(); inPlace && !op.getMapped())
    for (Attribute symbol : *inPlace) {
      FailureOr<uint32_t> unit =
          getUnit(op, cast<FlatSymbolRefAttr>(symbol).getAttr());
      if (failed(unit))
        return failure();
      plan.streamed += getPages(*unit);
    }
  auto addUnitStep = [&](uint32_t opcode, FailureOr<uint32_t> unit,
                         uint32_t aux = 0) {
    if (failed(unit))
      return LogicalResult::failure();
    PlanTable::Step step = {};
    step.op = opcode;
    step.index = *unit;
    step.aux = aux;
    plan.steps.push_back(step);
    // Of the two halves of a read that crosses the end, one happens.
    if (opcode == SWAP_OP_IN && aux != SWAP_IN_STARTED)
      plan.streamed += getPages(*unit);
    return LogicalResult::success();
  };
  for (Operation &inner : op.getBody().front()) {
    LogicalResult result =
        llvm::TypeSwitch<Operation *, LogicalResult>(&inner)
            .Case([&](swap::InOp in) {
              return addUnitStep(SWAP_OP_IN,
                                 getUnit(in, in.getUnitAttr().getAttr()),
                                 in.getStarted() ? SWAP_IN_STARTED
                                 : in.getAhead() ? SWAP_IN_AHEAD
                                                 : 0);
            })
            .Case([&](swap::WaitOp wait) {
              return addUnitStep(SWAP_OP_WAIT, getUnit(wait, wait.getToken()));
            })
            .Case([&](swap::OutOp out) {
              return addUnitStep(SWAP_OP_OUT, getUnit(out, out.getToken()));
            })
            .Case(
                [&](swap::LaunchOp launch) { return addLaunch(launch, plan); })
            .Case([&](swap::FetchOp fetch) { return addFetch(fetch, plan); })
            .Case([&](swap::ReturnOp) { return success(); })
            .Default([](Operation *other) {
              return other->emitError("is not of the memory phase");
            });
    if (failed(result))
      return failure();
  }
  if (auto live = op->getAttrOfType<DenseI64ArrayAttr>(kLiveAttr)) {
    if (live.size() != static_cast<int64_t>(plan.steps.size()))
      return op.emitError()
             << "plan has " << live.size() << " values of bytes in use for "
             << plan.steps.size() << " steps";
    plan.live.assign(live.asArrayRef().begin(), live.asArrayRef().end());
  }
  tables.plans.push_back(std::move(plan));
  return success();
}

static uint64_t getBytesAttr(ModuleOp module, StringRef name) {
  auto attribute = module->getAttrOfType<IntegerAttr>(name);
  return attribute ? attribute.getInt() : 0;
}

/// Tiles that kernels leave out, and rows of tables: swap.cuts.
static void addCuts(ModuleOp module, ModelTables &tables) {
  auto add = [&](size_t index, Operation *op) {
    auto cuts =
        op->getAttrOfType<DenseI64ArrayAttr>(swap::SwapDialect::kCutsAttr);
    for (int64_t i = 0; cuts && i + 4 < cuts.size(); i += 5)
      tables.signature.dynamic.cuts.push_back(
          {static_cast<uint32_t>(index), static_cast<uint32_t>(cuts[i]),
           static_cast<uint32_t>(cuts[i + 1]),
           static_cast<uint32_t>(cuts[i + 2]), cuts[i + 3], cuts[i + 4]});
  };
  for (auto [index, name] : llvm::enumerate(tables.kernels))
    add(index, module.lookupSymbol(name));
  for (auto [index, unit] : llvm::enumerate(module.getOps<swap::UnitOp>())) {
    if (!unit.getRowBytes() || unit.getPieces().empty())
      continue;
    auto piece = cast<swap::PieceAttr>(unit.getPieces()[0]);
    if (Operation *table = module.lookupSymbol(piece.getParameter()))
      add(tables.kernels.size() + index, table);
  }
}

FailureOr<ModelTables> swapc::buildModelTables(ModuleOp module,
                                               ModelSignature signature) {
  ModelTables tables;
  tables.signature = std::move(signature);
  tables.pageBytes = swap::getPageBytes(module);
  TableBuilder builder(module, tables);
  for (swap::PlanOp plan : module.getOps<swap::PlanOp>())
    if (failed(builder.add(plan)))
      return failure();
  auto getKey = [](const PlanTable &plan) {
    return std::make_pair(plan.budget,
                          llvm::is_contained(plan.slots, SWAP_SLOT_IN_PLACE));
  };
  llvm::sort(tables.plans, [&](const PlanTable &a, const PlanTable &b) {
    return getKey(a) < getKey(b);
  });
  tables.weightBytes = getBytesAttr(module, "swap.weight_bytes");
  tables.modelBytes = getBytesAttr(module, "swap.model_bytes");
  tables.minBytes = getBytesAttr(module, "swap.min_bytes");
  if (!tables.signature.dynamic.sizes.empty())
    addCuts(module, tables);
  return tables;
}
