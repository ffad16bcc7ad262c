//===- SwapPlan.cpp - One swap.plan for each budget -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sequence.h"
#include "UnitIndex.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Partition/Passes.h"
#include "swapc/Partition/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace swapc {
#define GEN_PASS_DEF_SWAPPLAN
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

// Estimates where nothing was measured.
static constexpr double kFlopsPerSecond = 80e9; // of one thread
static constexpr double kBytesPerSecond = 15e9;

namespace {

struct SwapPlanPass : public swapc::impl::SwapPlanBase<SwapPlanPass> {
  using SwapPlanBase::SwapPlanBase;
  void runOnOperation() override;

private:
  LogicalResult checkOptions(func::FuncOp main);
  FailureOr<PlanProblem> buildProblem(const Sequence &sequence,
                                      const SymbolTable &symbols,
                                      const UnitIndex &index);
  LogicalResult addCall(PlanStep &step, CallOp call, const SymbolTable &symbols,
                        const UnitIndex &index);
  double getRowsSeconds(RowsOp rows, const PlanLink &link);
  FailureOr<SmallVector<int64_t>> resolveBudgets(func::FuncOp main,
                                                 const Planner &planner,
                                                 const Sequence &sequence,
                                                 const SymbolTable &symbols);
  void buildPlan(func::FuncOp main, const Sequence &sequence,
                 const UnitIndex &index, const MemoryPlan &plan, int64_t budget,
                 int number);
};

} // namespace

