//===- SkipNormalization.cpp - Sums that are normalized ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace swapc;

/// Normalizes the last dimension; scale and bias may be null.
static TensorRef normalizeLast(NodeImporter &n, TensorRef input,
                               TensorRef scale, TensorRef bias, bool rms,
                               double epsilon) {
  SmallVector<TensorRef> operands{input, scale};
  if (bias)
    operands.push_back(bias);
  return n.apply(rms ? "RMSNormalization" : "LayerNormalization", operands,
                 {makeInt("axis", -1), makeFloat("epsilon", epsilon)});
}

/// input + skip [+ bias], its normalization, and the sum as the fourth output.
static LogicalResult importSkip(NodeImporter &n, bool rms) {
  unsigned most = rms ? 4 : 5;
  if (failed(n.checkInputs(3, most)))
    return failure();
  if (n.wantsOutput(1) || n.wantsOutput(2))
    return n.error("the mean and the deviation are outputs of training only");
  TensorRef sum = n.apply("Add", {n.in(0), n.in(1)});
  if (sum && n.in(most - 1))
    sum = n.apply("Add", {sum, n.in(most - 1)});
  if (!sum)
    return failure();
  if (sum->getShape() != n.in(0)->getShape())
    return n.error("the skip or the bias does not broadcast to the input");
  TensorRef result = normalizeLast(n, sum, n.in(2), rms ? nullptr : n.in(3),
                                   rms, n.getFloat("epsilon", 1e-12f));
  return n.finish({result, sum, sum, sum});
}

static LogicalResult importSkipLayerNorm(NodeImporter &n) {
  return importSkip(n, false);
}

static LogicalResult importSkipSimplifiedLayerNorm(NodeImporter &n) {
  return importSkip(n, true);
}

static LogicalResult importSimplifiedLayerNorm(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  return n.finish(n.apply("RMSNormalization", n.getInputs(),
                          {makeInt("axis", n.getInt("axis", -1)),
                           makeFloat("epsilon", n.getFloat("epsilon", 1e-5f))}));
}

/// Words, positions and segments of BERT.
static LogicalResult importEmbedLayerNorm(NodeImporter &n) {
  if (failed(n.checkInputs(1, 9)))
    return failure();
  TensorRef ids = n.in(0), segments = n.in(1), mask = n.in(7),
            positions = n.in(8);
  for (unsigned i : {2u, 3u, 5u, 6u})
    if (!n.in(i))
      return n.error("input " + Twine(i) + " must be given");
  if (ids->getRank() != 2)
    return n.error("takes indices [batch, length]");
  int64_t batch = ids->getDim(0), length = ids->getDim(1);
  if (!positions)
    positions = n.constantInts(
        {1, length}, llvm::to_vector(llvm::seq<int64_t>(0, length)),
        n.b.getI64Type());
  auto gather = [&](TensorRef table, TensorRef indices) {
    return n.apply("Gather", {table, indices}, {makeInt("axis", 0)});
  };
  TensorRef words = gather(n.in(2), ids),
            places = gather(n.in(3), positions);
  TensorRef sum = words && places ? n.apply("Add", {words, places}) : nullptr;
  if (sum && segments && n.in(4)) {
    TensorRef kinds = gather(n.in(4), segments);
    sum = kinds ? n.apply("Add", {sum, kinds}) : nullptr;
  }
  if (!sum)
    return failure();
  TensorRef result = normalizeLast(n, sum, n.in(5), n.in(6), false,
                                   n.getFloat("epsilon", 1e-12f));
  if (!result)
    return failure();
  SmallVector<TensorRef> results{result};
  if (n.getNumOutputs() > 1) {
    Type type = n.b.getI32Type();
    TensorRef counts = n.splat({batch}, n.b.getIntegerAttr(type, 0));
    if (mask)
      counts = n.apply(
          "ReduceSum",
          {mask, n.constantInts({1}, int64_t(1), n.b.getI64Type())},
          {makeInt("keepdims", 0)});
    results.append({counts, sum});
  }
  return n.finish(results);
}

void swapc::addSkipNormalizations(HandlerMap &handlers) {
  handlers["SimplifiedLayerNormalization"] = importSimplifiedLayerNorm;
  handlers["com.microsoft.EmbedLayerNormalization"] = importEmbedLayerNorm;
  handlers["com.microsoft.SimplifiedLayerNormalization"] =
      importSimplifiedLayerNorm;
  handlers["com.microsoft.SkipLayerNormalization"] = importSkipLayerNorm;
  handlers["com.microsoft.SkipSimplifiedLayerNormalization"] =
      importSkipSimplifiedLayerNorm;
}
