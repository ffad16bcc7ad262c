//===- Resize.cpp - Interpolation with tables made while compiling --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"
#include "ResizeAxis.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace swapc;

using Axis = ResizeAxis;
using Settings = ResizeSettings;

static LogicalResult setScales(NodeImporter &n, ArrayRef<int64_t> named,
                               ArrayRef<double> scales,
                               MutableArrayRef<Axis> axes) {
  if (scales.size() != named.size())
    return n.error("scales must be one for each axis");
  for (auto [axis, scale] : llvm::zip_equal(named, scales)) {
    double out = std::floor(static_cast<float>(scale) *
                            static_cast<float>(axes[axis].in));
    if (!(scale > 0) || !(out >= 0 && out < 1e9))
      return n.error("a scale is not positive, or too large");
    axes[axis].out = out;
    axes[axis].scale = scale;
  }
  return success();
}

static LogicalResult readScales(NodeImporter &n, TensorRef scales,
                                ArrayRef<int64_t> named,
                                MutableArrayRef<Axis> axes) {
  std::optional<SmallVector<double>> known = n.getFloats(scales);
  if (!known)
    return n.error("scales must be known while compiling");
  return setScales(n, named, *known, axes);
}

/// Sizes and scales of the axes that the inputs speak of.
static LogicalResult readSizes(NodeImporter &n, ArrayRef<int64_t> named,
                               MutableArrayRef<Axis> axes) {
  bool bySize = n.in(3) && n.in(3)->getNumElements() != 0;
  bool byScale = n.in(2) && n.in(2)->getNumElements() != 0;
  if (bySize == byScale)
    return n.error("needs either scales or sizes");
  if (byScale)
    return readScales(n, n.in(2), named, axes);
  FailureOr<SmallVector<int64_t>> sizes = n.getConstInts(3);
  if (failed(sizes))
    return failure();
  if (sizes->size() != named.size())
    return n.error("sizes must be one for each axis");
  StringRef policy = n.getString("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller")
    return n.error("keep_aspect_ratio_policy '" + policy +
                   "' is not supported");
  std::optional<float> common;
  for (auto [axis, size] : llvm::zip_equal(named, *sizes)) {
    if (size < 1 || size > int64_t(1) << 30 || axes[axis].in < 1)
      return n.error("cannot resize " + Twine(axes[axis].in) + " to " +
                     Twine(size));
    axes[axis].out = size;
    axes[axis].scale = static_cast<float>(size) / axes[axis].in;
    if (!common)
      common = axes[axis].scale;
    else
      common = policy == "not_larger" ? std::min(*common, axes[axis].scale)
                                      : std::max(*common, axes[axis].scale);
  }
  if (policy != "stretch")
    for (int64_t axis : named) {
      axes[axis].scale = *common;
      axes[axis].out = std::floor(*common * axes[axis].in + 0.5f);
    }
  return success();
}

static LogicalResult readRoi(NodeImporter &n, ArrayRef<int64_t> named,
                             MutableArrayRef<Axis> axes) {
  std::optional<SmallVector<double>> roi;
  if (n.in(1))
    roi = n.getFloats(n.in(1));
  if (!roi || roi->size() != 2 * named.size())
    return n.error(
        "roi must be known while compiling, two numbers for each axis");
  for (auto [i, axis] : llvm::enumerate(named)) {
    axes[axis].roiStart = (*roi)[i];
    axes[axis].roiEnd = (*roi)[i + named.size()];
  }
  return success();
}

namespace {
/// The operands of one axis, by their position among the operands.
struct AxisOperands {
  SmallVector<unsigned> indices, weights;
  int inside = -1;
};
} // namespace

/// The value at the taps of `axis` and those behind it.
static Value interpolate(Scalar &s, Value table, ArrayRef<AxisOperands> axes,
                         ValueRange args, Type compute, bool isUnsigned,
                         SmallVectorImpl<Value> &at) {
  unsigned axis = at.size();
  if (axis == axes.size()) {
    Value element =
        tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), table, at);
    return compute ? s.cast(element, compute, isUnsigned, false) : element;
  }
  auto descend = [&](Value position) {
    at.push_back(position);
    Value value = interpolate(s, table, axes, args, compute, isUnsigned, at);
    at.pop_back();
    return value;
  };
  if (axes[axis].indices.empty())
    return descend(linalg::IndexOp::create(s.getBuilder(), s.getLoc(), axis));
  Value sum;
  for (auto [t, operand] : llvm::enumerate(axes[axis].indices)) {
    Value position = s.make<arith::IndexCastOp>(s.getBuilder().getIndexType(),
                                                args[operand]);
    Value value = descend(position);
    if (!axes[axis].weights.empty()) {
      Value weight = s.cast(args[axes[axis].weights[t]], compute, false, false);
      value = s.mul(value, weight);
    }
    sum = sum ? s.add(sum, value) : value;
  }
  return sum;
}

