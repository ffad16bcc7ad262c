//===- QuantizedProducts.cpp - Products of quantised tensors ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums are of integers, exact. A zero point of the left side is taken off its
// elements, which are activations; one of the right side, a weight whose bytes
// should stay as they are, is taken off the result, times the sum of a row.
//
//===----------------------------------------------------------------------===//

#include "Products.h"
#include "Quantization.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

static bool isByte(TensorRef tensor) {
  return tensor->getElementType().isInteger(8) &&
         tensor->format == Format::Plain;
}

static bool isKnown128(NodeImporter &n, TensorRef zeroPoint) {
  DenseElementsAttr elements = n.graph.getElements(zeroPoint);
  return elements && zeroPoint->isUnsigned &&
         llvm::all_of(elements.getValues<APInt>(),
                      [](const APInt &value) { return value == 128; });
}

/// `tensor` less its zero point, which broadcasts to it: i16, or i8 where the
/// zero point is known and that suffices.
static TensorRef center(NodeImporter &n, TensorRef tensor,
                        TensorRef zeroPoint) {
  if (!zeroPoint || isZero(n, zeroPoint))
    return tensor;
  Type type =
      isKnown128(n, zeroPoint) ? n.b.getI8Type() : n.b.getIntegerType(16);
  bool isUnsigned = tensor->isUnsigned;
  return n.broadcasted(
      {tensor, zeroPoint}, type,
      [&](Scalar &s, ValueRange args) {
        return s.sub(s.cast(args[0], type, isUnsigned, false),
                     s.cast(args[1], type, isUnsigned, false));
      },
      false);
}

/// Sums over the last dimension; it stays, as 1, where `keep`.
static TensorRef sumRows(NodeImporter &n, TensorRef tensor, bool keep) {
  int64_t rank = tensor->getRank();
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.back() = IteratorType::reduction;
  SmallVector<int64_t> shape(tensor->getShape().drop_back());
  bool isUnsigned = tensor->isUnsigned;
  TensorRef sums =
      n.reduce({{tensor, n.identity(rank)}},
               n.identity(rank).dropResult(rank - 1), iterators, shape,
               n.b.getI32IntegerAttr(0), [&](Scalar &s, ValueRange args) {
                 return s.add(args[1], s.cast(args[0], n.b.getI32Type(),
                                              isUnsigned, false));
               });
  sums->isUnsigned = false;
  if (keep)
    shape.push_back(1);
  return n.reshape(sums, shape);
}

/// A scale or zero point of the left side, one for each row, as a column.
static TensorRef asColumn(NodeImporter &n, TensorRef tensor) {
  return tensor && tensor->getRank() == 1 && tensor->getNumElements() != 1
             ? n.reshape(tensor, {tensor->getDim(0), 1})
             : tensor;
}

/// One that is 1-dimensional for a result of which it must not change the rank.
static TensorRef asScalar(NodeImporter &n, TensorRef tensor) {
  return tensor && tensor->getNumElements() == 1 ? n.reshape(tensor, {})
                                                 : tensor;
}

