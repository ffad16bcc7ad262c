//===- Dequantized.h - What a DequantizeLinear took -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_DEQUANTIZED_H
#define SWAPC_LIB_IMPORT_DEQUANTIZED_H

#include "NodeImporter.h"

namespace swapc {

/// Scale and zero point have one element, or one for each index of `axis`; the
/// zero point may be null.
struct Dequantized {
  TensorRef tensor = nullptr, scale = nullptr, zeroPoint = nullptr;
  int64_t axis = -1;
};

/// The bytes that a float32 tensor was computed from, if a DequantizeLinear
/// did.
std::optional<Dequantized> getDequantized(NodeImporter &n, TensorRef tensor);

/// The same of a weight with one scale: what is gathered of it can be converted
/// after that.
std::optional<Dequantized> getDequantizedTable(NodeImporter &n,
                                               TensorRef tensor);

/// `bytes`, taken from q.tensor, as floats; q has one scale.
TensorRef dequantize(NodeImporter &n, TensorRef bytes, const Dequantized &q);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_DEQUANTIZED_H
