//===- ExternalData.h - Weights in files beside the model -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_EXTERNALDATA_H
#define SWAPC_LIB_IMPORT_EXTERNALDATA_H

#include "OnnxFile.h"

namespace swapc {

/// Bytes of a file inside the model's folder.
struct FileRange {
  std::string path;
  uint64_t offset = 0, length = 0;
};

/// Where the external data of `tensor`, which takes `bytes` bytes, is. A model
/// must not make the compiler read other files than its own: the path has to
/// stay inside `directory`, and neither symbolic nor hard links lead out of it.
llvm::Expected<FileRange> resolveExternalData(const onnx::Tensor &tensor,
                                              uint64_t bytes,
                                              llvm::StringRef directory);

/// Reads a small range.
llvm::Expected<std::string> readRange(const FileRange &range,
                                      llvm::StringRef directory);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_EXTERNALDATA_H