/// One axis at a time where its taps are many: a sum over them.
static TensorRef filter(NodeImporter &n, TensorRef input, int64_t at,
                        const Axis &axis, Type compute) {
  int64_t rank = input->getRank(), taps = axis.indices.size();
  SmallVector<int64_t> indices, shape(input->getShape());
  SmallVector<float> weights;
  shape[at] = axis.out;
  for (int64_t o = 0; o < axis.out; ++o)
    for (int64_t t = 0; t < taps; ++t) {
      indices.push_back(axis.indices[t][o]);
      weights.push_back(axis.weights[t][o]);
    }
  AffineMap map = n.getMap(rank + 1, {n.dim(at), n.dim(rank)});
  SmallVector<AffineExpr> to;
  for (int64_t i = 0; i < rank; ++i)
    to.push_back(n.dim(i));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  Value table = n.value(input);
  bool isUnsigned = input->isUnsigned;
  TensorRef result = n.reduce(
      {{n.constantInts({axis.out, taps}, indices, n.b.getI32Type()), map},
       {n.constantFloats({axis.out, taps}, weights), map}},
      n.getMap(rank + 1, to), iterators, shape, n.zero(compute),
      [&](Scalar &s, ValueRange args) -> Value {
        SmallVector<Value> position;
        for (int64_t i = 0; i < rank; ++i)
          position.push_back(
              i == at ? s.make<arith::IndexCastOp>(
                            s.getBuilder().getIndexType(), args[0])
                      : linalg::IndexOp::create(s.getBuilder(), s.getLoc(), i));
        Value x = tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), table,
                                            position);
        x = s.cast(x, compute, isUnsigned, false);
        Value weight = s.cast(args[1], compute, false, false);
        return s.add(args[2], s.mul(x, weight));
      });
  result->isUnsigned = false;
  return result;
}

static TensorRef resize(NodeImporter &n, MutableArrayRef<Axis> axes,
                        TypedAttr outside) {
  TensorRef input = n.in(0);
  Type type = input->getElementType();
  bool isUnsigned = input->isUnsigned;
  Type floats = isa<FloatType>(type) ? getComputeType(type) : n.b.getF32Type();
  for (auto [i, axis] : llvm::enumerate(axes)) {
    if (!axis.filtered)
      continue;
    input = filter(n, input, i, axis, floats);
    axis.indices.clear();
    axis.weights.clear();
  }
  SmallVector<Operand> operands;
  SmallVector<AxisOperands> positions(axes.size());
  SmallVector<int64_t> shape;
  bool weighted = false, crops = false;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    shape.push_back(axis.out);
    AffineMap map = n.getMap(axes.size(), {n.dim(i)});
    for (const auto &indices : axis.indices) {
      positions[i].indices.push_back(operands.size());
      operands.push_back(
          {n.constantInts(axis.out, indices, n.b.getI32Type()), map});
    }
    for (const auto &weights : axis.weights) {
      positions[i].weights.push_back(operands.size());
      operands.push_back({n.constantFloats(axis.out, weights), map});
      weighted = true;
    }
    if (!axis.inside.empty()) {
      positions[i].inside = operands.size();
      operands.push_back({n.constantFloats(axis.out, axis.inside), map});
      crops = true;
    }
  }
  if (operands.empty())
    return n.cast(input, type, isUnsigned);
  Type compute = weighted || input != n.in(0) ? floats : Type();
  Value table = n.value(input);
  return n.parallel(
      operands, shape, type,
      [&](Scalar &s, ValueRange args) -> Value {
        SmallVector<Value> at;
        Value x = interpolate(s, table, positions, args, compute,
                              input->isUnsigned, at);
        if (compute)
          x = s.cast(x, type, false, isUnsigned);
        if (!crops)
          return x;
        for (const AxisOperands &axis : positions)
          if (axis.inside >= 0)
            x = s.select(s.isNonZero(args[axis.inside]), x,
                         s.constant(outside));
        return x;
      },
      isUnsigned, /*foldable=*/false);
}

