//===- Patches.cpp - Images from patches, and cut to size -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Windows.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// Adds what each patch has for a place. Patches lie `strides` apart, so spread
/// out by them, element k of a window reaches a place from k dilations before.
static TensorRef mergePatches(NodeImporter &n, const Windows &w,
                              TensorRef patches, ArrayRef<int64_t> image) {
  unsigned rank = w.size(), dims = 2 + 2 * rank;
  SmallVector<int64_t> low(2 + rank, 0), high(2 + rank, 0),
      offsets(2 + 2 * rank, 0), steps(2 + 2 * rank, 1);
  SmallVector<AffineExpr> window, loops, from{n.dim(0), n.dim(1)}, to = from;
  SmallVector<int64_t> shape(patches->getShape().take_front(2));
  low.append(rank, 0);
  high.append(rank, 0);
  for (unsigned i = 0; i < rank; ++i)
    patches = spreadOut(n, patches, 2 + rank + i, w.strides[i]);
  SmallVector<int64_t> sizes(patches->getShape());
  for (unsigned i = 0; i < rank; ++i) {
    unsigned axis = 2 + rank + i;
    int64_t before = (w.kernel[i] - 1) * w.dilations[i] - w.low[i];
    int64_t after = image[i] + w.low[i] - patches->getDim(axis);
    // Negative padding cuts.
    low[axis] = std::max<int64_t>(0, before);
    high[axis] = std::max<int64_t>(0, after);
    offsets[axis] = std::max<int64_t>(0, -before);
    sizes[axis] -= offsets[axis] + std::max<int64_t>(0, -after);
    from.push_back(w.kernel[i] - 1 - n.dim(2 + rank + i));
    window.push_back(n.dim(2 + i) + n.dim(2 + rank + i) * w.dilations[i]);
    loops.push_back(n.dim(2 + rank + i));
    to.push_back(n.dim(2 + i));
    shape.push_back(image[i]);
  }
  llvm::append_range(from, window);
  Type type = patches->getElementType();
  TensorRef padded =
      n.pad(n.slice(patches, offsets, sizes, steps), low, high, n.zero(type));
  SmallVector<IteratorType> iterators(2 + rank, IteratorType::parallel);
  iterators.append(rank, IteratorType::reduction);
  Type wide = getComputeType(type);
  // An empty tensor of the window's shape gives its loops their sizes.
  TensorRef extents =
      n.wrap(tensor::EmptyOp::create(n.b, n.loc, w.kernel, wide));
  TensorRef sum = n.reduce(
      {{padded, n.getMap(dims, from)}, {extents, n.getMap(dims, loops)}},
      n.getMap(dims, to), iterators, shape, n.zero(wide),
      [&](Scalar &s, ValueRange args) {
        return s.add(args[2], s.cast(args[0], wide, false, false));
      });
  return n.cast(sum, type, patches->isUnsigned);
}

static LogicalResult importCol2Im(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  TensorRef input = n.in(0);
  FailureOr<SmallVector<int64_t>> image = n.getConstInts(1),
                                  block = n.getConstInts(2);
  if (failed(image) || failed(block))
    return failure();
  if (input->getRank() != 3 || image->size() != block->size() ||
      image->empty() || input->getElementType().isInteger(1))
    return n.error("takes [N, C * block, patches], and as many sizes of the "
                   "image as of a block");
  for (int64_t size : *image)
    if (size < 1 || size >= int64_t(1) << 31)
      return n.error("the size of the image is not positive or too large");
  FailureOr<Windows> w = Windows::get(n, *image, *block);
  if (failed(w))
    return failure();
  if (!getByteSize(w->kernel, input->getElementType()) ||
      !getByteSize(w->out, input->getElementType()))
    return n.error("the block or the image is too large");
  int64_t batch = input->getDim(0), rows = input->getDim(1);
  int64_t window = getProduct(w->kernel), count = getProduct(w->out);
  if (rows % window != 0 || input->getDim(2) != count)
    return n.error("[" + Twine(rows) + ", " + Twine(input->getDim(2)) +
                   "] does not divide into " + Twine(count) + " blocks of " +
                   Twine(window));
  SmallVector<int64_t> split{batch, rows / window};
  SmallVector<int64_t> result = split;
  llvm::append_range(result, *image);
  if (!getByteSize(result, input->getElementType()))
    return n.error("the size of the result overflows");
  llvm::append_range(split, w->kernel);
  llvm::append_range(split, w->out);
  return n.finish(mergePatches(n, *w, n.reshape(input, split), *image));
}

/// The middle of an axis that is too long, zeros around one that is too short.
static LogicalResult importCenterCropPad(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<SmallVector<int64_t>> wanted = n.getConstInts(1);
  FailureOr<SmallVector<int64_t>> axes = n.getAxes(
      n.getInts("axes", llvm::to_vector(llvm::seq<int64_t>(0, rank))), rank);
  if (failed(wanted) || failed(axes))
    return failure();
  if (wanted->size() != axes->size())
    return n.error("shape must have one size for each axis");
  SmallVector<int64_t> offsets(rank, 0), steps(rank, 1), low(rank, 0),
      high(rank, 0), sizes(input->getShape()), shape = sizes;
  for (auto [axis, size] : llvm::zip_equal(*axes, *wanted)) {
    if (size < 0 || size >= int64_t(1) << 40)
      return n.error("size " + Twine(size) + " is negative or too large");
    int64_t missing = size - sizes[axis];
    shape[axis] = size;
    if (missing > 0) {
      low[axis] = missing / 2;
      high[axis] = missing - missing / 2;
    } else {
      offsets[axis] = -missing / 2;
      sizes[axis] = size;
    }
  }
  Type type = input->getElementType();
  if (!getByteSize(shape, type))
    return n.error("the size of the result overflows");
  return n.finish(
      n.pad(n.slice(input, offsets, sizes, steps), low, high, n.zero(type)));
}

void swapc::addPatches(HandlerMap &handlers) {
  handlers["CenterCropPad"] = importCenterCropPad;
  handlers["Col2Im"] = importCol2Im;
}
