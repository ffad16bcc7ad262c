//===- UpdateInPlace.cpp - Results in the memory of operands ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sequence.h"
#include "swapc/Partition/Passes.h"

#include "mlir/IR/Builders.h"

namespace swapc {
#define GEN_PASS_DEF_UPDATEINPLACE
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

namespace {

class InPlaceUpdater {
public:
  InPlaceUpdater(Block &block, const SymbolTable &symbols, bool outputsApart)
      : block(block), symbols(symbols), outputsApart(outputsApart) {}
  LogicalResult run();

private:
  bool diesAt(Value operand, CallOp call);
  void update(CallOp call, Value operand);
  /// The results that are outputs, or parts of one.
  llvm::DenseSet<Value> findOutputs();

  Block &block;
  const SymbolTable &symbols;
  const bool outputsApart;
  /// The last operation that reads each storage, views left out.
  llvm::DenseMap<Value, Operation *> lastUse;
};

struct UpdateInPlacePass
    : public swapc::impl::UpdateInPlaceBase<UpdateInPlacePass> {
  using UpdateInPlaceBase::UpdateInPlaceBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) {
      getOperation().emitError("has no @main to update in place");
      return signalPassFailure();
    }
    SymbolTable symbols(getOperation());
    if (failed(InPlaceUpdater(main.front(), symbols, outputsApart).run()))
      signalPassFailure();
  }
};

} // namespace

static bool isView(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op);
}

/// The memory of `operand` is the model's own, and `call` reads it last and
/// through this operand only.
bool InPlaceUpdater::diesAt(Value operand, CallOp call) {
  Value root = getStorageRoot(operand);
  if (!isa_and_nonnull<CallOp, RowsOp>(root.getDefiningOp()) ||
      lastUse.lookup(root) != call)
    return false;
  return llvm::count_if(call->getOperands(), [&](Value other) {
           return getStorageRoot(other) == root;
         }) == 1;
}

/// `operand` as the init of `call`, in the shape of its result.
void InPlaceUpdater::update(CallOp call, Value operand) {
  OpBuilder builder(call);
  auto from = cast<RankedTensorType>(operand.getType());
  auto to = cast<RankedTensorType>(call.getResult(0).getType());
  auto all = [](RankedTensorType type) {
    SmallVector<ReassociationIndices> groups(type.getRank() > 0);
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      groups[0].push_back(dim);
    return groups;
  };
  if (from != to) {
    auto flat =
        RankedTensorType::get(from.getNumElements(), from.getElementType());
    if (from.getRank() != 1)
      operand = tensor::CollapseShapeOp::create(builder, call.getLoc(), flat,
                                                operand, all(from));
    if (to.getRank() != 1)
      operand = tensor::ExpandShapeOp::create(builder, call.getLoc(), to,
                                              operand, all(to));
  }
  Value root = getStorageRoot(call.getResult(0));
  call.getInitMutable().assign(operand);
  lastUse[getStorageRoot(operand)] = lastUse.lookup(root);
}

llvm::DenseSet<Value> InPlaceUpdater::findOutputs() {
  llvm::DenseSet<Value> outputs;
  for (Value output : block.getTerminator()->getOperands()) {
    Value root = getStorageRoot(output);
    outputs.insert(root);
    if (auto joined = root.getDefiningOp<tensor::ConcatOp>())
      for (Value part : joined.getInputs())
        outputs.insert(getStorageRoot(part));
  }
  return outputs;
}

LogicalResult InPlaceUpdater::run() {
  llvm::DenseSet<Value> apart;
  if (outputsApart)
    apart = findOutputs();
  for (Operation &op : block)
    if (!isView(&op))
      for (Value operand : op.getOperands()) {
        // What is a part of an output stays.
        Operation *&last = lastUse[getStorageRoot(operand)];
        if (!isa_and_nonnull<tensor::ConcatOp>(last))
          last = &op;
      }
  for (CallOp call : llvm::make_early_inc_range(block.getOps<CallOp>())) {
    ScheduleAttr schedule = getSchedule(call, symbols);
    if (!schedule)
      return failure();
    bool isWhole = !call.getBegin() && !call.getFirstTile();
    if (!isWhole || !call.getInit().empty() || call->getNumResults() != 1 ||
        apart.contains(call.getResult(0)))
      continue;
    auto to = cast<RankedTensorType>(call.getResult(0).getType());
    for (int64_t index : schedule.getInplace()) {
      Value operand = call.getInputs()[index];
      auto from = cast<RankedTensorType>(operand.getType());
      if (from.getElementType() != to.getElementType() ||
          (from != to && (from.getRank() == 0 || to.getRank() == 0)) ||
          !diesAt(operand, call))
        continue;
      update(call, operand);
      break;
    }
  }
  return success();
}
