//===- Products.h - Sums of products, of any element type -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_PRODUCTS_H
#define SWAPC_LIB_IMPORT_PRODUCTS_H

#include "Windows.h"

namespace swapc {

/// The product of two tensors as MatMul takes them, as `type`, or else in the
/// type that NodeImporter::contract sums in. Null after an error.
TensorRef multiply(NodeImporter &n, TensorRef lhs, TensorRef rhs,
                   mlir::Type type = {});

/// The same of a padded input [N, C, spatial...] and the weights of a
/// convolution [M, C / groups, kernel...].
TensorRef convolve(NodeImporter &n, const Windows &w, TensorRef input,
                   TensorRef weights, int64_t groups);

/// The product of bytes less their zero points, which may be null, in i32; null
/// after an error.
TensorRef multiplyBytes(NodeImporter &n, TensorRef lhs, TensorRef rhs,
                        TensorRef lhsZero, TensorRef rhsZero);

/// The same of a convolution with the attributes of the node.
TensorRef convolveBytes(NodeImporter &n, TensorRef input, TensorRef weights,
                        TensorRef inputZero, TensorRef weightZero);

/// The product of two matrices, or stacks of them, by sums of integers, in f32;
/// null where not both are dequantised bytes that allow it.
TensorRef multiplyDequantized(NodeImporter &n, TensorRef lhs, TensorRef rhs,
                              bool transRhs);

/// The same of a convolution with the attributes of the node.
TensorRef convolveDequantized(NodeImporter &n, TensorRef input,
                              TensorRef weights);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_PRODUCTS_H
