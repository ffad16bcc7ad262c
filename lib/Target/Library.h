//===- Library.h - The library of a model -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_LIBRARY_H
#define SWAPC_LIB_TARGET_LIBRARY_H

#include "swapc/Target/CodeSizes.h"
#include "swapc/Target/ModelTables.h"
#include "swapc/Target/Object.h"

namespace swapc {

/// What the objects of a model take, without the runtime.
llvm::Expected<CodeSizes> measureModel(llvm::ArrayRef<CodeBuffer> objects,
                                       const ModelTables &tables,
                                       const BlobInfo &blob);

/// Bytes of the archive with a model's objects, which were made with `options`,
/// and, where a processor runs the kernels, the runtime's. Completes `sizes`.
llvm::Expected<CodeBuffer>
makeLibrary(llvm::MutableArrayRef<CodeBuffer> objects, llvm::StringRef name,
            const CodeOptions &options, const ModelTables &tables,
            CodeSizes &sizes);

/// The objects of a model alone, for a program that has the runtime.
llvm::Expected<CodeBuffer>
makeObjectArchive(llvm::ArrayRef<CodeBuffer> objects, llvm::StringRef name);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_LIBRARY_H
