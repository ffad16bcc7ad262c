//===- Unpool.cpp - Maxima back to where they were --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

using namespace mlir;
using namespace swapc;

static LogicalResult importMaxUnpool(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef input = n.in(0), indices = n.in(1);
  int64_t rank = input->getRank(), spatial = rank - 2;
  if (rank < 3 || indices->getShape() != input->getShape() ||
      !indices->getElementType().isInteger(64))
    return n.error("takes an image of rank 3 or more and an int64 index for "
                   "each of its elements");
  SmallVector<int64_t> kernel = n.getInts("kernel_shape");
  SmallVector<int64_t> strides =
      n.getInts("strides", SmallVector<int64_t>(spatial, 1));
  SmallVector<int64_t> pads =
      n.getInts("pads", SmallVector<int64_t>(2 * spatial, 0));
  if (static_cast<int64_t>(kernel.size()) != spatial ||
      static_cast<int64_t>(strides.size()) != spatial ||
      static_cast<int64_t>(pads.size()) != 2 * spatial)
    return n.error("kernel_shape, strides and pads must fit the rank");
  SmallVector<int64_t> shape(input->getShape()), low(rank, 0), high(rank, 0);
  for (int64_t i = 0; i < spatial; ++i) {
    shape[i + 2] = (shape[i + 2] - 1) * strides[i] - pads[i] -
                   pads[i + spatial] + kernel[i];
    if (shape[i + 2] < 0)
      return n.error("its result has a negative size");
  }
  // A larger result has the unpooled image in its corner.
  if (n.in(2)) {
    FailureOr<SmallVector<int64_t>> wanted = n.getConstInts(2);
    if (failed(wanted))
      return failure();
    if (static_cast<int64_t>(wanted->size()) != rank)
      return n.error("output_shape must have the input's rank");
    for (int64_t i = 0; i < rank; ++i) {
      high[i] = (*wanted)[i] - shape[i];
      if (high[i] < 0)
        return n.error("output_shape is smaller than the unpooled image");
    }
  }
  FailureOr<int64_t> type = getRoutineType(n, input);
  if (failed(type))
    return failure();
  RoutineUse use{"scatter", {indices, input}};
  use.constants = {*type,
                   /*replace=*/0,
                   /*has data=*/0, getProduct(shape), input->getNumElements(),
                   /*elements=*/1};
  use.results = {{shape, input->getElementType(), input->isUnsigned}};
  use.flops = getProduct(shape) / 4 + input->getNumElements();
  TensorRef result = addRoutine(n, use).front();
  if (!result)
    return failure();
  return n.finish(n.pad(result, low, high, n.zero(input->getElementType())));
}

void swapc::addUnpoolings(HandlerMap &handlers) {
  handlers["MaxUnpool"] = importMaxUnpool;
}
