//===- ReportTimeline.h - What happens when in a plan -------------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plan walked through with the times that it was made with: what a report
// draws. Times are in milliseconds from the start of an inference that follows
// another one; where a plan carries no times, a step takes one unit.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_REPORTTIMELINE_H
#define SWAPC_LIB_TARGET_REPORTTIMELINE_H

#include "Swap/SwapDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace swapc {

struct TimelineStep {
  std::string name; ///< kernel, or the rows' unit
  std::string node; ///< of the ONNX model, or ""
  double begin, end;
  int64_t activations = 0, slots = 0; ///< bytes in use
  bool isRows = false;
};

struct TimelineRead {
  int unit;
  double begin, end; ///< may lie before 0 or after the plan's length
  double transfer;   ///< when the link turns to it
};

/// Compute waits for a unit before step number `step`.
struct TimelineStall {
  int unit;
  size_t step;
  double begin, end;
};

/// A range of the arena in use.
struct TimelineTenant {
  int unit; ///< -1: an activation
  int64_t offset, bytes;
  double begin, end;
};

struct TimelineUnit {
  std::string name;
  int64_t bytes; ///< whole pages
};

struct Timeline {
  std::vector<TimelineStep> steps;
  std::vector<TimelineRead> reads;
  std::vector<TimelineStall> stalls;
  std::vector<TimelineTenant> tenants; ///< without what is always there
  std::vector<TimelineUnit> units;
  double length = 0;
  bool inSteps = false; ///< no times are known
  int64_t scratchOffset = 0, scratchBytes = 0;
  int64_t residentOffset = 0, residentBytes = 0;
  int64_t overheadBytes = 0; ///< of the budget, outside the arena

  int64_t getBytes(const TimelineStep &step) const {
    return overheadBytes + scratchBytes + residentBytes + step.activations +
           step.slots;
  }
  /// Most bytes in use at once.
  int64_t getPeak() const;

  static Timeline build(mlir::swap::PlanOp plan);
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_REPORTTIMELINE_H
