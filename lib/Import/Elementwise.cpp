//===- Elementwise.cpp - Arithmetic, comparison, selection ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace swapc;

/// All inputs must have one element type.
static LogicalResult checkSameType(NodeImporter &n) {
  for (TensorRef input : n.getInputs())
    if (!input || input->getElementType() != n.in(0)->getElementType() ||
        input->isUnsigned != n.in(0)->isUnsigned)
      return n.error("inputs must have the same element type");
  return success();
}

template <typename Fn>
static LogicalResult importBinary(NodeImporter &n, Fn compute) {
  if (failed(n.checkInputs(2, 2)) || failed(checkSameType(n)))
    return failure();
  bool isUnsigned = n.in(0)->isUnsigned;
  return n.finish(
      n.elementwise({n.in(0), n.in(1)}, [&](Scalar &s, ValueRange args) {
        return compute(s, args[0], args[1], isUnsigned);
      }));
}

static LogicalResult importAdd(NodeImporter &n) {
  return importBinary(
      n, [](Scalar &s, Value a, Value b, bool) { return s.add(a, b); });
}

static LogicalResult importSub(NodeImporter &n) {
  return importBinary(
      n, [](Scalar &s, Value a, Value b, bool) { return s.sub(a, b); });
}

static LogicalResult importMul(NodeImporter &n) {
  return importBinary(
      n, [](Scalar &s, Value a, Value b, bool) { return s.mul(a, b); });
}

static LogicalResult importDiv(NodeImporter &n) {
  return importBinary(n, [](Scalar &s, Value a, Value b, bool isUnsigned) {
    return s.div(a, b, isUnsigned);
  });
}

/// What a division of floats leaves that rounds down: with the divisor's sign,
/// zeros as well.
static Value floorRest(Scalar &s, Value a, Value b) {
  Value rest = s.make<arith::RemFOp>(a, b), zero = s.constant(a, 0);
  Value differs = s.make<arith::XOrIOp>(s.compare(Scalar::Less, rest, zero),
                                        s.compare(Scalar::Less, b, zero));
  Value isZero = s.compare(Scalar::Equal, rest, zero);
  return s.select(isZero, s.make<math::CopySignOp>(zero, b),
                  s.select(differs, s.add(rest, b), rest));
}

static LogicalResult importMod(NodeImporter &n) {
  bool truncates = n.getInt("fmod", 0) != 0;
  return importBinary(
      n, [&](Scalar &s, Value a, Value b, bool isUnsigned) -> Value {
        if (isFloat(a))
          return truncates ? s.make<arith::RemFOp>(a, b) : floorRest(s, a, b);
        Value by = s.divisor(b, isUnsigned);
        if (isUnsigned)
          return s.make<arith::RemUIOp>(a, by);
        Value rest = s.make<arith::RemSIOp>(a, by);
        if (truncates)
          return rest;
        // The result has the sign of the divisor.
        Value zero = s.constant(a, 0);
        Value differs =
            s.compare(Scalar::Less, s.make<arith::XOrIOp>(rest, b), zero);
        Value fix = s.make<arith::AndIOp>(differs, s.isNonZero(rest));
        return s.select(fix, s.add(rest, b), rest);
      });
}

static Value power(Scalar &s, Value a, Value b) {
  FloatAttr exponent;
  if (auto constant = b.getDefiningOp<arith::ConstantOp>())
    exponent = dyn_cast<FloatAttr>(constant.getValue());
  if (exponent && isFloat(a)) {
    double e = exponent.getValueAsDouble();
    if (e == 1)
      return a;
    if (e == 2)
      return s.mul(a, a);
    if (e == 3)
      return s.mul(s.mul(a, a), a);
    if (e == 0.5)
      return s.make<math::SqrtOp>(a);
    if (e == -1)
      return s.recip(a);
    if (e == -0.5)
      return s.recip(s.make<math::SqrtOp>(a));
  }
  return s.make<math::PowFOp>(a, b);
}

