//===- CostModel.h - How long calls and reads take --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times for the planner: those a device profile holds where it holds any, else
// estimates from the kernel's schedule and the profile's rates, else from those
// of an ordinary device of the kind.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_COSTMODEL_H
#define SWAPC_LIB_PARTITION_COSTMODEL_H

#include "DeviceModel.h"
#include "Swap/SwapDialect.h"
#include "swapc/Partition/Planner.h"
#include "swapc/Partition/Profile.h"

namespace swapc {

/// Tiles of the grid that a call computes: of its panels, its band.
int64_t getCallTiles(mlir::swap::CallOp call,
                     mlir::swap::ScheduleAttr schedule);

class CostModel {
public:
  /// `model`: the name that the profile knows the model by.
  CostModel(const DeviceModel &device, DeviceProfile profile,
            llvm::StringRef model, unsigned threads);

  /// The link as reads of units of these sizes see it.
  PlanLink getLink(llvm::ArrayRef<int64_t> unitBytes) const;
  /// `splits`: blocks of a GPU that share a tile.
  double getCallSeconds(mlir::swap::CallOp call,
                        mlir::swap::ScheduleAttr schedule,
                        int64_t splits) const;
  /// What the call adds to a launch that computes the panels before as well;
  /// negative where there is none.
  double getJoinedSeconds(mlir::swap::CallOp call,
                          mlir::swap::ScheduleAttr schedule,
                          int64_t splits) const;
  /// `depth` rows are read side by side.
  double getRowsSeconds(mlir::swap::RowsOp rows, const PlanLink &link,
                        int64_t depth) const;

  /// What kernels wait for `bytes` that they read where the blob lies, beside
  /// what they take in memory.
  double getMappedSeconds(int64_t bytes, const PlanLink &link) const;

  /// Whether reads block, by the profile.
  bool isBlocking() const {
    return profile.getStorage() && profile.getStorage()->isBlocking;
  }
  /// Whether the call's kernel was measured, with this many threads.
  bool isMeasured(mlir::swap::CallOp call,
                  mlir::swap::ScheduleAttr schedule) const {
    return getMeasured(call, schedule);
  }
  /// Whether the profile is of this model, whatever the threads and kernels.
  bool isOfModel() const { return profile.hasModel(model); }

private:
  const ProfileKernel *getMeasured(mlir::swap::CallOp call,
                                   mlir::swap::ScheduleAttr schedule) const;
  double getGridSeconds(mlir::swap::CallOp call,
                        mlir::swap::ScheduleAttr schedule,
                        int64_t blocks) const;
  double estimateGridSeconds(mlir::swap::CallOp call,
                             mlir::swap::ScheduleAttr schedule,
                             int64_t blocks) const;

  const DeviceModel &device;
  DeviceProfile profile;
  std::string model;
  unsigned threads;
  ProfileProcessor processor; ///< measured or assumed, for `threads`
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_COSTMODEL_H
