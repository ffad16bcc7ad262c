//===- Normalization.cpp - Softmax and normalizations -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

using namespace mlir;
using namespace swapc;

/// Products with it are less work than quotients.
static Value invert(Scalar &s, ValueRange args) {
  return s.div(s.constant(args[0], 1), args[0]);
}

static LogicalResult importSoftmaxForm(NodeImporter &n, bool log) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  Type type = input->getElementType(), wide = getComputeType(type);
  AffineMap all = n.identity(rank), reduced = dropAxes(n, rank, *axis);
  ArrayRef<int64_t> shape = input->getShape();
  auto shifted = [&](Scalar &s, ValueRange args) {
    return s.sub(s.cast(args[0], wide, false, false), args[1]);
  };
  // What is no number makes the sum none, and so all results.
  TensorRef max = reduceAxes(n, input, *axis, ReduceKind::Largest);
  TensorRef exps = n.parallel(
      {{input, all}, {max, reduced}}, shape, wide,
      [&](Scalar &s, ValueRange args) { return s.exp(shifted(s, args)); });
  TensorRef sum = reduceAxes(n, exps, *axis, ReduceKind::Sum);
  if (!log) {
    TensorRef share = n.elementwise(sum, invert);
    return n.finish(n.parallel({{exps, all}, {share, reduced}}, shape, type,
                               [&](Scalar &s, ValueRange args) {
                                 return s.cast(s.mul(args[0], args[1]), type,
                                               false, false);
                               }));
  }
  TensorRef logs = n.elementwise(sum, [](Scalar &s, ValueRange args) {
    return s.make<math::LogOp>(args[0]);
  });
  return n.finish(n.parallel({{input, all}, {max, reduced}, {logs, reduced}},
                             shape, type, [&](Scalar &s, ValueRange args) {
                               Value x = s.sub(shifted(s, args), args[2]);
                               return s.cast(x, type, false, false);
                             }));
}

static LogicalResult importSoftmax(NodeImporter &n) {
  return importSoftmaxForm(n, false);
}
static LogicalResult importLogSoftmax(NodeImporter &n) {
  return importSoftmaxForm(n, true);
}

/// The mean over `axes`, what is left without it, and the mean of its square.
namespace {
struct Moments {
  TensorRef mean, centered, variance;
};
} // namespace

static TensorRef scaleBy(NodeImporter &n, TensorRef tensor, double factor) {
  return n.elementwise(tensor, [&](Scalar &s, ValueRange args) {
    return s.mul(args[0], s.constant(args[0], factor));
  });
}

static Moments getMoments(NodeImporter &n, TensorRef input,
                          ArrayRef<int64_t> axes) {
  int64_t rank = input->getRank();
  double count = 1;
  for (int64_t axis : axes)
    count *= input->getDim(axis);
  Type wide = getComputeType(input->getElementType());
  Moments m;
  m.mean = scaleBy(n, reduceAxes(n, input, axes, ReduceKind::Sum), 1 / count);
  m.centered =
      n.parallel({{input, n.identity(rank)}, {m.mean, dropAxes(n, rank, axes)}},
                 input->getShape(), wide, [&](Scalar &s, ValueRange args) {
                   return s.sub(s.cast(args[0], wide, false, false), args[1]);
                 });
  TensorRef squares =
      reduceAxes(n, m.centered, axes, ReduceKind::Sum,
                 [](Scalar &s, Value x) { return s.mul(x, x); });
  m.variance = scaleBy(n, squares, 1 / count);
  return m;
}

static Value invertRoot(Scalar &s, Value variance, double epsilon) {
  Value sum = s.add(variance, s.constant(variance, epsilon));
  return s.recip(s.make<math::SqrtOp>(sum));
}

