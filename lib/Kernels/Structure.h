//===- Structure.h - What an operation of the tensor phase is ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_KERNELS_STRUCTURE_H
#define SWAPC_LIB_KERNELS_STRUCTURE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace swapc {

/// One result, all loops parallel, and the result's indices are the loops.
bool isElementwise(mlir::linalg::GenericOp op);

/// Elementwise, and each element is one element of the only input.
bool isCopy(mlir::linalg::GenericOp op);

/// A sum of products of two inputs.
bool isContraction(mlir::linalg::GenericOp op);

/// One result and reduction loops, but not a sum of products.
bool isReduction(mlir::linalg::GenericOp op);

/// The operand of a contraction that is the weight or the right-hand matrix.
inline mlir::OpOperand *getRhs(mlir::linalg::GenericOp op) {
  return op.getDpsInputOperand(1);
}

/// The last dimensions of input 0 that a reduction or contraction slides over,
/// with channels first; 0 for anything else.
int64_t getSpatialRank(mlir::linalg::GenericOp op);

/// How many dimensions of input 0 of a reduction or contraction are read by
/// windows, in any layout.
int64_t getWindowRank(mlir::linalg::GenericOp op);

/// Whether `value` holds the same scalar everywhere; then that scalar.
mlir::TypedAttr getSplat(mlir::Value value);

mlir::RankedTensorType getType(mlir::Value value);
llvm::ArrayRef<int64_t> getShape(mlir::Value value);
int64_t getBytes(mlir::Value value);

/// `value` with the same elements in the same order, as collapse_shape and
/// expand_shape.
mlir::Value reshape(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value,
                    llvm::ArrayRef<int64_t> shape);

/// A tensor of `shape` whose element i is element map(i) of `source`.
mlir::Value copy(mlir::OpBuilder &b, mlir::Location loc, mlir::Value source,
                 llvm::ArrayRef<int64_t> shape, mlir::AffineMap map);

/// Whether `op` could read a tensor of `shape` by `map`: linalg takes the size
/// of a loop from any operand that it indexes alone.
bool fitsLoops(mlir::linalg::GenericOp op, mlir::AffineMap map,
               llvm::ArrayRef<int64_t> shape);

/// Scalar constants that the body takes from outside become its own.
void sinkConstants(mlir::linalg::GenericOp op);

/// A clone of `value` and of what it is computed from, as far as `mapping` does
/// not say what stands for it.
mlir::Value cloneTree(mlir::OpBuilder &b, mlir::IRMapping &mapping,
                      mlir::Value value);

/// Puts what linalg::fuseElementwiseOps made in the place of `consumer`, and
/// erases the producer where nothing reads it any more.
mlir::linalg::GenericOp
replaceByFused(mlir::RewriterBase &rewriter, mlir::Operation *consumer,
               mlir::Operation *producer,
               const mlir::linalg::ElementwiseOpFusionResult &fused);

/// Copies swap.origin.
void setOrigin(mlir::Operation *to, mlir::Operation *from);

} // namespace swapc

#endif // SWAPC_LIB_KERNELS_STRUCTURE_H
