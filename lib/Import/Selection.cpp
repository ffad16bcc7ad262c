//===- Selection.cpp - Elements chosen by their values ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

#include "Swap/SwapDialect.h"

using namespace mlir;
using namespace swapc;

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

static LogicalResult importTopK(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  FailureOr<SmallVector<int64_t>> given = n.getConstInts(1);
  if (failed(given))
    return failure();
  if (given->size() != 1)
    return n.error("k must be one number");
  int64_t k = given->front();
  TensorRef input = n.in(0);
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", -1), input->getRank());
  FailureOr<int64_t> type = getRoutineType(n, input);
  if (failed(axis) || failed(type))
    return failure();
  SmallVector<int64_t> shape(input->getShape());
  int64_t size = shape[*axis];
  if (k < 0 || k > size)
    return n.error("k is " + Twine(k) + ", of " + Twine(size) + " elements");
  shape[*axis] = k;
  int64_t inner = getProduct(ArrayRef(shape).drop_front(*axis + 1));
  RoutineUse use{"topk", {input}};
  use.constants = {*type, size, inner, k, n.getInt("largest", 1) != 0};
  use.results = {{shape, input->getElementType(), input->isUnsigned},
                 {shape, n.b.getI64Type()}};
  use.items = std::max<int64_t>(
      1, getProduct(ArrayRef(shape).take_front(*axis)) * inner);
  use.scratch = k * 16;
  use.flops = input->getNumElements() * 4 +
              use.items * k * (llvm::Log2_64(k + 1) + 1) * 2;
  return n.finish(addRoutine(n, use));
}

//===----------------------------------------------------------------------===//
// As many results as data say
//===----------------------------------------------------------------------===//

static int64_t countTrue(DenseElementsAttr elements) {
  return llvm::count(elements.getValues<bool>(), true);
}

/// Whether each element is not 0.
static TensorRef isNonZero(NodeImporter &n, TensorRef tensor) {
  return n.parallel(
      {{tensor, n.identity(tensor->getRank())}}, tensor->getShape(),
      n.b.getI1Type(),
      [](Scalar &s, ValueRange args) { return s.isNonZero(args[0]); });
}

static LogicalResult importNonZero(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t elements = input->getNumElements();
  // A scalar is one element of a vector.
  SmallVector<int64_t> sizes(input->getShape());
  if (sizes.empty())
    sizes.push_back(1);
  int64_t rank = sizes.size();
  TensorRef mask = isNonZero(n, input);
  FailureOr<int64_t> room = 0;
  if (mask->constant)
    room = countTrue(mask->constant);
  else if (elements > 0)
    room = getDeclaredRoom(n, 0, 1, "-1");
  if (failed(room))
    return failure();
  RoutineUse use{"nonzero", {mask}};
  use.constants = {elements, *room, rank};
  llvm::append_range(use.constants, sizes);
  use.results = {{{rank, *room}, n.b.getI64Type()}};
  use.flops = elements;
  return n.finish(addRoutine(n, use));
}

/// The shape of a tensor and the axis along which slices are chosen; without
/// the attribute, elements of the tensor as a vector.
static LogicalResult getSlices(NodeImporter &n, TensorRef input,
                               SmallVectorImpl<int64_t> &shape, int64_t &axis) {
  axis = 0;
  shape.assign({input->getNumElements()});
  if (!n.has("axis"))
    return success();
  FailureOr<int64_t> given = n.getAxis(n.getInt("axis", 0), input->getRank());
  if (failed(given))
    return failure();
  axis = *given;
  shape.assign(input->getShape().begin(), input->getShape().end());
  return success();
}

static LogicalResult importCompress(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef input = n.in(0), condition = n.in(1);
  if (condition->getRank() != 1 || !condition->getElementType().isInteger(1))
    return n.error("the condition must be a vector of bool");
  SmallVector<int64_t> shape;
  int64_t axis;
  if (failed(getSlices(n, input, shape, axis)))
    return failure();
  int64_t size = shape[axis];
  FailureOr<int64_t> room = 0;
  DenseElementsAttr known = n.graph.getElements(condition);
  if (known) {
    for (auto [i, isChosen] : llvm::enumerate(known.getValues<bool>()))
      if (isChosen && static_cast<int64_t>(i) < size)
        ++*room;
  } else {
    room = getDeclaredRoom(n, 0, axis, "0");
  }
  if (failed(room))
    return failure();
  int64_t inner = getProduct(ArrayRef(shape).drop_front(axis + 1));
  RoutineUse use{"compress", {input, condition}};
  int64_t bytes = inner * swap::getElementBytes(input->getElementType());
  use.constants = {bytes, size, condition->getDim(0), *room};
  use.items =
      std::max<int64_t>(1, getProduct(ArrayRef(shape).take_front(axis)));
  shape[axis] = *room;
  use.results = {{shape, input->getElementType(), input->isUnsigned}};
  use.flops = getProduct(shape) + use.items * size;
  return n.finish(addRoutine(n, use));
}

static LogicalResult importUnique(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  FailureOr<int64_t> type = getRoutineType(n, input);
  if (failed(type))
    return failure();
  SmallVector<int64_t> shape;
  int64_t axis;
  if (failed(getSlices(n, input, shape, axis)))
    return failure();
  int64_t size = shape[axis];
  int64_t outer = getProduct(ArrayRef(shape).take_front(axis));
  int64_t inner = getProduct(ArrayRef(shape).drop_front(axis + 1));
  Type index = n.b.getI64Type();
  auto getUse = [&](int64_t room) {
    RoutineUse use{"unique", {input}};
    use.constants = {*type, outer, size, inner, n.getInt("sorted", 1) != 0,
                     room};
    SmallVector<int64_t> different(shape);
    different[axis] = room;
    use.results = {{different, input->getElementType(), input->isUnsigned},
                   {{room}, index},
                   {{size}, index},
                   {{room}, index}};
    use.scratch = 3 * 8 * size;
    use.flops = input->getNumElements() * (llvm::Log2_64(size + 1) + 1) * 2;
    return use;
  };
  FailureOr<int64_t> room = 0;
  SmallVector<TensorRef> known;
  if (input->getNumElements() == 0)
    room = 0;
  else if (n.graph.getElements(input))
    known = addRoutine(n, getUse(size));
  if (!known.empty() && known[3]->constant)
    room = llvm::count_if(known[3]->constant.getValues<int64_t>(),
                          [](int64_t count) { return count > 0; });
  else if (input->getNumElements() > 0)
    room = n.wantsOutput(0)   ? getDeclaredRoom(n, 0, axis, "0")
           : n.wantsOutput(1) ? getDeclaredRoom(n, 1, 0, "0")
                              : getDeclaredRoom(n, 3, 0, "0");
  if (failed(room))
    return failure();
  return n.finish(addRoutine(n, getUse(*room)));
}

void swapc::addSelections(HandlerMap &handlers) {
  handlers["Compress"] = importCompress;
  handlers["NonZero"] = importNonZero;
  handlers["TopK"] = importTopK;
  handlers["Unique"] = importUnique;
}
