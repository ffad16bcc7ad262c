//===- FuseDequantize.cpp - Weights stay integers ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel that reads a quantised weight converts it. A scale that all terms of
// a sum share is multiplied to the sum, so that what is left is a contraction
// of the plain kind.
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "Widening.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace swapc {
#define GEN_PASS_DEF_FUSEDEQUANTIZE
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

/// A fused operation reads at most this many tensors.
static constexpr unsigned kMaxInputs = 16;

//===----------------------------------------------------------------------===//
// Into what reads them
//===----------------------------------------------------------------------===//

/// Fuses one widened weight into `consumer`; the operation that then stands for
/// it, or null.
static linalg::GenericOp fuseOne(RewriterBase &rewriter,
                                 linalg::GenericOp consumer) {
  for (OpOperand *operand : consumer.getDpsInputOperands()) {
    auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
    if (!producer || !isElementwise(producer) ||
        !isWidenedParameter(operand->get()) ||
        producer.getNumDpsInputs() + consumer.getNumDpsInputs() >
            kMaxInputs + 1)
      continue;
    // Each consumer converts for itself.
    Operation *copy = nullptr;
    if (!producer->hasOneUse()) {
      rewriter.setInsertionPoint(consumer);
      copy = rewriter.clone(*producer);
      operand->set(copy->getResult(0));
    }
    Operation *last = operand->get().getDefiningOp();
    rewriter.setInsertionPoint(consumer);
    FailureOr<linalg::ElementwiseOpFusionResult> fused = failure();
    if (linalg::areElementwiseOpsFusable(operand))
      fused = linalg::fuseElementwiseOps(rewriter, operand);
    if (failed(fused)) {
      if (copy) {
        operand->set(producer.getResult(0));
        rewriter.eraseOp(copy);
      }
      continue;
    }
    return replaceByFused(rewriter, consumer, last, *fused);
  }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Scales out of sums
//===----------------------------------------------------------------------===//

namespace {

/// acc + product of factors, some of which are the same for all terms.
class ScaledSum {
public:
  explicit ScaledSum(linalg::GenericOp op) : op(op) {}

  bool match() {
    if (op.getNumReductionLoops() == 0 || op->getNumResults() != 1 ||
        !op.getMatchingIndexingMap(op.getDpsInitOperand(0))
             .isProjectedPermutation())
      return false;
    Block *body = op.getBody();
    add = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
    Value sum = body->getArguments().back();
    if (!add || (add.getLhs() != sum && add.getRhs() != sum))
      return false;
    collect(add.getLhs() == sum ? add.getRhs() : add.getLhs());
    return !outer.empty() && inner.size() == 2;
  }

  void rewrite(RewriterBase &rewriter) {
    Value sum = op.getBody()->getArguments().back();
    rewriter.setInsertionPoint(add);
    Value product =
        arith::MulFOp::create(rewriter, add.getLoc(), inner[0], inner[1]);
    add->setOperands({sum, product});
    rewriter.setInsertionPointAfter(op);
    linalg::GenericOp scaled = multiply(rewriter);
    rewriter.replaceAllUsesExcept(op.getResult(0), scaled.getResult(0), scaled);
    SmallVector<Operation *> body = llvm::map_to_vector(
        op.getBody()->without_terminator(), [](Operation &o) { return &o; });
    for (Operation *inner : llvm::reverse(body))
      if (isOpTriviallyDead(inner))
        rewriter.eraseOp(inner);
  }

private:
  /// The factors of `value`. A product that was rounded to a narrower float on
  /// the way keeps its digits.
  void collect(Value value) {
    if (auto extend = value.getDefiningOp<arith::ExtFOp>())
      if (auto truncate = extend.getIn().getDefiningOp<arith::TruncFOp>())
        if (truncate.getIn().getType() == value.getType())
          return collect(truncate.getIn());
    if (auto product = value.getDefiningOp<arith::MulFOp>()) {
      collect(product.getLhs());
      collect(product.getRhs());
      return;
    }
    (isOuter(value) ? outer : inner).push_back(value);
  }

  /// Whether `value` is the same for all terms of a sum.
  bool isOuter(Value value) {
    if (matchPattern(value, m_Constant()))
      return true;
    if (auto arg = dyn_cast<BlockArgument>(value)) {
      if (arg.getOwner() != op.getBody() ||
          arg.getArgNumber() >= op.getNumDpsInputs())
        return false;
      AffineMap map =
          op.getMatchingIndexingMap(op.getDpsInputOperand(arg.getArgNumber()));
      SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
      for (auto [loop, iterator] : llvm::enumerate(iterators))
        if (iterator == utils::IteratorType::reduction &&
            map.isFunctionOfDim(loop))
          return false;
      return true;
    }
    Operation *def = value.getDefiningOp();
    return def->getBlock() == op.getBody() &&
           isa<arith::ExtFOp, arith::DivFOp>(def) &&
           llvm::all_of(def->getOperands(),
                        [&](Value operand) { return isOuter(operand); });
  }

  /// The sums times the factors that they share.
  linalg::GenericOp multiply(RewriterBase &rewriter) {
    AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    int64_t rank = result.getNumResults();
    // The loops of the sum that are dimensions of the result; the others do not
    // occur in the maps.
    SmallVector<AffineExpr> loops(op.getNumLoops(),
                                  rewriter.getAffineConstantExpr(0));
    for (auto [position, expr] : llvm::enumerate(result.getResults()))
      loops[cast<AffineDimExpr>(expr).getPosition()] =
          rewriter.getAffineDimExpr(position);
    SmallVector<Value> values{op.getResult(0)};
    SmallVector<AffineMap> maps{rewriter.getMultiDimIdentityMap(rank)};
    SmallVector<BlockArgument> args;
    for (OpOperand *input : op.getDpsInputOperands()) {
      BlockArgument arg = op.getMatchingBlockArgument(input);
      if (!isOuter(arg))
        continue;
      args.push_back(arg);
      values.push_back(input->get());
      maps.push_back(op.getMatchingIndexingMap(input).replaceDimsAndSymbols(
          loops, {}, rank, 0));
    }
    maps.push_back(maps.front());
    RankedTensorType type = getType(op.getResult(0));
    Value empty = tensor::EmptyOp::create(
        rewriter, op.getLoc(), type.getShape(), type.getElementType());
    SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
    auto scaled = linalg::GenericOp::create(
        rewriter, op.getLoc(), type, values, empty, maps, kinds,
        [&](OpBuilder &b, Location loc, ValueRange now) {
          IRMapping mapping;
          for (auto [index, arg] : llvm::enumerate(args))
            mapping.map(arg, now[index + 1]);
          Value factor;
          for (Value value : outer) {
            Value next = cloneTree(b, mapping, value);
            factor = factor ? Value(arith::MulFOp::create(b, loc, factor, next))
                            : next;
          }
          Value product = arith::MulFOp::create(b, loc, now[0], factor);
          linalg::YieldOp::create(b, loc, product);
        });
    setOrigin(scaled, op);
    return scaled;
  }

  linalg::GenericOp op;
  arith::AddFOp add;
  SmallVector<Value> outer, inner;
};

/// A sum whose dimensions are cut still starts at a constant.
struct FillShape : OpRewritePattern<tensor::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExpandShapeOp op,
                                PatternRewriter &rewriter) const override {
    auto fill = op.getSrc().getDefiningOp<linalg::FillOp>();
    if (!fill)
      return failure();
    RankedTensorType type = op.getResultType();
    Value empty = tensor::EmptyOp::create(
        rewriter, op.getLoc(), type.getShape(), type.getElementType());
    auto filled = linalg::FillOp::create(rewriter, op.getLoc(),
                                         fill.getInputs()[0], empty);
    setOrigin(filled, fill);
    rewriter.replaceOp(op, filled.getResult(0));
    return success();
  }
};

