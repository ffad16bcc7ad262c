//===- EmitObject.h - One object of kernels ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_EMITOBJECT_H
#define SWAPC_LIB_TARGET_EMITOBJECT_H

#include "swapc/Target/Object.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace llvm {
class Module;
} // namespace llvm

namespace swapc {

/// Lets modules of `context` become LLVM IR; before threads do so.
void registerTranslations(mlir::MLIRContext &context);

/// Compiles llvm.func operations, and what `addTables` adds to their module.
/// False, with a message, where it fails.
bool emitObject(mlir::OwningOpRef<mlir::ModuleOp> kernels,
                const CodeOptions &options,
                llvm::function_ref<void(llvm::Module &)> addTables,
                CodeBuffer &code, std::string &error);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_EMITOBJECT_H
