//===- Hot.cpp - OneHot and Hardmax -----------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

static Value getLoopIndex(Scalar &s, int64_t dim) {
  Value index = linalg::IndexOp::create(s.getBuilder(), s.getLoc(), dim);
  return s.make<arith::IndexCastOp>(s.getBuilder().getI64Type(), index);
}

/// The depth of a OneHot, which may be any kind of number.
static FailureOr<int64_t> getDepth(NodeImporter &n) {
  std::optional<SmallVector<double>> floats = n.getFloats(n.in(1));
  if (floats && floats->size() == 1)
    return static_cast<int64_t>(floats->front());
  FailureOr<SmallVector<int64_t>> ints = n.getConstInts(1);
  if (failed(ints))
    return failure();
  return ints->size() == 1 ? ints->front() : -1;
}

static LogicalResult importOneHot(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  TensorRef indices = n.in(0), values = n.in(2);
  FailureOr<int64_t> depth = getDepth(n);
  if (failed(depth))
    return failure();
  if (*depth < 1 || values->getShape() != ArrayRef<int64_t>(2) ||
      indices->getElementType().isInteger(1))
    return n.error("takes indices, one positive depth and two values");
  int64_t rank = indices->getRank() + 1;
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(indices->getShape());
  shape.insert(shape.begin() + *axis, *depth);
  if (!getByteSize(shape, values->getElementType()))
    return n.error("the size of the result overflows");
  SmallVector<AffineExpr> map;
  for (int64_t i = 0; i < rank; ++i)
    if (i != *axis)
      map.push_back(n.dim(i));
  AffineExpr off = n.b.getAffineConstantExpr(0),
             on = n.b.getAffineConstantExpr(1);
  bool isUnsigned = indices->isUnsigned;
  auto choose = [&](Scalar &s, Value index, Value position, Value off,
                    Value on) -> Value {
    Value wide = s.cast(index, s.getBuilder().getI64Type(), isUnsigned, false);
    Value isNegative = s.compare(Scalar::Less, wide, s.constant(wide, 0));
    Value turned = s.add(wide, s.constant(wide, *depth));
    Value hit = s.compare(Scalar::Equal, s.select(isNegative, turned, wide),
                          position);
    return s.select(hit, on, off);
  };
  SmallVector<Operand> operands = {{indices, n.getMap(rank, map)},
                                   {values, n.getMap(rank, {off})},
                                   {values, n.getMap(rank, {on})}};
  Type type = values->getElementType();
  // PyTorch computes how often it repeats each element with one.
  if (n.getInts(indices) && getProduct(shape) <= kMaxFoldedElements) {
    SmallVector<int64_t> positions = llvm::to_vector(llvm::seq(*depth));
    operands.push_back({n.constantInts(*depth, positions, n.b.getI64Type()),
                        n.getMap(rank, {n.dim(*axis)})});
    return n.finish(n.parallel(
        operands, shape, type,
        [&](Scalar &s, ValueRange args) {
          return choose(s, args[0], args[3], args[1], args[2]);
        },
        values->isUnsigned));
  }
  return n.finish(n.parallel(
      operands, shape, type,
      [&](Scalar &s, ValueRange args) {
        return choose(s, args[0], getLoopIndex(s, *axis), args[1], args[2]);
      },
      values->isUnsigned, /*foldable=*/false));
}

/// 1 at the first of the largest, 0 elsewhere.
static LogicalResult importHardmax(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  if (!isa<FloatType>(input->getElementType()))
    return n.error("takes floats");
  int64_t rank = input->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  if (input->getNumElements() == 0)
    return n.finish(input);
  int64_t size = input->getDim(*axis);
  Type type = input->getElementType(), wide = getComputeType(type);
  TensorRef largest = reduceAxes(n, input, *axis, ReduceKind::Max);
  AffineMap map = dropAxes(n, rank, *axis);
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators[*axis] = IteratorType::reduction;
  TensorRef first = n.reduce(
      {{input, n.identity(rank)}, {largest, map}}, map, iterators,
      largest->getShape(), n.b.getI64IntegerAttr(size - 1),
      [&](Scalar &s, ValueRange args) -> Value {
        Value x = s.cast(args[0], wide, false, false);
        Value nearer = s.min(args[2], getLoopIndex(s, *axis));
        return s.select(s.compare(Scalar::Equal, x, args[1]), nearer, args[2]);
      });
  TensorRef result = n.parallel(
      {{first, map}}, input->getShape(), type,
      [&](Scalar &s, ValueRange args) -> Value {
        Value hit = s.compare(Scalar::Equal, args[0], getLoopIndex(s, *axis));
        return s.select(hit, s.constant(n.b.getFloatAttr(type, 1)),
                        s.constant(n.b.getFloatAttr(type, 0)));
      },
      /*isUnsigned=*/false, /*foldable=*/false);
  return n.finish(result);
}

void swapc::addHots(HandlerMap &handlers) {
  handlers["Hardmax"] = importHardmax;
  handlers["OneHot"] = importOneHot;
}
