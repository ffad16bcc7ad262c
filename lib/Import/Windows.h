//===- Windows.h - Windows of convolutions and pools ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_WINDOWS_H
#define SWAPC_LIB_IMPORT_WINDOWS_H

#include "NodeImporter.h"

namespace swapc {

/// The window attributes that convolutions and pools share, for each spatial
/// dimension.
struct Windows {
  llvm::SmallVector<int64_t> kernel, strides, dilations, low, high, out;

  unsigned size() const { return kernel.size(); }
  /// Reads and checks the attributes; `spatial` are the sizes of the input.
  static llvm::FailureOr<Windows> get(NodeImporter &n,
                                      llvm::ArrayRef<int64_t> spatial,
                                      llvm::ArrayRef<int64_t> kernel);
  /// Pads spatial dimensions of an input [N, C, spatial...] so that all
  /// windows lie inside.
  TensorRef pad(NodeImporter &n, TensorRef input, mlir::TypedAttr value) const;
  /// Where window position `k` of output `o` reads.
  mlir::AffineExpr at(unsigned i, mlir::AffineExpr o,
                      mlir::AffineExpr k) const {
    return o * strides[i] + k * dilations[i];
  }
};

/// [.., size, ..] to [.., size * stride, ..]: zeros behind each element.
TensorRef spreadOut(NodeImporter &n, TensorRef tensor, int64_t axis,
                    int64_t stride);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_WINDOWS_H
