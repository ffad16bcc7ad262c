//===- BandModel.h - What running calls band by band costs ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A segment is a stretch of calls that runs band by band: for each band of the
// last call's result, backwards through the calls, the tiles that it needs.
// Rows that two bands need are computed twice. What lies between the calls then
// exists a band at a time; what the segment reads of weights stays in memory
// while it runs.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_BANDMODEL_H
#define SWAPC_LIB_PARTITION_BANDMODEL_H

#include "DeviceModel.h"
#include "Sequence.h"

namespace swapc {

/// Tiles [first, last) of a call; none if a band needs nothing of it.
struct TileRange {
  int64_t first = 0, last = 0;
  bool empty() const { return first >= last; }
};

/// Calls [first, last] in `bands` bands.
struct Segment {
  int first = 0, last = 0;
  int64_t bands = 1;
  int64_t bytes = 0; ///< in memory at the worst moment, weights included
  double flops = 0;  ///< that are computed more than once
};

/// The steps of a block of calls and what is alive while each runs.
class BandModel {
public:
  static mlir::FailureOr<BandModel> build(mlir::Block &block,
                                          const mlir::SymbolTable &symbols,
                                          const DeviceModel &device);

  int size() const { return steps.size(); }
  mlir::swap::CallOp getCall(int step) const { return steps[step].call; }
  double getFlops() const { return flops; }
  /// Bytes in memory while a step runs by itself.
  int64_t getBytes(int step) const { return steps[step].bytes; }
  /// The schedule of a step's kernel inside a segment: on a processor, tiles of
  /// about a row.
  mlir::swap::ScheduleAttr getSchedule(int step) const {
    return steps[step].schedule;
  }

  /// Whether steps [first, last] can run band by band.
  bool isSegment(int first, int last) const;
  /// The tiles of each call of a segment in one of its bands.
  void getTiles(const Segment &segment, int64_t band,
                llvm::SmallVectorImpl<TileRange> &tiles) const;
  /// Fills in the cost of a segment.
  void measure(Segment &segment) const;

private:
  struct Operand {
    int producer = -1; ///< step that computes it, -1 for inputs and parameters
    mlir::RankedTensorType type;
  };
  struct Step {
    mlir::swap::CallOp call; ///< null for rows of a table
    mlir::swap::ScheduleAttr schedule;
    mlir::swap::FootprintAttr footprint;
    mlir::RankedTensorType type; ///< of the first result
    llvm::SmallVector<Operand> operands;
    int64_t resultBytes = 0; ///< of all results in the arena
    int64_t bytes = 0;
    int lastUse = 0;
    bool isUpdate = false;    ///< the result takes the memory of an operand
    bool canBand = false;     ///< the call can run for some tiles
    bool neededWhole = false; ///< the result, by some use
  };

  int64_t getWeightBytes(int first, int last) const;
  /// What of the weights of a step comes in while the one before runs.
  int64_t getFirstUnitBytes(int step) const;

  llvm::SmallVector<Step> steps;
  /// Per step, the parameters that it reads and their bytes.
  llvm::SmallVector<llvm::SmallVector<std::pair<mlir::Attribute, int64_t>>>
      weights;
  double flops = 0;
  int64_t unitBytes = 0, pageBytes = kPageBytes;
  int64_t callBytes = 0; ///< of a call more than without bands
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_BANDMODEL_H
