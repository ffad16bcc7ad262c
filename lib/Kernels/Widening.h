//===- Widening.h - Weights that take more bytes when converted -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_KERNELS_WIDENING_H
#define SWAPC_LIB_KERNELS_WIDENING_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace swapc {

/// Whether `op` computes from parameters of one byte an element, or of several
/// elements a byte, what takes more bytes than they do, and more than a
/// kilobyte: a weight that should reach the kernel as it is.
bool isWidening(mlir::linalg::GenericOp op);

/// Whether `value` is such a weight, maybe in another shape or converted
/// further.
bool isWidenedParameter(mlir::Value value);

} // namespace swapc

#endif // SWAPC_LIB_KERNELS_WIDENING_H
