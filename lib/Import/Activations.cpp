//===- Activations.cpp - Functions of one element ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace swapc;

using UnaryFn = Value (*)(NodeImporter &, Scalar &, Value);

/// A function of floats, with parameters from the attributes.
template <UnaryFn fn> static LogicalResult importFloat(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  if (!isa<FloatType>(n.in(0)->getElementType()))
    return n.error("takes a float input");
  return n.finish(n.elementwise(
      n.in(0), [&](Scalar &s, ValueRange args) { return fn(n, s, args[0]); }));
}

template <typename OpTy>
static Value unary(NodeImporter &, Scalar &s, Value x) {
  return s.make<OpTy>(x);
}

static Value reciprocal(NodeImporter &, Scalar &s, Value x) {
  return s.recip(x);
}
static Value sigmoid(NodeImporter &, Scalar &s, Value x) {
  return s.sigmoid(x);
}

static Value leakyRelu(NodeImporter &n, Scalar &s, Value x) {
  Value zero = s.constant(x, 0);
  Value scaled = s.mul(x, s.constant(x, n.getFloat("alpha", 0.01f)));
  return s.select(s.compare(Scalar::Less, x, zero), scaled, x);
}

static Value thresholdedRelu(NodeImporter &n, Scalar &s, Value x) {
  Value alpha = s.constant(x, n.getFloat("alpha", 1));
  return s.select(s.compare(Scalar::Greater, x, alpha), x, s.constant(x, 0));
}

/// Towards zero by `bias`, and zero within `lambd` of it.
static Value shrink(NodeImporter &n, Scalar &s, Value x) {
  double bias = n.getFloat("bias", 0), lambd = n.getFloat("lambd", 0.5f);
  Value above = s.compare(Scalar::Greater, x, s.constant(x, lambd));
  Value below = s.compare(Scalar::Less, x, s.constant(x, -lambd));
  Value shrunk =
      s.select(above, s.sub(x, s.constant(x, bias)), s.constant(x, 0));
  return s.select(below, s.add(x, s.constant(x, bias)), shrunk);
}

/// alpha * (exp(x / divisor) - 1) below zero, x above.
static Value elu(Scalar &s, Value x, double alpha, double divisor) {
  Value scaled = divisor == 1 ? x : s.div(x, s.constant(x, divisor));
  Value below =
      s.mul(s.constant(x, alpha), s.sub(s.exp(scaled), s.constant(x, 1)));
  return s.select(s.compare(Scalar::Less, x, s.constant(x, 0)), below, x);
}

static Value importEluBody(NodeImporter &n, Scalar &s, Value x) {
  return elu(s, x, n.getFloat("alpha", 1), 1);
}

static Value celu(NodeImporter &n, Scalar &s, Value x) {
  double alpha = n.getFloat("alpha", 1);
  return elu(s, x, alpha, alpha);
}

static Value selu(NodeImporter &n, Scalar &s, Value x) {
  double alpha = n.getFloat("alpha", 1.67326319217681884765625);
  double gamma = n.getFloat("gamma", 1.05070102214813232421875);
  return s.mul(s.constant(x, gamma), elu(s, x, alpha, 1));
}

/// log(1 + exp(x)), without overflow.
static Value softplusOf(Scalar &s, Value x) {
  Value decay = s.exp(s.neg(s.make<math::AbsFOp>(x)));
  Value log = s.make<math::LogOp>(s.add(s.constant(x, 1), decay));
  return s.add(s.max(x, s.constant(x, 0)), log);
}

static Value softplus(NodeImporter &, Scalar &s, Value x) {
  return softplusOf(s, x);
}

static Value softsign(NodeImporter &, Scalar &s, Value x) {
  return s.div(x, s.add(s.constant(x, 1), s.make<math::AbsFOp>(x)));
}

static Value mish(NodeImporter &, Scalar &s, Value x) {
  return s.mul(x, s.make<math::TanhOp>(softplusOf(s, x)));
}

