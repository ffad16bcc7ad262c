//===- Compose.h - Reshapes and copies into operand maps --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_KERNELS_COMPOSE_H
#define SWAPC_LIB_KERNELS_COMPOSE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace swapc {

/// If an elementwise operation or a reduction reads the result of an
/// expand_shape, computes in the shape before it, and expands the result.
bool sinkExpand(mlir::RewriterBase &rewriter, mlir::linalg::GenericOp op);

/// Reads the source of a reshape that only moves unit dimensions.
bool foldUnitReshapes(mlir::linalg::GenericOp op);

/// Reads the source of a copy instead of the copy, where a contraction still
/// finds its innermost dimension in a row.
bool foldCopiesIntoContraction(mlir::linalg::GenericOp op);

} // namespace swapc

#endif // SWAPC_LIB_KERNELS_COMPOSE_H
