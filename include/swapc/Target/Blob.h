//===- Blob.h - Writing the weight blob -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_BLOB_H
#define SWAPC_TARGET_BLOB_H

#include "mlir/IR/BuiltinOps.h"
#include "swap/blob.h"

#include <array>
#include <vector>

namespace swapc {

class OutputFile;
class Progress;

/// What the executable knows of its blob.
struct BlobInfo {
  std::vector<swap_blob_unit> units;
  uint64_t bytes = 0;
  std::array<uint8_t, SWAP_HASH_BYTES> hash = {};
};

/// Places of the swap.unit operations of `module`, in order; no checksums.
BlobInfo layoutBlob(mlir::ModuleOp module);

/// Evaluates the parameters that the units name and writes the blob (see
/// docs/blob.md). Memory stays at a few tiles of a few MiB a thread.
llvm::FailureOr<BlobInfo> writeBlob(mlir::ModuleOp module, OutputFile &file,
                                    unsigned threads, Progress &progress);

} // namespace swapc

#endif // SWAPC_TARGET_BLOB_H
