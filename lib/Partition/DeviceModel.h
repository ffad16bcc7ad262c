//===- DeviceModel.h - What is assumed of a kind of device ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_DEVICEMODEL_H
#define SWAPC_LIB_PARTITION_DEVICEMODEL_H

#include "swapc/Partition/Planner.h"
#include "swapc/Partition/Profile.h"

#include "mlir/IR/Operation.h"

namespace swapc {

/// Rates and shares where no profile was measured, and what units suit.
struct DeviceModel {
  llvm::StringRef name; ///< "cpu", "mcu" or "cuda"

  // Kernels.
  double flopsPerSecond, bytesPerSecond; ///< of one thread
  double callUs, parallelCallUs;
  int64_t callBytes; ///< memory that a call more takes, beside the arena
  int64_t tileFlops; ///< fewer are not worth a tile, where threads take tiles
  double flopsScaling, bytesScaling; ///< what a further thread adds
  /// Blocks that run side by side; 0: threads take tiles one at a time.
  int64_t blocks;
  /// What kernels reach of the multiply-add rate: contractions, thin ones (few
  /// operations a value), others.
  double contractionShare, thinShare, rowsShare;
  double cacheFactor; ///< how much faster activations come than weights

  // The link.
  std::vector<ProfileRead> reads; ///< empty: those of PlanLink
  /// A cautious look at it: see PlanLink.
  double lateUs, caution;
  int64_t burstBytes;
  double inPlaceBytesPerSecond;

  /// So many units make up the weights, each within these sizes, unless there
  /// were too many.
  int64_t units, leastUnit, mostUnit;

  /// Null with an error at `op` where there is none of this name.
  static const DeviceModel *get(llvm::StringRef name, mlir::Operation *op);

  int64_t getUnitBytes(int64_t weightBytes) const;
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_DEVICEMODEL_H