static Value clamp01(Scalar &s, Value x) {
  return s.min(s.max(x, s.constant(x, 0)), s.constant(x, 1));
}

static Value hardSigmoid(NodeImporter &n, Scalar &s, Value x) {
  Value scaled = s.mul(x, s.constant(x, n.getFloat("alpha", 0.2f)));
  return clamp01(s, s.add(scaled, s.constant(x, n.getFloat("beta", 0.5f))));
}

static Value hardSwish(NodeImporter &, Scalar &s, Value x) {
  Value scaled = s.mul(x, s.constant(x, 1.0 / 6));
  return s.mul(x, clamp01(s, s.add(scaled, s.constant(x, 0.5))));
}

static Value gelu(NodeImporter &n, Scalar &s, Value x) {
  Value half = s.mul(x, s.constant(x, 0.5));
  Value inner;
  if (n.getString("approximate", "none") == "tanh") {
    Value cube = s.mul(s.mul(x, x), x);
    Value sum = s.add(x, s.mul(cube, s.constant(x, 0.044715)));
    inner = s.make<math::TanhOp>(s.mul(sum, s.constant(x, 0.7978845608028654)));
  } else {
    inner = s.make<math::ErfOp>(s.mul(x, s.constant(x, 0.7071067811865476)));
  }
  return s.mul(half, s.add(inner, s.constant(x, 1)));
}

static Value isNaN(NodeImporter &, Scalar &s, Value x) {
  return s.make<arith::CmpFOp>(arith::CmpFPredicate::UNO, x, x);
}

static Value isInf(NodeImporter &n, Scalar &s, Value x) {
  bool positive = n.getInt("detect_positive", 1),
       negative = n.getInt("detect_negative", 1);
  Value probe = positive && negative ? s.make<math::AbsFOp>(x)
                : negative           ? s.neg(x)
                                     : x;
  if (!positive && !negative)
    return s.constant(s.getBuilder().getBoolAttr(false));
  return s.compare(Scalar::Equal, probe, s.constant(x, INFINITY));
}

template <UnaryFn fn> static LogicalResult importTest(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  if (!isa<FloatType>(n.in(0)->getElementType()))
    return n.error("takes a float input");
  return n.finish(n.elementwise(
      n.in(0), [&](Scalar &s, ValueRange args) { return fn(n, s, args[0]); },
      n.b.getI1Type()));
}

/// Functions of floats and integers.
static Value relu(NodeImporter &, Scalar &s, Value x) {
  return s.max(x, s.constant(x, 0));
}

static Value negate(NodeImporter &, Scalar &s, Value x) { return s.neg(x); }

static Value absolute(NodeImporter &n, Scalar &s, Value x) {
  if (isFloat(x))
    return s.make<math::AbsFOp>(x);
  return n.in(0)->isUnsigned ? x : s.make<math::AbsIOp>(x);
}

static Value sign(NodeImporter &n, Scalar &s, Value x) {
  Value zero = s.constant(x, 0), one = s.constant(x, 1);
  bool isUnsigned = n.in(0)->isUnsigned;
  Value positive = s.compare(Scalar::Greater, x, zero, isUnsigned);
  Value result = s.select(positive, one, zero);
  if (isUnsigned)
    return result;
  return s.select(s.compare(Scalar::Less, x, zero), s.constant(x, -1), result);
}

template <UnaryFn fn> static LogicalResult importNumber(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  return n.finish(n.elementwise(
      n.in(0), [&](Scalar &s, ValueRange args) { return fn(n, s, args[0]); }));
}