TensorRef swapc::multiplyBytes(NodeImporter &n, TensorRef lhs, TensorRef rhs,
                               TensorRef lhsZero, TensorRef rhsZero) {
  auto fail = [&](const Twine &text) {
    (void)n.error(text);
    return nullptr;
  };
  if (!isByte(lhs) || !isByte(rhs))
    return fail("takes matrices of int8 or uint8");
  if ((lhsZero && !(lhsZero->getKind() == lhs->getKind())) ||
      (rhsZero && !(rhsZero->getKind() == rhs->getKind())))
    return fail("a zero point has another type than its matrix");
  lhsZero = asScalar(n, asColumn(n, lhsZero));
  rhsZero = asScalar(n, rhsZero);
  if (lhsZero && lhsZero->getRank() > 0 && lhsZero->getShape().back() != 1)
    return fail("the left zero point does not fit the rows");
  TensorRef left = center(n, lhs, lhsZero);
  if (!left)
    return nullptr;
  if (left->getShape() != lhs->getShape())
    return fail("the left zero point does not fit the rows");
  bool recenter = rhsZero && rhsZero->getRank() == 0 && isKnown128(n, rhsZero);
  if (recenter)
    rhs = center(n, rhs, rhsZero);
  TensorRef product = multiply(n, left, rhs);
  if (!product || recenter || !rhsZero || isZero(n, rhsZero))
    return product;
  // [..., 1, N]: one for each column.
  int64_t rank = rhsZero->getRank();
  if ((rhs->getRank() == 1 && rank != 0) ||
      (rank > 1 && rhsZero->getDim(rank - 2) != 1))
    return fail("the right zero point does not fit the columns");
  TensorRef rows = sumRows(n, left, rhs->getRank() > 1);
  bool isUnsigned = rhs->isUnsigned;
  TensorRef result = n.broadcasted(
      {product, rows, rhsZero}, n.b.getI32Type(),
      [&](Scalar &s, ValueRange args) {
        Value zero = s.cast(args[2], n.b.getI32Type(), isUnsigned, false);
        return s.sub(args[0], s.mul(args[1], zero));
      },
      false);
  if (result && result->getShape() != product->getShape())
    return fail("the right zero point does not fit the columns");
  return result;
}

static LogicalResult importMatMulInteger(NodeImporter &n) {
  if (failed(n.checkInputs(2, 4)))
    return failure();
  return n.finish(multiplyBytes(n, n.in(0), n.in(1), n.in(2), n.in(3)));
}

/// Sums in i32, times the scales of both sides over that of the result, as the
/// result's type. `scales` broadcast to the sums.
static TensorRef requantize(NodeImporter &n, TensorRef sums, TensorRef lhsScale,
                            TensorRef rhsScale, TensorRef scale,
                            TensorRef zeroPoint) {
  ElementKind kind = zeroPoint->getKind();
  Type f32 = n.b.getF32Type();
  return n.broadcasted(
      {sums, lhsScale, rhsScale, scale, zeroPoint}, kind.type,
      [&](Scalar &s, ValueRange args) {
        auto real = [&](Value value) {
          return s.cast(value, f32, false, false);
        };
        Value factor =
            s.div(s.mul(real(args[1]), real(args[2])), real(args[3]));
        return quantizeElement(s, s.mul(real(args[0]), factor), kind, args[4]);
      },
      kind.isUnsigned);
}

/// Inputs `first` to `first + 1`: scale and zero point of one tensor.
static LogicalResult checkScale(NodeImporter &n, unsigned first,
                                const ElementKind &kind, bool single) {
  TensorRef scale = n.in(first), zeroPoint = n.in(first + 1);
  if (!isa<FloatType>(scale->getElementType()))
    return n.error("input " + Twine(first) + ", a scale, has no float type");
  if (!(zeroPoint->getKind() == kind))
    return n.error("input " + Twine(first + 1) + ", a zero point, has type " +
                   getKindName(zeroPoint->getKind()) + ", not " +
                   getKindName(kind));
  if (single &&
      (scale->getNumElements() != 1 || zeroPoint->getNumElements() != 1))
    return n.error("inputs " + Twine(first) + " and " + Twine(first + 1) +
                   " must have one element");
  return success();
}

