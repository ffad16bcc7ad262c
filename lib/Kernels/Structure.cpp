//===- Structure.cpp - What an operation of the tensor phase is -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace swapc;

RankedTensorType swapc::getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

ArrayRef<int64_t> swapc::getShape(Value value) {
  return getType(value).getShape();
}

int64_t swapc::getBytes(Value value) {
  return swap::getStorageBytes(getType(value));
}

bool swapc::isElementwise(linalg::GenericOp op) {
  return op->getNumResults() == 1 &&
         op.getNumParallelLoops() == op.getNumLoops() &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity();
}

bool swapc::isCopy(linalg::GenericOp op) {
  if (!isElementwise(op) || op.getNumDpsInputs() != 1)
    return false;
  auto yielded =
      dyn_cast<BlockArgument>(op.getBody()->getTerminator()->getOperand(0));
  return yielded && yielded.getOwner() == op.getBody() &&
         yielded.getArgNumber() == 0;
}

/// `value` before it was widened.
static Value skipExtension(Value value) {
  while (isa_and_nonnull<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp,
                         arith::SIToFPOp, arith::UIToFPOp>(
      value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

bool swapc::isContraction(linalg::GenericOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2 ||
      op->getNumResults() != 1)
    return false;
  Block *body = op.getBody();
  Operation *add = body->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(add))
    return false;
  for (unsigned i : {0, 1}) {
    if (add->getOperand(i) != body->getArgument(2))
      continue;
    Operation *mul = add->getOperand(1 - i).getDefiningOp();
    if (!isa_and_nonnull<arith::MulFOp, arith::MulIOp>(mul))
      return false;
    Value lhs = skipExtension(mul->getOperand(0));
    Value rhs = skipExtension(mul->getOperand(1));
    return lhs != rhs && isa<BlockArgument>(lhs) && isa<BlockArgument>(rhs) &&
           lhs != body->getArgument(2) && rhs != body->getArgument(2);
  }
  return false;
}

bool swapc::isReduction(linalg::GenericOp op) {
  return op.getNumReductionLoops() != 0 && op->getNumResults() == 1 &&
         !isContraction(op);
}

int64_t swapc::getSpatialRank(linalg::GenericOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() == 0 ||
      op->getNumResults() != 1)
    return 0;
  AffineMap input = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  bool contraction = isContraction(op);
  int64_t spatial = 0;
  bool slides = contraction;
  for (unsigned i = 1,
                e = std::min(input.getNumResults(), output.getNumResults());
       i < e; ++i) {
    AffineExpr from = input.getResult(input.getNumResults() - i);
    AffineExpr to = output.getResult(output.getNumResults() - i);
    auto dim = dyn_cast<AffineDimExpr>(to);
    if (!dim || !from.isFunctionOfDim(dim.getPosition()))
      break;
    // A depthwise channel is not spatial: the weight has it too.
    if (contraction && op.getMatchingIndexingMap(getRhs(op))
                           .isFunctionOfDim(dim.getPosition()))
      break;
    if (!contraction && from == to)
      break;
    slides |= from != to;
    ++spatial;
  }
  return slides ? spatial : 0;
}

int64_t swapc::getWindowRank(linalg::GenericOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() == 0 ||
      op->getNumResults() != 1)
    return 0;
  AffineMap input = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  return llvm::count_if(input.getResults(), [](AffineExpr expr) {
    return !isa<AffineDimExpr, AffineConstantExpr>(expr);
  });
}

TypedAttr swapc::getSplat(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    TypedAttr scalar;
    if (matchPattern(fill.getInputs()[0], m_Constant(&scalar)))
      return scalar;
    return nullptr;
  }
  if (auto generic = value.getDefiningOp<linalg::GenericOp>()) {
    TypedAttr scalar;
    if (isElementwise(generic) &&
        matchPattern(generic.getBody()->getTerminator()->getOperand(0),
                     m_Constant(&scalar)))
      return scalar;
    return nullptr;
  }
  DenseElementsAttr elements;
  if (auto param = value.getDefiningOp<swap::ParamOp>()) {
    auto parameter = SymbolTable::lookupNearestSymbolFrom<swap::ParameterOp>(
        param, param.getParameterAttr());
    if (parameter)
      elements = dyn_cast<DenseElementsAttr>(parameter.getSource());
  } else {
    matchPattern(value, m_Constant(&elements));
  }
  if (!elements || !elements.isSplat())
    return nullptr;
  return elements.getSplatValue<TypedAttr>();
}

