//===- Recipes.h - Parameters computed from parameters ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_KERNELS_RECIPES_H
#define SWAPC_KERNELS_RECIPES_H

#include "Swap/SwapDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace swapc {

/// A `swap.derived` of `type` whose element i is `body` of the elements
/// maps[k](i) of each source. Sources may be parameters or derived ones
/// without regard to their encoding; derived ones are replaced by their
/// recipes. An equal recipe that exists already is returned instead.
mlir::swap::DerivedOp getOrCreateDerived(
    mlir::ModuleOp module, llvm::StringRef name, mlir::RankedTensorType type,
    llvm::ArrayRef<mlir::FlatSymbolRefAttr> sources,
    llvm::ArrayRef<mlir::AffineMap> maps,
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)> body);

/// The same tensor as `source`, which is a parameter or a derived one, as
/// `type`: equal but for the encoding.
mlir::swap::DerivedOp getOrCreateDerived(mlir::ModuleOp module,
                                         mlir::FlatSymbolRefAttr source,
                                         mlir::RankedTensorType type);

/// For each index into `to`, the index into `from` of the element that a
/// reshape puts there.
mlir::AffineMap getReshapeMap(llvm::ArrayRef<int64_t> from,
                              llvm::ArrayRef<int64_t> to,
                              mlir::MLIRContext *context);

} // namespace swapc

#endif // SWAPC_KERNELS_RECIPES_H
