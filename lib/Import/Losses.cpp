//===- Losses.cpp - Losses of classifiers -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

using namespace mlir;
using namespace swapc;

static LogicalResult checkLoss(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef input = n.in(0), labels = n.in(1), weights = n.in(2);
  Type type = input->getElementType();
  if (input->getRank() < 2 || !isa<FloatType>(type))
    return n.error("takes floats of rank 2 or more");
  SmallVector<int64_t> expected(input->getShape());
  expected.erase(expected.begin() + 1);
  if (labels->getShape() != ArrayRef(expected) ||
      !isa<IntegerType>(labels->getElementType()))
    return n.error("the labels must be integers in the shape of the input "
                   "without its second dimension");
  if (weights && (weights->getShape() != ArrayRef(input->getDim(1)) ||
                  weights->getElementType() != type))
    return n.error("the weights must be one for each class, in the input's "
                   "element type");
  StringRef reduction = n.getString("reduction", "mean");
  if (reduction != "none" && reduction != "mean" && reduction != "sum")
    return n.error("reduction must be none, mean or sum");
  return success();
}

/// The weight of each element, or null where all count as 1.
static TensorRef getWeights(NodeImporter &n, TensorRef labels,
                            TensorRef classes, Type wide) {
  TensorRef weights = n.in(2);
  bool ignores = n.has("ignore_index");
  int64_t ignored = n.getInt("ignore_index", 0);
  if (!weights && !ignores)
    return nullptr;
  SmallVector<TensorRef> operands{labels};
  if (weights) {
    TensorRef gathered =
        n.apply("Gather", {weights, classes}, {makeInt("axis", 0)});
    if (!gathered)
      return nullptr;
    operands.push_back(gathered);
  }
  return n.elementwise(
      operands,
      [&](Scalar &s, ValueRange args) {
        Value weight =
            weights ? args[1]
                    : s.constant(s.getBuilder().getFloatAttr(wide, 1.0));
        if (!ignores)
          return weight;
        Value isIgnored =
            s.compare(Scalar::Equal, args[0], s.constant(args[0], ignored));
        return s.select(isIgnored, s.constant(weight, 0), weight);
      },
      wide);
}

/// The loss for log probabilities [N, C, ...]; null after an error.
static TensorRef getLoss(NodeImporter &n, TensorRef logs) {
  TensorRef labels = n.in(1);
  Type type = n.in(0)->getElementType(), wide = getComputeType(type);
  // An ignored label may be no class.
  TensorRef classes = labels;
  if (n.has("ignore_index")) {
    int64_t ignored = n.getInt("ignore_index", 0);
    classes = n.elementwise(labels, [&](Scalar &s, ValueRange args) {
      Value isIgnored =
          s.compare(Scalar::Equal, args[0], s.constant(args[0], ignored));
      return s.select(isIgnored, s.constant(args[0], 0), args[0]);
    });
  }
  SmallVector<int64_t> column(logs->getShape());
  column[1] = 1;
  TensorRef chosen =
      n.apply("GatherElements", {logs, n.reshape(classes, column)},
              {makeInt("axis", 1)});
  TensorRef weights = getWeights(n, labels, classes, wide);
  if (!chosen || (!weights && (n.in(2) || n.has("ignore_index"))))
    return nullptr;
  SmallVector<TensorRef> operands{n.reshape(chosen, labels->getShape())};
  if (weights)
    operands.push_back(weights);
  StringRef reduction = n.getString("reduction", "mean");
  bool reduced = reduction != "none";
  TensorRef losses = n.elementwise(
      operands,
      [&](Scalar &s, ValueRange args) {
        Value loss = s.neg(args[0]);
        if (!weights)
          return loss;
        Value isNone =
            s.compare(Scalar::Equal, args[1], s.constant(args[1], 0));
        return s.select(isNone, s.constant(loss, 0), s.mul(loss, args[1]));
      },
      reduced ? wide : type);
  if (!reduced)
    return losses;
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, losses->getRank()));
  SmallVector<TensorRef> sums{reduceAxes(n, losses, all, ReduceKind::Sum)};
  bool mean = reduction == "mean";
  if (mean && weights)
    sums.push_back(reduceAxes(n, weights, all, ReduceKind::Sum));
  double count = losses->getNumElements();
  return n.elementwise(
      sums,
      [&](Scalar &s, ValueRange args) {
        if (!mean)
          return args[0];
        return s.div(args[0], weights ? args[1] : s.constant(args[0], count));
      },
      type);
}

static LogicalResult importNegativeLogLikelihood(NodeImporter &n) {
  if (failed(checkLoss(n)))
    return failure();
  return n.finish(getLoss(n, n.in(0)));
}

static LogicalResult importSoftmaxCrossEntropy(NodeImporter &n) {
  if (failed(checkLoss(n)))
    return failure();
  TensorRef logs = n.apply("LogSoftmax", n.in(0), {makeInt("axis", 1)});
  if (!logs)
    return failure();
  return n.finish({getLoss(n, logs), logs});
}

void swapc::addLosses(HandlerMap &handlers) {
  handlers["NegativeLogLikelihoodLoss"] = importNegativeLogLikelihood;
  handlers["SoftmaxCrossEntropyLoss"] = importSoftmaxCrossEntropy;
}
