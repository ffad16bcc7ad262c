//===- Sampling.h - Elements at computed positions --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_SAMPLING_H
#define SWAPC_LIB_IMPORT_SAMPLING_H

#include "NodeImporter.h"

namespace swapc {

/// How an element between those of a tensor is found, and one beside them.
struct SampleMode {
  enum Interpolation { Nearest, Linear, Cubic } interpolation = Linear;
  enum Padding { Zeros, Border, Reflection } padding = Zeros;
  /// Whether the ends of an axis are the centres of its first and last element
  /// or their outer edges.
  bool alignCorners = false;
};

/// The elements along one axis that count for a sample: where they are, how
/// much each counts, and whether it is inside.
struct SampleTaps {
  llvm::SmallVector<mlir::Value, 4> positions, weights, inside;
};

/// The taps of `coordinate`, a float counted in elements, on an axis of `size`.
SampleTaps getSampleTaps(Scalar &s, mlir::Value coordinate, int64_t size,
                         const SampleMode &mode);

/// The sample of `table` at the positions `at`, followed by `axes`; in the type
/// of the coordinates.
mlir::Value sample(Scalar &s, mlir::Value table, llvm::ArrayRef<mlir::Value> at,
                   llvm::ArrayRef<SampleTaps> axes, mlir::Type compute);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_SAMPLING_H
