//===- GateFunctions.cpp - Activations of recurrent operators ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GateFunctions.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace swapc;

/// ONNX's defaults of alpha and beta; what a function does not take is 0.
static std::optional<GateFunction> parse(StringRef name, bool &takesAlpha,
                                         bool &takesBeta) {
  struct Entry {
    GateFunction function;
    bool takesAlpha, takesBeta;
  };
  using F = GateFunction;
  auto entry =
      llvm::StringSwitch<std::optional<Entry>>(name)
          .CaseLower("affine", Entry{{F::Affine, 1, 0}, true, true})
          .CaseLower("elu", Entry{{F::Elu, 1, 0}, true, false})
          .CaseLower("hardsigmoid",
                     Entry{{F::HardSigmoid, 0.2f, 0.5}, true, true})
          .CaseLower("leakyrelu", Entry{{F::LeakyRelu, 0.01f, 0}, true, false})
          .CaseLower("relu", Entry{{F::Relu, 0, 0}, false, false})
          .CaseLower("scaledtanh", Entry{{F::ScaledTanh, 1, 1}, true, true})
          .CaseLower("sigmoid", Entry{{F::Sigmoid, 0, 0}, false, false})
          .CaseLower("softplus", Entry{{F::Softplus, 0, 0}, false, false})
          .CaseLower("softsign", Entry{{F::Softsign, 0, 0}, false, false})
          .CaseLower("tanh", Entry{{F::Tanh, 0, 0}, false, false})
          .CaseLower("thresholdedrelu",
                     Entry{{F::ThresholdedRelu, 1, 0}, true, false})
          .Default(std::nullopt);
  if (!entry)
    return std::nullopt;
  takesAlpha = entry->takesAlpha;
  takesBeta = entry->takesBeta;
  return entry->function;
}

Value GateFunction::apply(Scalar &s, Value x) const {
  Value a = s.constant(x, alpha), b = s.constant(x, beta);
  Value zero = s.constant(x, 0), one = s.constant(x, 1);
  auto isBelow = [&](Value limit) { return s.compare(Scalar::Less, x, limit); };
  switch (kind) {
  case Affine:
    return s.add(s.mul(a, x), b);
  case Elu:
    return s.select(isBelow(zero), s.mul(a, s.sub(s.exp(x), one)), x);
  case HardSigmoid:
    return s.min(s.max(s.add(s.mul(a, x), b), zero), one);
  case LeakyRelu:
    return s.select(isBelow(zero), s.mul(a, x), x);
  case Relu:
    return s.max(x, zero);
  case ScaledTanh:
    return s.mul(a, s.make<math::TanhOp>(s.mul(b, x)));
  case Sigmoid:
    return s.sigmoid(x);
  case Softplus: { // log(1 + exp(x)), without overflow
    Value decay = s.exp(s.neg(s.make<math::AbsFOp>(x)));
    return s.add(s.max(x, zero), s.make<math::LogOp>(s.add(one, decay)));
  }
  case Softsign:
    return s.div(x, s.add(one, s.make<math::AbsFOp>(x)));
  case Tanh:
    return s.make<math::TanhOp>(x);
  case ThresholdedRelu:
    return s.select(isBelow(a), zero, x);
  }
  return x;
}

FailureOr<SmallVector<GateFunction>>
swapc::getGateFunctions(NodeImporter &n, unsigned directions,
                        ArrayRef<StringRef> otherwise) {
  SmallVector<StringRef> names;
  if (const onnx::Attribute *given = n.find("activations"))
    names.assign(given->strings.begin(), given->strings.end());
  if (names.empty())
    for (unsigned i = 0; i < directions; ++i)
      llvm::append_range(names, otherwise);
  if (names.size() != directions * otherwise.size())
    return n.error("activations must name " +
                   Twine(directions * otherwise.size()) + " functions");
  auto getFloats = [&](StringRef name) {
    const onnx::Attribute *attribute = n.find(name);
    return attribute ? ArrayRef<float>(attribute->floats) : ArrayRef<float>();
  };
  // Those that take one use them up in order.
  ArrayRef<float> alphas = getFloats("activation_alpha"),
                  betas = getFloats("activation_beta");
  SmallVector<GateFunction> functions;
  for (StringRef name : names) {
    bool takesAlpha = false, takesBeta = false;
    std::optional<GateFunction> function = parse(name, takesAlpha, takesBeta);
    if (!function)
      return n.error("activation '" + name + "' is not supported");
    if (takesAlpha && !alphas.empty())
      function->alpha = alphas.consume_front();
    if (takesBeta && !betas.empty())
      function->beta = betas.consume_front();
    functions.push_back(*function);
  }
  return functions;
}
