//===- ResizeAxis.cpp - Which elements an interpolation reads ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ResizeAxis.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace swapc;
using llvm::SmallVector;
using llvm::StringRef;

/// Where position `x` of the result lies in the input. In f32, as ONNX Runtime
/// computes it, because a rounding decides between neighbours.
static float getCoordinate(const ResizeAxis &axis,
                           const ResizeSettings &settings, int64_t x) {
  StringRef kind = settings.coordinates;
  float position = x, in = axis.in, out = axis.out;
  if (kind == "asymmetric")
    return position / axis.scale;
  if (kind == "tf_half_pixel_for_nn")
    return (position + 0.5f) / axis.scale;
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

/// A filter for a smaller result: the interpolation's, stretched until it
/// reaches as many elements as one of the result stands for.
static float getFilterWeight(float distance, const ResizeSettings &settings) {
  float d = std::abs(distance);
  if (settings.mode == "linear")
    return std::max(0.0f, 1 - d);
  return d < 2 ? getCubicWeight(d, settings.cubicA) : 0;
}

/// Adds the taps of the next position, which lies at `x`.
static void addTaps(ResizeAxis &axis, const ResizeSettings &settings, float x) {
  auto clamp = [&](int64_t i) {
    return std::clamp<int64_t>(i, 0, axis.in - 1);
  };
  unsigned taps = axis.indices.size();
  if (taps == 1) {
    axis.indices[0].push_back(clamp(roundToNeighbour(x, settings.nearest)));
    return;
  }
  if (taps == 2 && !axis.filtered) {
    x = std::clamp<float>(x, 0, axis.in - 1);
    int64_t low = clamp(std::floor(x));
    axis.indices[0].push_back(low);
    axis.indices[1].push_back(clamp(low + 1));
    axis.weights[0].push_back(1 - (x - low));
    axis.weights[1].push_back(x - low);
    return;
  }
  int64_t first = static_cast<int64_t>(std::floor(x)) - taps / 2 + 1;
  float sum = 0;
  SmallVector<float> weights;
  for (unsigned t = 0; t < taps; ++t) {
    int64_t i = first + t;
    bool outside = i < 0 || i >= axis.in;
    weights.push_back(settings.excludeOutside && outside ? 0
                      : axis.filtered
                          ? getFilterWeight((x - i) * axis.scale, settings)
                          : getCubicWeight(x - i, settings.cubicA));
    sum += weights.back();
    axis.indices[t].push_back(clamp(i));
  }
  bool normalizes = settings.excludeOutside || axis.filtered;
  for (unsigned t = 0; t < taps; ++t)
    axis.weights[t].push_back(normalizes ? weights[t] / sum : weights[t]);
}

void swapc::computeTaps(ResizeAxis &axis, const ResizeSettings &settings) {
  int64_t taps = settings.mode == "nearest"  ? 1
                 : settings.mode == "linear" ? 2
                                             : 4;
  axis.filtered = settings.antialias && axis.scale < 1 && taps > 1;
  if (axis.filtered)
    taps = 2 * std::ceil(taps / 2 / axis.scale);
  axis.indices.resize(taps);
  axis.weights.resize(taps == 1 ? 0 : taps);
  bool crops = settings.coordinates == "tf_crop_and_resize";
  for (int64_t o = 0; o < axis.out; ++o) {
    float x = getCoordinate(axis, settings, o);
    if (crops)
      axis.inside.push_back(x >= 0 && x <= axis.in - 1);
    addTaps(axis, settings, x);
  }
  if (!crops || llvm::all_of(axis.inside, [](float f) { return f != 0; }))
    axis.inside.clear();
}