/// centered / sqrt(variance + epsilon) * scale + bias, with scale and bias read
/// where their maps say.
static TensorRef normalize(NodeImporter &n, TensorRef centered,
                           Operand variance, double epsilon,
                           std::optional<Operand> scale,
                           std::optional<Operand> bias, Type type) {
  int64_t rank = centered->getRank();
  SmallVector<Operand> operands{{centered, n.identity(rank)}, variance};
  if (scale)
    operands.push_back(*scale);
  if (bias)
    operands.push_back(*bias);
  return n.parallel(
      operands, centered->getShape(), type, [&](Scalar &s, ValueRange args) {
        Type wide = getComputeType(type);
        Value x =
            s.mul(s.cast(args[0], wide, false, false),
                  invertRoot(s, s.cast(args[1], wide, false, false), epsilon));
        if (scale)
          x = s.mul(x, s.cast(args[2], wide, false, false));
        if (bias)
          x = s.add(x, s.cast(args.back(), wide, false, false));
        return s.cast(x, type, false, false);
      });
}

/// An operand that is broadcast to the shape of the node's input.
static std::optional<Operand> getBroadcast(NodeImporter &n, unsigned index) {
  TensorRef tensor = n.in(index);
  if (!tensor)
    return std::nullopt;
  return Operand{tensor,
                 n.getBroadcastMap(tensor->getShape(), n.in(0)->getShape())};
}

/// Scale and bias must broadcast to the input.
static LogicalResult checkBroadcast(NodeImporter &n,
                                    ArrayRef<unsigned> indices) {
  for (unsigned index : indices) {
    if (!n.in(index))
      continue;
    FailureOr<SmallVector<int64_t>> shape =
        n.getBroadcastShape({n.in(0), n.in(index)});
    if (failed(shape))
      return failure();
    if (ArrayRef(*shape) != n.in(0)->getShape())
      return n.error("input " + Twine(index) +
                     " does not broadcast to the first");
  }
  return success();
}

/// The dimensions that are normalized together: `axis` and those behind it.
static FailureOr<SmallVector<int64_t>> getNormalizedAxes(NodeImporter &n) {
  int64_t rank = n.in(0)->getRank();
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  return llvm::to_vector(llvm::seq<int64_t>(*axis, rank));
}

static LogicalResult importLayerNorm(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)) || failed(checkBroadcast(n, {1, 2})))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<SmallVector<int64_t>> normalized = getNormalizedAxes(n);
  if (failed(normalized))
    return failure();
  ArrayRef<int64_t> axes = *normalized;
  double epsilon = n.getFloat("epsilon", 1e-5f);
  Moments m = getMoments(n, input, axes);
  SmallVector<TensorRef> results{normalize(
      n, m.centered, {m.variance, dropAxes(n, rank, axes)}, epsilon,
      getBroadcast(n, 1), getBroadcast(n, 2), input->getElementType())};
  SmallVector<int64_t> kept(input->getShape());
  for (int64_t reduced : axes)
    kept[reduced] = 1;
  if (n.wantsOutput(1) || n.wantsOutput(2))
    results.push_back(n.reshape(m.mean, kept));
  if (n.wantsOutput(2)) {
    TensorRef inverse =
        n.elementwise(m.variance, [&](Scalar &s, ValueRange args) {
          return invertRoot(s, args[0], epsilon);
        });
    results.push_back(n.reshape(inverse, kept));
  }
  return n.finish(results);
}

static LogicalResult importRMSNorm(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)) || failed(checkBroadcast(n, {1})))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<SmallVector<int64_t>> normalized = getNormalizedAxes(n);
  if (failed(normalized))
    return failure();
  ArrayRef<int64_t> axes = *normalized;
  double count = getProduct(input->getShape().drop_front(axes.front()));
  TensorRef squares =
      reduceAxes(n, input, axes, ReduceKind::Sum,
                 [](Scalar &s, Value x) { return s.mul(x, x); });
  return n.finish(normalize(
      n, input, {scaleBy(n, squares, 1 / count), dropAxes(n, rank, axes)},
      n.getFloat("epsilon", 1e-5f), getBroadcast(n, 1), std::nullopt,
      input->getElementType()));
}

