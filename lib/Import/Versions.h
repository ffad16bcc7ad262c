//===- Versions.h - Nodes of older opsets -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_VERSIONS_H
#define SWAPC_LIB_IMPORT_VERSIONS_H

#include "NodeImporter.h"

namespace swapc {

/// A node as the newest opset would have it, so that handlers know one form of
/// each operator.
struct ModernNode {
  onnx::Node node;
  llvm::SmallVector<TensorRef> inputs;
  /// What the results have to be reshaped to.
  std::optional<llvm::SmallVector<int64_t>> resultShape;
};

/// Whether `node`, of ONNX's own domain, may differ from the newest form of its
/// operator.
bool isOldForm(const onnx::Node &node, int64_t opset);

/// The newest form of `node`, which `n` imports.
llvm::FailureOr<ModernNode> modernize(NodeImporter &n, const onnx::Node &node);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_VERSIONS_H
