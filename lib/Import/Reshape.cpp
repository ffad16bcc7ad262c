//===- Reshape.cpp - Other shapes for the same elements ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;

static LogicalResult importReshape(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  FailureOr<SmallVector<int64_t>> wanted = n.getConstInts(1);
  if (failed(wanted))
    return failure();
  TensorRef input = n.in(0);
  bool allowZero = n.getInt("allowzero", 0);
  SmallVector<int64_t> shape = *wanted;
  int64_t known = 1, open = -1;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size == 0 && !allowZero) {
      if (static_cast<int64_t>(i) >= input->getRank())
        return n.error("copies dimension " + Twine(i) +
                       ", which the input lacks");
      size = input->getDim(i);
    }
    if (size == -1) {
      if (open >= 0)
        return n.error("leaves two dimensions open");
      open = i;
    } else if (size < 0 || llvm::MulOverflow(known, size, known)) {
      return n.error("has the impossible size " + Twine(size) +
                     " in its shape");
    }
  }
  int64_t count = input->getNumElements();
  if (open >= 0) {
    if (known == 0 || count % known != 0)
      return n.error(Twine(count) + " elements do not divide into rows of " +
                     Twine(known));
    shape[open] = count / known;
    known = count;
  }
  if (known != count)
    return n.error(Twine(count) + " elements do not fit a shape of " +
                   Twine(known));
  return n.finish(n.reshape(input, shape));
}

static LogicalResult importFlatten(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank(), axis = n.getInt("axis", 1);
  if (axis < 0)
    axis += rank;
  if (axis < 0 || axis > rank)
    return n.error("axis " + Twine(axis) + " is outside rank " + Twine(rank));
  return n.finish(
      n.reshape(input, {getProduct(input->getShape().take_front(axis)),
                        getProduct(input->getShape().drop_front(axis))}));
}

static LogicalResult importSqueeze(NodeImporter &n) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  SmallVector<int64_t> axes;
  if (n.in(1)) {
    FailureOr<SmallVector<int64_t>> given = n.getConstInts(1);
    if (failed(given))
      return failure();
    FailureOr<SmallVector<int64_t>> counted = n.getAxes(*given, rank);
    if (failed(counted))
      return failure();
    axes = *counted;
  } else {
    for (int64_t i = 0; i < rank; ++i)
      if (input->getDim(i) == 1)
        axes.push_back(i);
  }
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i) {
    if (!llvm::is_contained(axes, i))
      shape.push_back(input->getDim(i));
    else if (input->getDim(i) != 1)
      return n.error("dimension " + Twine(i) + " has size " +
                     Twine(input->getDim(i)) + ", not 1");
  }
  return n.finish(n.reshape(input, shape));
}

static LogicalResult importUnsqueeze(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  FailureOr<SmallVector<int64_t>> given = n.getConstInts(1);
  if (failed(given))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank() + given->size();
  FailureOr<SmallVector<int64_t>> axes = n.getAxes(*given, rank);
  if (failed(axes))
    return failure();
  SmallVector<int64_t> shape;
  int64_t next = 0;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(llvm::is_contained(*axes, i) ? 1 : input->getDim(next++));
  return n.finish(n.reshape(input, shape));
}

/// [N, C, H, W] to and from blocks of pixels in channels.
static LogicalResult importDepthToSpace(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t size = n.getInt("blocksize", 0);
  if (input->getRank() != 4 || size < 1 || size > (1 << 15) ||
      input->getDim(1) % (size * size) != 0)
    return n.error("the channels do not divide into blocks of " + Twine(size));
  int64_t batch = input->getDim(0), h = input->getDim(2), w = input->getDim(3);
  int64_t channels = input->getDim(1) / (size * size);
  bool columnFirst = n.getString("mode", "DCR") == "CRD";
  TensorRef blocks, turned;
  if (columnFirst) {
    blocks = n.reshape(input, {batch, channels, size, size, h, w});
    turned = n.transpose(blocks, {0, 1, 4, 2, 5, 3});
  } else {
    blocks = n.reshape(input, {batch, size, size, channels, h, w});
    turned = n.transpose(blocks, {0, 3, 4, 1, 5, 2});
  }
  return n.finish(n.reshape(turned, {batch, channels, h * size, w * size}));
}

static LogicalResult importSpaceToDepth(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t size = n.getInt("blocksize", 0);
  if (input->getRank() != 4 || size < 1 || input->getDim(2) % size != 0 ||
      input->getDim(3) % size != 0)
    return n.error("the input does not divide into blocks of " + Twine(size));
  int64_t batch = input->getDim(0), channels = input->getDim(1);
  int64_t h = input->getDim(2) / size, w = input->getDim(3) / size;
  TensorRef blocks = n.reshape(input, {batch, channels, h, size, w, size});
  StringRef mode = n.getString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return n.error("mode '" + mode + "' is not supported");
  TensorRef turned = mode == "DCR" ? n.transpose(blocks, {0, 3, 5, 1, 2, 4})
                                   : n.transpose(blocks, {0, 1, 3, 5, 2, 4});
  return n.finish(n.reshape(turned, {batch, channels * size * size, h, w}));
}

void swapc::addReshapes(HandlerMap &handlers) {
  handlers["Reshape"] = importReshape;
  handlers["Flatten"] = importFlatten;
  handlers["Squeeze"] = importSqueeze;
  handlers["Unsqueeze"] = importUnsqueeze;
  handlers["DepthToSpace"] = importDepthToSpace;
  handlers["SpaceToDepth"] = importSpaceToDepth;
}
