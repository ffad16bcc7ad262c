//===- AssignMemory.cpp - Fixed addresses for every operand -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sequence.h"
#include "UnitIndex.h"
#include "swapc/Partition/Passes.h"
#include "swapc/Partition/Plan.h"

#include "mlir/IR/Builders.h"

namespace swapc {
#define GEN_PASS_DEF_ASSIGNMEMORY
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

namespace {

/// Gives every value of a plan its place, then replaces the calls.
class MemoryAssigner {
public:
  MemoryAssigner(PlanOp plan, const SymbolTable &symbols,
                 const UnitIndex &index)
      : plan(plan), symbols(symbols), index(index), builder(plan.getContext()) {
  }
  LogicalResult run();

private:
  PlaceAttr getPlace(Value value);
  /// The place of an operand of a call of `range`; null with an error if none.
  PlaceAttr getOperandPlace(Operation *op, Value operand, PanelRange range);
  LogicalResult lower(CallOp call);
  LogicalResult lower(RowsOp rows);
  bool continues(LaunchOp before, LaunchOp launch);
  void joinLaunches();
  void addLiveBytes();

  PlanOp plan;
  const SymbolTable &symbols;
  const UnitIndex &index;
  OpBuilder builder;
  Sequence sequence;
  BufferLayout layout;
};

struct AssignMemoryPass
    : public swapc::impl::AssignMemoryBase<AssignMemoryPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    UnitIndex index(getOperation());
    for (PlanOp plan : getOperation().getOps<PlanOp>())
      if (failed(MemoryAssigner(plan, symbols, index).run()))
        return signalPassFailure();
  }
};

} // namespace

PlaceAttr MemoryAssigner::getPlace(Value value) {
  Value root = sequence.getRoot(value);
  MLIRContext *context = plan.getContext();
  if (auto argument = dyn_cast<BlockArgument>(root))
    return PlaceAttr::get(context, Space::Input, argument.getArgNumber(), 0);
  auto output = sequence.outputOf.find(root);
  if (output != sequence.outputOf.end())
    return PlaceAttr::get(context, Space::Output, output->second, 0);
  auto part = sequence.partOf.find(root);
  if (part != sequence.partOf.end())
    return PlaceAttr::get(context, Space::Output, part->second.output,
                          part->second.offset);
  int buffer = sequence.bufferOf.lookup(root);
  // Kernels address what exists in part as if it existed whole.
  return PlaceAttr::get(context, Space::Arena, 0,
                        layout.offsets[buffer] -
                            sequence.windows[buffer].begin);
}

PlaceAttr MemoryAssigner::getOperandPlace(Operation *op, Value operand,
                                          PanelRange range) {
  ParamOp param = getParam(operand);
  if (!param)
    return getPlace(operand);
  const UnitPiece *piece = index.find(param, range);
  if (!piece) {
    op->emitOpError() << "reads panels " << range.begin << " to " << range.end
                      << " of " << param.getParameterAttr()
                      << ", which no unit holds";
    return {};
  }
  // Kernels count panels from the parameter's first one.
  int64_t first =
      piece->begin * getPanelBytes(cast<RankedTensorType>(param.getType()));
  return PlaceAttr::get(plan.getContext(), Space::Unit, piece->unit,
                        piece->offset - first);
}

LogicalResult MemoryAssigner::lower(CallOp call) {
  PanelRange range = getPanelRange(call, getSchedule(call, symbols));
  SmallVector<Attribute> places;
  for (Value operand : call.getInputs()) {
    PlaceAttr place = getOperandPlace(call, operand, range);
    if (!place)
      return failure();
    places.push_back(place);
  }
  for (Value result : call.getResults())
    places.push_back(getPlace(result));
  builder.setInsertionPoint(call);
  auto launch =
      LaunchOp::create(builder, call.getLoc(), call.getKernelAttr(),
                       builder.getI64IntegerAttr(range.begin),
                       builder.getI64IntegerAttr(range.end),
                       call.getFirstTileAttr(), call.getLastTileAttr(),
                       builder.getArrayAttr(places));
  launch->setDiscardableAttrs(call->getDiscardableAttrDictionary());
  if (call.getFirstTile() && !call.getInit().empty())
    launch->setAttr(SwapDialect::kUpdateAttr, builder.getUnitAttr());
  return success();
}

LogicalResult MemoryAssigner::lower(RowsOp rows) {
  int table = index.findTable(getParam(rows.getTable()));
  if (table < 0)
    return rows.emitOpError("reads a table that no unit holds");
  if (getParam(rows.getIndices()))
    return rows.emitOpError("has a parameter for indices; a copy is missing");
  auto indices = cast<RankedTensorType>(rows.getIndices().getType());
  builder.setInsertionPoint(rows);
  auto fetch =
      FetchOp::create(builder, rows.getLoc(), index.getUnit(table).getSymName(),
                      indices.getElementType(), indices.getNumElements(),
                      getPlace(rows.getIndices()), getPlace(rows.getResult()));
  fetch->setDiscardableAttrs(rows->getDiscardableAttrDictionary());
  return success();
}

