//===- Gather.cpp - Elements chosen by indices ------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dequantized.h"
#include "NodeImporter.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;

static Value getLoopIndex(Scalar &s, int64_t dim) {
  return linalg::IndexOp::create(s.getBuilder(), s.getLoc(), dim);
}

/// An ONNX index, which counts from the end when negative, into `size`.
static Value getPosition(Scalar &s, Value index, int64_t size) {
  Value position =
      s.make<arith::IndexCastOp>(s.getBuilder().getIndexType(), index);
  Value negative =
      s.make<arith::CmpIOp>(arith::CmpIPredicate::slt, position, s.index(0));
  return s.select(negative, s.add(position, s.index(size)), position);
}

static LogicalResult checkIndices(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  Type type = n.in(1)->getElementType();
  if (!type.isInteger(32) && !type.isInteger(64))
    return n.error("indices must be int32 or int64");
  return success();
}

/// Known indices, counted from the front, or failure after an error.
static FailureOr<std::optional<SmallVector<int64_t>>> getKnown(NodeImporter &n,
                                                               int64_t size) {
  std::optional<SmallVector<int64_t>> known;
  if (n.in(1)->getNumElements() <= kMaxFoldedElements)
    known = n.getInts(n.in(1));
  if (!known)
    return known;
  for (int64_t &index : *known) {
    if (index < -size || index >= size)
      return n.error("index " + Twine(index) + " is outside size " +
                     Twine(size));
    index += index < 0 ? size : 0;
  }
  return known;
}

/// Known indices that step evenly are an affine copy, and constants fold.
static TensorRef gatherKnown(NodeImporter &n, ArrayRef<int64_t> known,
                             int64_t axis, ArrayRef<int64_t> shape) {
  TensorRef data = n.in(0);
  int64_t count = known.size(), rank = data->getRank();
  int64_t step = count > 1 ? known[1] - known[0] : 1;
  bool even = count > 0;
  for (int64_t i = 1; i < count; ++i)
    even &= known[i] - known[i - 1] == step;
  if (even) {
    SmallVector<int64_t> offsets(rank, 0), steps(rank, 1),
        sizes(data->getShape());
    offsets[axis] = known[0];
    steps[axis] = step;
    sizes[axis] = count;
    return n.reshape(n.slice(data, offsets, sizes, steps), shape);
  }
  if (!data->constant || getProduct(shape) > kMaxFoldedElements || count == 0)
    return nullptr;
  SmallVector<Attribute> elements,
      values = llvm::to_vector(data->constant.getValues<Attribute>());
  int64_t outer = getProduct(data->getShape().take_front(axis));
  int64_t inner = getProduct(data->getShape().drop_front(axis + 1));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t index : known)
      for (int64_t i = 0; i < inner; ++i)
        elements.push_back(
            values[(o * data->getDim(axis) + index) * inner + i]);
  return n.constant(
      makeElements(RankedTensorType::get(shape, data->getElementType()),
                   elements),
      data->isUnsigned);
}

static LogicalResult importGather(NodeImporter &n) {
  if (failed(checkIndices(n)))
    return failure();
  TensorRef data = n.in(0), indices = n.in(1);
  int64_t rank = data->getRank(), indexRank = indices->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> shape(data->getShape().take_front(*axis));
  llvm::append_range(shape, indices->getShape());
  llvm::append_range(shape, data->getShape().drop_front(*axis + 1));
  int64_t size = data->getDim(*axis);
  auto known = getKnown(n, size);
  if (failed(known))
    return failure();
  if (*known)
    if (TensorRef result = gatherKnown(n, **known, *axis, shape))
      return n.finish(result);

  SmallVector<AffineExpr> map;
  for (int64_t i = 0; i < indexRank; ++i)
    map.push_back(n.dim(*axis + i));
  // A table of bytes stays one; only what is gathered is converted.
  std::optional<Dequantized> q = getDequantizedTable(n, data);
  if (q)
    data = q->tensor;
  Value table = n.value(data);
  TensorRef rows = n.parallel(
      {{indices, n.getMap(shape.size(), map)}}, shape, data->getElementType(),
      [&](Scalar &s, ValueRange args) -> Value {
        SmallVector<Value> at;
        for (int64_t i = 0; i < rank; ++i)
          at.push_back(i == *axis  ? getPosition(s, args[0], size)
                       : i < *axis ? getLoopIndex(s, i)
                                   : getLoopIndex(s, i + indexRank - 1));
        return tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), table, at);
      },
      data->isUnsigned, /*foldable=*/false);
  return n.finish(q ? dequantize(n, rows, *q) : rows);
}