static LogicalResult importQLinearMatMul(NodeImporter &n) {
  if (failed(n.checkInputs(8, 8)))
    return failure();
  TensorRef lhs = n.in(0), rhs = n.in(3);
  if (!isByte(n.in(7)))
    return n.error("computes int8 or uint8");
  if (failed(checkScale(n, 1, lhs->getKind(), false)) ||
      failed(checkScale(n, 4, rhs->getKind(), false)) ||
      failed(checkScale(n, 6, n.in(7)->getKind(), true)))
    return failure();
  TensorRef sums = multiplyBytes(n, lhs, rhs, n.in(2), n.in(5));
  if (!sums)
    return failure();
  TensorRef lhsScale = lhs->getRank() == 1 ? n.in(1) : asColumn(n, n.in(1));
  TensorRef result =
      requantize(n, sums, asScalar(n, lhsScale), asScalar(n, n.in(4)),
                 asScalar(n, n.in(6)), asScalar(n, n.in(7)));
  if (result && result->getShape() != sums->getShape())
    return n.error("a scale does not fit the rows or columns");
  return n.finish(result);
}

/// ONNX Runtime's Gemm of bytes: the result is float where it has no scale.
static LogicalResult importQGemm(NodeImporter &n) {
  if (failed(n.checkInputs(6, 9)))
    return failure();
  TensorRef lhs = n.in(0), rhs = n.in(3), bias = n.in(6);
  if (lhs->getRank() != 2 || rhs->getRank() != 2)
    return n.error("takes two matrices");
  if (failed(checkScale(n, 1, lhs->getKind(), true)) ||
      failed(checkScale(n, 4, rhs->getKind(), false)))
    return failure();
  bool hasScale = n.in(7);
  if (hasScale != bool(n.in(8)) ||
      (hasScale && (!isByte(n.in(8)) ||
                    failed(checkScale(n, 7, n.in(8)->getKind(), true)))))
    return n.error("takes scale and zero point of an int8 or uint8 result, or "
                   "neither");
  if (n.getInt("transA", 0))
    lhs = n.transpose(lhs, {1, 0});
  if (n.getInt("transB", 0))
    rhs = n.transpose(rhs, {1, 0});
  TensorRef sums = multiplyBytes(n, lhs, rhs, n.in(2), n.in(5));
  if (!sums)
    return failure();
  if (bias) {
    if (!bias->getElementType().isInteger(32))
      return n.error("C must be int32");
    TensorRef added = n.broadcasted(
        {sums, bias}, n.b.getI32Type(),
        [](Scalar &s, ValueRange args) { return s.add(args[0], args[1]); },
        false);
    if (!added)
      return failure();
    if (added->getShape() != sums->getShape())
      return n.error("C does not broadcast to the product");
    sums = added;
  }
  Type f32 = n.b.getF32Type();
  double alpha = n.getFloat("alpha", 1);
  TensorRef lhsScale = asScalar(n, n.in(1));
  if (alpha != 1)
    lhsScale = n.elementwise(lhsScale, [&](Scalar &s, ValueRange args) {
      return s.mul(args[0], s.constant(args[0], alpha));
    });
  TensorRef rhsScale = asScalar(n, n.in(4));
  if (hasScale)
    return n.finish(requantize(n, sums, lhsScale, rhsScale,
                               asScalar(n, n.in(7)), asScalar(n, n.in(8))));
  return n.finish(n.broadcasted(
      {sums, lhsScale, rhsScale}, f32,
      [&](Scalar &s, ValueRange args) {
        return s.mul(s.cast(args[0], f32, false, false),
                     s.mul(args[1], args[2]));
      },
      false));
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

TensorRef swapc::convolveBytes(NodeImporter &n, TensorRef input,
                               TensorRef weights, TensorRef inputZero,
                               TensorRef weightZero) {
  auto fail = [&](const Twine &text) {
    (void)n.error(text);
    return nullptr;
  };
  if (!isByte(input) || !isByte(weights))
    return fail("takes an input and weights of int8 or uint8");
  if (input->getRank() < 3 || input->getRank() != weights->getRank())
    return fail("takes an input and weights of the same rank, 3 or more");
  int64_t groups = n.getInt("group", 1), outputs = weights->getDim(0);
  if (groups < 1 || outputs % groups != 0 ||
      weights->getDim(1) * groups != input->getDim(1))
    return fail("the weights do not fit " + Twine(input->getDim(1)) +
                " channels in " + Twine(groups) + " groups");
  ArrayRef<int64_t> kernel = weights->getShape().drop_front(2);
  if (n.has("kernel_shape") &&
      ArrayRef<int64_t>(n.getInts("kernel_shape")) != kernel)
    return fail("kernel_shape differs from the shape of the weights");
  if (inputZero && inputZero->getNumElements() != 1)
    return fail("the zero point of the input must have one element");
  if (weightZero && weightZero->getNumElements() != 1 &&
      (weightZero->getRank() != 1 || weightZero->getDim(0) != outputs))
    return fail("the zero point of the weights must have one element, or one "
                "for each output channel");
  FailureOr<Windows> w =
      Windows::get(n, input->getShape().drop_front(2), kernel);
  if (failed(w))
    return nullptr;
  if (weightZero && weightZero->getNumElements() != 1) {
    SmallVector<int64_t> shape(weights->getRank(), 1);
    shape[0] = outputs;
    weightZero = n.reshape(weightZero, shape);
  }
  TensorRef centered = center(n, input, asScalar(n, inputZero));
  weights = center(n, weights, asScalar(n, weightZero));
  // What is padded is zero, that is the zero point.
  TensorRef padded = w->pad(n, centered, n.zero(centered->getElementType()));
  return convolve(n, *w, padded, weights, groups);
}

static LogicalResult importConvInteger(NodeImporter &n) {
  if (failed(n.checkInputs(2, 4)))
    return failure();
  for (unsigned i : {0, 1})
    if (n.in(i + 2) && !(n.in(i + 2)->getKind() == n.in(i)->getKind()))
      return n.error("a zero point has another type than its tensor");
  return n.finish(convolveBytes(n, n.in(0), n.in(1), n.in(2), n.in(3)));
}

static LogicalResult importQLinearConv(NodeImporter &n) {
  if (failed(n.checkInputs(8, 9)))
    return failure();
  TensorRef input = n.in(0), weights = n.in(3), bias = n.in(8);
  if (!isByte(n.in(7)))
    return n.error("computes int8 or uint8");
  if (failed(checkScale(n, 1, input->getKind(), true)) ||
      failed(checkScale(n, 4, weights->getKind(), false)) ||
      failed(checkScale(n, 6, n.in(7)->getKind(), true)))
    return failure();
  TensorRef sums = convolveBytes(n, input, weights, n.in(2), n.in(5));
  if (!sums)
    return failure();
  int64_t outputs = weights->getDim(0);
  SmallVector<int64_t> channel(sums->getRank() - 1, 1);
  channel[0] = outputs;
  if (bias) {
    if (!bias->getElementType().isInteger(32) || bias->getRank() != 1 ||
        bias->getDim(0) != outputs)
      return n.error("the bias must be int32, one for each output channel");
    sums = n.broadcasted(
        {sums, n.reshape(bias, channel)}, n.b.getI32Type(),
        [](Scalar &s, ValueRange args) { return s.add(args[0], args[1]); },
        false);
  }
  TensorRef scale = n.in(4);
  if (scale->getNumElements() != 1) {
    if (scale->getRank() != 1 || scale->getDim(0) != outputs)
      return n.error("the scale of the weights must have one element, or one "
                     "for each output channel");
    scale = n.reshape(scale, channel);
  }
  return n.finish(requantize(n, sums, asScalar(n, n.in(1)), asScalar(n, scale),
                             asScalar(n, n.in(6)), asScalar(n, n.in(7))));
}

void swapc::addQuantizedProducts(HandlerMap &handlers) {
  handlers["ConvInteger"] = importConvInteger;
  handlers["MatMulInteger"] = importMatMulInteger;
  handlers["QLinearConv"] = importQLinearConv;
  handlers["QLinearMatMul"] = importQLinearMatMul;
  handlers["com.microsoft.QGemm"] = importQGemm;
}
