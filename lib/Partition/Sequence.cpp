//===- Sequence.cpp - Calls in order and their memory -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sequence.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

Value swapc::stripViews(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

Value swapc::getStorageRoot(Value value) {
  for (;;) {
    value = stripViews(value);
    auto call = value.getDefiningOp<CallOp>();
    if (!call || call.getInit().empty())
      return value;
    value = call.getInit()[cast<OpResult>(value).getResultNumber()];
  }
}

Value Sequence::getRoot(Value value) const {
  Value root = stripViews(value);
  SmallVector<Value> passed;
  for (;;) {
    auto known = knownRoots.find(root);
    if (known != knownRoots.end()) {
      root = known->second;
      break;
    }
    auto call = root.getDefiningOp<CallOp>();
    if (!call || call.getInit().empty())
      break;
    passed.push_back(root);
    root = stripViews(call.getInit()[cast<OpResult>(root).getResultNumber()]);
  }
  for (Value each : passed)
    knownRoots[each] = root;
  return root;
}

bool swapc::isContiguous(tensor::ConcatOp concat) {
  ArrayRef<int64_t> shape = concat.getResultType().getShape();
  return llvm::all_of(shape.take_front(concat.getDim()),
                      [](int64_t size) { return size == 1; });
}

ParamOp swapc::getParam(Value value) {
  return stripViews(value).getDefiningOp<ParamOp>();
}

ScheduleAttr swapc::getSchedule(CallOp call, const SymbolTable &symbols) {
  auto kernel = symbols.lookup<func::FuncOp>(call.getKernel());
  auto schedule =
      kernel ? kernel->getAttrOfType<ScheduleAttr>(SwapDialect::kScheduleAttr)
             : ScheduleAttr();
  if (!schedule)
    call.emitOpError() << "calls a kernel without a "
                       << SwapDialect::kScheduleAttr
                       << ": schedule kernels first";
  return schedule;
}

PanelRange swapc::getPanelRange(CallOp call, ScheduleAttr schedule) {
  if (call.getBegin())
    return {static_cast<int64_t>(*call.getBegin()),
            static_cast<int64_t>(*call.getEnd())};
  return {0, schedule.getPanels()};
}

ByteRange swapc::getWrittenBytes(CallOp call, unsigned result,
                                 const SymbolTable &symbols) {
  auto type = cast<RankedTensorType>(call.getResult(result).getType());
  if (!call.getFirstTile())
    return {0, getStorageBytes(type)};
  auto kernel = symbols.lookup<func::FuncOp>(call.getKernel());
  return getWrittenBytes(
      kernel->getAttrOfType<ScheduleAttr>(SwapDialect::kScheduleAttr),
      kernel->getAttrOfType<FootprintAttr>(SwapDialect::kFootprintAttr), type,
      *call.getFirstTile(), *call.getLastTile());
}

bool swapc::readsOnce(func::FuncOp kernel, unsigned operand,
                      int64_t unitBytes) {
  constexpr int64_t kSmall = 64;
  auto type = cast<RankedTensorType>(kernel.getArgumentTypes()[operand]);
  if (!getPanels(type))
    return kSmall * getStorageBytes(type) <= unitBytes;
  auto once =
      kernel->getAttrOfType<DenseI64ArrayAttr>(SwapDialect::kReadOnceAttr);
  return once && llvm::is_contained(once.asArrayRef(), operand);
}

StringRef swapc::getKernelName(Operation *op) {
  if (auto call = dyn_cast<CallOp>(op))
    return call.getKernel();
  if (auto launch = dyn_cast<LaunchOp>(op))
    return launch.getKernel();
  return "swap.rows";
}

StringRef swapc::getOrigin(Operation *op, const SymbolTable &symbols) {
  if (auto origin = op->getAttrOfType<StringAttr>(SwapDialect::kOriginAttr))
    return origin.getValue();
  if (auto kernel = symbols.lookup<func::FuncOp>(getKernelName(op)))
    if (auto origin =
            kernel->getAttrOfType<StringAttr>(SwapDialect::kOriginAttr))
      return origin.getValue();
  return "";
}

/// The parts of an output that is a concatenation follow each other in it.
static LogicalResult findParts(Sequence &sequence, tensor::ConcatOp concat,
                               int output) {
  if (!isContiguous(concat))
    return concat.emitOpError("has parts that are not contiguous in it: a "
                              "kernel is missing");
  int64_t offset = 0;
  for (Value input : concat.getInputs()) {
    Value root = getStorageRoot(input);
    if (!isa_and_nonnull<CallOp, RowsOp>(root.getDefiningOp()) ||
        !sequence.partOf.try_emplace(root, Sequence::Part{output, offset})
             .second)
      return concat.emitOpError(
          "has a part without storage of its own: a copy is missing");
    offset += getStorageBytes(cast<RankedTensorType>(input.getType()));
  }
  return success();
}

/// Takes note of where the model's outputs are: each is the result of a call,
/// or parts that are, written straight into the caller's memory.
static LogicalResult findOutputs(Sequence &sequence, Operation *terminator) {
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    Value root = getStorageRoot(value);
    auto concat = root.getDefiningOp<tensor::ConcatOp>();
    if (concat && failed(findParts(sequence, concat, index)))
      return failure();
    if (!isa_and_nonnull<CallOp, RowsOp, tensor::ConcatOp>(
            root.getDefiningOp()))
      return terminator->emitOpError()
             << "output " << index
             << " is not computed by any call: a copy is missing";
    if (!sequence.outputOf.try_emplace(root, index).second)
      return terminator->emitOpError()
             << "outputs " << sequence.outputOf[root] << " and " << index
             << " share storage: a copy is missing";
  }
  for (auto [index, value] : llvm::enumerate(terminator->getOperands()))
    if (sequence.partOf.contains(getStorageRoot(value)))
      return terminator->emitOpError()
             << "output " << index
             << " is a part of another: a copy is missing";
  return success();
}

