//===- Resize.cpp - Interpolation with tables made while compiling --------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace swapc;

namespace {
/// One axis of the result: for each of its positions, which input positions
/// count (taps) and how much.
struct Axis {
  int64_t in = 0, out = 0;
  float scale = 1;
  float roiStart = 0, roiEnd = 1;
  bool resized = false;
  /// By tap, then by output position. One tap without weights copies.
  SmallVector<SmallVector<int64_t>> indices;
  SmallVector<SmallVector<float>> weights;
  /// Whether each output position lies inside the input, if any does not.
  SmallVector<float> inside;
};

struct Settings {
  StringRef mode, coordinates, nearest;
  bool excludeOutside = false;
  float cubicA = -0.75f;
};
} // namespace

/// Where position `x` of the result lies in the input. In f32, as ONNX Runtime
/// computes it, because a rounding decides between neighbours.
static float getCoordinate(const Axis &axis, const Settings &settings,
                           int64_t x) {
  StringRef kind = settings.coordinates;
  float position = x, in = axis.in, out = axis.out;
  if (kind == "asymmetric")
    return position / axis.scale;
  if (kind == "align_corners")
    return out == 1 ? 0 : position * (in - 1) / (out - 1);
  if (kind == "pytorch_half_pixel" && out <= 1)
    return 0;
  if (kind == "tf_crop_and_resize")
    return out > 1 ? axis.roiStart * (in - 1) +
                         position * (axis.roiEnd - axis.roiStart) * (in - 1) /
                             (out - 1)
                   : 0.5f * (axis.roiStart + axis.roiEnd) * (in - 1);
  float offset = 0;
  if (kind == "half_pixel_symmetric")
    offset = in / 2 * (1 - out / (axis.scale * in));
  return offset + (position + 0.5f) / axis.scale - 0.5f;
}

static int64_t roundToNeighbour(float x, StringRef mode) {
  if (mode == "floor")
    return std::floor(x);
  if (mode == "ceil")
    return std::ceil(x);
  if (mode == "round_prefer_ceil")
    return std::floor(x + 0.5f);
  return std::ceil(x - 0.5f); // round_prefer_floor
}

