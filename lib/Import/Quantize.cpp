//===- Quantize.cpp - Reals to integers and back ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

using namespace mlir;
using namespace swapc;

bool swapc::isZero(NodeImporter &n, TensorRef zeroPoint) {
  DenseElementsAttr elements = n.graph.getElements(zeroPoint);
  if (!elements || !isa<IntegerType>(zeroPoint->getElementType()))
    return false;
  return llvm::all_of(elements.getValues<APInt>(),
                      [](const APInt &value) { return value.isZero(); });
}

static Value asFloat(Scalar &s, Value element, const ElementKind &kind) {
  return castElement(s, element, kind, {s.getBuilder().getF32Type()});
}

Value swapc::dequantizeElement(Scalar &s, Value element,
                               const ElementKind &kind, Value zeroPoint) {
  Value value = asFloat(s, element, kind);
  return zeroPoint ? s.sub(value, asFloat(s, zeroPoint, kind)) : value;
}

Value swapc::quantizeElement(Scalar &s, Value value, const ElementKind &kind,
                             Value zeroPoint, Fit fit) {
  if (isFloatFormat(kind.format)) {
    // ONNX uses no zero point for float8.
    if (zeroPoint && kind.format == Format::F4E2M1)
      value = s.add(value, asFloat(s, zeroPoint, kind));
    return encodeFloat(s, value, kind.format, fit);
  }
  value = s.make<math::RoundEvenOp>(value);
  if (zeroPoint)
    value = s.add(value, asFloat(s, zeroPoint, kind));
  // These take the number where the other is NaN: no integer is undefined.
  auto [least, largest] = getIntegerRange(kind);
  value = s.make<arith::MaxNumFOp>(value, s.constant(value, least));
  value = s.make<arith::MinNumFOp>(value, s.constant(value, largest));
  Value wide = s.make<arith::FPToSIOp>(s.getBuilder().getI32Type(), value);
  return s.make<arith::TruncIOp>(kind.type, wide);
}

static LogicalResult checkTypes(NodeImporter &n, const Quantization &q,
                                const ElementKind &kind) {
  if (!isa<FloatType>(q.scale->getElementType()))
    return n.error("a scale has elements of type " +
                   getKindName(q.scale->getKind()) + ", not floats");
  if (q.zeroPoint && !(q.zeroPoint->getKind() == kind))
    return n.error("a zero point of type " +
                   getKindName(q.zeroPoint->getKind()) +
                   " is given for elements of type " + getKindName(kind));
  return success();
}

LogicalResult swapc::checkQuantization(NodeImporter &n, const Quantization &q,
                                       const ElementKind &kind,
                                       ArrayRef<int64_t> shape, int64_t axis) {
  if (failed(checkTypes(n, q, kind)))
    return failure();
  for (TensorRef tensor : {q.scale, q.zeroPoint}) {
    if (!tensor || tensor->getNumElements() == 1)
      continue;
    if (axis < 0 || tensor->getRank() != 1)
      return n.error("a scale or zero point must have one element, or one for "
                     "each index of one axis");
    if (tensor->getDim(0) != shape[axis])
      return n.error("axis " + Twine(axis) + " has " + Twine(shape[axis]) +
                     " indices, but a scale or zero point " +
                     Twine(tensor->getDim(0)) + " elements");
  }
  return success();
}

AffineMap swapc::getQuantizationMap(NodeImporter &n, TensorRef tensor,
                                    int64_t rank, int64_t axis) {
  if (tensor->getNumElements() != 1)
    return n.getMap(rank, {n.dim(axis)});
  SmallVector<AffineExpr> first(tensor->getRank(),
                                n.b.getAffineConstantExpr(0));
  return n.getMap(rank, first);
}

namespace {
/// The loops of QuantizeLinear and DequantizeLinear.
struct Nest {
  SmallVector<int64_t> shape;
  Quantization q;
  AffineMap scaleMap, zeroPointMap;
};
} // namespace

/// Each element `block` times along `axis`, of which `size` stay.
static TensorRef repeat(NodeImporter &n, TensorRef tensor, int64_t axis,
                        int64_t block, int64_t size) {
  if (!tensor)
    return nullptr;
  SmallVector<int64_t> shape(tensor->getShape());
  shape.insert(shape.begin() + axis + 1, block);
  AffineMap map = n.identity(shape.size()).dropResult(axis + 1);
  TensorRef blocks = n.copy(tensor, shape, map);
  shape.erase(shape.begin() + axis + 1);
  shape[axis] *= block;
  blocks = n.reshape(blocks, shape);
  SmallVector<int64_t> zeros(shape.size(), 0), ones(shape.size(), 1);
  shape[axis] = size;
  TensorRef result = n.slice(blocks, zeros, shape, ones);
  result->format = tensor->format;
  return result;
}

