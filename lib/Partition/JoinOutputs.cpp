//===- JoinOutputs.cpp - Concatenations without a copy ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sequence.h"
#include "swapc/Partition/Passes.h"

#include "mlir/IR/Builders.h"

namespace swapc {
#define GEN_PASS_DEF_JOINOUTPUTS
#include "swapc/Partition/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

/// The one operation of a kernel that concatenates its arguments; null if it
/// does more, or lists them in another order.
static tensor::ConcatOp findConcat(func::FuncOp kernel) {
  if (!kernel || kernel.isExternal() || kernel.getNumResults() != 1)
    return nullptr;
  auto concat = dyn_cast<tensor::ConcatOp>(kernel.front().front());
  if (!concat || concat->getNextNode() != kernel.front().getTerminator() ||
      concat->getNextNode()->getOperand(0) != concat.getResult() ||
      !llvm::equal(concat.getInputs(), kernel.getArguments()))
    return nullptr;
  return concat;
}

namespace {

struct JoinOutputsPass : public swapc::impl::JoinOutputsBase<JoinOutputsPass> {
  using JoinOutputsBase::JoinOutputsBase;
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) {
      getOperation().emitError("has no @main to join outputs of");
      return signalPassFailure();
    }
    SymbolTable symbols(getOperation());
    // Storage that an output has already.
    llvm::DenseSet<Value> taken;
    ValueRange outputs = main.front().getTerminator()->getOperands();
    llvm::DenseMap<Value, int> count;
    for (Value output : outputs) {
      taken.insert(getStorageRoot(output));
      ++count[getStorageRoot(output)];
    }
    for (Value output : llvm::to_vector(outputs)) {
      Value root = getStorageRoot(output);
      auto call = root.getDefiningOp<CallOp>();
      if (call && !call.getBegin() && !call.getFirstTile() && count[root] == 1)
        join(call, findConcat(symbols.lookup<func::FuncOp>(call.getKernel())),
             taken);
    }
  }

  void join(CallOp call, tensor::ConcatOp concat,
            llvm::DenseSet<Value> &taken) {
    if (!concat || !isContiguous(concat))
      return;
    llvm::SmallDenseSet<Value> parts;
    int64_t place = 0;
    for (Value input : call.getInputs()) {
      if (place % alignment != 0)
        return;
      place += getStorageBytes(cast<RankedTensorType>(input.getType()));
      Value root = getStorageRoot(input);
      if (!isa_and_nonnull<CallOp, RowsOp>(root.getDefiningOp()) ||
          taken.contains(root) || !parts.insert(root).second)
        return;
    }
    taken.insert(parts.begin(), parts.end());
    OpBuilder builder(call);
    auto joined = tensor::ConcatOp::create(builder, call.getLoc(),
                                           call.getResult(0).getType(),
                                           concat.getDim(), call.getInputs());
    call.getResult(0).replaceAllUsesWith(joined.getResult());
    call.erase();
  }
};

} // namespace
