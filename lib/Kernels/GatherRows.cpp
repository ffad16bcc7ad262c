//===- GatherRows.cpp - Rows of large tables --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/IR/PatternMatch.h"

namespace swapc {
#define GEN_PASS_DEF_GATHERROWS
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

/// Smaller tables are read whole.
static constexpr int64_t kMinTableBytes = 64 * 1024;
/// A table is worth it when it is this many times larger than the rows.
static constexpr int64_t kMinRatio = 4;

/// The input of `op` that `index` is computed from, wrapping aside; null if it
/// depends on anything else.
static OpOperand *findIndexInput(linalg::GenericOp op, Value index) {
  OpOperand *found = nullptr;
  SmallVector<Value> todo{index};
  while (!todo.empty()) {
    Value value = todo.pop_back_val();
    if (auto arg = dyn_cast<BlockArgument>(value)) {
      if (arg.getOwner() != op.getBody() ||
          arg.getArgNumber() >= op.getNumDpsInputs())
        return nullptr;
      OpOperand *input = op.getDpsInputOperand(arg.getArgNumber());
      if (found && found != input)
        return nullptr;
      found = input;
      continue;
    }
    // Negative indices count from the end: x < 0 ? x + size : x. Whatever
    // else is computed is not an index as it came.
    Operation *def = value.getDefiningOp();
    if (isa<arith::ConstantOp>(def))
      continue;
    if (!isa<arith::IndexCastOp, arith::AddIOp, arith::SelectOp, arith::CmpIOp>(
            def))
      return nullptr;
    if (isa<arith::AddIOp>(def) &&
        !llvm::any_of(def->getUsers(), [](Operation *user) {
          return isa<arith::SelectOp>(user);
        }))
      return nullptr;
    llvm::append_range(todo, def->getOperands());
  }
  return found;
}

static bool convertGather(RewriterBase &rewriter, linalg::GenericOp op) {
  if (!isElementwise(op) || op.getNumDpsInputs() != 1)
    return false;
  auto extract = op.getBody()
                     ->getTerminator()
                     ->getOperand(0)
                     .getDefiningOp<tensor::ExtractOp>();
  if (!extract || extract.getIndices().size() != 2)
    return false;
  auto table = extract.getTensor().getDefiningOp<swap::ParamOp>();
  auto column = extract.getIndices()[1].getDefiningOp<linalg::IndexOp>();
  unsigned last = op.getNumLoops() - 1;
  if (!table || !column || column.getDim() != last)
    return false;
  OpOperand *input = findIndexInput(op, extract.getIndices()[0]);
  Value result = op.getResult(0);
  if (!input || getBytes(table) < kMinTableBytes ||
      getBytes(table) <= kMinRatio * getBytes(result) ||
      getShape(result).back() != getShape(table)[1])
    return false;
  // The indices in the order of the result's rows.
  AffineMap map = op.getMatchingIndexingMap(input);
  int64_t count = getType(input->get()).getNumElements();
  if (count * getShape(table)[1] != getType(result).getNumElements() ||
      !map.isProjectedPermutation(/*allowZeroInResults=*/true))
    return false;
  int64_t previous = -1;
  for (AffineExpr expr : map.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      if (dim.getPosition() == last ||
          static_cast<int64_t>(dim.getPosition()) <= previous)
        return false;
      previous = dim.getPosition();
    }
  rewriter.setInsertionPoint(op);
  Value indices = reshape(rewriter, op.getLoc(), input->get(), {count});
  auto type = RankedTensorType::get({count, getShape(table)[1]},
                                    getType(result).getElementType());
  auto rows = swap::RowsOp::create(rewriter, op.getLoc(), type, table, indices);
  setOrigin(rows, op);
  rewriter.replaceOp(op,
                     reshape(rewriter, op.getLoc(), rows, getShape(result)));
  return true;
}

namespace {

struct GatherRowsPass : swapc::impl::GatherRowsBase<GatherRowsPass> {
  using GatherRowsBase::GatherRowsBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<linalg::GenericOp> ops(func.getOps<linalg::GenericOp>());
      for (linalg::GenericOp op : ops)
        convertGather(rewriter, op);
    }
  }
};

} // namespace
