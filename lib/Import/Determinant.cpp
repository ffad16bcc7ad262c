//===- Determinant.cpp - Determinants of matrices ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routine.h"

using namespace mlir;
using namespace swapc;

static LogicalResult importDet(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  if (rank < 2 || input->getDim(rank - 1) != input->getDim(rank - 2) ||
      !isa<FloatType>(input->getElementType()))
    return n.error("takes square matrices of floats");
  int64_t size = input->getDim(rank - 1);
  TensorRef wide = widenForRoutine(n, input);
  FailureOr<int64_t> type = getRoutineType(n, wide);
  if (failed(type))
    return failure();
  ArrayRef<int64_t> batch = input->getShape().drop_back(2);
  RoutineUse use{"determinant", {wide}};
  use.constants = {*type, size};
  use.results = {{llvm::to_vector(batch), wide->getElementType()}};
  use.items = std::max<int64_t>(1, getProduct(batch));
  use.scratch = size * size * 8;
  use.flops = use.items * size * size * size;
  TensorRef result = addRoutine(n, use).front();
  if (!result)
    return failure();
  return n.finish(n.cast(result, input->getElementType()));
}

void swapc::addDeterminants(HandlerMap &handlers) {
  handlers["Det"] = importDet;
}
