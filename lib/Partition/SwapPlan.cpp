//===- SwapPlan.cpp - One swap.plan for each budget -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostModel.h"
#include "Ladder.h"
#include "PlanAttributes.h"
#include "Sequence.h"
#include "UnitIndex.h"
#include "swap/runtime.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Partition/Passes.h"
#include "swapc/Partition/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Threading.h"

namespace swapc {
#define GEN_PASS_DEF_SWAPPLAN
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

namespace {

/// A sequence of calls that computes the model: that of @main, or the second
/// one of swap-band-rows.
struct Variant {
  func::FuncOp function;
  Sequence sequence;
  Planner planner;
};

/// Whether a pool chooses among many plans.
bool isLadder(StringRef budget) { return budget == "ladder"; }

/// What a plan is made for.
struct Budget {
  int64_t bytes;
  bool isMapped; ///< of what is beside the weights, which are read in place
  bool operator==(const Budget &other) const {
    return bytes == other.bytes && isMapped == other.isMapped;
  }
  bool operator<(const Budget &other) const {
    return std::make_pair(bytes, isMapped) <
           std::make_pair(other.bytes, other.isMapped);
  }
};

struct Chosen {
  Budget budget;
  const Variant *variant;
  MemoryPlan plan;
};

struct SwapPlanPass : public swapc::impl::SwapPlanBase<SwapPlanPass> {
  using SwapPlanBase::SwapPlanBase;
  void runOnOperation() override;

private:
  LogicalResult checkOptions(func::FuncOp main);
  FailureOr<PlanProblem> buildProblem(const Sequence &sequence,
                                      const SymbolTable &symbols,
                                      const UnitIndex &index,
                                      const CostModel &costs);
  LogicalResult addCall(PlanProblem &problem, PlanStep &step, CallOp call,
                        const SymbolTable &symbols, const UnitIndex &index,
                        const CostModel &costs);
  FailureOr<Variant> getVariant(func::FuncOp function,
                                const SymbolTable &symbols,
                                const UnitIndex &index, const CostModel &costs);
  void setNeeds(ArrayRef<Variant> variants, const SymbolTable &symbols);
  FailureOr<Budget> resolve(StringRef text, ArrayRef<Variant> variants,
                            const SymbolTable &symbols);
  FailureOr<SmallVector<Budget>> resolveBudgets(ArrayRef<Variant> variants,
                                                const SymbolTable &symbols);
  PlanOp buildPlan(func::FuncOp main, const Sequence &sequence,
                   const UnitIndex &index, const MemoryPlan &plan,
                   Budget budget, int number);
};

} // namespace

LogicalResult SwapPlanPass::checkOptions(func::FuncOp main) {
  for (auto [name, value, least, most] :
       {std::tuple<StringRef, int64_t, int64_t, int64_t>{"threads", threads, 1,
                                                         4096},
        {"depth", depth, 1, SWAP_MAX_READS},
        {"link-mb-per-s", linkMBps, 0, 1'000'000'000}})
    if (value < least || value > most)
      return main.emitError() << "option " << name << " is " << value
                              << ", not between " << least << " and " << most;
  if (getOverheadBytes(getOperation()) < 0)
    return main.emitError() << "module: " << SwapDialect::kOverheadAttr
                            << " is negative";
  return success();
}

/// Whether a call goes on where the one before it ends, and units that follow
/// each other hold what both read: where these stay in memory they do so side
/// by side, and one launch computes both.
static bool continuesLaunch(CallOp call, const UnitIndex &index,
                            PanelRange range) {
  auto before = dyn_cast_or_null<CallOp>(call->getPrevNode());
  if (!before || before.getKernelAttr() != call.getKernelAttr() ||
      !before.getEnd() || before.getFirstTile() || call.getFirstTile() ||
      static_cast<int64_t>(*before.getEnd()) != range.begin ||
      before.getInputs() != call.getInputs())
    return false;
  PanelRange first{static_cast<int64_t>(*before.getBegin()), range.begin};
  return llvm::all_of(call.getInputs(), [&](Value operand) {
    ParamOp param = getParam(operand);
    if (!param)
      return true;
    const UnitPiece *from = index.find(param, first);
    const UnitPiece *to = index.find(param, range);
    if (!from || !to || !getPanels(param.getType()))
      return from && to && from->unit == to->unit;
    int64_t bytes = (first.end - first.begin) *
                    getPanelBytes(cast<RankedTensorType>(param.getType()));
    return from->unit + 1 == to->unit && from->offset == 0 && to->offset == 0 &&
           from->begin == first.begin && to->begin == range.begin &&
           bytes % getPageBytes(call->getParentOfType<ModuleOp>()) == 0 &&
           static_cast<int64_t>(index.getUnit(from->unit).getLength()) == bytes;
  });
}

/// The units that a call needs and an estimate of its time.
LogicalResult SwapPlanPass::addCall(PlanProblem &problem, PlanStep &step,
                                    CallOp call, const SymbolTable &symbols,
                                    const UnitIndex &index,
                                    const CostModel &costs) {
  ScheduleAttr schedule = getSchedule(call, symbols);
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
             << param.getParameterAttr()
             << ", which no unit holds: form units first";
    if (!llvm::is_contained(step.units, piece->unit))
      step.units.push_back(piece->unit);
    PlanUnit &unit = problem.units[piece->unit];
    unit.inPlace &= readsOnce(kernel, number, unit.bytes);
  }
  auto gpu = kernel->getAttrOfType<GpuAttr>(SwapDialect::kGpuAttr);
  int64_t splits = gpu ? gpu.getSplits() : 1;
  step.seconds = costs.getCallSeconds(call, schedule, splits);
  int64_t bytes = 0;
  for (int unit : step.units)
    bytes += problem.units[unit].bytes;
  step.mappedSeconds =
      step.seconds + costs.getMappedSeconds(bytes, problem.link);
  if (gpu && continuesLaunch(call, index, range))
    step.joinedSeconds = costs.getJoinedSeconds(call, schedule, splits);
  return success();
}

/// A profile that is of this model and yet says nothing about it.
static void warnOfOtherProfile(func::FuncOp main, const Sequence &sequence,
                               const SymbolTable &symbols,
                               const CostModel &costs) {
  auto isMeasured = [&](Operation *op) {
    auto call = dyn_cast<CallOp>(op);
    return call && costs.isMeasured(call, getSchedule(call, symbols));
  };
  if (costs.isOfModel() && llvm::none_of(sequence.steps, isMeasured))
    main.emitWarning() << "profile: its kernels were measured with other "
                          "--threads or compiled for another processor; times "
                          "are estimates";
}

FailureOr<PlanProblem> SwapPlanPass::buildProblem(const Sequence &sequence,
                                                  const SymbolTable &symbols,
                                                  const UnitIndex &index,
                                                  const CostModel &costs) {
  PlanProblem problem;
  problem.buffers = sequence.buffers;
  problem.scratchBytes = sequence.scratchStride * threads;
  problem.overheadBytes = getOverheadBytes(getOperation());
  problem.pageBytes = getPageBytes(getOperation());
  problem.depth = depth;
  SmallVector<int64_t> unitBytes;
  for (UnitOp unit : index.getUnits()) {
    PlanUnit planUnit;
    planUnit.bytes = unit.getLength();
    planUnit.table = unit.getRowBytes() > 0;
    planUnit.duplicate = planUnit.table && index.isRepeated(unit);
    planUnit.inPlace = inPlace && !planUnit.table;
    problem.units.push_back(planUnit);
    if (!planUnit.table)
      unitBytes.push_back(planUnit.bytes);
  }
  problem.link = costs.getLink(unitBytes);
  if (linkMBps)
    problem.link.bytesPerSecond = linkMBps * 1e6;
  if (blocking || costs.isBlocking())
    problem.link.block();
  int group = -1;
  Attribute segment;
  for (Operation *op : sequence.steps) {
    PlanStep step;
    // The pieces of a call follow each other; a segment is one group, since its
    // calls read the same weights in each band.
    auto piece = dyn_cast<CallOp>(op);
    Attribute before =
        std::exchange(segment, op->getAttr(SwapDialect::kSegmentAttr));
    bool isFirst = !piece || piece.getBegin().value_or(0) == 0;
    if (segment ? segment != before : isFirst)
      ++group;
    step.group = group;
    if (auto call = dyn_cast<CallOp>(op)) {
      if (failed(addCall(problem, step, call, symbols, index, costs)))
        return failure();
    } else {
      step.seconds =
          costs.getRowsSeconds(cast<RowsOp>(op), problem.link, depth);
      step.mappedSeconds = costs.getMappedSeconds(
          getStorageBytes(cast<RankedTensorType>(op->getResult(0).getType())),
          problem.link);
    }
    problem.steps.push_back(step);
  }
  return problem;
}

FailureOr<Variant> SwapPlanPass::getVariant(func::FuncOp function,
                                            const SymbolTable &symbols,
                                            const UnitIndex &index,
                                            const CostModel &costs) {
  FailureOr<Sequence> sequence = Sequence::analyze(function.front(), symbols);
  if (failed(sequence))
    return failure();
  FailureOr<PlanProblem> problem =
      buildProblem(*sequence, symbols, index, costs);
  if (failed(problem))
    return failure();
  return Variant{function, std::move(*sequence), Planner(std::move(*problem))};
}

/// The sequence that needs least, with all weights in place or without.
static const Variant &getSmallest(ArrayRef<Variant> variants, bool isMapped) {
  auto getBytes = [&](const Variant &variant) {
    return isMapped ? variant.planner.getMappedBytes()
                    : variant.planner.getMinBytes();
  };
  return *llvm::min_element(variants, [&](const Variant &a, const Variant &b) {
    return getBytes(a) < getBytes(b);
  });
}

/// The kernel and the ONNX node of a step; none of both if it is -1.
static std::pair<StringRef, StringRef>
getPlace(const Sequence &sequence, int step, const SymbolTable &symbols) {
  if (step < 0)
    return {};
  Operation *op = sequence.steps[step];
  return {getKernelName(op), getOrigin(op, symbols)};
}

/// What the model needs is told for @main; the smallest budget is that of the
/// sequence that needs least.
void SwapPlanPass::setNeeds(ArrayRef<Variant> variants,
                            const SymbolTable &symbols) {
  const Variant &smallest = getSmallest(variants, /*isMapped=*/false);
  const Planner &planner = smallest.planner;
  auto [kernel, node] =
      getPlace(smallest.sequence, planner.getMinStep(), symbols);
  int64_t weightBytes = 0;
  for (const PlanUnit &unit : planner.getProblem().units)
    weightBytes += unit.duplicate ? 0 : unit.bytes;
  ModuleOp module = getOperation();
  Builder builder(module);
  auto setBytes = [&](StringRef name, int64_t bytes) {
    module->setAttr(name, builder.getI64IntegerAttr(bytes));
  };
  setBytes(kWeightBytesAttr, weightBytes);
  setBytes(kModelBytesAttr, variants[0].planner.getModelBytes());
  setBytes(kMinBytesAttr, planner.getMinBytes());
  setBytes(kActivationBytesAttr, variants[0].planner.getBuffers().bytes);
  module->setAttr(kMinKernelAttr, builder.getStringAttr(kernel));
  module->setAttr(kMinNodeAttr, builder.getStringAttr(node));
}

FailureOr<Budget> SwapPlanPass::resolve(StringRef text,
                                        ArrayRef<Variant> variants,
                                        const SymbolTable &symbols) {
  func::FuncOp main = variants[0].function;
  llvm::Expected<BudgetSpec> spec = BudgetSpec::parse(text);
  if (!spec)
    return main.emitError() << "budget: " << llvm::toString(spec.takeError());
  bool isMapped = spec->isMapped;
  if (isMapped && device == "cuda")
    return main.emitError()
           << "budget '" << text
           << "': a GPU does not map the weights; it reads them in place where "
              "that pays, with every budget";
  const Variant &smallest = getSmallest(variants, isMapped);
  const Planner &all = variants[0].planner, &least = smallest.planner;
  int64_t most = isMapped ? all.getMappedBytes() : all.getModelBytes();
  int64_t min = isMapped ? least.getMappedBytes() : least.getMinBytes();
  int64_t bytes = spec->resolve(most, min, getOverheadBytes(getOperation()));
  if (bytes >= min)
    return Budget{bytes, isMapped};
  auto [kernel, node] =
      getPlace(smallest.sequence,
               isMapped ? least.getMappedStep() : least.getMinStep(), symbols);
  InFlightDiagnostic error = emitError(UnknownLoc::get(&getContext()));
  error << (isMapped ? "mapped " : "") << "budget " << formatSize(bytes) << " ("
        << bytes << " bytes) is too small: the smallest feasible budget is "
        << formatSize(min) << " (" << min << " bytes), set by kernel '"
        << kernel << "'";
  if (!node.empty())
    error << " (node '" << node << "')";
  return error;
}

FailureOr<SmallVector<Budget>>
SwapPlanPass::resolveBudgets(ArrayRef<Variant> variants,
                             const SymbolTable &symbols) {
  SmallVector<std::string> texts(budgets.begin(), budgets.end());
  if (texts.empty())
    texts.push_back("max");
  SmallVector<Budget> resolved;
  for (const std::string &text : texts) {
    if (isLadder(text))
      continue;
    FailureOr<Budget> budget = resolve(text, variants, symbols);
    if (failed(budget))
      return failure();
    resolved.push_back(*budget);
  }
  llvm::sort(resolved);
  resolved.erase(llvm::unique(resolved), resolved.end());
  return resolved;
}

PlanOp SwapPlanPass::buildPlan(func::FuncOp main, const Sequence &sequence,
                               const UnitIndex &index, const MemoryPlan &plan,
                               Budget budget, int number) {
  auto [bytes, isMapped] = budget;
  OpBuilder builder(getOperation().lookupSymbol("main"));
  auto getSymbols = [&](ArrayRef<char> chosen) {
    SmallVector<Attribute> symbols;
    for (auto [unit, isChosen] : llvm::enumerate(chosen))
      if (isChosen)
        symbols.push_back(
            FlatSymbolRefAttr::get(index.getUnit(unit).getSymNameAttr()));
    return builder.getArrayAttr(symbols);
  };
  auto op =
      PlanOp::create(builder, main.getLoc(), ("plan_" + Twine(number)).str(),
                     bytes, threads, getSymbols(plan.resident),
                     plan.inPlaceBytes ? getSymbols(plan.inPlace) : ArrayAttr(),
                     isMapped, plan.arena,
                     plan.peak, plan.scratchOffset, sequence.scratchStride,
                     builder.getDenseI64ArrayAttr(plan.slots));
  Block &body = op.getBody().emplaceBlock();
  IRMapping mapping;
  for (BlockArgument argument : main.getArguments())
    mapping.map(argument,
                body.addArgument(argument.getType(), argument.getLoc()));
  builder.setInsertionPointToStart(&body);
  llvm::DenseMap<int, Value> tokens;
  size_t next = 0;
  auto tokenType = TokenType::get(builder.getContext());
  auto emitUnitActions = [&] { // up to the next step
    for (; next < plan.actions.size() &&
           plan.actions[next].kind != PlanAction::Run;
         ++next) {
      int unit = plan.actions[next].index;
      Location loc = main.getLoc();
      PlanAction::Kind kind = plan.actions[next].kind;
      if (kind == PlanAction::Wait)
        WaitOp::create(builder, loc, tokens[unit]);
      else if (kind == PlanAction::Out)
        OutOp::create(builder, loc, tokens[unit]);
      else
        tokens[unit] = InOp::create(
            builder, loc, tokenType, kind == PlanAction::Started,
            kind == PlanAction::Ahead, index.getUnit(unit).getSymName());
    }
  };
  for (Operation &source : main.front().without_terminator()) {
    bool isStep = isa<CallOp, RowsOp>(source);
    if (isStep)
      emitUnitActions();
    builder.clone(source, mapping);
    next += isStep;
  }
  emitUnitActions();
  SmallVector<Value> outputs;
  for (Value value : main.front().getTerminator()->getOperands())
    outputs.push_back(mapping.lookup(value));
  ReturnOp::create(builder, main.getLoc(), outputs);
  return op;
}

void SwapPlanPass::runOnOperation() {
  SymbolTable symbols(getOperation());
  auto main = symbols.lookup<func::FuncOp>("main");
  if (!main || main.isExternal()) {
    getOperation().emitError("has no @main to plan");
    return signalPassFailure();
  }
  if (failed(checkOptions(main)))
    return signalPassFailure();
  UnitIndex index(getOperation());
  llvm::Expected<DeviceProfile> profile = DeviceProfile::load(
      SmallVector<std::string>(profiles.begin(), profiles.end()));
  if (!profile) {
    main.emitError() << "profile: " << llvm::toString(profile.takeError());
    return signalPassFailure();
  }
  const DeviceModel *deviceModel = DeviceModel::get(device, main);
  if (!deviceModel)
    return signalPassFailure();
  CostModel costs(*deviceModel, std::move(*profile), model, threads);
  std::vector<Variant> variants;
  auto banded = symbols.lookup<func::FuncOp>(kBandedMain);
  for (func::FuncOp function : {main, banded}) {
    if (!function)
      continue;
    FailureOr<Variant> variant = getVariant(function, symbols, index, costs);
    if (failed(variant))
      return signalPassFailure();
    variants.push_back(std::move(*variant));
  }
  if (device != "cpu" || variants[0].planner.getProblem().link.isBlocking)
    setLink(getOperation(), variants[0].planner.getProblem().link);
  warnOfOtherProfile(main, variants[0].sequence, symbols, costs);
  setNeeds(variants, symbols);
  auto resolved = resolveBudgets(variants, symbols);
  if (failed(resolved))
    return signalPassFailure();
  auto sideBySide = [&](size_t count, llvm::function_ref<void(size_t)> task) {
    parallelFor(&getContext(), 0, count, task);
  };
  SmallVector<const Planner *> planners;
  for (const Variant &variant : variants)
    planners.push_back(&variant.planner);
  PlanCurve plans(planners);
  SmallVector<int64_t> swapped;
  for (auto [bytes, isMapped] : *resolved)
    if (!isMapped)
      swapped.push_back(bytes);
  plans.add(swapped, sideBySide);
  if (curve) {
    plans.addSpread(24, sideBySide);
    setCurve(getOperation(), plans);
  }
  std::vector<Chosen> chosen;
  for (const Budget &budget : *resolved) {
    // Mapped, the first that fits repeats the least work.
    const Variant *used =
        budget.isMapped
            ? &*llvm::find_if(variants,
                              [bytes = budget.bytes](const Variant &variant) {
                                return variant.planner.getMappedBytes() <=
                                       bytes;
                              })
            : &variants[plans.getPlanner(budget.bytes)];
    chosen.push_back({budget, used,
                      budget.isMapped ? used->planner.planMapped()
                                      : plans.getPlans().at(budget.bytes)});
    if (!chosen.back().plan.feasible) {
      main.emitError() << "internal: no plan found for the feasible budget of "
                       << budget.bytes << " bytes";
      return signalPassFailure();
    }
  }
  if (llvm::any_of(budgets, isLadder))
    for (LadderRung &rung : makeLadder(planners, sideBySide)) {
      Budget budget{rung.budget, /*isMapped=*/false};
      if (!llvm::is_contained(*resolved, budget))
        chosen.push_back(
            {budget, &variants[rung.planner], std::move(rung.plan)});
    }
  llvm::sort(chosen, [](const Chosen &a, const Chosen &b) {
    return a.budget < b.budget;
  });
  for (auto [number, entry] : llvm::enumerate(chosen)) {
    const auto &[budget, variant, plan] = entry;
    PlanOp op = buildPlan(variant->function, variant->sequence, index, plan,
                          budget, number);
    setPrediction(op, plan, variant->planner.getProblem(), variant->sequence,
                  symbols);
  }
  if (freeBudget || curve)
    getOperation()->setAttr(
        kFreeBytesAttr,
        Builder(&getContext()).getI64IntegerAttr(plans.findFreeBudget()));
  if (banded)
    banded.erase();
  // What remains of @main is the model's signature.
  main.getBody().getBlocks().clear();
  main.setPrivate();
}
