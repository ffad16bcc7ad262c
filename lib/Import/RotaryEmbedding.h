//===- RotaryEmbedding.h - Positions as rotations ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_ROTARYEMBEDDING_H
#define SWAPC_LIB_IMPORT_ROTARYEMBEDDING_H

#include "NodeImporter.h"

namespace swapc {

struct Rotation {
  /// [batch or 1, length, rotated / 2], of the positions of the elements.
  TensorRef cos, sin;
  bool interleaved = false;

  /// Rotates the first elements of each head of `tensor`, which is [batch,
  /// heads, length, size] or, if `lengthFirst`, [batch, length, heads, size].
  /// Null after an error.
  TensorRef rotate(NodeImporter &n, TensorRef tensor, bool lengthFirst) const;
};

/// The rows of caches [positions, rotated / 2] at integers [batch, length].
llvm::FailureOr<Rotation> gatherRotation(NodeImporter &n, TensorRef cos,
                                         TensorRef sin, TensorRef positions);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_ROTARYEMBEDDING_H
