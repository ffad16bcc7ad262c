//===- ArenaTenants.h - Whose the bytes of an arena are ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nothing is taken over from the passes before. Every byte of the arena has an
// owner: the activation or the unit that was written there last. A launch may
// read bytes only while what it means still owns all of them.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_ARENATENANTS_H
#define SWAPC_LIB_PARTITION_ARENATENANTS_H

#include "OwnerMap.h"
#include "TokenTracker.h"
#include "swapc/Partition/Plan.h"

namespace swapc {

/// What is in the arena of a plan, as one goes through its operations. All
/// errors are of the operation `op`.
class ArenaTenants {
public:
  ArenaTenants(mlir::swap::PlanOp plan, const UnitIndex &index,
               const TokenTracker &tracker);

  /// Before the first operation: the units that are resident, and those that
  /// the inference before has begun to read.
  mlir::LogicalResult start();
  /// Goes on to the next operation.
  void advance() { ++position; }

  /// A unit takes its slot: nobody else may hold a byte of it until it is out.
  mlir::LogicalResult enter(mlir::Operation *op, int unit);
  void leave(int unit) { tenants[unitTenant[unit]].last = position - 1; }
  /// Reads panels `begin` to `end` of a parameter of `type` in a unit.
  mlir::LogicalResult readUnit(mlir::Operation *op, mlir::swap::PlaceAttr place,
                               mlir::RankedTensorType type, bool isOnce,
                               int64_t begin, int64_t end);
  /// Reads `bytes` of what would begin at `base` if it existed whole.
  mlir::LogicalResult read(mlir::Operation *op, int64_t base,
                           mlir::swap::ByteRange bytes);
  /// Writes `bytes` of what would begin at `base` if it existed whole. An
  /// update keeps what was written of it before, and may add to that.
  mlir::LogicalResult write(mlir::Operation *op, mlir::StringAttr kernel,
                            int64_t base, mlir::swap::ByteRange bytes,
                            bool isUpdate);
  /// The operand at `begin`, which was read just now, becomes the result, panel
  /// after panel: what is computed twice would read what it wrote.
  mlir::LogicalResult updateInPlace(mlir::swap::LaunchOp launch, int64_t begin,
                                    int64_t bytes);

  /// After the last operation: the bytes in use at each position, and the most
  /// at any, are those that the plan says.
  mlir::LogicalResult verifyUse();

private:
  /// Something in the arena from position `first` to position `last`.
  struct Tenant {
    int64_t begin, end;
    int64_t bytes; ///< that count towards the peak
    int first, last;
    int unit = -1;                ///< of a unit, its number
    mlir::StringAttr kernel = {}; ///< of an activation, what wrote it
    int64_t base = 0;             ///< of an activation, where it would begin
    int64_t panels = 0;           ///< of an update in place: how many are done
  };

  mlir::LogicalResult checkRange(mlir::Operation *op, int64_t begin,
                                 int64_t end, llvm::StringRef what,
                                 bool isResident = false);
  int64_t getReach(int unit, int64_t needed);

  mlir::swap::PlanOp plan;
  const UnitIndex &index;
  const TokenTracker &tracker;
  OwnerMap owners;
  llvm::SmallVector<Tenant> tenants;
  llvm::SmallVector<int> unitTenant;
  int position = 0;
  int64_t scratchBegin, scratchEnd, residentBytes = 0;
  int64_t region; ///< Nothing but resident units lies behind it.
  int64_t pageBytes;
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_ARENATENANTS_H
