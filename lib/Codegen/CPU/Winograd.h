//===- Winograd.h - 3x3 convolutions by fewer products ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// F(4x4, 3x3): a tile of 4x4 results comes from 6x6 elements of each input
// channel. Both the input's and the weights' tiles are transformed, so that the
// sum over input channels takes 36 products a tile where the sum over taps
// takes 144:
//
//   V = B^T d B    6x6 elements of a channel
//   U = G g G^T    3x3 weights of a channel and a column
//   Y = A^T (sum over channels of U * V) A
//
// The points of interpolation are 0, +-sqrt(1/2), +-sqrt(2) and infinity: their
// errors are a quarter of those with 0, +-1, +-2.
//
// Weights stay nine taps in their panels, since bytes to stream count more than
// the transform; a kernel transforms those of some channels at a time into
// scratch. Tiles lie at multiples of four of the result's coordinates and
// channels are added in one order, so neither the grid nor the budget changes a
// bit. With a dilation d the image is d * d images, whose rows and columns lie
// between each other.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_WINOGRAD_H
#define SWAPC_LIB_CODEGEN_CPU_WINOGRAD_H

#include "Contraction.h"

namespace swapc {

/// One of the two dimensions of an image, as input and result see it.
struct WinogradAxis {
  unsigned loop = 0;  // over the result
  unsigned tap = 0;   // over the weights
  int64_t low = 0;    // padding in front
  int64_t size = 0;   // of the input, without padding
  int64_t stride = 0; // in elements of the input
};

/// A 3x3 convolution of stride one.
struct WinogradShape {
  int image = -1; // the loop over images, if there are several
  WinogradAxis height, width;
  int64_t dilation = 1;
  int64_t images = 1;
};

struct WinogradPlan {
  WinogradShape shape;
  int64_t lanes = 1;       // elements of one vector register, of columns
  int64_t vectors = 1;     // of columns in one grid tile
  int64_t parts = 1;       // that tiles cut the columns of a panel into
  int64_t inputLanes = 1;  // of channels, where the input is transformed
  int64_t channels = 1;    // transformed at a time
  int64_t tileRows = 1;    // of the register tile: tiles of the image
  int64_t tileVectors = 1; // columns of the register tile, in vectors
  int64_t group = 1;       // tiles of the image that are multiplied at a time
  int64_t band = 1;        // rows of tiles in a grid tile
  int64_t panels = 1;
  double cycles = 0; // of an image, as estimateContractionCycles counts them
  double cost = 0;   // the same, and for threads that have to wait

  int64_t width() const { return lanes * vectors; }
  int64_t panelWidth() const { return width() * parts; }
  /// Rows and positions of the result in one row of tiles.
  int64_t rowSpan() const { return 4 * shape.dilation; }
  int64_t rowPositions(const ContractionInfo &info) const {
    return rowSpan() * info.sizes[shape.width.loop];
  }
  /// Rows of tiles in an image.
  int64_t tileRowsOf(const ContractionInfo &info) const {
    int64_t span = rowSpan();
    return (info.sizes[shape.height.loop] + span - 1) / span;
  }
  /// Tiles side by side, and in a row of tiles.
  int64_t tilesAcross(const ContractionInfo &info) const {
    int64_t span = rowSpan();
    return (info.sizes[shape.width.loop] + span - 1) / span * shape.dilation;
  }
  int64_t tilesOfRow(const ContractionInfo &info) const {
    return shape.dilation * tilesAcross(info);
  }
  /// Elements from one of the 36 matrices in scratch to the next: an odd number
  /// of cache lines, so that 36 of them do not share a set of the cache.
  static int64_t stride(int64_t elements) {
    return ((elements + 15) / 16 | 1) * 16;
  }
  int64_t weightStride() const { return stride(channels * width()); }
  int64_t inputStride() const { return stride(groupRows() * channels); }
  int64_t sumStride() const { return stride(groupRows() * width()); }
  int64_t groupRows() const {
    return (group + tileRows - 1) / tileRows * tileRows;
  }
  int64_t scratch() const {
    return 36 * 4 * (weightStride() + inputStride() + sumStride());
  }
};

/// Of kernels that are computed this way. The schedule's `rows` are then the
/// positions of the result in one row of tiles, `block` is a multiple of them.
inline constexpr llvm::StringLiteral kWinogradAttr = "swap.winograd";

/// The plan of a kernel for which this pays; fails silently for all others.
llvm::FailureOr<WinogradPlan> chooseWinograd(const ContractionInfo &info,
                                             const CpuTarget &target);

/// The plan that a schedule stands for.
llvm::FailureOr<WinogradPlan>
planWinograd(const ContractionInfo &info, const CpuTarget &target,
             mlir::swap::ScheduleAttr schedule);

mlir::swap::ScheduleAttr getSchedule(const ContractionInfo &info,
                                     const WinogradPlan &plan,
                                     const CpuTarget &target);

void emitWinograd(mlir::OpBuilder &builder, mlir::Location loc,
                  const ContractionInfo &info, const WinogradPlan &plan,
                  const CpuTarget &target, mlir::Value operands,
                  mlir::Value begin, mlir::Value end, mlir::Value scratch);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_WINOGRAD_H
