//===- QuantizedElementwise.cpp - Quantised maps of ONNX Runtime -*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ONNX Runtime's quantiser writes in place of Add, Sigmoid and the like.
// Each tensor comes with a scale and a zero point of one element; elements are
// reals only inside the loop.
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

using namespace mlir;
using namespace swapc;

namespace {
/// Inputs `first` to `first + 2`: a tensor, its scale and its zero point.
struct Quantized {
  TensorRef tensor;
  Quantization q;
};
} // namespace

static TensorRef asScalar(NodeImporter &n, TensorRef tensor) {
  return n.reshape(tensor, {});
}

/// Scale and zero point at `first`, for elements of `kind`.
static FailureOr<Quantization> getQuantization(NodeImporter &n, unsigned first,
                                               const ElementKind &kind) {
  Quantization q{n.in(first), n.in(first + 1)};
  if (!q.scale)
    return n.error("input " + Twine(first) + ", a scale, is left out");
  if (failed(checkQuantization(n, q, kind, {}, -1)))
    return failure();
  q.scale = asScalar(n, q.scale);
  if (q.zeroPoint)
    q.zeroPoint = asScalar(n, q.zeroPoint);
  return q;
}

static FailureOr<Quantized> getQuantized(NodeImporter &n, unsigned first) {
  TensorRef tensor = n.in(first);
  if (!tensor || !tensor->getElementType().isInteger(8) ||
      tensor->format != Format::Plain)
    return n.error("input " + Twine(first) + " must be int8 or uint8");
  FailureOr<Quantization> q = getQuantization(n, first + 1, tensor->getKind());
  if (failed(q))
    return failure();
  return Quantized{tensor, *q};
}

/// The result of `body` on the reals that the operands stand for.
static TensorRef compute(NodeImporter &n, ArrayRef<Quantized> operands,
                         const Quantization &to, const ElementKind &kind,
                         function_ref<Value(Scalar &, ArrayRef<Value>)> body) {
  SmallVector<TensorRef> tensors;
  auto add = [&](const Quantization &q) {
    tensors.push_back(q.scale);
    if (q.zeroPoint)
      tensors.push_back(q.zeroPoint);
  };
  for (const Quantized &operand : operands) {
    tensors.push_back(operand.tensor);
    add(operand.q);
  }
  add(to);
  return n.broadcasted(
      tensors, kind.type,
      [&](Scalar &s, ValueRange args) {
        unsigned at = 0;
        Type f32 = n.b.getF32Type();
        SmallVector<Value> reals;
        for (const Quantized &operand : operands) {
          Value element = args[at++];
          Value scale = s.cast(args[at++], f32, false, false);
          Value zero = operand.q.zeroPoint ? args[at++] : Value();
          Value real =
              dequantizeElement(s, element, operand.tensor->getKind(), zero);
          reals.push_back(s.mul(real, scale));
        }
        Value scale = s.cast(args[at++], f32, false, false);
        Value zero = to.zeroPoint ? args[at] : Value();
        return quantizeElement(s, s.div(body(s, reals), scale), kind, zero);
      },
      kind.isUnsigned);
}

/// Inputs A, its scale and zero point, B and its own, and the result's; zero
/// points may be left out by an empty name.
static LogicalResult
importBinary(NodeImporter &n,
             function_ref<Value(Scalar &, ArrayRef<Value>)> body) {
  if (n.getNumInputs() < 7 || n.getNumInputs() > 8)
    return n.error("takes two tensors, each with scale and zero point, and "
                   "those of the result");
  FailureOr<Quantized> a = getQuantized(n, 0), b = getQuantized(n, 3);
  if (failed(a) || failed(b))
    return failure();
  ElementKind kind = a->tensor->getKind();
  if (!(b->tensor->getKind() == kind))
    return n.error("takes two inputs of one element type");
  FailureOr<Quantization> to = getQuantization(n, 6, kind);
  if (failed(to))
    return failure();
  return n.finish(compute(n, {*a, *b}, *to, kind, body));
}

static LogicalResult importAdd(NodeImporter &n) {
  return importBinary(n, [](Scalar &s, ArrayRef<Value> reals) {
    return s.add(reals[0], reals[1]);
  });
}

static LogicalResult importMul(NodeImporter &n) {
  return importBinary(n, [](Scalar &s, ArrayRef<Value> reals) {
    return s.mul(reals[0], reals[1]);
  });
}

