//===- Scatter.cpp - Elements to where indices say --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A loop nest computes where each update goes, as a position among the slices
// of the result, or -1 for an index outside; the routine goes through them in
// order.
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;

using arith::CmpIPredicate;

/// By the numbers of runtime/routines/scatter.c.
enum Reduction : int64_t { Replace, Add, Multiply, Smallest, Largest };

static FailureOr<int64_t> getReduction(NodeImporter &n) {
  StringRef name = n.getString("reduction", "none");
  int64_t reduction = llvm::StringSwitch<int64_t>(name)
                          .Case("none", Replace)
                          .Case("add", Add)
                          .Case("mul", Multiply)
                          .Case("min", Smallest)
                          .Case("max", Largest)
                          .Default(-1);
  if (reduction < 0)
    return n.error("reduction '" + name + "' is not supported");
  if (reduction != Replace && n.in(0)->getElementType().isInteger(1))
    return n.error("reduces numbers");
  return reduction;
}

static LogicalResult checkScatter(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  Type type = n.in(1)->getElementType();
  if (!type.isInteger(32) && !type.isInteger(64))
    return n.error("indices must be int32 or int64");
  if (n.in(0)->getElementType() != n.in(2)->getElementType() ||
      n.in(0)->isUnsigned != n.in(2)->isUnsigned)
    return n.error("data and updates must have the same element type");
  if (n.in(0)->getRank() == 0)
    return n.error("data must have a rank of 1 or more");
  return success();
}

static Value getLoopIndex(Scalar &s, int64_t dim) {
  Value index = linalg::IndexOp::create(s.getBuilder(), s.getLoc(), dim);
  return s.make<arith::IndexCastOp>(s.getBuilder().getI64Type(), index);
}

static Value makeInt(Scalar &s, int64_t value) {
  return s.constant(s.getBuilder().getI64IntegerAttr(value));
}

/// Adds to `position` an index, from the end when negative, times `stride`, and
/// to `isInside` whether it is in `size`.
static void addIndex(Scalar &s, Value index, int64_t size, int64_t stride,
                     Value &position, Value &isInside) {
  index = s.cast(index, s.getBuilder().getI64Type(), false, false);
  Value zero = makeInt(s, 0);
  Value isNegative = s.make<arith::CmpIOp>(CmpIPredicate::slt, index, zero);
  index = s.select(isNegative, s.add(index, makeInt(s, size)), index);
  Value fits =
      s.make<arith::CmpIOp>(CmpIPredicate::ult, index, makeInt(s, size));
  isInside = isInside ? s.make<arith::AndIOp>(isInside, fits) : fits;
  Value part = s.mul(index, makeInt(s, stride));
  position = position ? s.add(position, part) : part;
}

namespace {
/// How the elements of a scatter lie; see runtime/routines/scatter.c.
struct Layout {
  int64_t items = 1, slices = 1, positions = 1, elements = 1;
};
} // namespace

static LogicalResult finishScatter(NodeImporter &n, TensorRef positions,
                                   int64_t reduction, const Layout &layout) {
  TensorRef data = n.in(0), updates = n.in(2);
  if (data->getNumElements() == 0 || updates->getNumElements() == 0)
    return n.finish(data);
  bool isCast = reduction != Replace;
  TensorRef to = isCast ? widenForRoutine(n, data) : data;
  TensorRef from = isCast ? widenForRoutine(n, updates) : updates;
  FailureOr<int64_t> type = getRoutineType(n, to);
  if (failed(type))
    return failure();
  RoutineUse use{"scatter", {to, positions, from}};
  use.constants = {*type,         reduction,        /*has data=*/1,
                   layout.slices, layout.positions, layout.elements};
  use.results = {{llvm::to_vector(data->getShape()), to->getElementType(),
                  to->isUnsigned}};
  use.items = layout.items;
  use.flops = updates->getNumElements() + data->getNumElements() / 4;
  use.inPlace = {0};
  TensorRef result = addRoutine(n, use).front();
  if (!result)
    return failure();
  return n.finish(n.cast(result, data->getElementType(), data->isUnsigned));
}

static LogicalResult importScatterElements(NodeImporter &n) {
  if (failed(checkScatter(n)))
    return failure();
  TensorRef data = n.in(0), indices = n.in(1);
  int64_t rank = data->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), rank);
  FailureOr<int64_t> reduction = getReduction(n);
  if (failed(axis) || failed(reduction))
    return failure();
  if (indices->getShape() != n.in(2)->getShape() || indices->getRank() != rank)
    return n.error("indices and updates must have one shape, of the data's "
                   "rank");
  // Elements of different items never meet.
  int64_t outer = 0;
  while (outer < *axis && indices->getDim(outer) == data->getDim(outer))
    ++outer;
  Layout layout;
  SmallVector<int64_t> strides(rank, 1);
  for (int64_t i = rank - 1; i >= 0; --i) {
    if (i != *axis && indices->getDim(i) > data->getDim(i))
      return n.error("indices are larger than the data along dimension " +
                     Twine(i));
    if (i > 0)
      strides[i - 1] = strides[i] * data->getDim(i);
    (i < outer ? layout.items : layout.slices) *= data->getDim(i);
    if (i >= outer)
      layout.positions *= indices->getDim(i);
  }
  int64_t size = data->getDim(*axis);
  TensorRef positions = n.parallel(
      {{indices, n.identity(rank)}}, indices->getShape(), n.b.getI64Type(),
      [&](Scalar &s, ValueRange args) {
        Value position, isInside;
        addIndex(s, args[0], size, strides[*axis], position, isInside);
        for (int64_t i = outer; i < rank; ++i)
          if (i != *axis)
            position = s.add(position,
                             s.mul(getLoopIndex(s, i), makeInt(s, strides[i])));
        return s.select(isInside, position, makeInt(s, -1));
      },
      /*isUnsigned=*/false, /*foldable=*/false);
  return finishScatter(n, positions, *reduction, layout);
}