/// One element for each channel of an input [N, C, ...].
static LogicalResult checkChannels(NodeImporter &n, unsigned first,
                                   unsigned last) {
  for (unsigned i = first; i <= last; ++i)
    if (n.in(0)->getRank() < 2 || n.in(i)->getRank() != 1 ||
        n.in(i)->getDim(0) != n.in(0)->getDim(1))
      return n.error("input " + Twine(i) +
                     " must have one element for each channel");
  return success();
}

/// By the moments of the batch itself; with those given, they become the
/// results behind the first.
static LogicalResult importBatchMoments(NodeImporter &n) {
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  SmallVector<int64_t> axes{0};
  llvm::append_range(axes, llvm::seq<int64_t>(2, rank));
  AffineMap channels = dropAxes(n, rank, axes);
  Moments m = getMoments(n, input, axes);
  SmallVector<TensorRef> results{normalize(
      n, m.centered, {m.variance, channels}, n.getFloat("epsilon", 1e-5f),
      Operand{n.in(1), channels}, Operand{n.in(2), channels},
      input->getElementType())};
  double momentum = n.getFloat("momentum", 0.9f);
  for (auto [given, computed] :
       {std::pair(n.in(3), m.mean), std::pair(n.in(4), m.variance)}) {
    Type type = given->getElementType(), wide = computed->getElementType();
    results.push_back(n.parallel(
        {{given, n.identity(1)}, {computed, n.identity(1)}}, given->getShape(),
        type, [&](Scalar &s, ValueRange args) {
          Value old = s.cast(args[0], wide, false, false);
          Value sum = s.add(s.mul(old, s.constant(old, momentum)),
                            s.mul(args[1], s.constant(old, 1 - momentum)));
          return s.cast(sum, type, false, false);
        }));
  }
  return n.finish(results);
}

static LogicalResult importBatchNorm(NodeImporter &n) {
  if (failed(n.checkInputs(5, 5)) || failed(checkChannels(n, 1, 4)))
    return failure();
  if (n.getInt("training_mode", 0))
    return importBatchMoments(n);
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  Type type = input->getElementType(), wide = getComputeType(type);
  double epsilon = n.getFloat("epsilon", 1e-5f);
  SmallVector<Operand> operands{{input, n.identity(rank)}};
  for (unsigned i = 1; i <= 4; ++i)
    operands.push_back({n.in(i), n.getMap(rank, {n.dim(1)})});
  return n.finish(n.parallel(
      operands, input->getShape(), type, [&](Scalar &s, ValueRange args) {
        SmallVector<Value> x;
        for (Value arg : args)
          x.push_back(s.cast(arg, wide, false, false));
        Value normal = s.mul(s.sub(x[0], x[3]), invertRoot(s, x[4], epsilon));
        return s.cast(s.add(s.mul(normal, x[1]), x[2]), type, false, false);
      }));
}

/// InstanceNormalization and GroupNormalization: [N, C, ...] as
/// [N, groups, C / groups, spatial].
static LogicalResult importGroups(NodeImporter &n, int64_t groups) {
  TensorRef input = n.in(0);
  int64_t channels = input->getDim(1);
  if (groups < 1 || channels % groups != 0)
    return n.error(Twine(channels) + " channels do not divide into " +
                   Twine(groups) + " groups");
  int64_t inner = channels / groups;
  TensorRef grouped =
      n.reshape(input, {input->getDim(0), groups, inner,
                        getProduct(input->getShape().drop_front(2))});
  SmallVector<int64_t> axes{2, 3};
  Moments m = getMoments(n, grouped, axes);
  SmallVector<Operand> parameters;
  for (unsigned i : {1u, 2u}) {
    bool perGroup = n.in(i)->getDim(0) == groups && inner != 1;
    parameters.push_back(perGroup ? Operand{n.in(i), n.getMap(4, {n.dim(1)})}
                                  : Operand{n.reshape(n.in(i), {groups, inner}),
                                            n.getMap(4, {n.dim(1), n.dim(2)})});
  }
  TensorRef result =
      normalize(n, m.centered, {m.variance, dropAxes(n, 4, axes)},
                n.getFloat("epsilon", 1e-5f), parameters[0], parameters[1],
                input->getElementType());
  return n.finish(n.reshape(result, input->getShape()));
}