FailureOr<Sequence> Sequence::analyze(Block &block,
                                      const SymbolTable &symbols) {
  Sequence sequence;
  Operation *terminator = block.getTerminator();
  if (failed(findOutputs(sequence, terminator)))
    return failure();
  auto touch = [&](Value value, int step, ByteRange written = {}) {
    Value root = sequence.getRoot(value);
    if (isa<BlockArgument>(root) || root.getDefiningOp<ParamOp>() ||
        sequence.outputOf.contains(root) || sequence.partOf.contains(root))
      return;
    auto [entry, isNew] =
        sequence.bufferOf.try_emplace(root, sequence.roots.size());
    if (isNew) {
      sequence.roots.push_back(root);
      sequence.buffers.push_back({0, step, step});
      sequence.windows.push_back({});
    }
    PlanBuffer &buffer = sequence.buffers[entry->second];
    ByteRange &window = sequence.windows[entry->second];
    buffer.last = step;
    window = window.unite(written);
    window.begin = window.begin / kBufferAlign * kBufferAlign;
    buffer.bytes = window.size();
  };
  for (Operation &op : block.without_terminator()) {
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, ParamOp, InOp,
            WaitOp, OutOp>(op))
      continue;
    if (isa<tensor::ConcatOp>(op) &&
        sequence.outputOf.contains(op.getResult(0)))
      continue;
    if (!isa<CallOp, RowsOp>(op))
      return op.emitOpError("is not a call: outline kernels first");
    int step = sequence.steps.size();
    sequence.steps.push_back(&op);
    if (auto call = dyn_cast<CallOp>(op)) {
      ScheduleAttr schedule = getSchedule(call, symbols);
      if (!schedule)
        return failure();
      sequence.scratchStride = std::max(
          sequence.scratchStride, roundUp(schedule.getScratch(), kBufferAlign));
    } else if (!getParam(cast<RowsOp>(op).getTable())) {
      return op.emitOpError("table is not a swap.param");
    }
    for (Value operand : op.getOperands())
      touch(operand, step);
    for (OpResult result : op.getResults()) {
      auto call = dyn_cast<CallOp>(op);
      int64_t bytes = getStorageBytes(cast<RankedTensorType>(result.getType()));
      touch(result, step,
            call ? getWrittenBytes(call, result.getResultNumber(), symbols)
                 : ByteRange{0, bytes});
    }
  }
  return sequence;
}
