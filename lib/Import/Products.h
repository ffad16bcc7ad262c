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

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_PRODUCTS_H
