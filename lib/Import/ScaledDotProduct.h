//===- ScaledDotProduct.h - The attention of all operators ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_SCALEDDOTPRODUCT_H
#define SWAPC_LIB_IMPORT_SCALEDDOTPRODUCT_H

#include "NodeImporter.h"

namespace swapc {

/// softmax(query * key' * scale + masks) * value.
struct ScaledDotProduct {
  /// [batch, heads, length, size]; the heads of key and value divide those of
  /// the query.
  TensorRef query, key, value;
  double scale = 1;
  double softcap = 0;
  /// Each broadcasts to [batch, heads, queries, keys]. Booleans say which keys
  /// take part, numbers are added.
  llvm::SmallVector<TensorRef> masks;
  /// Query i stands at position i + offset of the keys, with an offset for all
  /// or one for each batch element.
  int64_t offset = 0;
  TensorRef offsets = nullptr;
  /// How many keys behind and before its position a query sees; all if
  /// negative.
  int64_t left = -1, right = -1;
  /// Integers [batch]: keys from there on are padding.
  TensorRef lengths = nullptr;
  /// Numbers [heads]: one more score in each sum of the softmax.
  TensorRef sink = nullptr;
  /// The scores to give back.
  enum Stage { None, Product, Capped, Masked, Probabilities };
  Stage wanted = None;
  /// What the softmax is computed in; by default the type of the scores.
  mlir::Type softmaxType;
  /// What a model does to all scores and to all probabilities.
  std::function<TensorRef(TensorRef)> changeScores, changeProbabilities;

  /// The result, [batch, heads, queries, size of values], in the type of
  /// the values, and the scores that were wanted; failure after an error.
  struct Result {
    TensorRef output, scores;
  };
  llvm::FailureOr<Result> build(NodeImporter &n) const;
};

/// [batch, length, heads * size] as [batch, heads, length, size], and back.
llvm::FailureOr<TensorRef> splitHeads(NodeImporter &n, TensorRef tensor,
                                      int64_t heads);
TensorRef joinHeads(NodeImporter &n, TensorRef tensor);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_SCALEDDOTPRODUCT_H