/// Resizes the input along `axes`, whose sizes and scales are known.
static LogicalResult finishResize(NodeImporter &n, const Settings &settings,
                                  MutableArrayRef<Axis> axes) {
  SmallVector<int64_t> shape;
  bool resized = false;
  bool crops = settings.coordinates == "tf_crop_and_resize";
  Type type = n.in(0)->getElementType();
  for (Axis &axis : axes) {
    shape.push_back(axis.out);
    axis.resized = axis.in != axis.out || axis.scale != 1 ||
                   (crops && (axis.roiStart != 0 || axis.roiEnd != 1));
    resized |= axis.resized;
    if (axis.in == 0 && axis.out != 0)
      return n.error("cannot resize an empty axis");
  }
  if (!getByteSize(shape, type))
    return n.error("the size of the result overflows");
  if (!resized)
    return n.finish(n.in(0));
  for (Axis &axis : axes)
    if (axis.resized)
      computeTaps(axis, settings);
  double extrapolation = n.getFloat("extrapolation_value", 0);
  TypedAttr outside = isa<FloatType>(type)
                          ? TypedAttr(n.b.getFloatAttr(type, extrapolation))
                          : TypedAttr(n.b.getIntegerAttr(
                                type, static_cast<int64_t>(extrapolation)));
  return n.finish(resize(n, axes, outside));
}

static SmallVector<Axis> makeAxes(TensorRef input) {
  SmallVector<Axis> axes(input->getRank());
  for (auto [axis, size] : llvm::zip_equal(axes, input->getShape()))
    axis.in = axis.out = size;
  return axes;
}

/// Upsample, and Resize as it was in opset 10: by scales alone, from the
/// corner.
static LogicalResult importUpsample(NodeImporter &n) {
  if (failed(n.checkInputs(1, 2)))
    return failure();
  TensorRef input = n.in(0);
  Settings settings;
  settings.mode = n.getString("mode", "nearest");
  settings.coordinates = "asymmetric";
  settings.nearest = "floor";
  if (settings.mode == "bilinear")
    settings.mode = "linear";
  if (settings.mode != "nearest" && settings.mode != "linear")
    return n.error("mode '" + settings.mode + "' is not supported");
  SmallVector<Axis> axes = makeAxes(input);
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, input->getRank()));
  if (n.in(1)) {
    if (failed(readScales(n, n.in(1), all, axes)))
      return failure();
  } else {
    SmallVector<double> scales;
    if (const onnx::Attribute *attribute = n.find("scales"))
      scales.assign(attribute->floats.begin(), attribute->floats.end());
    else if (n.has("height_scale") && n.has("width_scale"))
      scales = {1, 1, n.getFloat("height_scale", 1),
                n.getFloat("width_scale", 1)};
    if (failed(setScales(n, all, scales, axes)))
      return failure();
  }
  return finishResize(n, settings, axes);
}

static LogicalResult importResize(NodeImporter &n) {
  if (n.opset == 10)
    return importUpsample(n);
  if (failed(n.checkInputs(1, 4)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank();
  Settings settings;
  settings.mode = n.getString("mode", "nearest");
  settings.coordinates =
      n.getString("coordinate_transformation_mode", "half_pixel");
  settings.nearest = n.getString("nearest_mode", "round_prefer_floor");
  settings.excludeOutside = n.getInt("exclude_outside", 0);
  settings.antialias = n.getInt("antialias", 0);
  settings.cubicA = n.getFloat("cubic_coeff_a", -0.75f);
  if (!llvm::is_contained({"nearest", "linear", "cubic"}, settings.mode))
    return n.error("mode '" + settings.mode + "' is not supported");
  // tf_half_pixel_for_nn was in opset 11 alone.
  if (!llvm::is_contained({"half_pixel", "half_pixel_symmetric",
                           "pytorch_half_pixel", "align_corners", "asymmetric",
                           "tf_crop_and_resize", "tf_half_pixel_for_nn"},
                          settings.coordinates))
    return n.error("coordinate_transformation_mode '" + settings.coordinates +
                   "' is not supported");
  if (!llvm::is_contained(
          {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"},
          settings.nearest))
    return n.error("nearest_mode '" + settings.nearest + "' is not supported");
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  FailureOr<SmallVector<int64_t>> named =
      n.getAxes(n.getInts("axes", all), rank);
  if (failed(named))
    return failure();
  SmallVector<Axis> axes = makeAxes(input);
  if (failed(readSizes(n, *named, axes)))
    return failure();
  if (settings.coordinates == "tf_crop_and_resize" &&
      failed(readRoi(n, *named, axes)))
    return failure();
  return finishResize(n, settings, axes);
}

void swapc::addResizes(HandlerMap &handlers) {
  handlers["Resize"] = importResize;
  handlers["Upsample"] = importUpsample;
}
