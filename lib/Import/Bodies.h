//===- Bodies.h - The graphs that If, Loop and Scan run ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_BODIES_H
#define SWAPC_LIB_IMPORT_BODIES_H

#include "NodeImporter.h"

namespace swapc {

/// The graph that the attribute holds, with this many inputs and at least this
/// many outputs; null after an error.
const onnx::Graph *getBody(NodeImporter &n, llvm::StringRef attribute,
                           size_t inputs, size_t outputs);

/// Input `index` as a tensor, or as a sequence; null after an error.
TensorRef getTensor(NodeImporter &n, unsigned index);
TensorRef getSequence(NodeImporter &n, unsigned index);

/// `then` where the one element of `condition` is true, else `otherwise`. Both
/// are there already: null after an error where they differ in structure,
/// which is of output `output`.
TensorRef selectWhole(NodeImporter &n, TensorRef condition, TensorRef then,
                      TensorRef otherwise, unsigned output);

/// The pieces side by side in a new dimension `axis`, counted in the result.
/// Without any piece the shape is the one that the body declares.
TensorRef stack(NodeImporter &n, llvm::ArrayRef<TensorRef> pieces, int64_t axis,
                const onnx::ValueInfo &declared);

/// Piece `index` along `axis`, which the result does not have.
TensorRef takePiece(NodeImporter &n, TensorRef tensor, int64_t axis,
                    int64_t index);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_BODIES_H
