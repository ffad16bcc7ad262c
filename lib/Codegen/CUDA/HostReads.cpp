//===- HostReads.cpp - How kernels read a model input -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostReads.h"

#include "Swap/SwapDialect.h"
#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;

/// A transfer over the bus; runs of neighbours shall not be shorter.
static constexpr int64_t kRunBytes = 64;
/// Elements that come along with one that is read alone.
static constexpr int64_t kAlone = 8;

namespace {
/// Elements [begin, end) of a tensor.
struct ElementRange {
  int64_t begin, end;
};
} // namespace

/// How the offset of the element that `map` names moves with the loops, and
/// where it starts; failure if it does not move evenly.
static LogicalResult getMoves(AffineMap map, ArrayRef<int64_t> shape,
                              SmallVectorImpl<int64_t> &moves, int64_t &start) {
  moves.assign(map.getNumDims(), 0);
  start = 0;
  int64_t stride = 1;
  for (int64_t dim = map.getNumResults() - 1; dim >= 0; --dim) {
    SmallVector<int64_t> flat;
    AffineExpr expr = map.getResult(dim);
    // Coefficients of the loops, of no local variable, and the constant.
    if (!expr.isPureAffine() ||
        failed(getFlattenedAffineExpr(expr, map.getNumDims(), 0, &flat)) ||
        flat.size() != map.getNumDims() + 1)
      return failure();
    for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
      moves[loop] += flat[loop] * stride;
    start += flat.back() * stride;
    stride *= shape[dim];
  }
  return success();
}

/// What an elementwise operation reads through `operand`, if it is each element
/// once, ascending, in runs of some length.
static FailureOr<ElementRange> getOrderedRange(linalg::GenericOp op,
                                               OpOperand &operand) {
  auto type = cast<RankedTensorType>(operand.get().getType());
  SmallVector<int64_t> moves, sizes = op.getStaticLoopRanges();
  int64_t start;
  if (op.getNumReductionLoops() != 0 ||
      failed(getMoves(op.getMatchingIndexingMap(&operand), type.getShape(),
                      moves, start)))
    return failure();
  int64_t next = 1, run = 1, end = start + 1;
  for (int64_t loop = sizes.size() - 1; loop >= 0; --loop) {
    if (sizes[loop] == 1)
      continue;
    if (moves[loop] < next)
      return failure();
    if (moves[loop] == run)
      run *= sizes[loop];
    next = moves[loop] * sizes[loop];
    end += moves[loop] * (sizes[loop] - 1);
  }
  int64_t bits = type.getElementTypeBitWidth();
  if (run < type.getNumElements() && run * bits < kRunBytes * 8)
    return failure();
  return ElementRange{start, end};
}

/// What a kernel reads of an argument, if it is each element once and in order.
static FailureOr<ElementRange> getOrderedRange(BlockArgument argument) {
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type || !argument.hasOneUse())
    return failure();
  OpOperand &use = *argument.use_begin();
  if (auto op = dyn_cast<linalg::GenericOp>(use.getOwner()))
    return getOrderedRange(op, use);
  // Few elements of many, wherever they are.
  auto extract = dyn_cast<tensor::ExtractOp>(use.getOwner());
  auto op = extract ? extract->getParentOfType<linalg::GenericOp>() : nullptr;
  if (!op)
    return failure();
  int64_t reads = 1;
  for (int64_t size : op.getStaticLoopRanges())
    reads *= size;
  if (reads * kAlone > type.getNumElements())
    return failure();
  return ElementRange{0, type.getNumElements()};
}

bool swapc::readsOnce(ArrayRef<OpOperand *> uses, const SymbolTable &symbols) {
  SmallVector<ElementRange> ranges;
  for (OpOperand *use : uses) {
    auto type = cast<RankedTensorType>(use->get().getType());
    if (isa<swap::RowsOp>(use->getOwner())) {
      ranges.push_back({0, type.getNumElements()});
      continue;
    }
    auto call = dyn_cast<swap::CallOp>(use->getOwner());
    auto kernel =
        call ? symbols.lookup<func::FuncOp>(call.getKernel()) : nullptr;
    if (!kernel || kernel.isExternal())
      return false;
    FailureOr<ElementRange> range =
        getOrderedRange(kernel.getArgument(use->getOperandNumber()));
    if (failed(range))
      return false;
    ranges.push_back(*range);
  }
  llvm::sort(ranges, [](const ElementRange &a, const ElementRange &b) {
    return a.begin < b.begin;
  });
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].begin < ranges[i - 1].end)
      return false;
  return true;
}
