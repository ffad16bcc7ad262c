//===- Movement.cpp - Elements to other places ------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include <algorithm>

using namespace mlir;
using namespace swapc;

static LogicalResult importTranspose(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  int64_t rank = n.in(0)->getRank();
  SmallVector<int64_t> reversed =
      llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  FailureOr<SmallVector<int64_t>> permutation =
      n.getAxes(n.getInts("perm", reversed), rank);
  if (failed(permutation))
    return failure();
  if (static_cast<int64_t>(permutation->size()) != rank)
    return n.error("perm must name each of " + Twine(rank) + " dimensions");
  return n.finish(n.transpose(n.in(0), *permutation));
}

static LogicalResult importSlice(NodeImporter &n) {
  if (failed(n.checkInputs(3, 5)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<SmallVector<int64_t>> starts = n.getConstInts(1),
                                  ends = n.getConstInts(2);
  if (failed(starts) || failed(ends))
    return failure();
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  SmallVector<int64_t> strides(starts->size(), 1);
  for (unsigned i : {3u, 4u}) {
    if (!n.in(i))
      continue;
    FailureOr<SmallVector<int64_t>> values = n.getConstInts(i);
    if (failed(values))
      return failure();
    (i == 3 ? axes : strides) = *values;
  }
  if (ends->size() != starts->size() || axes.size() != starts->size() ||
      strides.size() != starts->size())
    return n.error("starts, ends, axes and steps must be of one length");
  FailureOr<SmallVector<int64_t>> counted = n.getAxes(axes, rank);
  if (failed(counted))
    return failure();
  SmallVector<int64_t> offsets(rank, 0), steps(rank, 1),
      sizes(input->getShape());
  for (auto [axis, start, end, step] :
       llvm::zip_equal(*counted, *starts, *ends, strides)) {
    int64_t size = input->getDim(axis);
    if (step == 0 || step == INT64_MIN)
      return n.error("a step of 0");
    auto clamp = [&](int64_t x, int64_t low, int64_t high) {
      return std::clamp(x < 0 ? (x < -size ? -1 : x + size) : x, low, high);
    };
    if (step > 0) {
      int64_t from = clamp(start, 0, size), to = clamp(end, 0, size);
      offsets[axis] = from;
      sizes[axis] = to > from ? (to - from - 1) / step + 1 : 0;
    } else {
      int64_t from = clamp(start, 0, size - 1), to = clamp(end, -1, size - 1);
      offsets[axis] = from;
      sizes[axis] = from > to ? (from - to - 1) / -step + 1 : 0;
    }
    steps[axis] = sizes[axis] <= 1 ? 1 : step;
  }
  return n.finish(n.slice(input, offsets, sizes, steps));
}

static LogicalResult importSplit(NodeImporter &n) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  int64_t size = input->getDim(*axis), parts = n.getNumOutputs(), sum = 0;
  SmallVector<int64_t> lengths;
  if (n.in(1)) {
    FailureOr<SmallVector<int64_t>> given = n.getConstInts(1);
    if (failed(given))
      return failure();
    lengths = *given;
  } else {
    if (n.has("num_outputs") && n.getInt("num_outputs", 0) != parts)
      return n.error("num_outputs differs from the number of outputs");
    int64_t piece = (size + parts - 1) / parts;
    for (int64_t left = size, i = 0; i < parts; ++i, left -= lengths.back())
      lengths.push_back(std::min(piece, left));
  }
  for (int64_t length : lengths)
    sum = length < 0 || sum < 0 ? -1 : sum + length;
  if (static_cast<int64_t>(lengths.size()) != parts || sum != size)
    return n.error("the pieces do not add up to " + Twine(size));
  SmallVector<int64_t> offsets(rank, 0), steps(rank, 1),
      sizes(input->getShape());
  SmallVector<TensorRef> results;
  for (int64_t length : lengths) {
    sizes[*axis] = length;
    results.push_back(n.slice(input, offsets, sizes, steps));
    offsets[*axis] += length;
  }
  return n.finish(results);
}

static LogicalResult importConcat(NodeImporter &n) {
  if (n.getNumInputs() == 0 || llvm::is_contained(n.getInputs(), nullptr))
    return n.error("has no inputs, or leaves one out");
  TensorRef first = n.in(0);
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), first->getRank());
  if (failed(axis))
    return failure();
  for (TensorRef input : n.getInputs()) {
    bool fits = input->getRank() == first->getRank() &&
                input->getElementType() == first->getElementType();
    for (int64_t i = 0; fits && i < first->getRank(); ++i)
      fits = i == *axis || input->getDim(i) == first->getDim(i);
    if (!fits)
      return n.error(
          "inputs must have one element type, and one shape but for the axis");
  }
  return n.finish(n.concat(n.getInputs(), *axis));
}

