//===- FusedProducts.cpp - Products with what follows them ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX Runtime's optimizer writes a product and its neighbours as one node.
// Kernels fuse them here too, so each is imported as what it was made from.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace swapc;

/// The activation that attributes name, after `result`; null after an error.
static TensorRef activate(NodeImporter &n, TensorRef result,
                          ArrayRef<double> parameters) {
  StringRef name = n.getString("activation", "");
  if (!result || name.empty())
    return result;
  static const llvm::StringSet<> kPlain = {
      "Relu",     "Tanh", "Sigmoid", "Softplus", "Softsign",
      "HardSwish", "Gelu", "Identity"};
  if (kPlain.contains(name))
    return n.apply(name, result);
  auto get = [&](unsigned i, double otherwise) {
    return i < parameters.size() ? parameters[i] : otherwise;
  };
  if (name == "LeakyRelu" || name == "Elu" || name == "ThresholdedRelu")
    return n.apply(
        name, result,
        {makeFloat("alpha", get(0, name == "LeakyRelu" ? 0.01f : 1))});
  if (name == "HardSigmoid")
    return n.apply(name, result,
                   {makeFloat("alpha", get(0, 0.2f)),
                    makeFloat("beta", get(1, 0.5f))});
  if (name == "Clip") {
    double low = get(0, -INFINITY), high = get(1, INFINITY);
    return n.elementwise(result, [&](Scalar &s, ValueRange args) {
      return s.min(s.max(args[0], s.constant(args[0], low)),
                   s.constant(args[0], high));
    });
  }
  (void)n.error("activation " + name + " is not supported");
  return nullptr;
}

/// The attributes of a node that ONNX's own operator has too.
static std::vector<onnx::Attribute> pick(NodeImporter &n,
                                         ArrayRef<StringRef> names) {
  std::vector<onnx::Attribute> attributes;
  for (StringRef name : names)
    if (const onnx::Attribute *attribute = n.find(name))
      attributes.push_back(*attribute);
  return attributes;
}

/// The matrices of an operand of FusedMatMul as MatMul takes them.
static TensorRef turn(NodeImporter &n, TensorRef tensor, bool matrix,
                      bool batch) {
  int64_t rank = tensor->getRank();
  if (rank < 2)
    return tensor;
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  // The rows lie in front of the batch.
  if (batch)
    std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
  if (matrix)
    std::swap(order[rank - 2], order[rank - 1]);
  return n.transpose(tensor, order);
}

static LogicalResult importFusedMatMul(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef lhs = turn(n, n.in(0), n.getInt("transA", 0),
                       n.getInt("transBatchA", 0));
  TensorRef rhs = turn(n, n.in(1), n.getInt("transB", 0),
                       n.getInt("transBatchB", 0));
  TensorRef product = n.apply("MatMul", {lhs, rhs});
  double alpha = n.getFloat("alpha", 1);
  if (product && alpha != 1)
    product = n.elementwise(product, [&](Scalar &s, ValueRange args) {
      return s.mul(args[0], s.constant(args[0], alpha));
    });
  return n.finish(product);
}

static LogicalResult importFusedGemm(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef product = n.apply("Gemm", n.getInputs(),
                              pick(n, {"alpha", "beta", "transA", "transB"}));
  SmallVector<double> parameters;
  for (StringRef name :
       {"activation_alpha", "activation_beta", "activation_gamma"})
    if (n.has(name))
      parameters.push_back(n.getFloat(name, 0));
  return n.finish(activate(n, product, parameters));
}

/// Convolves, adds what may be added, and activates; in [N, spatial, C] if
/// `channelsLast`.
static LogicalResult importConvWith(NodeImporter &n, bool channelsLast) {
  if (failed(n.checkInputs(2, 4)))
    return failure();
  int64_t rank = n.in(0)->getRank();
  if (rank < 3)
    return n.error("takes an input of rank 3 or more");
  SmallVector<int64_t> toFirst{0, rank - 1}, toLast{0};
  for (int64_t i = 1; i < rank; ++i) {
    if (i + 1 < rank)
      toFirst.push_back(i);
    toLast.push_back(i + 1 < rank ? i + 1 : 1);
  }
  SmallVector<TensorRef> operands(n.getInputs().take_front(3));
  if (channelsLast)
    operands[0] = n.transpose(operands[0], toFirst);
  TensorRef result =
      n.apply("Conv", operands,
              pick(n, {"auto_pad", "dilations", "group", "kernel_shape", "pads",
                       "strides"}));
  if (result && channelsLast)
    result = n.transpose(result, toLast);
  if (result && n.in(3)) {
    if (n.in(3)->getShape() != result->getShape() ||
        n.in(3)->getElementType() != result->getElementType())
      return n.error("what is added must have the type of the result");
    result = n.apply("Add", {result, n.in(3)});
  }
  SmallVector<double> parameters;
  if (const onnx::Attribute *attribute = n.find("activation_params"))
    parameters.assign(attribute->floats.begin(), attribute->floats.end());
  return n.finish(activate(n, result, parameters));
}

static LogicalResult importFusedConv(NodeImporter &n) {
  return importConvWith(n, false);
}

static LogicalResult importNhwcConv(NodeImporter &n) {
  return importConvWith(n, true);
}

void swapc::addFusedProducts(HandlerMap &handlers) {
  handlers["com.microsoft.FusedConv"] = importFusedConv;
  handlers["com.microsoft.FusedGemm"] = importFusedGemm;
  handlers["com.microsoft.FusedMatMul"] = importFusedMatMul;
  handlers["com.microsoft.NhwcConv"] = importNhwcConv;
  handlers["com.microsoft.NhwcFusedConv"] = importNhwcConv;
}