static LogicalResult importPow(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  Type type = n.in(0)->getElementType();
  bool baseUnsigned = n.in(0)->isUnsigned,
       exponentUnsigned = n.in(1)->isUnsigned;
  std::optional<SmallVector<int64_t>> known;
  if (n.in(1)->getNumElements() == 1)
    known = n.getInts(n.in(1));
  return n.finish(n.elementwise(
      {n.in(0), n.in(1)}, [&](Scalar &s, ValueRange args) -> Value {
        if (isFloat(args[0]))
          return power(
              s, args[0],
              s.cast(args[1], args[0].getType(), exponentUnsigned, false));
        if (known && known->front() >= 1 && known->front() <= 4) {
          Value result = args[0];
          for (int64_t i = 1; i < known->front(); ++i)
            result = s.mul(result, args[0]);
          return result;
        }
        // As ONNX Runtime does.
        Type wide = s.getBuilder().getF64Type();
        Value result = power(s, s.cast(args[0], wide, baseUnsigned, false),
                             s.cast(args[1], wide, exponentUnsigned, false));
        return s.cast(result, type, false, baseUnsigned);
      }));
}

/// Min, Max, Sum and Mean of any number of inputs: one nest over all of them.
template <typename Fn>
static LogicalResult importVariadic(NodeImporter &n, Fn combine,
                                    bool mean = false) {
  if (n.getNumInputs() == 0)
    return n.error("has no inputs");
  if (failed(checkSameType(n)))
    return failure();
  bool isUnsigned = n.in(0)->isUnsigned;
  double count = n.getNumInputs();
  return n.finish(
      n.elementwise(n.getInputs(), [&](Scalar &s, ValueRange args) -> Value {
        Value result = args[0];
        for (Value arg : args.drop_front())
          result = combine(s, result, arg, isUnsigned);
        return mean ? s.div(result, s.constant(result, count)) : result;
      }));
}

static Value addTwo(Scalar &s, Value a, Value b, bool) { return s.add(a, b); }

static LogicalResult importMin(NodeImporter &n) {
  return importVariadic(
      n, [](Scalar &s, Value a, Value b, bool u) { return s.min(a, b, u); });
}

static LogicalResult importMax(NodeImporter &n) {
  return importVariadic(
      n, [](Scalar &s, Value a, Value b, bool u) { return s.max(a, b, u); });
}

static LogicalResult importSum(NodeImporter &n) {
  return importVariadic(n, addTwo);
}
static LogicalResult importMean(NodeImporter &n) {
  return importVariadic(n, addTwo, true);
}

template <Scalar::Order order>
static LogicalResult importCompare(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)) || failed(checkSameType(n)))
    return failure();
  bool isUnsigned =
      n.in(0)->isUnsigned || n.in(0)->getElementType().isInteger(1);
  return n.finish(n.elementwise(
      {n.in(0), n.in(1)},
      [&](Scalar &s, ValueRange args) {
        return s.compare(order, args[0], args[1], isUnsigned);
      },
      n.b.getI1Type()));
}

template <typename OpTy> static LogicalResult importLogical(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)) || failed(checkSameType(n)))
    return failure();
  if (!isa<IntegerType>(n.in(0)->getElementType()))
    return n.error("takes bool or integer inputs");
  return n.finish(
      n.elementwise({n.in(0), n.in(1)}, [](Scalar &s, ValueRange args) {
        return s.make<OpTy>(args[0], args[1]);
      }));
}

static LogicalResult importNot(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  if (!isa<IntegerType>(n.in(0)->getElementType()))
    return n.error("takes bool or integer inputs");
  return n.finish(
      n.elementwise(n.in(0), [](Scalar &s, ValueRange args) -> Value {
        return s.make<arith::XOrIOp>(args[0], s.constant(args[0], -1));
      }));
}

