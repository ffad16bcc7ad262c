//===- Quantization.h - Integers that stand for reals -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A quantised tensor q stands for (q - zero point) * scale, with one scale for
// all of it, one for each index of an axis, or one for each block of an axis.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_QUANTIZATION_H
#define SWAPC_LIB_IMPORT_QUANTIZATION_H

#include "NodeImporter.h"

namespace swapc {

/// Scale and zero point of a tensor; the zero point may be null.
struct Quantization {
  TensorRef scale = nullptr, zeroPoint = nullptr;
};

/// ONNX's Cast of a tensor.
TensorRef castTensor(NodeImporter &n, TensorRef tensor, const ElementKind &to,
                     Fit fit = {});
/// The element type that an attribute names, or failure after an error.
llvm::FailureOr<ElementKind> getKindAttr(NodeImporter &n, llvm::StringRef name);

/// Whether every zero point is known to be zero.
bool isZero(NodeImporter &n, TensorRef zeroPoint);

/// An integer or float element as f32, less the zero point (which may be null).
mlir::Value dequantizeElement(Scalar &s, mlir::Value element,
                              const ElementKind &kind, mlir::Value zeroPoint);
/// The element of `kind` nearest to an f32 that is divided by its scale.
mlir::Value quantizeElement(Scalar &s, mlir::Value value,
                            const ElementKind &kind, mlir::Value zeroPoint,
                            Fit fit = {});

/// Whether both have one element, or one for each index of dimension `axis` of
/// `shape` where `axis` is not negative; an error otherwise.
llvm::LogicalResult checkQuantization(NodeImporter &n, const Quantization &q,
                                      const ElementKind &kind,
                                      llvm::ArrayRef<int64_t> shape,
                                      int64_t axis);
/// The map that reads a scale or zero point which passed that check, in a nest
/// of `rank` loops.
mlir::AffineMap getQuantizationMap(NodeImporter &n, TensorRef tensor,
                                   int64_t rank, int64_t axis);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_QUANTIZATION_H