static LogicalResult importGatherElements(NodeImporter &n) {
  if (failed(checkIndices(n)))
    return failure();
  TensorRef data = n.in(0), indices = n.in(1);
  int64_t rank = data->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  if (indices->getRank() != rank)
    return n.error("indices must have the rank of the data");
  for (int64_t i = 0; i < rank; ++i)
    if (i != *axis && indices->getDim(i) > data->getDim(i))
      return n.error("indices are larger than the data along dimension " +
                     Twine(i));
  int64_t size = data->getDim(*axis);
  if (failed(getKnown(n, size)))
    return failure();
  Value table = n.value(data);
  return n.finish(n.parallel(
      {{indices, n.identity(rank)}}, indices->getShape(),
      data->getElementType(),
      [&](Scalar &s, ValueRange args) -> Value {
        SmallVector<Value> at;
        for (int64_t i = 0; i < rank; ++i)
          at.push_back(i == *axis ? getPosition(s, args[0], size)
                                  : getLoopIndex(s, i));
        return tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), table, at);
      },
      data->isUnsigned, /*foldable=*/false));
}

static LogicalResult importGatherND(NodeImporter &n) {
  if (failed(checkIndices(n)))
    return failure();
  TensorRef data = n.in(0), indices = n.in(1);
  int64_t batch = n.getInt("batch_dims", 0), rank = data->getRank();
  int64_t indexRank = indices->getRank();
  if (indexRank == 0 || batch < 0 || batch >= std::min(rank, indexRank))
    return n.error("indices and batch_dims do not fit the data");
  int64_t depth = indices->getDim(indexRank - 1);
  if (depth < 1 || depth > rank - batch)
    return n.error("the last dimension of the indices must be 1 to " +
                   Twine(rank - batch));
  for (int64_t i = 0; i < batch; ++i)
    if (data->getDim(i) != indices->getDim(i))
      return n.error("batch dimensions differ");
  SmallVector<int64_t> shape(indices->getShape().drop_back());
  llvm::append_range(shape, data->getShape().drop_front(batch + depth));

  // One operand for each coordinate: column `j` of the indices.
  SmallVector<Operand> operands;
  for (int64_t j = 0; j < depth; ++j) {
    SmallVector<AffineExpr> map;
    for (int64_t i = 0; i + 1 < indexRank; ++i)
      map.push_back(n.dim(i));
    map.push_back(n.b.getAffineConstantExpr(j));
    operands.push_back({indices, n.getMap(shape.size(), map)});
  }
  Value table = n.value(data);
  return n.finish(n.parallel(
      operands, shape, data->getElementType(),
      [&](Scalar &s, ValueRange args) -> Value {
        SmallVector<Value> at;
        for (int64_t i = 0; i < rank; ++i)
          at.push_back(
              i < batch ? getLoopIndex(s, i)
              : i < batch + depth
                  ? getPosition(s, args[i - batch], data->getDim(i))
                  : getLoopIndex(s, i - batch - depth + indexRank - 1));
        return tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), table, at);
      },
      data->isUnsigned, /*foldable=*/false));
}

/// The first `len` steps of each sequence from their last to their first.
static LogicalResult importReverseSequence(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef data = n.in(0), lengths = n.in(1);
  int64_t rank = data->getRank();
  FailureOr<int64_t> time = n.getAxis(n.getInt("time_axis", 0), rank);
  FailureOr<int64_t> batch = n.getAxis(n.getInt("batch_axis", 1), rank);
  if (failed(time) || failed(batch))
    return failure();
  if (*time == *batch || lengths->getRank() != 1 ||
      lengths->getDim(0) != data->getDim(*batch) ||
      !lengths->getElementType().isInteger(64))
    return n.error("takes different time and batch axes and an int64 length "
                   "for each batch");
  Value table = n.value(data);
  return n.finish(n.parallel(
      {{lengths, n.getMap(rank, n.dim(*batch))}}, data->getShape(),
      data->getElementType(),
      [&](Scalar &s, ValueRange args) -> Value {
        Value length =
            s.make<arith::IndexCastOp>(s.getBuilder().getIndexType(), args[0]);
        Value step = getLoopIndex(s, *time);
        Value isInside =
            s.make<arith::CmpIOp>(arith::CmpIPredicate::slt, step, length);
        Value turned = s.sub(s.sub(length, s.index(1)), step);
        SmallVector<Value> at;
        for (int64_t i = 0; i < rank; ++i)
          at.push_back(i == *time ? s.select(isInside, turned, step)
                                  : getLoopIndex(s, i));
        return tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), table, at);
      },
      data->isUnsigned, /*foldable=*/false));
}

void swapc::addGathers(HandlerMap &handlers) {
  handlers["Gather"] = importGather;
  handlers["GatherElements"] = importGatherElements;
  handlers["GatherND"] = importGatherND;
  handlers["ReverseSequence"] = importReverseSequence;
}
