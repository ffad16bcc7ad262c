//===- Reduction.h - Reductions and what broadcasts them again --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_REDUCTION_H
#define SWAPC_LIB_IMPORT_REDUCTION_H

#include "NodeImporter.h"

namespace swapc {

/// `Largest` is Max where the caller does not mind which of the others comes out
/// if one of them is no number: one instruction instead of three.
enum class ReduceKind { Sum, Product, Max, Min, Largest };

/// Reduces over some axes; `body` maps an element to what is combined. The
/// result lacks the axes and has the type that is computed in.
TensorRef
reduceAxes(NodeImporter &n, TensorRef tensor, llvm::ArrayRef<int64_t> axes,
           ReduceKind kind,
           llvm::function_ref<mlir::Value(Scalar &, mlir::Value)> body = {});

/// The map from the dimensions of a tensor to those without `axes`.
mlir::AffineMap dropAxes(NodeImporter &n, int64_t rank,
                         llvm::ArrayRef<int64_t> axes);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_REDUCTION_H