struct FuseDequantizePass
    : swapc::impl::FuseDequantizeBase<FuseDequantizePass> {
  using FuseDequantizeBase::FuseDequantizeBase;

  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (failed(runOnFunction(func)))
        return signalPassFailure();
  }

  LogicalResult runOnFunction(func::FuncOp func) {
    if (llvm::none_of(func.getOps<linalg::GenericOp>(), isWidening))
      return success();
    if (failed(foldReshapes(func)))
      return failure();
    IRRewriter rewriter(func.getContext());
    fuseAll(rewriter, func);
    // What is fused into a convolution is a second result until here.
    if (failed(cleanUp(func)))
      return failure();
    SmallVector<linalg::GenericOp> ops(func.getOps<linalg::GenericOp>());
    for (linalg::GenericOp op : ops) {
      ScaledSum sum(op);
      if (readsBytes(op) && sum.match())
        sum.rewrite(rewriter);
    }
    return cleanUp(func);
  }

  static bool readsBytes(linalg::GenericOp op) {
    return llvm::any_of(op.getDpsInputs(), [](Value input) {
      return getType(input).getElementType().isInteger(8);
    });
  }

  static LogicalResult cleanUp(func::FuncOp func) {
    RewritePatternSet patterns(func.getContext());
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    return applyPatternsGreedily(func, std::move(patterns));
  }

  /// What stands between a packed weight and what reads it.
  static LogicalResult foldReshapes(func::FuncOp func) {
    RewritePatternSet patterns(func.getContext());
    tensor::populateBubbleUpExpandShapePatterns(patterns);
    linalg::populateFoldReshapeOpsByExpansionPatterns(
        patterns, [](OpOperand *operand) {
          Value source = operand->get();
          if (auto collapse = source.getDefiningOp<tensor::CollapseShapeOp>())
            source = collapse.getSrc();
          return isWidenedParameter(source);
        });
    patterns.add<FillShape>(func.getContext());
    return applyPatternsGreedily(func, std::move(patterns));
  }

  /// From the last operation to the first.
  static void fuseAll(RewriterBase &rewriter, func::FuncOp func) {
    Operation *next = &func.getBody().front().back();
    while (next) {
      auto op = dyn_cast<linalg::GenericOp>(next);
      bool changed = false;
      while (linalg::GenericOp one = op ? fuseOne(rewriter, op) : nullptr) {
        op = one;
        changed = true;
      }
      next = changed ? op->getPrevNode() : next->getPrevNode();
    }
  }
};

} // namespace
