//===- DequantizedProducts.cpp - Products of dequantised bytes --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Quantisers that keep the operators of the float network (QDQ) put a
// DequantizeLinear before each input. Where both inputs of a product have one,
// with a scale that all terms of a sum share, the sum is of integers, and the
// scales are multiplied to it. Other products take the floats.
//
//===----------------------------------------------------------------------===//

#include "Dequantized.h"
#include "Products.h"
#include "Quantization.h"

#include "Swap/SwapDialect.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace swapc;

namespace {
/// Reads back the loop nest that DequantizeLinear wrote.
class Reader {
public:
  Reader(NodeImporter &n, linalg::GenericOp op) : n(n), op(op) {}

  std::optional<Dequantized> read() {
    Block *body = op.getBody();
    auto product = body->getTerminator()
                       ->getOperand(0)
                       .getDefiningOp<arith::MulFOp>();
    if (!product)
      return std::nullopt;
    Value element = product.getLhs(), zero;
    if (auto difference = element.getDefiningOp<arith::SubFOp>()) {
      element = difference.getLhs();
      zero = difference.getRhs();
    }
    std::optional<Value> bytes = skipCast(element);
    if (!bytes)
      return std::nullopt;
    auto arg = dyn_cast<BlockArgument>(*bytes);
    if (!arg || !arg.getType().isInteger(8) ||
        !op.getMatchingIndexingMap(op.getMatchingOpOperand(arg)).isIdentity())
      return std::nullopt;
    isUnsigned = isa<arith::UIToFPOp>(element.getDefiningOp());
    Dequantized result;
    result.tensor = wrap(op.getMatchingOpOperand(arg)->get(), isUnsigned);
    if (isUnpacked(result.tensor->value) ||
        !(result.scale = readOperand(product.getRhs(), result.axis, false)))
      return std::nullopt;
    if (!zero)
      return result;
    if (FloatAttr known; matchPattern(zero, m_Constant(&known))) {
      auto type = RankedTensorType::get({}, arg.getType());
      result.zeroPoint = n.constant(
          DenseElementsAttr::get(
              type, APInt(8, static_cast<int64_t>(known.getValueAsDouble()),
                          /*isSigned=*/true, /*implicitTrunc=*/true)),
          isUnsigned);
      return result;
    }
    std::optional<Value> byte = skipCast(zero);
    if (!byte || isa<arith::UIToFPOp>(zero.getDefiningOp()) != isUnsigned)
      return std::nullopt;
    result.zeroPoint = readOperand(*byte, result.axis, isUnsigned);
    return result.zeroPoint ? std::optional(result) : std::nullopt;
  }

private:
  static std::optional<Value> skipCast(Value value) {
    Operation *cast = value.getDefiningOp();
    if (!isa_and_present<arith::SIToFPOp, arith::UIToFPOp>(cast))
      return std::nullopt;
    return cast->getOperand(0);
  }

  /// Elements of less than a byte, which stay packed where they are read.
  static bool isUnpacked(Value value) {
    while (auto reshape = value.getDefiningOp<tensor::CollapseShapeOp>())
      value = reshape.getSrc();
    auto generic = value.getDefiningOp<linalg::GenericOp>();
    return generic && generic.getNumDpsInputs() > 0 &&
           generic.getDpsInputs()[0].getDefiningOp<swap::ParamOp>();
  }

  TensorRef wrap(Value value, bool isUnsigned) {
    DenseElementsAttr elements;
    if (matchPattern(value, m_Constant(&elements))) {
      TensorRef tensor = n.constant(elements, isUnsigned);
      tensor->value = value;
      return tensor;
    }
    return n.wrap(value, isUnsigned);
  }

  /// A scale or zero point; notes its axis, which must be that of the other.
  TensorRef readOperand(Value value, int64_t &axis, bool isUnsigned) {
    Attribute constant;
    if (matchPattern(value, m_Constant(&constant)))
      return n.constant(
          DenseElementsAttr::get(RankedTensorType::get({}, value.getType()),
                                 constant),
          isUnsigned);
    auto arg = dyn_cast<BlockArgument>(value);
    if (!arg)
      return nullptr;
    OpOperand *operand = op.getMatchingOpOperand(arg);
    AffineMap map = op.getMatchingIndexingMap(operand);
    TensorRef tensor = wrap(operand->get(), isUnsigned);
    if (tensor->getNumElements() == 1)
      return n.reshape(tensor, {});
    auto dim = map.getNumResults() == 1
                   ? dyn_cast<AffineDimExpr>(map.getResult(0))
                   : AffineDimExpr(nullptr);
    if (!dim || (axis >= 0 && axis != dim.getPosition()))
      return nullptr;
    axis = dim.getPosition();
    return tensor;
  }

