//===- Shape.cpp - Constants and shapes -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace swapc;

static LogicalResult importConstant(NodeImporter &n) {
  Type i64 = n.b.getI64Type();
  if (const onnx::Attribute *value = n.find("value"); value && value->tensor) {
    TensorRef stored =
        n.graph.getStored(*value->tensor, n.getOutputName(0), n.loc);
    return n.finish(stored);
  }
  if (n.has("value_int"))
    return n.finish(n.constantInts({}, n.getInt("value_int", 0), i64));
  if (n.has("value_ints")) {
    SmallVector<int64_t> ints = n.getInts("value_ints");
    return n.finish(n.constantInts(ints.size(), ints, i64));
  }
  if (n.has("value_float"))
    return n.finish(
        n.constantFloats({}, static_cast<float>(n.getFloat("value_float", 0))));
  if (const onnx::Attribute *floats = n.find("value_floats"))
    return n.finish(n.constantFloats(floats->floats.size(), floats->floats));
  return n.error("only dense constants of numbers are supported");
}

/// A shape from a constant input, with its size checked.
static FailureOr<SmallVector<int64_t>>
getShapeInput(NodeImporter &n, unsigned index, Type type) {
  FailureOr<SmallVector<int64_t>> shape = n.getConstInts(index);
  if (failed(shape))
    return failure();
  if (!getByteSize(*shape, type))
    return n.error("the shape is negative or its size overflows");
  return shape;
}

static LogicalResult importConstantOfShape(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TypedAttr fill = n.b.getF32FloatAttr(0);
  bool isUnsigned = false;
  if (const onnx::Attribute *value = n.find("value"); value && value->tensor) {
    TensorRef tensor =
        n.graph.makeStored(*value->tensor, n.getOutputName(0), n.loc);
    if (!tensor)
      return failure();
    if (tensor->getNumElements() != 1)
      return n.error("value must have one element");
    fill = *n.graph.getElements(tensor).value_begin<TypedAttr>();
    isUnsigned = tensor->isUnsigned;
  }
  FailureOr<SmallVector<int64_t>> shape = getShapeInput(n, 0, fill.getType());
  if (failed(shape))
    return failure();
  return n.finish(n.splat(*shape, fill, isUnsigned));
}

static LogicalResult importShape(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  ArrayRef<int64_t> shape = n.in(0)->getShape();
  int64_t rank = shape.size();
  auto clamp = [&](int64_t x) {
    return std::clamp<int64_t>(x < 0 ? x + rank : x, 0, rank);
  };
  int64_t start = clamp(n.getInt("start", 0)),
          end = clamp(n.getInt("end", rank));
  shape = start < end ? shape.slice(start, end - start) : ArrayRef<int64_t>();
  return n.finish(n.constantInts(shape.size(), shape, n.b.getI64Type()));
}

static LogicalResult importSize(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  return n.finish(
      n.constantInts({}, n.in(0)->getNumElements(), n.b.getI64Type()));
}

static LogicalResult importRange(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  constexpr int64_t kLimit = int64_t(1) << 28;
  Type type = n.in(0)->getElementType();
  if (isa<FloatType>(type)) {
    double numbers[3];
    for (unsigned i = 0; i < 3; ++i) {
      std::optional<SmallVector<double>> one = n.getFloats(n.in(i));
      if (!one || one->size() != 1)
        return n.error("start, limit and delta must be known while compiling");
      numbers[i] = one->front();
    }
    double count =
        std::max(0.0, std::ceil((numbers[1] - numbers[0]) / numbers[2]));
    if (!(count <= kLimit))
      return n.error("has no end, or too many elements");
    SmallVector<float> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(numbers[0] + i * numbers[2]);
    return n.finish(n.cast(n.constantFloats(values.size(), values), type));
  }
  int64_t numbers[3];
  for (unsigned i = 0; i < 3; ++i) {
    FailureOr<SmallVector<int64_t>> one = n.getConstInts(i);
    if (failed(one) || one->size() != 1)
      return n.error("start, limit and delta must be known while compiling");
    numbers[i] = one->front();
  }
  auto [start, limit, delta] = numbers;
  if (delta == 0)
    return n.error("delta is 0");
  double count =
      std::max(0.0, std::ceil((double(limit) - double(start)) / double(delta)));
  if (!(count <= kLimit))
    return n.error("has too many elements");
  SmallVector<int64_t> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(start + i * delta);
  return n.finish(n.constantInts(values.size(), values, type));
}

static LogicalResult importExpand(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef input = n.in(0);
  FailureOr<SmallVector<int64_t>> wanted =
      getShapeInput(n, 1, input->getElementType());
  if (failed(wanted))
    return failure();
  SmallVector<int64_t> shape = *wanted;
  int64_t rank = input->getRank();
  if (rank > static_cast<int64_t>(shape.size()))
    shape.insert(shape.begin(), rank - shape.size(), 1);
  for (int64_t i = 0; i < rank; ++i) {
    int64_t &size = shape[shape.size() - rank + i];
    if (size == 1)
      size = input->getDim(i);
    else if (input->getDim(i) != 1 && input->getDim(i) != size)
      return n.error("sizes " + Twine(size) + " and " +
                     Twine(input->getDim(i)) + " do not broadcast");
  }
  if (!getByteSize(shape, input->getElementType()))
    return n.error("the size of the result overflows");
  if (input->getNumElements() == getProduct(shape))
    return n.finish(n.reshape(input, shape));
  return n.finish(
      n.copy(input, shape, n.getBroadcastMap(input->getShape(), shape)));
}

/// Tiles as [1, size] to [repeat, size] for each dimension.
static LogicalResult importTile(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef input = n.in(0);
  FailureOr<SmallVector<int64_t>> repeats = n.getConstInts(1);
  if (failed(repeats))
    return failure();
  int64_t rank = input->getRank();
  if (static_cast<int64_t>(repeats->size()) != rank ||
      llvm::any_of(*repeats, [](int64_t r) { return r < 0; }))
    return n.error("repeats must be " + Twine(rank) + " sizes");
  SmallVector<int64_t> shape, wide;
  SmallVector<AffineExpr> results;
  bool repeated = false;
  for (int64_t i = 0; i < rank; ++i) {
    int64_t repeat = (*repeats)[i], size = input->getDim(i), total;
    if (llvm::MulOverflow(repeat, size, total))
      return n.error("the size of the result overflows");
    shape.push_back(total);
    repeated |= repeat != 1;
    if (repeat != 1)
      wide.push_back(repeat);
    results.push_back(n.dim(wide.size()));
    wide.push_back(size);
  }
  if (!getByteSize(shape, input->getElementType()))
    return n.error("the size of the result overflows");
  if (!repeated)
    return n.finish(input);
  TensorRef spread = n.copy(input, wide, n.getMap(wide.size(), results));
  return n.finish(n.reshape(spread, shape));
}

void swapc::addShapes(HandlerMap &handlers) {
  handlers["Constant"] = importConstant;
  handlers["ConstantOfShape"] = importConstantOfShape;
  handlers["Shape"] = importShape;
  handlers["Size"] = importSize;
  handlers["Range"] = importRange;
  handlers["Expand"] = importExpand;
  handlers["Tile"] = importTile;
}
