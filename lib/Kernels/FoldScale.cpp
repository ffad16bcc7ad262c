//===- FoldScale.cpp - Scales into weights ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Only a scale that comes from parameters and has one value for each output
// channel is folded: it can then be multiplied into the weights of the
// contraction before, while the blob is written. What is added, the bias and
// what is left of a batch norm, becomes one parameter as well.
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace swapc {
#define GEN_PASS_DEF_FOLDSCALE
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

namespace {

/// x * scale + shift, where each step takes one more operand of parameters.
class AffineChain {
public:
  AffineChain(linalg::GenericOp op, OpOperand *operand)
      : op(op), operand(operand) {}

  /// Follows the result of the contraction through the body.
  bool match() {
    auto contraction = operand->get().getDefiningOp<linalg::GenericOp>();
    if (!contraction || !isContraction(contraction) ||
        !contraction->hasOneUse() || !isElementwise(op) ||
        !op.getMatchingIndexingMap(operand).isIdentity() ||
        !contraction.getMatchingIndexingMap(contraction.getDpsInitOperand(0))
             .isProjectedPermutation() ||
        !getRhs(contraction)->get().getDefiningOp<swap::ParamOp>())
      return false;
    Value value = op.getMatchingBlockArgument(operand);
    bool scales = false;
    while (value.hasOneUse()) {
      OpOperand &use = *value.use_begin();
      Operation *step = use.getOwner();
      bool isSub = isa<arith::SubFOp>(step) && use.getOperandNumber() == 0;
      if (!isSub && !isa<arith::MulFOp, arith::AddFOp>(step))
        break;
      Value other = step->getOperand(1 - use.getOperandNumber());
      if (!dependsOnParameters(other))
        break;
      steps.push_back({step, other});
      scales |= isa<arith::MulFOp>(step);
      value = step->getResult(0);
    }
    return scales && findChannel(contraction);
  }

  void fold(OpBuilder &b) {
    auto contraction = operand->get().getDefiningOp<linalg::GenericOp>();
    AffineMap rhsMap = contraction.getMatchingIndexingMap(getRhs(contraction));
    int64_t rank = rhsMap.getNumResults();
    // The scaled weights stand before the contraction, and so must what scales
    // them.
    for (OpOperand *input : inputs)
      if (contraction->isBeforeInBlock(input->get().getDefiningOp()))
        input->get().getDefiningOp()->moveBefore(contraction);
    b.setInsertionPoint(contraction);
    // Weights times scale.
    AffineMap channelOfWeights =
        AffineMap::get(rank, 0, b.getAffineDimExpr(weightDim), b.getContext());
    Value weights = getRhs(contraction)->get();
    Value scaled =
        compute(b, weights, getShape(weights), channelOfWeights,
                [&](OpBuilder &b, IRMapping &mapping, Value weight) {
                  return evaluate(b, mapping, weight, /*shifts=*/false);
                });
    getRhs(contraction)->set(scaled);
    // The shift alone.
    b.setInsertionPoint(op);
    int64_t channels = getShape(weights)[weightDim];
    Value shift = compute(
        b, nullptr, {channels}, b.getMultiDimIdentityMap(1),
        [&](OpBuilder &b, IRMapping &mapping, Value) {
          auto type = cast<FloatType>(steps[0].first->getResult(0).getType());
          Value zero = arith::ConstantOp::create(b, op.getLoc(),
                                                 b.getFloatAttr(type, 0));
          return evaluate(b, mapping, zero, /*shifts=*/true);
        });
    rebuild(b, shift);
  }

private:
  bool dependsOnParameters(Value value) {
    if (auto arg = dyn_cast<BlockArgument>(value)) {
      if (arg.getOwner() != op.getBody() ||
          arg.getArgNumber() >= op.getNumDpsInputs())
        return false;
      OpOperand *input = op.getDpsInputOperand(arg.getArgNumber());
      if (!input->get().getDefiningOp<swap::ParamOp>())
        return false;
      inputs.insert(input);
      return true;
    }
    Operation *def = value.getDefiningOp();
    if (def->getBlock() != op.getBody())
      return matchPattern(value, m_Constant());
    return isa<arith::ArithDialect, math::MathDialect>(def->getDialect()) &&
           llvm::all_of(def->getOperands(), [&](Value operand) {
             return dependsOnParameters(operand);
           });
  }

  /// All parameters are indexed by the one loop that is the output channel.
  bool findChannel(linalg::GenericOp contraction) {
    std::optional<unsigned> channel;
    for (OpOperand *input : inputs) {
      AffineMap map = op.getMatchingIndexingMap(input);
      auto dim = map.getNumResults() == 1
                     ? dyn_cast<AffineDimExpr>(map.getResult(0))
                     : nullptr;
      if (!dim || (channel && *channel != dim.getPosition()) ||
          !cast<RankedTensorType>(input->get().getType())
               .getElementType()
               .isF32())
        return false;
      channel = dim.getPosition();
    }
    if (!channel ||
        !getType(getRhs(contraction)->get()).getElementType().isF32())
      return false;
    outputDim = *channel;
    AffineExpr loop =
        contraction.getMatchingIndexingMap(contraction.getDpsInitOperand(0))
            .getResult(outputDim);
    AffineMap rhsMap = contraction.getMatchingIndexingMap(getRhs(contraction));
    for (auto [index, expr] : llvm::enumerate(rhsMap.getResults()))
      if (expr == loop) {
        weightDim = index;
        return true;
      }
    return false;
  }

  /// The steps on `value`: only the products, or all.
  Value evaluate(OpBuilder &b, IRMapping &mapping, Value value, bool shifts) {
    for (auto [step, other] : steps) {
      bool isMul = isa<arith::MulFOp>(step);
      if (!isMul && !shifts)
        continue;
      Value operand = cloneTree(b, mapping, other);
      Location loc = step->getLoc();
      value = isMul ? Value(arith::MulFOp::create(b, loc, value, operand))
              : isa<arith::SubFOp>(step)
                  ? Value(arith::SubFOp::create(b, loc, value, operand))
                  : Value(arith::AddFOp::create(b, loc, value, operand));
    }
    return value;
  }

  /// An elementwise operation on `first` and the parameters of the steps.
  Value compute(OpBuilder &b, Value first, ArrayRef<int64_t> shape,
                AffineMap channel,
                function_ref<Value(OpBuilder &, IRMapping &, Value)> body) {
    SmallVector<Value> values;
    SmallVector<AffineMap> maps;
    AffineMap identity = b.getMultiDimIdentityMap(shape.size());
    if (first) {
      values.push_back(first);
      maps.push_back(identity);
    }
    for (OpOperand *input : inputs) {
      values.push_back(input->get());
      maps.push_back(channel);
    }
    maps.push_back(identity);
    Value empty =
        tensor::EmptyOp::create(b, op.getLoc(), shape, b.getF32Type());
    SmallVector<utils::IteratorType> kinds(shape.size(),
                                           utils::IteratorType::parallel);
    return linalg::GenericOp::create(
               b, op.getLoc(), empty.getType(), values, empty, maps, kinds,
               [&](OpBuilder &b, Location loc, ValueRange args) {
                 IRMapping mapping;
                 for (auto [index, input] : llvm::enumerate(inputs))
                   mapping.map(op.getMatchingBlockArgument(input),
                               args[index + (first ? 1 : 0)]);
                 linalg::YieldOp::create(b, loc, body(b, mapping, args[0]));
               })
        .getResult(0);
  }

  /// The operation with x + shift in place of the steps.
  void rebuild(OpBuilder &b, Value shift) {
    int64_t rank = op.getNumLoops();
    SmallVector<Value> values(op.getDpsInputs());
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    values.push_back(shift);
    maps.insert(
        maps.end() - 1,
        AffineMap::get(rank, 0, b.getAffineDimExpr(outputDim), b.getContext()));
    auto result = linalg::GenericOp::create(
        b, op.getLoc(), op->getResultTypes(), values, op.getDpsInits(), maps,
        op.getIteratorTypesArray());
    setOrigin(result, op);
    result.getRegion().takeBody(op.getRegion());
    Block *body = result.getBody();
    Value added = body->insertArgument(body->getNumArguments() - 1,
                                       b.getF32Type(), op.getLoc());
    Value x = body->getArgument(operand->getOperandNumber());
    Operation *last = steps.back().first;
    b.setInsertionPoint(last);
    Value sum = arith::AddFOp::create(b, op.getLoc(), x, added);
    last->getResult(0).replaceAllUsesWith(sum);
    for (auto &[step, other] : llvm::reverse(steps))
      step->erase();
    op.getResult(0).replaceAllUsesWith(result.getResult(0));
    op.erase();
  }

  linalg::GenericOp op;
  OpOperand *operand;
  SmallVector<std::pair<Operation *, Value>> steps;
  llvm::SmallSetVector<OpOperand *, 4> inputs;
  unsigned outputDim = 0, weightDim = 0;
};

struct FoldScalePass : swapc::impl::FoldScaleBase<FoldScalePass> {
  using FoldScaleBase::FoldScaleBase;

  void runOnOperation() override {
    OpBuilder b(&getContext());
    for (auto func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<linalg::GenericOp> ops(func.getOps<linalg::GenericOp>());
      for (linalg::GenericOp op : ops)
        for (OpOperand *operand : op.getDpsInputOperands()) {
          AffineChain chain(op, operand);
          if (!chain.match())
            continue;
          chain.fold(b);
          break;
        }
    }
  }
};

} // namespace