static LogicalResult importClip(NodeImporter &n) {
  if (failed(n.checkInputs(1, 3)))
    return failure();
  SmallVector<TensorRef> operands{n.in(0)};
  TensorRef low = n.in(1), high = n.in(2);
  for (TensorRef bound : {low, high}) {
    if (!bound)
      continue;
    if (bound->getNumElements() != 1 ||
        bound->getElementType() != n.in(0)->getElementType())
      return n.error("bounds must be scalars of the input's element type");
    operands.push_back(n.reshape(bound, {}));
  }
  if (operands.size() == 1)
    return n.finish(n.in(0));
  bool isUnsigned = n.in(0)->isUnsigned;
  return n.finish(n.elementwise(operands, [&](Scalar &s, ValueRange args) {
    Value x = args[0];
    if (low)
      x = s.max(x, args[1], isUnsigned);
    if (high)
      x = s.min(x, args.back(), isUnsigned);
    return x;
  }));
}

static LogicalResult importPRelu(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  bool isUnsigned = n.in(0)->isUnsigned;
  return n.finish(
      n.elementwise({n.in(0), n.in(1)}, [&](Scalar &s, ValueRange args) {
        Value below = s.compare(Scalar::Less, args[0], s.constant(args[0], 0),
                                isUnsigned);
        return s.select(below, s.mul(args[0], args[1]), args[0]);
      }));
}

void swapc::addActivations(HandlerMap &handlers) {
  handlers["Abs"] = importNumber<absolute>;
  handlers["Acos"] = importFloat<unary<math::AcosOp>>;
  handlers["Acosh"] = importFloat<unary<math::AcoshOp>>;
  handlers["Asin"] = importFloat<unary<math::AsinOp>>;
  handlers["Asinh"] = importFloat<unary<math::AsinhOp>>;
  handlers["Atan"] = importFloat<unary<math::AtanOp>>;
  handlers["Atanh"] = importFloat<unary<math::AtanhOp>>;
  handlers["Ceil"] = importFloat<unary<math::CeilOp>>;
  handlers["Celu"] = importFloat<celu>;
  handlers["Clip"] = importClip;
  handlers["Cos"] = importFloat<unary<math::CosOp>>;
  handlers["Cosh"] = importFloat<unary<math::CoshOp>>;
  handlers["Elu"] = importFloat<importEluBody>;
  handlers["Erf"] = importFloat<unary<math::ErfOp>>;
  handlers["Exp"] = importFloat<unary<math::ExpOp>>;
  handlers["Floor"] = importFloat<unary<math::FloorOp>>;
  handlers["Gelu"] = importFloat<gelu>;
  handlers["HardSigmoid"] = importFloat<hardSigmoid>;
  handlers["HardSwish"] = importFloat<hardSwish>;
  handlers["IsInf"] = importTest<isInf>;
  handlers["IsNaN"] = importTest<isNaN>;
  handlers["LeakyRelu"] = importFloat<leakyRelu>;
  handlers["Log"] = importFloat<unary<math::LogOp>>;
  handlers["Mish"] = importFloat<mish>;
  handlers["Neg"] = importNumber<negate>;
  handlers["PRelu"] = importPRelu;
  handlers["Reciprocal"] = importFloat<reciprocal>;
  handlers["Relu"] = importNumber<relu>;
  handlers["Round"] = importFloat<unary<math::RoundEvenOp>>;
  handlers["Selu"] = importFloat<selu>;
  handlers["Shrink"] = importFloat<shrink>;
  handlers["Sigmoid"] = importFloat<sigmoid>;
  handlers["Sign"] = importNumber<sign>;
  handlers["Sin"] = importFloat<unary<math::SinOp>>;
  handlers["Sinh"] = importFloat<unary<math::SinhOp>>;
  handlers["Softplus"] = importFloat<softplus>;
  handlers["Softsign"] = importFloat<softsign>;
  handlers["Sqrt"] = importFloat<unary<math::SqrtOp>>;
  handlers["Tan"] = importFloat<unary<math::TanOp>>;
  handlers["Tanh"] = importFloat<unary<math::TanhOp>>;
  handlers["ThresholdedRelu"] = importFloat<thresholdedRelu>;
}
