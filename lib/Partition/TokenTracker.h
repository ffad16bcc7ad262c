//===- TokenTracker.h - Which units are in memory ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_TOKENTRACKER_H
#define SWAPC_LIB_PARTITION_TOKENTRACKER_H

#include "UnitIndex.h"

namespace swapc {

/// Follows swap.in, swap.wait and swap.out through a plan, and refuses tokens
/// that are used out of order. A plan is a cycle: what it reads ahead is what
/// it finds started, in the same order.
class TokenTracker {
public:
  TokenTracker(const UnitIndex &index, int64_t depth)
      : index(index), depth(depth), states(index.getUnits().size(), Absent) {}

  /// Before the first operation: the units that are resident or read in place.
  mlir::LogicalResult start(mlir::swap::PlanOp plan);
  mlir::LogicalResult visit(mlir::Operation *op);
  /// After the last operation: nothing may be left in but what is read ahead.
  mlir::LogicalResult finish(mlir::swap::PlanOp plan);

  /// Whether all of the unit's bytes are in its slot, or kernels need none.
  bool isIn(int unit) const {
    return states[unit] == Resident || states[unit] == Ready ||
           states[unit] == InPlace;
  }
  bool isResident(int unit) const { return states[unit] == Resident; }
  bool isInPlace(int unit) const { return states[unit] == InPlace; }

  /// Units that an inference finds started by the one before, in order: those
  /// of the plan's `swap.in started`. Known from start() on.
  llvm::ArrayRef<int> getStarted() const { return started; }

  /// The unit that a token stands for.
  int getUnit(mlir::Value token) const;

private:
  enum State { Absent, Reading, Ready, Resident, InPlace, Ahead };
  mlir::LogicalResult enter(mlir::swap::PlanOp plan, mlir::ArrayAttr units,
                            State state);
  mlir::LogicalResult visitStarted(mlir::swap::InOp in, int unit);
  mlir::LogicalResult visitAhead(mlir::swap::InOp in, int unit);
  const UnitIndex &index;
  int64_t depth;
  llvm::SmallVector<State> states;
  llvm::DenseMap<int, mlir::Value> current; ///< token of a unit that is in
  llvm::SmallVector<int> started;
  size_t aheadSeen = 0;
  bool isAtTop = true;
  int64_t inFlight = 0;
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_TOKENTRACKER_H
