//===- HostReads.h - How kernels read a model input -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_CODEGEN_CUDA_HOSTREADS_H
#define SWAPC_LIB_CODEGEN_CUDA_HOSTREADS_H

#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/ArrayRef.h"

namespace swapc {

/// Whether the uses of a tensor by swap.call and swap.rows, all of them
/// together, read each of its elements at most once and in order.
bool readsOnce(llvm::ArrayRef<mlir::OpOperand *> uses,
               const mlir::SymbolTable &symbols);

} // namespace swapc

#endif // SWAPC_LIB_CODEGEN_CUDA_HOSTREADS_H