static LogicalResult importScatterND(NodeImporter &n) {
  if (failed(checkScatter(n)))
    return failure();
  TensorRef data = n.in(0), indices = n.in(1);
  int64_t rank = data->getRank(), indexRank = indices->getRank();
  FailureOr<int64_t> reduction = getReduction(n);
  if (failed(reduction))
    return failure();
  if (indexRank == 0)
    return n.error("indices must have a rank of 1 or more");
  int64_t depth = indices->getDim(indexRank - 1);
  if (depth < 1 || depth > rank)
    return n.error("the last dimension of the indices must be 1 to " +
                   Twine(rank));
  SmallVector<int64_t> outer(indices->getShape().drop_back()), shape(outer);
  llvm::append_range(shape, data->getShape().drop_front(depth));
  if (n.in(2)->getShape() != ArrayRef(shape))
    return n.error("updates do not have the shape that indices and data say");
  Layout layout;
  layout.slices = getProduct(data->getShape().take_front(depth));
  layout.positions = getProduct(outer);
  layout.elements = getProduct(data->getShape().drop_front(depth));
  // One operand for each coordinate: column `j` of the indices.
  SmallVector<Operand> columns;
  for (int64_t j = 0; j < depth; ++j) {
    SmallVector<AffineExpr> map;
    for (int64_t i = 0; i + 1 < indexRank; ++i)
      map.push_back(n.dim(i));
    map.push_back(n.b.getAffineConstantExpr(j));
    columns.push_back({indices, n.getMap(outer.size(), map)});
  }
  TensorRef positions = n.parallel(
      columns, outer, n.b.getI64Type(), [&](Scalar &s, ValueRange args) {
        Value position, isInside;
        int64_t stride = layout.slices;
        for (int64_t j = 0; j < depth; ++j) {
          stride /= std::max<int64_t>(1, data->getDim(j));
          addIndex(s, args[j], data->getDim(j), stride, position, isInside);
        }
        return s.select(isInside, position, makeInt(s, -1));
      });
  return finishScatter(n, positions, *reduction, layout);
}

/// Rows of a cache from a position on that each batch has for itself: a nest
/// over the cache, which may be updated in place.
static LogicalResult importTensorScatter(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef cache = n.in(0), update = n.in(1), starts = n.in(2);
  int64_t rank = cache->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", -2), rank);
  if (failed(axis))
    return failure();
  if (*axis == 0)
    return n.error("axis 0 is that of the batches");
  StringRef mode = n.getString("mode", "linear");
  bool isCircular = mode == "circular";
  if (!isCircular && mode != "linear")
    return n.error("mode '" + mode + "' is not supported");
  bool fits = update->getRank() == rank &&
              update->getElementType() == cache->getElementType();
  for (int64_t i = 0; fits && i < rank; ++i)
    fits = i == *axis ? update->getDim(i) <= cache->getDim(i)
                      : update->getDim(i) == cache->getDim(i);
  if (!fits)
    return n.error("the update must have the cache's element type and shape, "
                   "but for axis " +
                   Twine(*axis) + ", where it may be shorter");
  if (starts && (starts->getShape() != ArrayRef(cache->getDim(0)) ||
                 !starts->getElementType().isInteger(64)))
    return n.error("write_indices must be an int64 for each batch");
  int64_t size = cache->getDim(*axis), length = update->getDim(*axis);
  if (length == 0)
    return n.finish(cache);
  SmallVector<Operand> operands{{cache, n.identity(rank)}};
  if (starts)
    operands.push_back({starts, n.getMap(rank, n.dim(0))});
  Value rows = n.value(update);
  return n.finish(n.parallel(
      operands, cache->getShape(), cache->getElementType(),
      [&](Scalar &s, ValueRange args) -> Value {
        Value from = getLoopIndex(s, *axis);
        if (starts)
          from = s.sub(from, args[1]);
        if (isCircular) {
          Value whole = makeInt(s, size);
          from = s.make<arith::RemSIOp>(from, whole);
          Value isNegative =
              s.make<arith::CmpIOp>(CmpIPredicate::slt, from, makeInt(s, 0));
          from = s.select(isNegative, s.add(from, whole), from);
        }
        Value isNew =
            s.make<arith::CmpIOp>(CmpIPredicate::ult, from, makeInt(s, length));
        from = s.select(isNew, from, makeInt(s, 0));
        SmallVector<Value> at;
        for (int64_t i = 0; i < rank; ++i)
          at.push_back(s.make<arith::IndexCastOp>(
              s.getBuilder().getIndexType(),
              i == *axis ? from : getLoopIndex(s, i)));
        Value row =
            tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), rows, at);
        return s.select(isNew, row, args[0]);
      },
      cache->isUnsigned, /*foldable=*/false));
}

void swapc::addScatters(HandlerMap &handlers) {
  handlers["Scatter"] = importScatterElements;
  handlers["ScatterElements"] = importScatterElements;
  handlers["ScatterND"] = importScatterND;
  handlers["TensorScatter"] = importTensorScatter;
}
