//===- MatMul.cpp - Matrix products -----------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Products.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// Iterators of a product: `outer` parallel ones and the reduction.
static SmallVector<IteratorType> getIterators(int64_t outer) {
  SmallVector<IteratorType> iterators(outer, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  return iterators;
}

static TensorRef multiply2d(NodeImporter &n, TensorRef lhs, TensorRef rhs,
                            bool transLhs, bool transRhs) {
  int64_t rows = lhs->getDim(transLhs ? 1 : 0),
          columns = rhs->getDim(transRhs ? 0 : 1);
  AffineExpr m = n.dim(0), c = n.dim(1), k = n.dim(2);
  AffineMap lhsMap = transLhs ? n.getMap(3, {k, m}) : n.getMap(3, {m, k});
  AffineMap rhsMap = transRhs ? n.getMap(3, {c, k}) : n.getMap(3, {k, c});
  return n.contract({lhs, lhsMap}, {rhs, rhsMap}, n.getMap(3, {m, c}),
                    getIterators(2), {rows, columns});
}

/// Drops the batch dimensions of `tensor` that are 1 where the result's are
/// not; the map of what is left, followed by `matrix`.
static Operand dropBroadcast(NodeImporter &n, TensorRef tensor,
                             ArrayRef<int64_t> batch,
                             ArrayRef<AffineExpr> matrix) {
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> results;
  int64_t shift = batch.size() + 2 - tensor->getRank();
  for (int64_t i = 0; i + 2 < tensor->getRank(); ++i) {
    if (tensor->getDim(i) == 1 && batch[i + shift] != 1)
      continue;
    shape.push_back(tensor->getDim(i));
    results.push_back(n.dim(i + shift));
  }
  llvm::append_range(shape, tensor->getShape().take_back(2));
  llvm::append_range(results, matrix);
  return {n.reshape(tensor, shape), n.getMap(batch.size() + 3, results)};
}

static TensorRef multiplyBatches(NodeImporter &n, TensorRef lhs,
                                 TensorRef rhs) {
  SmallVector<int64_t> batch;
  int64_t rank = std::max(lhs->getRank(), rhs->getRank()) - 2;
  for (int64_t i = 0; i < rank; ++i) {
    int64_t l = i + lhs->getRank() - 2 - rank,
            r = i + rhs->getRank() - 2 - rank;
    int64_t left = l < 0 ? 1 : lhs->getDim(l),
            right = r < 0 ? 1 : rhs->getDim(r);
    if (left != right && left != 1 && right != 1) {
      (void)n.error("batch sizes " + Twine(left) + " and " + Twine(right) +
                    " do not broadcast");
      return nullptr;
    }
    batch.push_back(left == 1 ? right : left);
  }
  AffineExpr m = n.dim(rank), c = n.dim(rank + 1), k = n.dim(rank + 2);
  Operand left = dropBroadcast(n, lhs, batch, {m, k});
  Operand right = dropBroadcast(n, rhs, batch, {k, c});
  SmallVector<int64_t> shape(batch);
  shape.push_back(lhs->getDim(lhs->getRank() - 2));
  shape.push_back(rhs->getDim(rhs->getRank() - 1));
  SmallVector<AffineExpr> results;
  for (int64_t i = 0; i < rank + 2; ++i)
    results.push_back(n.dim(i));
  return n.contract(left, right, n.getMap(rank + 3, results),
                    getIterators(rank + 2), shape);
}

TensorRef swapc::multiply(NodeImporter &n, TensorRef lhs, TensorRef rhs,
                          Type type) {
  if (lhs->getRank() == 0 || rhs->getRank() == 0) {
    (void)n.error("takes two inputs of rank 1 or more");
    return nullptr;
  }
  // A vector is a row on the left and a column on the right; the result lacks
  // that dimension.
  bool lhsVector = lhs->getRank() == 1, rhsVector = rhs->getRank() == 1;
  if (lhsVector)
    lhs = n.reshape(lhs, {1, lhs->getDim(0)});
  if (rhsVector)
    rhs = n.reshape(rhs, {rhs->getDim(0), 1});
  int64_t depth = lhs->getShape().back();
  if (depth != rhs->getDim(rhs->getRank() - 2)) {
    (void)n.error("the rows of " + Twine(depth) + " do not match columns of " +
                  Twine(rhs->getDim(rhs->getRank() - 2)));
    return nullptr;
  }

  SmallVector<int64_t> shape;
  bool flatRhs = getProduct(rhs->getShape().drop_back(2)) == 1;
  TensorRef product;
  if (flatRhs && rhs->getRank() <= std::max<int64_t>(lhs->getRank(), 2)) {
    shape.assign(lhs->getShape().begin(), lhs->getShape().end() - 1);
    shape.push_back(rhs->getShape().back());
    TensorRef rows =
        n.reshape(lhs, {getProduct(lhs->getShape().drop_back()), depth});
    TensorRef weights = n.reshape(rhs, rhs->getShape().take_back(2));
    product = multiply2d(n, rows, weights, false, false);
  } else {
    product = multiplyBatches(n, lhs, rhs);
    if (!product)
      return nullptr;
    llvm::append_range(shape, product->getShape());
  }
  if (rhsVector)
    shape.pop_back();
  if (lhsVector)
    shape.erase(shape.end() - (rhsVector ? 1 : 2));
  if (type)
    product = n.cast(product, type, product->isUnsigned);
  return n.reshape(product, shape);
}

static LogicalResult importMatMul(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef lhs = n.in(0), rhs = n.in(1);
  if (lhs->getRank() == 0 || rhs->getRank() == 0 ||
      lhs->getElementType() != rhs->getElementType())
    return n.error(
        "takes two inputs of rank 1 or more and of one element type");
  if (lhs->getShape().back() == rhs->getDim(std::max<int64_t>(rhs->getRank() - 2, 0)))
    if (TensorRef product = multiplyDequantized(n, lhs, rhs, false))
      return n.finish(product);
  return n.finish(multiply(n, lhs, rhs, lhs->getElementType()));
}

static LogicalResult importGemm(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef lhs = n.in(0), rhs = n.in(1), bias = n.in(2);
  bool transA = n.getInt("transA", 0), transB = n.getInt("transB", 0);
  double alpha = n.getFloat("alpha", 1), beta = n.getFloat("beta", 1);
  if (lhs->getRank() != 2 || rhs->getRank() != 2 ||
      lhs->getElementType() != rhs->getElementType() ||
      (bias && bias->getElementType() != lhs->getElementType()))
    return n.error("takes two matrices, and a third tensor if any, of one "
                   "element type");
  if (lhs->getDim(transA ? 0 : 1) != rhs->getDim(transB ? 1 : 0))
    return n.error("the inner sizes of the matrices differ");
  Type type = lhs->getElementType();
  TensorRef product =
      transA ? nullptr : multiplyDequantized(n, lhs, rhs, transB);
  if (!product)
    product = multiply2d(n, lhs, rhs, transA, transB);
  if (!bias || beta == 0) {
    if (alpha != 1)
      product = n.elementwise(product, [&](Scalar &s, ValueRange args) {
        return s.mul(args[0], s.constant(args[0], alpha));
      });
    return n.finish(n.cast(product, type, lhs->isUnsigned));
  }
  FailureOr<SmallVector<int64_t>> shape = n.getBroadcastShape({product, bias});
  if (failed(shape) || ArrayRef(*shape) != product->getShape())
    return n.error("C does not broadcast to the product");
  if (type.isInteger()) // the product has wider ones
    bias = n.cast(bias, product->getElementType(), lhs->isUnsigned);
  TensorRef result = n.elementwise(
      {product, bias},
      [&](Scalar &s, ValueRange args) {
        Value x = args[0], c = args[1];
        if (alpha != 1)
          x = s.mul(x, s.constant(x, alpha));
        if (beta != 1)
          c = s.mul(c, s.constant(c, beta));
        return s.add(x, c);
      },
      type.isInteger() ? product->getElementType() : type);
  return n.finish(n.cast(result, type, lhs->isUnsigned));
}

void swapc::addMatMuls(HandlerMap &handlers) {
  handlers["MatMul"] = importMatMul;
  handlers["Gemm"] = importGemm;
}
