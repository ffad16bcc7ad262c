//===- RotaryEmbedding.cpp - Positions as rotations -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pairs (a, b) become (a cos - b sin, b cos + a sin). The pairs are the two
// halves of what is rotated, or neighbours; one nest over the two of a pair
// reads each element and its partner, so that nothing is taken apart.
//
//===----------------------------------------------------------------------===//

#include "RotaryEmbedding.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace swapc;

TensorRef Rotation::rotate(NodeImporter &n, TensorRef tensor,
                           bool lengthFirst) const {
  ArrayRef<int64_t> shape = tensor->getShape();
  int64_t pairs = cos->getDim(2), rotated = 2 * pairs, size = shape[3];
  int64_t length = shape[lengthFirst ? 1 : 2];
  if (cos->getShape() != sin->getShape() || rotated == 0 || rotated > size ||
      cos->getDim(1) != length ||
      (cos->getDim(0) != 1 && cos->getDim(0) != shape[0])) {
    (void)n.error("cosines and sines of " + Twine(cos->getDim(0)) + "x" +
                  Twine(cos->getDim(1)) + "x" + Twine(pairs) +
                  " do not fit a batch of " + Twine(shape[0]) + ", length " +
                  Twine(length) + " and heads of size " + Twine(size));
    return nullptr;
  }
  SmallVector<int64_t> zeros(4, 0), ones(4, 1), offsets(4, 0), sizes(shape);
  sizes[3] = rotated;
  TensorRef part = n.slice(tensor, zeros, sizes, ones);
  SmallVector<int64_t> nest(shape.take_front(3));
  nest.push_back(interleaved ? pairs : 2);
  nest.push_back(interleaved ? 2 : pairs);
  int64_t pair = interleaved ? 3 : 4, side = 7 - pair;
  SmallVector<AffineExpr> own, partner;
  for (int64_t i = 0; i < 5; ++i) {
    own.push_back(n.dim(i));
    partner.push_back(i == side ? 1 - n.dim(i) : n.dim(i));
  }
  AffineExpr batch = cos->getDim(0) == 1 && shape[0] != 1
                         ? n.b.getAffineConstantExpr(0)
                         : n.dim(0);
  AffineMap angles =
      n.getMap(5, {batch, n.dim(lengthFirst ? 1 : 2), n.dim(pair)});
  TensorRef viewed = n.reshape(part, nest);
  Type type = tensor->getElementType(), wide = getComputeType(type);
  TensorRef turned = n.parallel(
      {{viewed, n.getMap(5, own)},
       {viewed, n.getMap(5, partner)},
       {cos, angles},
       {sin, angles}},
      nest, type,
      [&](Scalar &s, ValueRange args) {
        SmallVector<Value> x;
        for (Value arg : args)
          x.push_back(s.cast(arg, wide, false, false));
        Value index =
            linalg::IndexOp::create(s.getBuilder(), s.getLoc(), side);
        Value isFirst = s.make<arith::CmpIOp>(arith::CmpIPredicate::eq, index,
                                              s.index(0));
        Value crossed = s.mul(x[1], x[3]);
        Value signedCrossed = s.select(isFirst, s.neg(crossed), crossed);
        return s.cast(s.add(s.mul(x[0], x[2]), signedCrossed), type, false,
                      false);
      },
      false, /*foldable=*/false);
  turned = n.reshape(turned, sizes);
  if (rotated == size)
    return turned;
  offsets[3] = rotated;
  sizes[3] = size - rotated;
  return n.concat({turned, n.slice(tensor, offsets, sizes, ones)}, 3);
}

FailureOr<Rotation> swapc::gatherRotation(NodeImporter &n, TensorRef cos,
                                          TensorRef sin, TensorRef positions) {
  if (cos->getRank() != 2 || sin->getShape() != cos->getShape() ||
      positions->getRank() != 2)
    return n.error("takes caches of cosines and sines of one shape "
                   "[positions, size], and positions [batch, length]");
  Rotation rotation;
  rotation.cos = n.apply("Gather", {cos, positions}, {makeInt("axis", 0)});
  rotation.sin = n.apply("Gather", {sin, positions}, {makeInt("axis", 0)});
  if (!rotation.cos || !rotation.sin)
    return failure();
  return rotation;
}