namespace {
/// What operators of one tensor take.
struct Unary {
  Quantized x;
  ElementKind kind; ///< Of x and of the result.
  Quantization to;
};
} // namespace

static FailureOr<Unary> getUnary(NodeImporter &n) {
  if (n.getNumInputs() < 4 || n.getNumInputs() > 5)
    return n.error("takes a tensor with scale and zero point, and those of the "
                   "result");
  FailureOr<Quantized> x = getQuantized(n, 0);
  if (failed(x))
    return failure();
  ElementKind kind = x->tensor->getKind();
  FailureOr<Quantization> to = getQuantization(n, 3, kind);
  if (failed(to))
    return failure();
  return Unary{*x, kind, *to};
}

static LogicalResult
importUnary(NodeImporter &n,
            function_ref<Value(Scalar &, ArrayRef<Value>)> body) {
  FailureOr<Unary> node = getUnary(n);
  if (failed(node))
    return failure();
  return n.finish(compute(n, node->x, node->to, node->kind, body));
}

static LogicalResult importSigmoid(NodeImporter &n) {
  return importUnary(
      n, [](Scalar &s, ArrayRef<Value> reals) { return s.sigmoid(reals[0]); });
}

static LogicalResult importLeakyRelu(NodeImporter &n) {
  double alpha = n.getFloat("alpha", 0.01);
  return importUnary(n, [=](Scalar &s, ArrayRef<Value> reals) {
    Value x = reals[0];
    Value isNegative = s.compare(Scalar::Less, x, s.constant(x, 0));
    return s.select(isNegative, s.mul(x, s.constant(x, alpha)), x);
  });
}

/// Each input is requantised to the scale of the result, then they are joined.
static LogicalResult importConcat(NodeImporter &n) {
  if (n.getNumInputs() < 5 || n.getNumInputs() % 3 != 2 || !n.in(1))
    return n.error("takes scale and zero point of the result, and three inputs "
                   "for each tensor");
  ElementKind kind = n.in(1)->getKind();
  FailureOr<Quantization> to = getQuantization(n, 0, kind);
  if (failed(to))
    return failure();
  SmallVector<TensorRef> parts;
  for (unsigned i = 2; i < n.getNumInputs(); i += 3) {
    FailureOr<Quantized> x = getQuantized(n, i);
    if (failed(x))
      return failure();
    if (!(x->tensor->getKind() == kind))
      return n.error("takes inputs of one element type");
    parts.push_back(compute(n, *x, *to, kind,
                            [](Scalar &, ArrayRef<Value> r) { return r[0]; }));
  }
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", 0), parts[0]->getRank());
  if (failed(axis))
    return failure();
  for (TensorRef part : parts) {
    SmallVector<int64_t> shape(part->getShape());
    if (shape.size() == parts[0]->getShape().size())
      shape[*axis] = parts[0]->getDim(*axis);
    if (ArrayRef<int64_t>(shape) != parts[0]->getShape())
      return n.error("the inputs differ in more than the size of the axis");
  }
  return n.finish(n.concat(parts, *axis));
}

/// The mean over the spatial dimensions.
static LogicalResult importGlobalAveragePool(NodeImporter &n) {
  FailureOr<Unary> node = getUnary(n);
  if (failed(node))
    return failure();
  const Quantized *x = &node->x;
  const Quantization *to = &node->to;
  ElementKind kind = node->kind;
  bool channelsLast = n.getInt("channels_last", 0);
  int64_t rank = x->tensor->getRank();
  if (rank < 3)
    return n.error("takes an image, of rank 3 or more");
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  int64_t channel = channelsLast ? rank - 1 : 1;
  iterators[0] = iterators[channel] = utils::IteratorType::parallel;
  SmallVector<int64_t> shape(rank, 1);
  shape[0] = x->tensor->getDim(0);
  shape[channel] = x->tensor->getDim(channel);
  int64_t count = 1;
  for (int64_t i = 1; i < rank; ++i)
    count *= i == channel ? 1 : x->tensor->getDim(i);
  if (count == 0)
    return n.error("the mean of no elements is undefined");
  TensorRef sums =
      n.reduce({{x->tensor, n.identity(rank)}},
               n.getMap(rank, {n.dim(0), n.dim(channel)}), iterators,
               {shape[0], shape[channel]}, n.b.getI32IntegerAttr(0),
               [&](Scalar &s, ValueRange args) {
                 return s.add(args[1], s.cast(args[0], n.b.getI32Type(),
                                              kind.isUnsigned, false));
               });
  sums->isUnsigned = false;
  SmallVector<TensorRef> tensors{n.reshape(sums, shape), x->q.scale, to->scale};
  if (x->q.zeroPoint)
    tensors.push_back(x->q.zeroPoint);
  if (to->zeroPoint)
    tensors.push_back(to->zeroPoint);
  return n.finish(n.broadcasted(
      tensors, kind.type,
      [&](Scalar &s, ValueRange args) {
        Type f32 = n.b.getF32Type();
        Value sum = s.cast(args[0], f32, false, false);
        Value mean = s.div(sum, s.constant(sum, count));
        if (x->q.zeroPoint)
          mean = s.sub(mean, s.cast(args[3], f32, kind.isUnsigned, false));
        Value factor = s.div(s.cast(args[1], f32, false, false),
                             s.cast(args[2], f32, false, false));
        return quantizeElement(s, s.mul(mean, factor), kind,
                               to->zeroPoint ? args.back() : Value());
      },
      kind.isUnsigned));
}