  NodeImporter &n;
  linalg::GenericOp op;
  bool isUnsigned = false;
};
} // namespace

std::optional<Dequantized> swapc::getDequantized(NodeImporter &n,
                                                 TensorRef tensor) {
  if (!tensor->value || !tensor->getElementType().isF32())
    return std::nullopt;
  auto op = tensor->value.getDefiningOp<linalg::GenericOp>();
  if (!op || op.getNumReductionLoops() != 0 || op->getNumResults() != 1)
    return std::nullopt;
  return Reader(n, op).read();
}

std::optional<Dequantized> swapc::getDequantizedTable(NodeImporter &n,
                                                      TensorRef tensor) {
  std::optional<Dequantized> q = getDequantized(n, tensor);
  if (!q || q->axis >= 0 || !q->tensor->value.getDefiningOp<swap::ParamOp>())
    return std::nullopt;
  return q;
}

TensorRef swapc::dequantize(NodeImporter &n, TensorRef bytes,
                            const Dequantized &q) {
  ElementKind kind = q.tensor->getKind();
  AffineMap scalar = n.getMap(bytes->getRank(), {});
  SmallVector<Operand> operands{{bytes, n.identity(bytes->getRank())},
                                {q.scale, scalar}};
  if (q.zeroPoint)
    operands.push_back({n.reshape(q.zeroPoint, {}), scalar});
  return n.parallel(operands, bytes->getShape(), n.b.getF32Type(),
                    [&](Scalar &s, ValueRange args) {
                      Value zero = q.zeroPoint ? args[2] : Value();
                      return s.mul(dequantizeElement(s, args[0], kind, zero),
                                   args[1]);
                    });
}

/// `sums` times both scales; that of the right side belongs to dimension `dim`
/// of the result where it has several elements.
static TensorRef scaleSums(NodeImporter &n, TensorRef sums,
                           const Dequantized &lhs, const Dequantized &rhs,
                           int64_t dim) {
  int64_t rank = sums->getRank();
  AffineMap scalar = n.getMap(rank, {});
  bool single = rhs.scale->getNumElements() == 1;
  return n.parallel(
      {{sums, n.identity(rank)},
       {lhs.scale, scalar},
       {rhs.scale, single ? scalar : n.getMap(rank, {n.dim(dim)})}},
      sums->getShape(), n.b.getF32Type(), [&](Scalar &s, ValueRange args) {
        Value sum = s.cast(args[0], n.b.getF32Type(), false, false);
        return s.mul(sum, s.mul(args[1], args[2]));
      });
}

TensorRef swapc::multiplyDequantized(NodeImporter &n, TensorRef lhs,
                                     TensorRef rhs, bool transRhs) {
  std::optional<Dequantized> left = getDequantized(n, lhs),
                             right = getDequantized(n, rhs);
  if (!left || !right || left->axis >= 0 || rhs->getRank() < 2 ||
      lhs->getRank() < 2)
    return nullptr;
  int64_t columns = rhs->getRank() - (transRhs ? 2 : 1);
  if (right->axis >= 0 && (right->axis != columns || rhs->getRank() != 2))
    return nullptr;
  TensorRef weights = right->tensor;
  if (transRhs)
    weights = n.transpose(weights, {1, 0});
  TensorRef sums = multiplyBytes(n, left->tensor, weights, left->zeroPoint,
                                 right->zeroPoint);
  return sums ? scaleSums(n, sums, *left, *right, sums->getRank() - 1)
              : nullptr;
}

TensorRef swapc::convolveDequantized(NodeImporter &n, TensorRef input,
                                     TensorRef weights) {
  std::optional<Dequantized> left = getDequantized(n, input),
                             right = getDequantized(n, weights);
  if (!left || !right || left->axis >= 0 || right->axis > 0)
    return nullptr;
  TensorRef sums = convolveBytes(n, left->tensor, right->tensor,
                                 left->zeroPoint, right->zeroPoint);
  return sums ? scaleSums(n, sums, *left, *right, 1) : nullptr;
}