Value swapc::reshape(OpBuilder &b, Location loc, Value value,
                     ArrayRef<int64_t> shape) {
  RankedTensorType from = getType(value);
  if (from.getShape() == shape)
    return value;
  auto to = RankedTensorType::get(shape, from.getElementType());
  if (from.getRank() == 0 || to.getRank() == 0) {
    if (from.getRank() == 0)
      return tensor::ExpandShapeOp::create(b, loc, to, value,
                                           ArrayRef<ReassociationIndices>());
    return tensor::CollapseShapeOp::create(b, loc, to, value,
                                           ArrayRef<ReassociationIndices>());
  }
  if (from.getRank() != to.getRank())
    if (auto groups = getReassociationIndicesForReshape(from, to)) {
      if (from.getRank() > to.getRank())
        return tensor::CollapseShapeOp::create(b, loc, to, value, *groups);
      return tensor::ExpandShapeOp::create(b, loc, to, value, *groups);
    }
  // Through the form without unit dimensions, else through one dimension.
  SmallVector<int64_t> middle;
  for (int64_t size : from.getShape())
    if (size != 1)
      middle.push_back(size);
  if (middle.empty())
    middle.push_back(1);
  if (middle == from.getShape() || middle == shape ||
      from.getRank() == static_cast<int64_t>(middle.size()))
    middle = {from.getNumElements()};
  return reshape(b, loc, reshape(b, loc, value, middle), shape);
}

Value swapc::copy(OpBuilder &b, Location loc, Value source,
                  ArrayRef<int64_t> shape, AffineMap map) {
  Value empty =
      tensor::EmptyOp::create(b, loc, shape, getType(source).getElementType());
  SmallVector<utils::IteratorType> iterators(shape.size(),
                                             utils::IteratorType::parallel);
  AffineMap identity = b.getMultiDimIdentityMap(shape.size());
  return linalg::GenericOp::create(
             b, loc, empty.getType(), source, empty, ArrayRef({map, identity}),
             iterators,
             [](OpBuilder &b, Location loc, ValueRange args) {
               linalg::YieldOp::create(b, loc, args[0]);
             })
      .getResult(0);
}

Value swapc::cloneTree(OpBuilder &b, IRMapping &mapping, Value value) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *def = value.getDefiningOp();
  for (Value operand : def->getOperands())
    cloneTree(b, mapping, operand);
  b.clone(*def, mapping);
  return mapping.lookup(value);
}

linalg::GenericOp
swapc::replaceByFused(RewriterBase &rewriter, Operation *consumer,
                      Operation *producer,
                      const linalg::ElementwiseOpFusionResult &fused) {
  setOrigin(fused.fusedOp, consumer);
  for (auto [from, to] : fused.replacements)
    rewriter.replaceAllUsesWith(from, to);
  rewriter.eraseOp(consumer);
  if (producer->use_empty())
    rewriter.eraseOp(producer);
  return cast<linalg::GenericOp>(fused.fusedOp);
}

void swapc::setOrigin(Operation *to, Operation *from) {
  if (Attribute origin = from->getAttr(swap::SwapDialect::kOriginAttr))
    to->setAttr(swap::SwapDialect::kOriginAttr, origin);
}

void swapc::sinkConstants(linalg::GenericOp op) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  OpBuilder b = OpBuilder::atBlockBegin(op.getBody());
  for (Value value : captured) {
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    if (!constant || isa<TensorType>(value.getType()))
      continue;
    Operation *own = b.clone(*constant);
    replaceAllUsesInRegionWith(value, own->getResult(0), op.getRegion());
  }
}

bool swapc::fitsLoops(linalg::GenericOp op, AffineMap map,
                      ArrayRef<int64_t> shape) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  for (auto [expr, size] : llvm::zip_equal(map.getResults(), shape))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      if (sizes[dim.getPosition()] != size)
        return false;
  return true;
}
