//===- FusedActivations.cpp - Activations that other domains name *- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace swapc;

static LogicalResult checkFloat(NodeImporter &n) {
  if (!isa<FloatType>(n.in(0)->getElementType()))
    return n.error("takes a float input");
  return success();
}

/// x * sigmoid(alpha * x)
static LogicalResult importScaledSwish(NodeImporter &n, double alpha) {
  if (failed(n.checkInputs(1, 1)) || failed(checkFloat(n)))
    return failure();
  return n.finish(n.elementwise(n.in(0), [&](Scalar &s, ValueRange args) {
    Value x = args[0];
    Value scaled = alpha == 1 ? x : s.mul(x, s.constant(x, alpha));
    return s.mul(x, s.sigmoid(scaled));
  }));
}

static LogicalResult importSwish(NodeImporter &n) {
  return importScaledSwish(n, n.getFloat("alpha", 1));
}

/// Swish of the first input, times the second.
static LogicalResult importSwiGLU(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)) || failed(checkFloat(n)))
    return failure();
  TensorRef gate = n.in(0), linear = n.in(1);
  if (gate->type != linear->type)
    return n.error("its inputs must have one shape and element type");
  double alpha = n.getFloat("alpha", 1);
  return n.finish(
      n.elementwise({gate, linear}, [&](Scalar &s, ValueRange args) {
        Value scaled = s.mul(args[0], s.constant(args[0], alpha));
        return s.mul(s.mul(args[0], s.sigmoid(scaled)), args[1]);
      }));
}

static LogicalResult importQuickGelu(NodeImporter &n) {
  return importScaledSwish(n, n.getFloat("alpha", 1.702f));
}

/// Gelu of the input, or of its sum with a bias.
static LogicalResult importBiasedGelu(NodeImporter &n, StringRef approximate) {
  if (failed(checkFloat(n)))
    return failure();
  TensorRef input = n.in(0);
  if (TensorRef bias = n.in(1)) {
    if (bias->getElementType() != input->getElementType() ||
        bias->getShape() != input->getShape().take_back(1))
      return n.error("the bias must have one element for each of the input's "
                     "last dimension, in its element type");
    input = n.apply("Add", {input, bias});
    if (!input)
      return failure();
  }
  return n.finish(
      n.apply("Gelu", input, {makeString("approximate", approximate)}));
}

static LogicalResult importMicrosoftGelu(NodeImporter &n) {
  return failed(n.checkInputs(1, 1)) ? failure() : importBiasedGelu(n, "none");
}

static LogicalResult importBiasGelu(NodeImporter &n) {
  return failed(n.checkInputs(2, 2)) ? failure() : importBiasedGelu(n, "none");
}

static LogicalResult importFastGelu(NodeImporter &n) {
  return failed(n.checkInputs(1, 2)) ? failure() : importBiasedGelu(n, "tanh");
}

void swapc::addFusedActivations(HandlerMap &handlers) {
  handlers["SwiGLU"] = importSwiGLU;
  handlers["Swish"] = importSwish;
  handlers["com.microsoft.BiasGelu"] = importBiasGelu;
  handlers["com.microsoft.FastGelu"] = importFastGelu;
  handlers["com.microsoft.Gelu"] = importMicrosoftGelu;
  handlers["com.microsoft.QuickGelu"] = importQuickGelu;
}
