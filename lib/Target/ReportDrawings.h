//===- ReportDrawings.h - The drawings of a report ----------------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_REPORTDRAWINGS_H
#define SWAPC_LIB_TARGET_REPORTDRAWINGS_H

#include "ReportTimeline.h"

namespace swapc {

/// A plan among those that its model could have.
struct CurvePoint {
  int64_t budget = 0;
  double time = 0, bound = 0, least = 0; ///< ms
  int64_t resident = 0, streamed = 0;
};

// Each drawing has about `most` elements however long the plan is.

/// Memory over time, stacked, against the budget.
void drawMemory(llvm::raw_ostream &os, const Timeline &timeline, int64_t budget,
                size_t most);
/// Calls, reads, the link and stalls over time.
void drawSchedule(llvm::raw_ostream &os, const Timeline &timeline, size_t most);
/// What is where in the arena over time.
void drawAddresses(llvm::raw_ostream &os, const Timeline &timeline,
                   int64_t arena, size_t most);
/// Time against budget: `curve` is sampled, `asked` are the plans of the page.
void drawCurve(llvm::raw_ostream &os, llvm::ArrayRef<CurvePoint> curve,
               llvm::ArrayRef<CurvePoint> asked, int64_t minBytes,
               int64_t modelBytes);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_REPORTDRAWINGS_H