/// Blocks become a dimension of their own where they divide the axis.
static FailureOr<Nest> getBlockedNest(NodeImporter &n, ArrayRef<int64_t> shape,
                                      Quantization q, int64_t axis,
                                      int64_t block) {
  SmallVector<int64_t> wanted(shape);
  wanted[axis] = llvm::divideCeil(shape[axis], block);
  for (TensorRef tensor : {q.scale, q.zeroPoint})
    if (tensor && tensor->getShape() != ArrayRef<int64_t>(wanted))
      return n.error("blocks of " + Twine(block) + " cut axis " + Twine(axis) +
                     " into " + Twine(wanted[axis]) +
                     ", but a scale or zero point has another shape");
  Nest nest{SmallVector<int64_t>(shape), q, n.identity(shape.size()), {}};
  if (shape[axis] % block == 0) {
    nest.shape[axis] = block;
    nest.shape.insert(nest.shape.begin() + axis, wanted[axis]);
    nest.scaleMap = n.identity(nest.shape.size()).dropResult(axis + 1);
  } else {
    nest.q.scale = repeat(n, q.scale, axis, block, shape[axis]);
    nest.q.zeroPoint = repeat(n, q.zeroPoint, axis, block, shape[axis]);
  }
  nest.zeroPointMap = nest.scaleMap;
  return nest;
}

static FailureOr<Nest> getNest(NodeImporter &n, TensorRef tensor,
                               const ElementKind &kind) {
  ArrayRef<int64_t> shape = tensor->getShape();
  int64_t rank = tensor->getRank();
  Quantization q{n.in(1), n.in(2)};
  int64_t block = n.getInt("block_size", 0), axis = n.getInt("axis", 1);
  if (block < 0)
    return n.error("block_size is negative");
  bool isWhole = q.scale->getNumElements() == 1 && q.scale->getRank() < 2;
  if (!isWhole) {
    FailureOr<int64_t> counted = n.getAxis(axis, rank);
    if (failed(counted))
      return failure();
    axis = *counted;
  }
  if (block > 0 && !isWhole) {
    if (failed(checkTypes(n, q, kind)))
      return failure();
    return getBlockedNest(n, shape, q, axis, block);
  }
  if (failed(checkQuantization(n, q, kind, shape, isWhole ? -1 : axis)))
    return failure();
  Nest nest{SmallVector<int64_t>(shape),
            q,
            getQuantizationMap(n, q.scale, rank, axis),
            {}};
  if (q.zeroPoint)
    nest.zeroPointMap = getQuantizationMap(n, q.zeroPoint, rank, axis);
  return nest;
}

/// Computes in the nest; `body` gets element, scale as f32, and zero point.
static TensorRef
compute(NodeImporter &n, TensorRef tensor, const Nest &nest,
        const ElementKind &result,
        bool foldable,
        function_ref<Value(Scalar &, Value, Value, Value)> body) {
  SmallVector<Operand> operands{
      {n.reshape(tensor, nest.shape), n.identity(nest.shape.size())},
      {nest.q.scale, nest.scaleMap}};
  bool hasZeroPoint = nest.q.zeroPoint && !isZero(n, nest.q.zeroPoint);
  if (hasZeroPoint)
    operands.push_back({nest.q.zeroPoint, nest.zeroPointMap});
  TensorRef blocks = n.parallel(
      operands, nest.shape, result.type,
      [&](Scalar &s, ValueRange args) {
        Value scale = s.cast(args[1], n.b.getF32Type(), false, false);
        return body(s, args[0], scale, hasZeroPoint ? args[2] : Value());
      },
      result.isUnsigned, foldable);
  TensorRef whole = n.reshape(blocks, tensor->getShape());
  whole->format = result.format;
  return whole;
}

static LogicalResult importDequantizeLinear(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef tensor = n.in(0);
  ElementKind kind = tensor->getKind(), result = n.in(1)->getKind();
  if (n.getInt("output_dtype", 0)) {
    FailureOr<ElementKind> wanted = getKindAttr(n, "output_dtype");
    if (failed(wanted))
      return failure();
    result = *wanted;
  }
  if (!isa<IntegerType>(kind.type) || kind.type.isInteger(1) ||
      kind.type.isInteger(64))
    return n.error("takes quantised elements, not " + getKindName(kind));
  if (!isa<FloatType>(result.type))
    return n.error("computes floats, not " + getKindName(result));
  FailureOr<Nest> nest = getNest(n, tensor, kind);
  if (failed(nest))
    return failure();
  // Products take the bytes of weights, small ones as well.
  bool foldable = !kind.type.isInteger(8) || tensor->getRank() < 2;
  return n.finish(compute(
      n, tensor, *nest, result, foldable,
      [&](Scalar &s, Value x, Value scale, Value zeroPoint) {
        Value value = s.mul(dequantizeElement(s, x, kind, zeroPoint), scale);
        return s.cast(value, result.type, false, false);
      }));
}