static LogicalResult importPad(NodeImporter &n) {
  if (failed(n.checkInputs(2, 4)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  Type type = input->getElementType();
  StringRef mode = n.getString("mode", "constant");
  FailureOr<SmallVector<int64_t>> pads = n.getConstInts(1);
  if (failed(pads))
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (n.in(3)) {
    FailureOr<SmallVector<int64_t>> given = n.getConstInts(3);
    if (failed(given))
      return failure();
    axes = *given;
  }
  FailureOr<SmallVector<int64_t>> counted = n.getAxes(axes, rank);
  if (failed(counted))
    return failure();
  if (pads->size() != 2 * counted->size())
    return n.error("pads must have two numbers for each axis");
  constexpr int64_t kLimit = int64_t(1) << 31;
  // Negative pads cut.
  SmallVector<int64_t> low(rank, 0), high(rank, 0), offsets(rank, 0),
      steps(rank, 1);
  SmallVector<int64_t> sizes(input->getShape()), shape;
  for (auto [i, axis] : llvm::enumerate(*counted)) {
    int64_t before = (*pads)[i], after = (*pads)[i + counted->size()];
    if (std::max(std::abs(before), std::abs(after)) >= kLimit)
      return n.error("pads are too large");
    low[axis] = std::max<int64_t>(0, before);
    high[axis] = std::max<int64_t>(0, after);
    offsets[axis] = std::max<int64_t>(0, -before);
    sizes[axis] -= offsets[axis] + std::max<int64_t>(0, -after);
    if (sizes[axis] < 0)
      return n.error("pads cut more than there is");
  }
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(low[i] + sizes[i] + high[i]);
  if (!getByteSize(shape, type))
    return n.error("the size of the result overflows");
  TypedAttr fill = n.zero(type);
  if (n.in(2) && mode == "constant") {
    DenseElementsAttr elements = n.graph.getElements(n.in(2));
    if (!elements || elements.getNumElements() != 1 ||
        elements.getElementType() != type)
      return n.error(
          "constant_value must be one element known while compiling");
    fill = *elements.value_begin<TypedAttr>();
  }
  TensorRef cut = n.slice(input, offsets, sizes, steps);
  if (mode == "constant")
    return n.finish(n.pad(cut, low, high, fill));
  if (mode != "reflect" && mode != "edge" && mode != "wrap")
    return n.error("mode '" + mode + "' is not supported");
  // Along one axis after the other: pieces of what is there, in affine copies.
  TensorRef result = cut;
  for (int64_t axis = 0; axis < rank; ++axis) {
    int64_t size = result->getDim(axis), before = low[axis], after = high[axis];
    if (before == 0 && after == 0)
      continue;
    int64_t most = mode == "edge"      ? kLimit
                   : mode == "reflect" ? size - 1
                                       : size;
    if (size == 0 || before > most || after > most)
      return n.error("mode '" + mode + "' cannot pad more than there is");
    auto piece = [&](int64_t first, int64_t length, int64_t step) {
      SmallVector<int64_t> offsets(rank, 0), steps(rank, 1),
          sizes(result->getShape());
      offsets[axis] = first;
      steps[axis] = step;
      sizes[axis] = length;
      return n.slice(result, offsets, sizes, steps);
    };
    SmallVector<TensorRef> pieces;
    if (before)
      pieces.push_back(mode == "edge"      ? piece(0, before, 0)
                       : mode == "reflect" ? piece(before, before, -1)
                                           : piece(size - before, before, 1));
    pieces.push_back(result);
    if (after)
      pieces.push_back(mode == "edge"      ? piece(size - 1, after, 0)
                       : mode == "reflect" ? piece(size - 2, after, -1)
                                           : piece(0, after, 1));
    result = n.concat(pieces, axis);
  }
  return n.finish(result);
}

static LogicalResult importTrilu(NodeImporter &n) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank(), k = 0;
  if (rank < 2)
    return n.error("takes an input of rank 2 or more");
  if (n.in(1)) {
    FailureOr<SmallVector<int64_t>> given = n.getConstInts(1);
    if (failed(given) || given->size() != 1)
      return failure();
    k = given->front();
  }
  bool upper = n.getInt("upper", 1);
  // Whether an element stays depends on column - row: a table of the matrix
  // costs less than index arithmetic.
  int64_t rows = input->getDim(rank - 2), columns = input->getDim(rank - 1);
  if (rows * columns > (1 << 24))
    return n.error("the matrix is too large");
  SmallVector<bool> keep;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      keep.push_back(upper ? c - r >= k : c - r <= k);
  auto type = RankedTensorType::get({rows, columns}, n.b.getI1Type());
  TensorRef mask = n.constant(DenseElementsAttr::get(type, keep));
  return n.finish(n.parallel(
      {{input, n.identity(rank)},
       {mask, n.getMap(rank, {n.dim(rank - 2), n.dim(rank - 1)})}},
      input->getShape(), input->getElementType(),
      [](Scalar &s, ValueRange args) {
        return s.select(args[1], args[0], s.constant(args[0], 0));
      },
      input->isUnsigned));
}

void swapc::addMovements(HandlerMap &handlers) {
  handlers["Transpose"] = importTranspose;
  handlers["Slice"] = importSlice;
  handlers["Split"] = importSplit;
  handlers["Concat"] = importConcat;
  handlers["Pad"] = importPad;
  handlers["Trilu"] = importTrilu;
}