LogicalResult SwapPlanPass::checkOptions(func::FuncOp main) {
  for (auto [name, value, most] :
       {std::tuple<StringRef, int64_t, int64_t>{"threads", threads, 4096},
        {"depth", depth, 16},
        {"link-mb-per-s", linkMBps, 1'000'000'000}})
    if (value < 1 || value > most)
      return main.emitError() << "option " << name << " is " << value
                              << ", not between 1 and " << most;
  return success();
}

/// The units that a call needs and an estimate of its time.
LogicalResult SwapPlanPass::addCall(PlanStep &step, CallOp call,
                                    const SymbolTable &symbols,
                                    const UnitIndex &index) {
  ScheduleAttr schedule = getSchedule(call, symbols);
  PanelRange range = getPanelRange(call, schedule);
  double share = static_cast<double>(range.end - range.begin) /
                 std::max<int64_t>(1, schedule.getPanels());
  double bytes = 0;
  for (Value operand : call.getInputs()) {
    ParamOp param = getParam(operand);
    auto type = cast<RankedTensorType>(operand.getType());
    bytes += getStorageBytes(type) * (getPanels(type) ? share : 1);
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
  }
  for (Type type : call.getResultTypes())
    bytes += getStorageBytes(cast<RankedTensorType>(type)) * share;
  step.seconds = schedule.getFlops() * share / (kFlopsPerSecond * threads) +
                 bytes / kBytesPerSecond;
  return success();
}

double SwapPlanPass::getRowsSeconds(RowsOp rows, const PlanLink &link) {
  auto type = cast<RankedTensorType>(rows.getResult().getType());
  double reads = std::ceil(static_cast<double>(type.getDimSize(0)) / depth);
  return reads * link.latency + getStorageBytes(type) / link.bytesPerSecond;
}

FailureOr<PlanProblem> SwapPlanPass::buildProblem(const Sequence &sequence,
                                                  const SymbolTable &symbols,
                                                  const UnitIndex &index) {
  PlanProblem problem;
  problem.buffers = sequence.buffers;
  problem.scratchBytes = sequence.scratchStride * threads;
  problem.depth = depth;
  problem.link.bytesPerSecond = linkMBps * 1e6;
  for (UnitOp unit : index.getUnits()) {
    PlanUnit planUnit;
    planUnit.bytes = unit.getLength();
    planUnit.table = unit.getRowBytes() > 0;
    planUnit.duplicate = planUnit.table && index.isRepeated(unit);
    problem.units.push_back(planUnit);
  }
  int group = -1;
  for (Operation *op : sequence.steps) {
    PlanStep step;
    // The pieces of a call follow each other.
    auto piece = dyn_cast<CallOp>(op);
    if (!piece || piece.getBegin().value_or(0) == 0)
      ++group;
    step.group = group;
    if (auto call = dyn_cast<CallOp>(op)) {
      if (failed(addCall(step, call, symbols, index)))
        return failure();
    } else {
      step.seconds = getRowsSeconds(cast<RowsOp>(op), problem.link);
    }
    problem.steps.push_back(step);
  }
  return problem;
}

FailureOr<SmallVector<int64_t>>
SwapPlanPass::resolveBudgets(func::FuncOp main, const Planner &planner,
                             const Sequence &sequence,
                             const SymbolTable &symbols) {
  Builder builder(main);
  Operation *worst = planner.getMinStep() >= 0
                         ? sequence.steps[planner.getMinStep()]
                         : nullptr;
  auto call = dyn_cast_or_null<CallOp>(worst);
  StringRef kernel = call ? call.getKernel() : worst ? "swap.rows" : "";
  StringRef node = worst ? getOrigin(worst, symbols) : "";
  int64_t weightBytes = 0;
  for (const PlanUnit &unit : planner.getProblem().units)
    weightBytes += unit.duplicate ? 0 : unit.bytes;
  ModuleOp module = getOperation();
  module->setAttr(kWeightBytesAttr, builder.getI64IntegerAttr(weightBytes));
  module->setAttr(kModelBytesAttr,
                  builder.getI64IntegerAttr(planner.getModelBytes()));
  module->setAttr(kMinBytesAttr,
                  builder.getI64IntegerAttr(planner.getMinBytes()));
  module->setAttr(kActivationBytesAttr,
                  builder.getI64IntegerAttr(planner.getBuffers().bytes));
  module->setAttr(kMinKernelAttr, builder.getStringAttr(kernel));
  module->setAttr(kMinNodeAttr, builder.getStringAttr(node));

  SmallVector<int64_t> resolved;
  SmallVector<std::string> texts(budgets.begin(), budgets.end());
  if (texts.empty())
    texts.push_back("max");
  for (const std::string &text : texts) {
    llvm::Expected<BudgetSpec> spec = BudgetSpec::parse(text);
    if (!spec)
      return main.emitError() << "budget: " << llvm::toString(spec.takeError());
    int64_t bytes =
        spec->resolve(planner.getModelBytes(), planner.getMinBytes());
    if (bytes < planner.getMinBytes()) {
      InFlightDiagnostic error = emitError(UnknownLoc::get(&getContext()));
      error << "budget " << formatSize(bytes)
            << " is too small: the smallest feasible budget is "
            << formatSize(planner.getMinBytes()) << " ("
            << planner.getMinBytes() << " bytes), set by kernel '" << kernel
            << "'";
      if (!node.empty())
        error << " (node '" << node << "')";
      return error;
    }
    resolved.push_back(bytes);
  }
  llvm::sort(resolved);
  resolved.erase(llvm::unique(resolved), resolved.end());
  return resolved;
}

void SwapPlanPass::buildPlan(func::FuncOp main, const Sequence &sequence,
                             const UnitIndex &index, const MemoryPlan &plan,
                             int64_t budget, int number) {
  OpBuilder builder(main);
  SmallVector<Attribute> resident;
  for (auto [unit, stays] : llvm::enumerate(plan.resident))
    if (stays)
      resident.push_back(
          FlatSymbolRefAttr::get(index.getUnit(unit).getSymNameAttr()));
  auto op = PlanOp::create(
      builder, main.getLoc(), ("plan_" + Twine(number)).str(), budget, threads,
      builder.getArrayAttr(resident), plan.arena, plan.peak, plan.scratchOffset,
      sequence.scratchStride, builder.getDenseI64ArrayAttr(plan.slots));
  auto ms = [&](double seconds) {
    return builder.getF64FloatAttr(seconds * 1e3);
  };
  op->setAttr(
      kPredictedAttr,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("compute_ms", ms(plan.computeSeconds)),
           builder.getNamedAttr("resident_bytes",
                                builder.getI64IntegerAttr(plan.residentBytes)),
           builder.getNamedAttr("stream_ms", ms(plan.streamSeconds)),
           builder.getNamedAttr("streamed_bytes",
                                builder.getI64IntegerAttr(plan.streamedBytes)),
           builder.getNamedAttr("time_ms", ms(plan.seconds))}));

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
      if (plan.actions[next].kind == PlanAction::In)
        tokens[unit] = InOp::create(builder, loc, tokenType, /*started=*/false,
                                    /*ahead=*/false,
                                    index.getUnit(unit).getSymName());
      else if (plan.actions[next].kind == PlanAction::Wait)
        WaitOp::create(builder, loc, tokens[unit]);
      else
        OutOp::create(builder, loc, tokens[unit]);
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
  FailureOr<Sequence> sequence = Sequence::analyze(main.front(), symbols);
  if (failed(sequence))
    return signalPassFailure();
  FailureOr<PlanProblem> problem = buildProblem(*sequence, symbols, index);
  if (failed(problem))
    return signalPassFailure();
  Planner planner(std::move(*problem));
  auto resolved = resolveBudgets(main, planner, *sequence, symbols);
  if (failed(resolved))
    return signalPassFailure();
  for (auto [number, budget] : llvm::enumerate(*resolved)) {
    MemoryPlan plan = planner.plan(budget);
    if (!plan.feasible) {
      main.emitError() << "internal: no plan found for the feasible budget of "
                       << budget << " bytes";
      return signalPassFailure();
    }
    buildPlan(main, *sequence, index, plan, budget, number);
  }
  // What remains of @main is the model's signature.
  main.getBody().getBlocks().clear();
  main.setPrivate();
}