static float getCubicWeight(float distance, float a) {
  float d = std::abs(distance);
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

/// Fills the tables of `axis`.
static void computeTaps(Axis &axis, const Settings &settings) {
  unsigned taps = settings.mode == "nearest"  ? 1
                  : settings.mode == "linear" ? 2
                                              : 4;
  axis.indices.resize(taps);
  axis.weights.resize(taps == 1 ? 0 : taps);
  bool crops = settings.coordinates == "tf_crop_and_resize";
  auto clamp = [&](int64_t i) {
    return std::clamp<int64_t>(i, 0, axis.in - 1);
  };
  for (int64_t o = 0; o < axis.out; ++o) {
    float x = getCoordinate(axis, settings, o);
    if (crops)
      axis.inside.push_back(x >= 0 && x <= axis.in - 1);
    if (taps == 1) {
      axis.indices[0].push_back(clamp(roundToNeighbour(x, settings.nearest)));
    } else if (taps == 2) {
      x = std::clamp<float>(x, 0, axis.in - 1);
      int64_t low = clamp(std::floor(x));
      axis.indices[0].push_back(low);
      axis.indices[1].push_back(clamp(low + 1));
      axis.weights[0].push_back(1 - (x - low));
      axis.weights[1].push_back(x - low);
    } else {
      int64_t first = static_cast<int64_t>(std::floor(x)) - 1;
      float sum = 0, weights[4];
      for (unsigned t = 0; t < 4; ++t) {
        int64_t i = first + t;
        bool outside = i < 0 || i >= axis.in;
        weights[t] = settings.excludeOutside && outside
                         ? 0
                         : getCubicWeight(x - i, settings.cubicA);
        sum += weights[t];
        axis.indices[t].push_back(clamp(i));
      }
      for (unsigned t = 0; t < 4; ++t)
        axis.weights[t].push_back(settings.excludeOutside ? weights[t] / sum
                                                          : weights[t]);
    }
  }
  if (!crops || llvm::all_of(axis.inside, [](float f) { return f != 0; }))
    axis.inside.clear();
}

/// Sizes and scales of the axes that the inputs speak of.
static LogicalResult readSizes(NodeImporter &n, ArrayRef<int64_t> named,
                               MutableArrayRef<Axis> axes) {
  size_t count = named.size();
  bool bySize = n.in(3) && n.in(3)->getNumElements() != 0;
  bool byScale = n.in(2) && n.in(2)->getNumElements() != 0;
  if (bySize == byScale)
    return n.error("needs either scales or sizes");
  if (byScale) {
    std::optional<SmallVector<double>> scales = n.getFloats(n.in(2));
    if (!scales || scales->size() != count)
      return n.error("scales must be known while compiling, one for each axis");
    for (auto [axis, scale] : llvm::zip_equal(named, *scales)) {
      double out = std::floor(static_cast<float>(scale) *
                              static_cast<float>(axes[axis].in));
      if (!(scale > 0) || !(out >= 0 && out < 1e9))
        return n.error("a scale is not positive, or too large");
      axes[axis].out = out;
      axes[axis].scale = scale;
    }
    return success();
  }
  FailureOr<SmallVector<int64_t>> sizes = n.getConstInts(3);
  if (failed(sizes))
    return failure();
  if (sizes->size() != count)
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

static TensorRef resize(NodeImporter &n, ArrayRef<Axis> axes,
                        TypedAttr outside) {
  TensorRef input = n.in(0);
  Type type = input->getElementType();
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
  Type compute;
  if (weighted)
    compute = isa<FloatType>(type) ? getComputeType(type) : n.b.getF32Type();
  Value table = n.value(input);
  return n.parallel(
      operands, shape, type,
      [&](Scalar &s, ValueRange args) -> Value {
        SmallVector<Value> at;
        Value x = interpolate(s, table, positions, args, compute,
                              input->isUnsigned, at);
        if (compute)
          x = s.cast(x, type, false, input->isUnsigned);
        if (!crops)
          return x;
        for (const AxisOperands &axis : positions)
          if (axis.inside >= 0)
            x = s.select(s.isNonZero(args[axis.inside]), x,
                         s.constant(outside));
        return x;
      },
      input->isUnsigned, /*foldable=*/false);
}

static LogicalResult importResize(NodeImporter &n) {
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
  settings.cubicA = n.getFloat("cubic_coeff_a", -0.75f);
  if (!llvm::is_contained({"nearest", "linear", "cubic"}, settings.mode))
    return n.error("mode '" + settings.mode + "' is not supported");
  if (!llvm::is_contained({"half_pixel", "half_pixel_symmetric",
                           "pytorch_half_pixel", "align_corners", "asymmetric",
                           "tf_crop_and_resize"},
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
  SmallVector<Axis> axes(rank);
  for (int64_t i = 0; i < rank; ++i)
    axes[i].in = axes[i].out = input->getDim(i);
  if (failed(readSizes(n, *named, axes)))
    return failure();
  bool crops = settings.coordinates == "tf_crop_and_resize";
  if (crops && failed(readRoi(n, *named, axes)))
    return failure();
  SmallVector<int64_t> shape;
  bool resized = false, shrinks = false;
  for (Axis &axis : axes) {
    shape.push_back(axis.out);
    axis.resized = axis.in != axis.out || axis.scale != 1 ||
                   (crops && (axis.roiStart != 0 || axis.roiEnd != 1));
    resized |= axis.resized;
    shrinks |= axis.scale < 1;
    if (axis.resized)
      computeTaps(axis, settings);
  }
  if (n.getInt("antialias", 0) && shrinks && settings.mode != "nearest")
    return n.error("antialias is not supported where the result is smaller");
  Type type = input->getElementType();
  if (!getByteSize(shape, type))
    return n.error("the size of the result overflows");
  if (!resized)
    return n.finish(input);
  double extrapolation = n.getFloat("extrapolation_value", 0);
  TypedAttr outside = isa<FloatType>(type)
                          ? TypedAttr(n.b.getFloatAttr(type, extrapolation))
                          : TypedAttr(n.b.getIntegerAttr(
                                type, static_cast<int64_t>(extrapolation)));
  return n.finish(resize(n, axes, outside));
}

void swapc::addResizes(HandlerMap &handlers) {
  handlers["Resize"] = importResize;
}
