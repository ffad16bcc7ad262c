//===- FormKernels.cpp - Cuts @main into kernels ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grouping.h"
#include "Outline.h"
#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace swapc {
#define GEN_PASS_DEF_FORMKERNELS
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

/// Inputs of one concatenation: the result and a margin fit into a kernel.
static constexpr size_t kMaxConcatInputs = 48;

/// What a view shows.
static Value getRoot(Value value) {
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
      value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// Outputs are written by kernels, each by its own.
static void copyOutputs(func::FuncOp func) {
  Operation *ret = func.getBody().front().getTerminator();
  OpBuilder b(ret);
  DenseSet<Value> written;
  for (OpOperand &operand : ret->getOpOperands()) {
    Value root = getRoot(operand.get());
    bool computed =
        isa_and_nonnull<linalg::GenericOp, tensor::PadOp, tensor::ConcatOp,
                        linalg::FillOp, swap::CallOp, swap::RoutineOp>(
            root.getDefiningOp());
    if (computed && written.insert(root).second)
      continue;
    ArrayRef<int64_t> shape = getShape(operand.get());
    operand.set(copy(b, ret->getLoc(), operand.get(), shape,
                     b.getMultiDimIdentityMap(shape.size())));
  }
}

/// Concatenates in two steps what one kernel cannot take.
static void splitConcats(func::FuncOp func) {
  SmallVector<tensor::ConcatOp> ops(func.getOps<tensor::ConcatOp>());
  for (tensor::ConcatOp op : ops) {
    SmallVector<Value> values(op.getInputs());
    if (values.size() <= kMaxConcatInputs)
      continue;
    OpBuilder b(op);
    while (values.size() > kMaxConcatInputs) {
      SmallVector<Value> parts;
      for (size_t i = 0; i < values.size(); i += kMaxConcatInputs) {
        auto some = ArrayRef(values).slice(
            i, std::min(kMaxConcatInputs, values.size() - i));
        auto part = tensor::ConcatOp::create(b, op.getLoc(), op.getDim(), some);
        setOrigin(part, op);
        parts.push_back(part);
      }
      values = parts;
    }
    op.getInputsMutable().assign(values);
  }
}

static void eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {

struct FormKernelsPass : swapc::impl::FormKernelsBase<FormKernelsPass> {
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || !llvm::hasSingleElement(main.getBody())) {
      getOperation().emitError("has no function @main of one block");
      return signalPassFailure();
    }
    Block &block = main.getBody().front();
    eraseDead(block);
    copyOutputs(main);
    splitConcats(main);
    Outliner outliner(getOperation());
    for (const Group &group : formGroups(main))
      outliner.outline(group);
    // A call stands at the last operation of its group, which may be after
    // the first reader of another of its results.
    sortTopologically(&block);
    eraseDead(block);
  }
};

} // namespace