/// Rotates `input`, of rank 4 or with heads in its last dimension.
static LogicalResult rotateInput(NodeImporter &n, const Rotation &rotation) {
  TensorRef input = n.in(0);
  int64_t heads = n.getInt("num_heads", 0),
          rotated = n.getInt("rotary_embedding_dim", 0);
  bool joined = input->getRank() == 3;
  if (joined && heads == 0 && rotated == 0) // as com.microsoft's caches say
    heads = input->getDim(2) / std::max<int64_t>(1, 2 * rotation.cos->getDim(2));
  if (joined && (heads < 1 || input->getDim(2) % heads != 0))
    return n.error("num_heads must be given for an input of rank 3, and divide "
                   "its last dimension");
  TensorRef split =
      joined ? n.reshape(input, {input->getDim(0), input->getDim(1), heads,
                                 input->getDim(2) / heads})
             : input;
  if (rotation.cos->getRank() != 3 || rotation.sin->getRank() != 3)
    return n.error("cosines and sines must have rank 3");
  int64_t expected = rotated ? rotated : split->getDim(3);
  if (expected != 2 * rotation.cos->getDim(2))
    return n.error("the caches hold angles for " +
                   Twine(2 * rotation.cos->getDim(2)) + " elements, not for " +
                   Twine(expected));
  TensorRef result = rotation.rotate(n, split, joined);
  return result ? n.finish(n.reshape(result, input->getShape())) : failure();
}

static LogicalResult checkRotated(NodeImporter &n) {
  int64_t rank = n.in(0)->getRank();
  if ((rank != 3 && rank != 4) || !isa<FloatType>(n.in(0)->getElementType()))
    return n.error("takes floats of rank 3 or 4");
  return success();
}

static LogicalResult importRotaryEmbedding(NodeImporter &n) {
  if (failed(n.checkInputs(3, 4)) || failed(checkRotated(n)))
    return failure();
  Rotation rotation{n.in(1), n.in(2)};
  if (n.in(3)) {
    FailureOr<Rotation> gathered =
        gatherRotation(n, n.in(1), n.in(2), n.in(3));
    if (failed(gathered))
      return failure();
    rotation = *gathered;
  }
  rotation.interleaved = n.getInt("interleaved", 0);
  return rotateInput(n, rotation);
}

/// The input, the positions or the first one, and the caches.
static LogicalResult importMicrosoftRotaryEmbedding(NodeImporter &n) {
  if (failed(n.checkInputs(4, 4)) || failed(checkRotated(n)))
    return failure();
  if (n.getInt("is_packed_batching", 0))
    return n.error("is_packed_batching is not supported");
  if (n.getFloat("scale", 1) != 1)
    return n.error("scale must be 1");
  TensorRef positions = n.in(1);
  Type type = positions->getElementType();
  if (!isa<IntegerType>(type))
    return n.error("positions must be integers");
  if (positions->getNumElements() == 1 && positions->getRank() < 2) {
    int64_t length = n.in(0)->getDim(n.in(0)->getRank() == 4 ? 2 : 1);
    TensorRef range = n.constantInts(
        {1, length}, llvm::to_vector(llvm::seq<int64_t>(0, length)), type);
    positions = n.elementwise(
        {n.reshape(positions, {1, 1}), range},
        [](Scalar &s, ValueRange args) { return s.add(args[0], args[1]); });
  }
  FailureOr<Rotation> rotation =
      gatherRotation(n, n.in(2), n.in(3), positions);
  if (failed(rotation))
    return failure();
  rotation->interleaved = n.getInt("interleaved", 0);
  return rotateInput(n, *rotation);
}

void swapc::addRotaryEmbeddings(HandlerMap &handlers) {
  handlers["RotaryEmbedding"] = importRotaryEmbedding;
  handlers["com.microsoft.RotaryEmbedding"] = importMicrosoftRotaryEmbedding;
}