/// The type that QuantizeLinear gives: that of the zero point, or the
/// attribute's, or u8.
static FailureOr<ElementKind> getQuantizedKind(NodeImporter &n) {
  ElementKind kind{n.b.getI8Type(), true};
  if (n.in(2))
    kind = n.in(2)->getKind();
  if (n.getInt("output_dtype", 0)) {
    FailureOr<ElementKind> wanted = getKindAttr(n, "output_dtype");
    if (failed(wanted))
      return failure();
    if (n.in(2) && !(*wanted == kind))
      return n.error("output_dtype differs from the type of the zero point");
    kind = *wanted;
  }
  bool fits = isa<IntegerType>(kind.type) && !kind.type.isInteger(1) &&
              kind.type.getIntOrFloatBitWidth() <= 16;
  if (!fits || kind.format == Format::F8E8M0)
    return n.error("quantises to integers of at most 16 bits, float8 and "
                   "float4, not to " +
                   getKindName(kind));
  return kind;
}

static LogicalResult importQuantizeLinear(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef tensor = n.in(0);
  FailureOr<ElementKind> kind = getQuantizedKind(n);
  if (failed(kind))
    return failure();
  ElementKind from = tensor->getKind();
  bool isInt32 = from.type.isInteger(32) && !from.isUnsigned;
  if (!isa<FloatType>(from.type) && !isInt32)
    return n.error("takes floats or i32, not " + getKindName(from));
  Type precision = n.in(1)->getElementType();
  if (n.getInt("precision", 0)) {
    FailureOr<ElementKind> wanted = getKindAttr(n, "precision");
    if (failed(wanted))
      return failure();
    precision = wanted->type;
    if (!isa<FloatType>(precision))
      return n.error("precision must be a float type");
  }
  FailureOr<Nest> nest = getNest(n, tensor, *kind);
  if (failed(nest))
    return failure();
  Fit fit;
  fit.saturate = n.getInt("saturate", 1) != 0;
  return n.finish(
      compute(n, tensor, *nest, *kind, /*foldable=*/true,
              [&](Scalar &s, Value x, Value scale, Value zeroPoint) {
                Value value = s.div(asFloat(s, x, from), scale);
                // Rounded as a division of narrower floats is.
                if (precision.getIntOrFloatBitWidth() < 32)
                  value = s.cast(s.cast(value, precision, false, false),
                                 scale.getType(), false, false);
                return quantizeElement(s, value, *kind, zeroPoint, fit);
              }));
}

/// The least or largest element and zero, over all of a tensor.
static TensorRef reduceAll(NodeImporter &n, TensorRef tensor, bool largest) {
  int64_t count = tensor->getNumElements();
  TensorRef flat = n.reshape(tensor, {count});
  return n.reduce({{flat, n.identity(1)}}, n.getMap(1, {}),
                  {utils::IteratorType::reduction}, {}, n.b.getF32FloatAttr(0),
                  [&](Scalar &s, ValueRange args) {
                    return largest ? s.max(args[1], args[0])
                                   : s.min(args[1], args[0]);
                  });
}

static LogicalResult importDynamicQuantizeLinear(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef x = n.in(0);
  if (!x->getElementType().isF32())
    return n.error("takes float32 elements");
  Type f32 = n.b.getF32Type(), byte = n.b.getI8Type();
  ElementKind kind{byte, true};
  TensorRef least = reduceAll(n, x, false), largest = reduceAll(n, x, true);
  AffineMap scalar = n.getMap(0, {});
  TensorRef scale = n.parallel(
      {{least, scalar}, {largest, scalar}}, {}, f32,
      [](Scalar &s, ValueRange args) {
        Value range = s.sub(args[1], args[0]);
        Value step = s.div(range, s.constant(range, 255));
        // All elements are zero: any scale will do, ONNX Runtime takes this.
        return s.select(s.compare(Scalar::Equal, range, s.constant(range, 0)),
                        s.constant(range, 1), step);
      });
  TensorRef zeroPoint = n.parallel(
      {{least, scalar}, {scale, scalar}}, {}, byte,
      [&](Scalar &s, ValueRange args) {
        return quantizeElement(s, s.div(s.neg(args[0]), args[1]), kind, {});
      },
      true);
  int64_t rank = x->getRank();
  AffineMap first = n.getMap(rank, {});
  TensorRef y = n.parallel(
      {{x, n.identity(rank)}, {scale, first}, {zeroPoint, first}},
      x->getShape(), byte,
      [&](Scalar &s, ValueRange args) {
        return quantizeElement(s, s.div(args[0], args[1]), kind, args[2]);
      },
      true);
  return n.finish({y, scale, zeroPoint});
}

void swapc::addQuantization(HandlerMap &handlers) {
  handlers["DequantizeLinear"] = importDequantizeLinear;
  handlers["DynamicQuantizeLinear"] = importDynamicQuantizeLinear;
  handlers["QuantizeLinear"] = importQuantizeLinear;
  // They came before the types that ONNX's took in later.
  handlers["com.microsoft.DequantizeLinear"] = importDequantizeLinear;
  handlers["com.microsoft.QuantizeLinear"] = importQuantizeLinear;
}
