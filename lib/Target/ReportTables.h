//===- ReportTables.h - The words and tables of a report ----------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_REPORTTABLES_H
#define SWAPC_LIB_TARGET_REPORTTABLES_H

#include "ReportTimeline.h"

namespace swapc {

/// What planning predicts of a plan; 0 where it does not say.
struct PlanFigures {
  std::string limit; ///< as in the attribute of the prediction
  int64_t budget = 0, peak = 0, arena = 0, resident = 0, streamed = 0;
  int64_t mapped = 0; ///< read where it lies, and never in the arena
  double compute = 0, stream = 0, least = 0, time = 0, cold = 0, stall = 0,
         bound = 0; ///< ms

  static PlanFigures read(mlir::swap::PlanOp plan);
  double getBound() const { return std::max({compute, stream, bound}); }
  /// What the time depends on, in words.
  llvm::StringRef getLimit() const;
};

/// What the model needs, in words.
void writeModelWords(llvm::raw_ostream &os, mlir::ModuleOp module);
/// A row for each plan.
void writePlanTable(llvm::raw_ostream &os, llvm::ArrayRef<PlanFigures> plans);
/// A plan in two sentences.
void writePlanWords(llvm::raw_ostream &os, const PlanFigures &plan,
                    int64_t modelBytes, int64_t overheadBytes);
/// The ten kernels that take most time.
void writeKernelTable(llvm::raw_ostream &os, const Timeline &timeline);
/// The ten units that compute waits longest for.
void writeStallTable(llvm::raw_ostream &os, const Timeline &timeline);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_REPORTTABLES_H
