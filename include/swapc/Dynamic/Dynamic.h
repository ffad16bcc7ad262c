//===- Dynamic.h - Sizes that a run says ------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A dimension may have an upper bound in place of a size. The network is
// imported for the bound, and kernels and plans are those of a network of that
// size; what differs is that in each tensor only the front of the dimension
// holds values, and what is behind it is never mixed with them.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_DYNAMIC_DYNAMIC_H
#define SWAPC_DYNAMIC_DYNAMIC_H

#include "swapc/Import/Import.h"

namespace swapc {

/// A dimension by its name, and the sizes that a run may give it.
struct SizeRange {
  std::string name;
  int64_t least = 1, most = 1;
};

/// Reads the ONNX model at `path` into a module of the tensor phase. The sizes
/// of `ranges` are further inputs of @main, int64 scalars at the end of its
/// arguments; without any, this is importOnnx.
mlir::OwningOpRef<mlir::ModuleOp>
importDynamic(llvm::StringRef path, const ImportOptions &options,
              llvm::ArrayRef<SizeRange> ranges, mlir::MLIRContext &context);

} // namespace swapc

#endif // SWAPC_DYNAMIC_DYNAMIC_H
