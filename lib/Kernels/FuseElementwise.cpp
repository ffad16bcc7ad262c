//===- FuseElementwise.cpp - Elementwise operations and copies --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compose.h"
#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace swapc {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

/// Rounds until nothing changes; a guard, two or three are enough.
static constexpr int kMaxRounds = 8;
/// A fused operation reads at most this many tensors.
static constexpr unsigned kMaxInputs = 16;

/// Copies and casts may be computed again by each consumer.
static bool isCheap(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1)
    return false;
  return llvm::all_of(op.getBody()->without_terminator(), [](Operation &inner) {
    return isa<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp, arith::ExtSIOp,
               arith::ExtUIOp, arith::TruncIOp, arith::UIToFPOp,
               arith::ConstantOp>(inner);
  });
}

/// Whether each element of the operand is read once.
static bool readsOnce(linalg::GenericOp op, OpOperand *operand) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  return map.isPermutation();
}

/// Whether `map` turns around a gather that reads its table along the last
/// loop: vectors of the table would become single elements.
static bool tearsGather(linalg::GenericOp producer, AffineMap map) {
  unsigned last = producer.getNumLoops() - 1;
  if (producer.getNumLoops() == 0 || map.getNumResults() <= last ||
      map.getResult(last) ==
          getAffineDimExpr(map.getNumDims() - 1, map.getContext()))
    return false;
  bool tears = false;
  producer.walk([&](tensor::ExtractOp extract) {
    if (extract.getIndices().empty())
      return;
    auto index = extract.getIndices().back().getDefiningOp<linalg::IndexOp>();
    tears |= index && index.getDim() == last;
  });
  return tears;
}

static bool shouldFuse(linalg::GenericOp producer, OpOperand *operand) {
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!consumer || !consumer.isDpsInput(operand) || !isElementwise(producer) ||
      isContraction(consumer) || consumer->getNumResults() != 1)
    return false;
  if (producer.getNumDpsInputs() + consumer.getNumDpsInputs() > kMaxInputs + 1)
    return false;
  if (consumer.getNumReductionLoops() != 0)
    return readsOnce(consumer, operand) && producer->hasOneUse();
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  if (tearsGather(producer, map))
    return false;
  for (OpOperand *input : producer.getDpsInputOperands())
    if (!fitsLoops(consumer,
                   producer.getMatchingIndexingMap(input).compose(map),
                   getShape(input->get())))
      return false;
  if (isCheap(producer))
    return true;
  if (!producer->hasOneUse())
    return false;
  // Not again for each element that is broadcast.
  return getType(operand->get()).getNumElements() ==
         getType(consumer.getResult(0)).getNumElements();
}

/// Whether the fused operation computes what the consumer does and no more. A
/// loop that only the intermediate result bounds would keep that result alive.
static bool isFusable(OpOperand *operand) {
  return linalg::areElementwiseOpsFusable(operand) &&
         linalg::getPreservedProducerResults(
             operand->get().getDefiningOp<linalg::GenericOp>(),
             cast<linalg::GenericOp>(operand->getOwner()), operand)
             .empty();
}

static bool fuseInto(RewriterBase &rewriter, linalg::GenericOp consumer) {
  for (OpOperand *operand : consumer.getDpsInputOperands()) {
    auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
    if (!producer || !shouldFuse(producer, operand))
      continue;
    if (!producer->hasOneUse()) {
      rewriter.setInsertionPoint(producer);
      operand->set(rewriter.clone(*producer)->getResult(0));
      if (!isFusable(operand)) {
        Operation *clone = operand->get().getDefiningOp();
        operand->set(producer.getResult(0));
        rewriter.eraseOp(clone);
        continue;
      }
    }
    if (!isFusable(operand))
      continue;
    auto last = operand->get().getDefiningOp();
    rewriter.setInsertionPoint(consumer);
    FailureOr<linalg::ElementwiseOpFusionResult> fused =
        linalg::fuseElementwiseOps(rewriter, operand);
    if (failed(fused))
      continue;
    replaceByFused(rewriter, consumer, last, *fused);
    return true;
  }
  return false;
}

namespace {

struct FuseElementwisePass
    : swapc::impl::FuseElementwiseBase<FuseElementwisePass> {
  using FuseElementwiseBase::FuseElementwiseBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(set);
    tensor::EmptyOp::getCanonicalizationPatterns(set, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(set, context);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(set, context);
    linalg::GenericOp::getCanonicalizationPatterns(set, context);
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }

  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (failed(runOnFunction(func)))
        return signalPassFailure();
  }

  LogicalResult runOnFunction(func::FuncOp func) {
    IRRewriter rewriter(func.getContext());
    bool changed = true;
    for (int round = 0; changed && round < kMaxRounds; ++round) {
      changed = false;
      auto forEach = [&](auto action) {
        SmallVector<linalg::GenericOp> ops(func.getOps<linalg::GenericOp>());
        for (linalg::GenericOp op : ops)
          changed |= action(op);
      };
      forEach([&](linalg::GenericOp op) { return sinkExpand(rewriter, op); });
      if (failed(applyPatternsGreedily(func, patterns)))
        return failure();
      forEach([](linalg::GenericOp op) { return foldUnitReshapes(op); });
      changed |= fuseAll(rewriter, func);
      forEach([](linalg::GenericOp op) {
        return isContraction(op) && foldCopiesIntoContraction(op);
      });
      if (failed(applyPatternsGreedily(func, patterns)))
        return failure();
    }
    return success();
  }

  /// From the last operation to the first: a chain ends up in its last one.
  bool fuseAll(RewriterBase &rewriter, func::FuncOp func) {
    bool changed = false;
    Operation *next = &func.getBody().front().back();
    while (next) {
      auto op = dyn_cast<linalg::GenericOp>(next);
      if (!op) {
        next = next->getPrevNode();
        continue;
      }
      // The fused operation stands where the consumer stood.
      Operation *after = next->getNextNode();
      if (fuseInto(rewriter, op)) {
        changed = true;
        next = after->getPrevNode();
      } else {
        next = next->getPrevNode();
      }
    }
    return changed;
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
