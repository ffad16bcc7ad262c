//===- ResizeAxis.h - Interpolation along one axis --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_RESIZEAXIS_H
#define SWAPC_LIB_IMPORT_RESIZEAXIS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace swapc {

/// One axis of the result: for each of its positions, which input positions
/// count (taps) and how much.
struct ResizeAxis {
  int64_t in = 0, out = 0;
  float scale = 1;
  float roiStart = 0, roiEnd = 1;
  bool resized = false;
  /// Whether the taps are so many that the axis takes a pass of its own.
  bool filtered = false;
  /// By tap, then by output position. One tap without weights copies.
  llvm::SmallVector<llvm::SmallVector<int64_t>> indices;
  llvm::SmallVector<llvm::SmallVector<float>> weights;
  /// Whether each output position lies inside the input, if any does not.
  llvm::SmallVector<float> inside;
};

struct ResizeSettings {
  llvm::StringRef mode, coordinates, nearest;
  bool excludeOutside = false, antialias = false;
  float cubicA = -0.75f;
};

/// Fills the tables of `axis` from its sizes and scale.
void computeTaps(ResizeAxis &axis, const ResizeSettings &settings);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_RESIZEAXIS_H