static LogicalResult importBitShift(NodeImporter &n) {
  StringRef direction = n.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return n.error("direction must be LEFT or RIGHT");
  if (n.in(0) && !n.in(0)->getElementType().isSignlessInteger())
    return n.error("takes integers");
  bool left = direction == "LEFT";
  return importBinary(
      n, [&](Scalar &s, Value a, Value b, bool isUnsigned) -> Value {
        // Shifts by the width or more give what the sign's bit fills in.
        unsigned width = a.getType().getIntOrFloatBitWidth();
        Value isShort = s.compare(Scalar::Less, b, s.constant(b, width),
                                  /*isUnsigned=*/true);
        b = s.select(isShort, b, s.constant(b, width - 1));
        if (!left && !isUnsigned)
          return s.make<arith::ShRSIOp>(a, b);
        Value shifted = left ? s.make<arith::ShLIOp>(a, b)
                             : s.make<arith::ShRUIOp>(a, b);
        return s.select(isShort, shifted, s.constant(a, 0));
      });
}

static LogicalResult importWhere(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  if (!n.in(0)->getElementType().isInteger(1) ||
      n.in(1)->getElementType() != n.in(2)->getElementType())
    return n.error("takes a bool condition and two inputs of one element type");
  return n.finish(n.broadcasted(
      {n.in(0), n.in(1), n.in(2)}, n.in(1)->getElementType(),
      [](Scalar &s, ValueRange args) {
        return s.select(args[0], args[1], args[2]);
      },
      n.in(1)->isUnsigned));
}

static LogicalResult importDropout(NodeImporter &n) {
  if (!n.in(0))
    return n.error("has no input");
  if (TensorRef training = n.in(2)) {
    std::optional<SmallVector<int64_t>> value = n.getInts(training);
    std::optional<SmallVector<double>> ratio;
    if (n.in(1))
      ratio = n.getFloats(n.in(1));
    bool dropsNone = ratio && ratio->size() == 1 && ratio->front() == 0;
    if (!dropsNone && (!value || value->empty()))
      return n.error("training_mode, or the ratio 0, must be known while "
                     "compiling: only inference is supported");
    if (!dropsNone && value->front())
      return n.error(
          "only inference is supported: training_mode must be false");
  }
  SmallVector<TensorRef> results{n.in(0)};
  if (n.wantsOutput(1))
    results.push_back(n.splat(n.in(0)->getShape(), n.b.getBoolAttr(true)));
  return n.finish(results);
}

void swapc::addElementwise(HandlerMap &handlers) {
  handlers["Add"] = importAdd;
  handlers["Sub"] = importSub;
  handlers["Mul"] = importMul;
  handlers["Div"] = importDiv;
  handlers["Mod"] = importMod;
  handlers["Pow"] = importPow;
  handlers["Min"] = importMin;
  handlers["Max"] = importMax;
  handlers["Sum"] = importSum;
  handlers["Mean"] = importMean;
  handlers["Equal"] = importCompare<Scalar::Equal>;
  handlers["Less"] = importCompare<Scalar::Less>;
  handlers["LessOrEqual"] = importCompare<Scalar::LessOrEqual>;
  handlers["Greater"] = importCompare<Scalar::Greater>;
  handlers["GreaterOrEqual"] = importCompare<Scalar::GreaterOrEqual>;
  handlers["And"] = importLogical<arith::AndIOp>;
  handlers["Or"] = importLogical<arith::OrIOp>;
  handlers["Xor"] = importLogical<arith::XOrIOp>;
  handlers["BitwiseAnd"] = importLogical<arith::AndIOp>;
  handlers["BitwiseOr"] = importLogical<arith::OrIOp>;
  handlers["BitwiseXor"] = importLogical<arith::XOrIOp>;
  handlers["BitShift"] = importBitShift;
  handlers["Not"] = importNot;
  handlers["BitwiseNot"] = importNot;
  handlers["Where"] = importWhere;
  handlers["Dropout"] = importDropout;
}
