//===- VectorTranspose.h - Squares of vectors -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CPU_VECTORTRANSPOSE_H
#define SWAPC_LIB_CODEGEN_CPU_VECTORTRANSPOSE_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallVector.h"

namespace swapc {

/// Transposes `rows.size()` vectors of as many lanes, a power of two.
llvm::SmallVector<mlir::Value>
transposeVectors(mlir::OpBuilder &b, mlir::Location loc,
                 llvm::SmallVector<mlir::Value> rows);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CPU_VECTORTRANSPOSE_H
