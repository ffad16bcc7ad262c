//===- Footprint.h - What some tiles read and write -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For all targets: a kernel cuts its result into positions that follow each
// other, and its tiles into as many of these; from there backwards through its
// operations to the rows of its operands.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_FOOTPRINT_H
#define SWAPC_LIB_CODEGEN_CPU_FOOTPRINT_H

#include "Contraction.h"
#include "LoopNest.h"

namespace swapc {

/// How a kernel cuts its result.
struct FootprintCut {
  int64_t positions = 1;
  int64_t step = 1; ///< positions of one of what schedules count as `block`
};

/// A contraction's tiles are rows of its result, all columns of a panel. Fails
/// where they are not.
llvm::FailureOr<FootprintCut>
getContractionCut(const ContractionInfo &info,
                  mlir::swap::ScheduleAttr schedule);

/// A row kernel's tiles are outer iterations; fails where these are not parts
/// of the result that follow each other.
llvm::FailureOr<FootprintCut> getRowCut(const RowPlan &plan);

/// Gives the kernel its swap.footprint, if its result can be cut like that and
/// its schedule has as many tiles.
void setFootprint(mlir::func::FuncOp kernel, const FootprintCut &cut);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_FOOTPRINT_H
