//===- Sequences.cpp - Sequences of tensors ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sequence is a list of tensors that exists while compiling: none of these
// operators computes anything but the pieces of a split and a concatenation.
//
//===----------------------------------------------------------------------===//

#include "Bodies.h"

using namespace mlir;
using namespace swapc;

/// Input `index` as a position in a sequence of `count`, or just behind it
/// where `orEnd`. Negative ones count from the end.
static FailureOr<int64_t> getPosition(NodeImporter &n, unsigned index,
                                      int64_t count, bool orEnd = false) {
  TensorRef tensor = getTensor(n, index);
  if (!tensor)
    return failure();
  FailureOr<SmallVector<int64_t>> known = n.getConstInts(index);
  if (failed(known))
    return failure();
  if (known->size() != 1)
    return n.error("the position must be one integer");
  int64_t given = known->front(), position = given < 0 ? given + count : given;
  if (position < 0 || position >= count + orEnd)
    return n.error("position " + Twine(given) + " is outside of the sequence");
  return position;
}

/// An error unless `tensor` may stand beside the sequence's elements.
static LogicalResult checkElement(NodeImporter &n, ArrayRef<TensorRef> elements,
                                  TensorRef tensor) {
  if (!elements.empty() &&
      (elements[0]->getElementType() != tensor->getElementType() ||
       elements[0]->isUnsigned != tensor->isUnsigned))
    return n.error("the tensors of a sequence must have one element type");
  return success();
}

static LogicalResult importConstruct(NodeImporter &n) {
  if (n.getNumInputs() == 0)
    return n.error("has no inputs");
  SmallVector<TensorRef> elements;
  for (unsigned i = 0; i < n.getNumInputs(); ++i) {
    TensorRef tensor = getTensor(n, i);
    if (!tensor || failed(checkElement(n, elements, tensor)))
      return failure();
    elements.push_back(tensor);
  }
  return n.finish(n.graph.makeSequence(elements));
}

static LogicalResult importEmpty(NodeImporter &n) {
  return n.finish(n.graph.makeSequence({}));
}

static LogicalResult importInsert(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef sequence = getSequence(n, 0);
  TensorRef tensor = sequence ? getTensor(n, 1) : nullptr;
  if (!tensor)
    return failure();
  std::vector<TensorRef> elements = sequence->elements;
  if (failed(checkElement(n, elements, tensor)))
    return failure();
  int64_t position = elements.size();
  if (n.in(2)) {
    FailureOr<int64_t> at = getPosition(n, 2, elements.size(), /*orEnd=*/true);
    if (failed(at))
      return failure();
    position = *at;
  }
  elements.insert(elements.begin() + position, tensor);
  return n.finish(n.graph.makeSequence(elements));
}

static LogicalResult importErase(NodeImporter &n) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  TensorRef sequence = getSequence(n, 0);
  if (!sequence)
    return failure();
  std::vector<TensorRef> elements = sequence->elements;
  if (elements.empty())
    return n.error("the sequence is empty");
  int64_t position = elements.size() - 1;
  if (n.in(1)) {
    FailureOr<int64_t> at = getPosition(n, 1, elements.size());
    if (failed(at))
      return failure();
    position = *at;
  }
  elements.erase(elements.begin() + position);
  return n.finish(n.graph.makeSequence(elements));
}

static LogicalResult importAt(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef sequence = getSequence(n, 0);
  if (!sequence)
    return failure();
  FailureOr<int64_t> at = getPosition(n, 1, sequence->elements.size());
  if (failed(at))
    return failure();
  return n.finish(sequence->elements[*at]);
}

static LogicalResult importLength(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef sequence = getSequence(n, 0);
  if (!sequence)
    return failure();
  int64_t length = sequence->elements.size();
  return n.finish(n.constantInts({}, length, n.b.getI64Type()));
}

/// The sizes that the second input asks for, or 1 without it.
static FailureOr<SmallVector<int64_t>> getPieceSizes(NodeImporter &n,
                                                     int64_t whole) {
  auto tooMany = [&] {
    return n.error("makes more than " + Twine(kMaxIterations) + " pieces");
  };
  if (!n.in(1)) {
    if (whole > kMaxIterations)
      return tooMany();
    return SmallVector<int64_t>(whole, 1);
  }
  if (!getTensor(n, 1))
    return failure();
  FailureOr<SmallVector<int64_t>> split = n.getConstInts(1);
  if (failed(split))
    return failure();
  SmallVector<int64_t> sizes;
  if (n.in(1)->getRank() == 0) {
    if (split->front() <= 0)
      return n.error("the size of a piece must be above 0");
    if (whole / split->front() >= kMaxIterations)
      return tooMany();
    for (int64_t at = 0; at < whole; at += split->front())
      sizes.push_back(std::min(split->front(), whole - at));
    return sizes;
  }
  int64_t left = whole;
  for (int64_t size : *split) {
    if (size < 0 || size > left)
      return n.error("the pieces do not add up to " + Twine(whole));
    left -= size;
  }
  if (left != 0)
    return n.error("the pieces do not add up to " + Twine(whole));
  return *split;
}

static LogicalResult importSplit(NodeImporter &n) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  TensorRef tensor = getTensor(n, 0);
  if (!tensor)
    return failure();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), tensor->getRank());
  if (failed(axis))
    return failure();
  FailureOr<SmallVector<int64_t>> pieces =
      getPieceSizes(n, tensor->getDim(*axis));
  if (failed(pieces))
    return failure();
  bool dropsAxis = !n.in(1) && n.getInt("keepdims", 1) == 0;
  SmallVector<int64_t> offsets(tensor->getRank(), 0),
      steps(tensor->getRank(), 1), sizes(tensor->getShape());
  SmallVector<TensorRef> elements;
  for (int64_t size : *pieces) {
    sizes[*axis] = size;
    elements.push_back(dropsAxis ? takePiece(n, tensor, *axis, offsets[*axis])
                                 : n.slice(tensor, offsets, sizes, steps));
    offsets[*axis] += size;
  }
  return n.finish(n.graph.makeSequence(elements));
}

static LogicalResult importConcat(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef sequence = getSequence(n, 0);
  if (!sequence)
    return failure();
  ArrayRef<TensorRef> elements = sequence->elements;
  if (elements.empty())
    return n.error("the sequence is empty");
  bool isNew = n.getInt("new_axis", 0) != 0;
  int64_t rank = elements[0]->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), rank + isNew);
  if (failed(axis))
    return failure();
  SmallVector<TensorRef> parts;
  for (TensorRef element : elements) {
    bool matches = element->getRank() == rank;
    for (int64_t i = 0; matches && i < rank; ++i)
      matches = (!isNew && i == *axis) ||
                element->getDim(i) == elements[0]->getDim(i);
    if (!matches)
      return n.error("the tensors of the sequence do not fit together");
    SmallVector<int64_t> shape(element->getShape());
    if (isNew)
      shape.insert(shape.begin() + *axis, 1);
    parts.push_back(n.reshape(element, shape));
  }
  return n.finish(n.concat(parts, *axis));
}

void swapc::addSequences(HandlerMap &handlers) {
  handlers["ConcatFromSequence"] = importConcat;
  handlers["SequenceAt"] = importAt;
  handlers["SequenceConstruct"] = importConstruct;
  handlers["SequenceEmpty"] = importEmpty;
  handlers["SequenceErase"] = importErase;
  handlers["SequenceInsert"] = importInsert;
  handlers["SequenceLength"] = importLength;
  handlers["SplitToSequence"] = importSplit;
}