static LogicalResult importInstanceNorm(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)) || failed(checkChannels(n, 1, 2)))
    return failure();
  return importGroups(n, n.in(0)->getDim(1));
}

static LogicalResult importGroupNorm(NodeImporter &n) {
  if (failed(n.checkInputs(3, 3)))
    return failure();
  int64_t groups = n.getInt("num_groups", 0);
  int64_t expected = n.opset < 21             ? groups
                     : n.in(0)->getRank() > 1 ? n.in(0)->getDim(1)
                                              : 0;
  for (unsigned i : {1u, 2u})
    if (n.in(0)->getRank() < 3 || n.in(i)->getRank() != 1 ||
        n.in(i)->getDim(0) != expected)
      return n.error("input " + Twine(i) + " must have " + Twine(expected) +
                     " elements");
  return importGroups(n, groups);
}

static LogicalResult importMeanVarianceNorm(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  FailureOr<SmallVector<int64_t>> axes =
      n.getAxes(n.getInts("axes", {0, 2, 3}), rank);
  if (failed(axes))
    return failure();
  Type type = input->getElementType();
  if (!isa<FloatType>(type))
    return n.error("takes a float input");
  Moments m = getMoments(n, input, *axes);
  return n.finish(n.parallel(
      {{m.centered, n.identity(rank)}, {m.variance, dropAxes(n, rank, *axes)}},
      input->getShape(), type, [&](Scalar &s, ValueRange args) {
        Value deviation = s.make<math::SqrtOp>(args[1]);
        Value divisor = s.add(deviation, s.constant(deviation, 1e-9));
        return s.cast(s.div(args[0], divisor), type, false, false);
      }));
}

static LogicalResult importLpNorm(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank(), p = n.getInt("p", 2);
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  if (p != 1 && p != 2)
    return n.error("p must be 1 or 2");
  Type type = input->getElementType(), wide = getComputeType(type);
  TensorRef sum =
      reduceAxes(n, input, *axis, ReduceKind::Sum, [&](Scalar &s, Value x) {
        return p == 2 ? s.mul(x, x) : s.make<math::AbsFOp>(x);
      });
  return n.finish(n.parallel(
      {{input, n.identity(rank)}, {sum, dropAxes(n, rank, *axis)}},
      input->getShape(), type, [&](Scalar &s, ValueRange args) {
        Value norm = p == 2 ? s.make<math::SqrtOp>(args[1]) : args[1];
        Value x = s.div(s.cast(args[0], wide, false, false), norm);
        Value isZero = s.compare(Scalar::Equal, norm, s.constant(norm, 0));
        return s.cast(s.select(isZero, s.constant(norm, 0), x), type, false,
                      false);
      }));
}

void swapc::addNormalizations(HandlerMap &handlers) {
  handlers["Softmax"] = importSoftmax;
  handlers["LogSoftmax"] = importLogSoftmax;
  handlers["LayerNormalization"] = importLayerNorm;
  handlers["RMSNormalization"] = importRMSNorm;
  handlers["BatchNormalization"] = importBatchNorm;
  handlers["InstanceNormalization"] = importInstanceNorm;
  handlers["GroupNormalization"] = importGroupNorm;
  handlers["LpNormalization"] = importLpNorm;
  handlers["MeanVarianceNormalization"] = importMeanVarianceNorm;
}