/// ONNX's operator on the reals, with some of the node's attributes.
static LogicalResult importReal(NodeImporter &n, StringRef opType,
                                ArrayRef<StringRef> names) {
  if (n.getNumInputs() < 4 || n.getNumInputs() > 5)
    return n.error("takes a tensor with scale and zero point, and those of the "
                   "result");
  FailureOr<Quantized> x = getQuantized(n, 0);
  if (failed(x))
    return failure();
  ElementKind kind = x->tensor->getKind();
  FailureOr<Quantization> to = getQuantization(n, 3, kind);
  if (failed(to))
    return failure();
  Type f32 = n.b.getF32Type();
  SmallVector<TensorRef> tensors{x->tensor, x->q.scale};
  if (x->q.zeroPoint)
    tensors.push_back(x->q.zeroPoint);
  TensorRef real = n.broadcasted(
      tensors, f32,
      [&](Scalar &s, ValueRange args) {
        Value zero = x->q.zeroPoint ? args[2] : Value();
        return s.mul(dequantizeElement(s, args[0], kind, zero),
                     s.cast(args[1], f32, false, false));
      },
      false);
  std::vector<onnx::Attribute> attributes;
  for (StringRef name : names)
    if (const onnx::Attribute *attribute = n.find(name))
      attributes.push_back(*attribute);
  TensorRef result = n.apply(opType, real, std::move(attributes));
  if (!result)
    return failure();
  tensors = {result, to->scale};
  if (to->zeroPoint)
    tensors.push_back(to->zeroPoint);
  return n.finish(n.broadcasted(
      tensors, kind.type,
      [&](Scalar &s, ValueRange args) {
        Value scaled = s.div(args[0], s.cast(args[1], f32, false, false));
        return quantizeElement(s, scaled, kind,
                               to->zeroPoint ? args[2] : Value());
      },
      kind.isUnsigned));
}

static LogicalResult importAveragePool(NodeImporter &n) {
  if (n.getInt("channels_last", 0))
    return n.error("takes channels first: channels_last is not supported");
  return importReal(n, "AveragePool",
                    {"auto_pad", "ceil_mode", "count_include_pad",
                     "kernel_shape", "pads", "strides"});
}

static LogicalResult importSoftmax(NodeImporter &n) {
  TensorRef x = n.in(0);
  int64_t axis = n.getInt("axis", -1);
  if (n.getInt("opset", 13) < 13 && axis != -1 &&
      (!x || axis != x->getRank() - 1))
    return n.error("before opset 13 takes the last axis only");
  return importReal(n, "Softmax", {"axis"});
}

void swapc::addQuantizedElementwise(HandlerMap &handlers) {
  handlers["com.microsoft.QLinearAdd"] = importAdd;
  handlers["com.microsoft.QLinearAveragePool"] = importAveragePool;
  handlers["com.microsoft.QLinearConcat"] = importConcat;
  handlers["com.microsoft.QLinearGlobalAveragePool"] = importGlobalAveragePool;
  handlers["com.microsoft.QLinearLeakyRelu"] = importLeakyRelu;
  handlers["com.microsoft.QLinearMul"] = importMul;
  handlers["com.microsoft.QLinearSigmoid"] = importSigmoid;
  handlers["com.microsoft.QLinearSoftmax"] = importSoftmax;
}