/// Whether a launch of a GPU goes on where the one before it ends, with every
/// operand at the same address.
bool MemoryAssigner::continues(LaunchOp before, LaunchOp launch) {
  if (!before || !launch || before.getKernelAttr() != launch.getKernelAttr() ||
      before.getEnd() != launch.getBegin() || before.getFirstTile() ||
      launch.getFirstTile() ||
      !symbols.lookup(launch.getKernel())->hasAttr(SwapDialect::kGpuAttr))
    return false;
  auto stays = [&](PlaceAttr place) {
    auto name = FlatSymbolRefAttr::get(
        index.getUnit(place.getIndex()).getSymNameAttr());
    return llvm::is_contained(plan.getResident(), name);
  };
  ArrayRef<int64_t> slots = *plan.getSlots();
  return llvm::all_of(llvm::zip(before.getOperands().getAsRange<PlaceAttr>(),
                                launch.getOperands().getAsRange<PlaceAttr>()),
                      [&](auto both) {
                        auto [from, to] = both;
                        if (from == to)
                          return true;
                        return from.getSpace() == Space::Unit &&
                               to.getSpace() == Space::Unit && stays(from) &&
                               stays(to) &&
                               slots[from.getIndex()] + from.getOffset() ==
                                   slots[to.getIndex()] + to.getOffset();
                      });
}

/// A GPU takes as long to launch a part of a grid as the whole: parts whose
/// panels lie side by side become one. Steps count anew afterwards.
void MemoryAssigner::joinLaunches() {
  SmallVector<int64_t> starts, joinedStarts;
  if (auto known = plan->getAttrOfType<DenseI64ArrayAttr>(kStartsAttr))
    starts.assign(known.asArrayRef().begin(), known.asArrayRef().end());
  SmallVector<int> steps; // of each old step, the new one
  int count = 0;
  for (Operation &op : llvm::make_early_inc_range(plan.getBody().front())) {
    auto launch = dyn_cast<LaunchOp>(op);
    if (!launch && !isa<FetchOp>(op))
      continue;
    auto before = dyn_cast_or_null<LaunchOp>(op.getPrevNode());
    bool isJoined = continues(before, launch);
    if (!isJoined) {
      if (steps.size() < starts.size())
        joinedStarts.push_back(starts[steps.size()]);
      ++count;
    }
    steps.push_back(count - 1);
    if (!isJoined)
      continue;
    before.setEnd(launch.getEnd());
    auto first = before->getAttrOfType<FloatAttr>(kSecondsAttr);
    auto second = launch->getAttrOfType<FloatAttr>(kSecondsAttr);
    if (first && second)
      before->setAttr(kSecondsAttr,
                      builder.getF64FloatAttr(first.getValueAsDouble() +
                                              second.getValueAsDouble()));
    launch.erase();
  }
  if (!starts.empty())
    plan->setAttr(kStartsAttr, builder.getDenseI64ArrayAttr(joinedStarts));
  for (PlanBuffer &buffer : sequence.buffers) {
    buffer.first = steps[buffer.first];
    buffer.last = steps[buffer.last];
  }
}

/// Notes the bytes in use while each operation runs. A read occupies its slot
/// from its start, one that is read ahead from the plan's beginning on.
void MemoryAssigner::addLiveBytes() {
  auto getPages = [&](StringRef unit) {
    UnitOp unitOp = index.getUnit(index.getNumber(unit));
    return roundUp(unitOp.getLength(), getPageBytes(plan->getParentOp()));
  };
  Block &body = plan.getBody().front();
  int64_t inUse = plan.getScratchStride() * plan.getThreads();
  for (auto symbol : plan.getResident().getAsRange<FlatSymbolRefAttr>())
    inUse += getPages(symbol.getValue());
  for (InOp in : body.getOps<InOp>())
    inUse += in.getStarted() ? getPages(in.getUnit()) : 0;
  SmallVector<int64_t> live;
  int step = 0;
  for (Operation &op : body.without_terminator()) {
    bool isStep = isa<LaunchOp, FetchOp>(op);
    if (auto in = dyn_cast<InOp>(op))
      inUse += in.getStarted() ? 0 : getPages(in.getUnit());
    else if (auto out = dyn_cast<OutOp>(op))
      inUse -= getPages(out.getToken().getDefiningOp<InOp>().getUnit());
    for (const PlanBuffer &buffer : sequence.buffers)
      if (isStep && buffer.first == step)
        inUse += roundUp(buffer.bytes, kBufferAlign);
    live.push_back(inUse);
    for (const PlanBuffer &buffer : sequence.buffers)
      if (isStep && buffer.last == step)
        inUse -= roundUp(buffer.bytes, kBufferAlign);
    step += isStep;
  }
  plan->setAttr(kLiveAttr, builder.getDenseI64ArrayAttr(live));
}

LogicalResult MemoryAssigner::run() {
  Block &body = plan.getBody().front();
  auto analyzed = Sequence::analyze(body, symbols);
  if (failed(analyzed))
    return failure();
  sequence = std::move(*analyzed);
  layout = layoutBuffers(sequence.buffers);
  auto slots = plan.getSlots();
  if (!slots || slots->size() != index.getUnits().size())
    return plan.emitOpError("has no slot for each unit: plan first");
  if (layout.bytes > static_cast<int64_t>(plan.getArena()))
    return plan.emitOpError()
           << "has an arena of " << plan.getArena()
           << " bytes but its activations take " << layout.bytes;

  for (Operation *op : sequence.steps)
    if (failed(isa<CallOp>(op) ? lower(cast<CallOp>(op))
                               : lower(cast<RowsOp>(op))))
      return failure();
  body.getTerminator()->setOperands({});
  // What is left of the dataflow goes, users first.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (!isa<InOp, WaitOp, OutOp, LaunchOp, FetchOp, ReturnOp>(op))
      op.erase();
  body.eraseArguments(0, body.getNumArguments());
  joinLaunches();
  SmallVector<int64_t> buffers;
  for (auto [buffer, offset] : llvm::zip(sequence.buffers, layout.offsets))
    buffers.append({offset, buffer.bytes, buffer.first, buffer.last});
  plan->setAttr(kBuffersAttr, builder.getDenseI64ArrayAttr(buffers));
  addLiveBytes();
  return success();
}
