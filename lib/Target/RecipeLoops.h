//===- RecipeLoops.h - Loops over arrays with strides -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_RECIPELOOPS_H
#define SWAPC_LIB_TARGET_RECIPELOOPS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace swapc {

/// A loop over `extent` elements; strides are in elements. strides[0] is the
/// destination's, strides[1 + k] source k's.
struct Loop {
  int64_t extent;
  llvm::SmallVector<int64_t, 4> strides;
};
using LoopNest = llvm::SmallVector<Loop, 6>; ///< Outermost first.

/// Takes loops of one iteration away and merges loops that are one. The order
/// of elements stays. Never returns an empty nest.
LoopNest simplify(LoopNest nest);

/// Calls fn(offsets) once per iteration of all but the last `inner` loops with
/// the element offset of each array.
void forEachOuter(llvm::ArrayRef<Loop> nest, size_t inner,
                  llvm::function_ref<void(llvm::ArrayRef<int64_t>)> fn);

/// Copies elements of `bytes` (1, 2, 4, 8) bytes from strides[1] to strides[0].
void copyStrided(const LoopNest &nest, unsigned bytes, char *out,
                 const char *in);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_RECIPELOOPS_H
