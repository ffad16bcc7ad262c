//===- RecipeMap.h - Where a recipe reads its sources -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_RECIPEMAP_H
#define SWAPC_LIB_TARGET_RECIPEMAP_H

#include "RecipeBody.h"
#include "RecipeSource.h"
#include "mlir/IR/AffineMap.h"

namespace swapc {

/// Values of a logical dimension along a run: base + k * step.
struct Progression {
  int64_t base, step;
};

/// An affine map, with its linear part at hand.
class RecipeMap {
public:
  explicit RecipeMap(mlir::AffineMap map);

  bool isLinear() const { return linear; }
  /// Of result r: one factor per dimension, then the constant.
  llvm::ArrayRef<int64_t> getRow(unsigned r) const { return rows[r]; }
  unsigned getNumResults() const { return map.getNumResults(); }

  /// Bounds of each result over a box; exact for linear maps.
  void getBounds(llvm::ArrayRef<Interval> dims,
                 llvm::SmallVectorImpl<Interval> &bounds) const;
  /// Values of result r along a run.
  void evaluate(unsigned r, llvm::ArrayRef<Progression> dims, int64_t count,
                int64_t *out) const;

private:
  mlir::AffineMap map;
  bool linear = true;
  llvm::SmallVector<llvm::SmallVector<int64_t, 6>, 4> rows;
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_RECIPEMAP_H
