//===- SetTables.h - The constant tables of a set ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_SETTABLES_H
#define SWAPC_TARGET_SETTABLES_H

#include "swapc/Target/Object.h"
#include "swapc/Target/SetFile.h"

namespace llvm {
class Module;
} // namespace llvm

namespace swapc {

/// What a model of a set is called when it is compiled.
struct SetModelCode {
  std::string symbol;  ///< Of its swap_model.
  std::string cuda;    ///< Of its swap_cuda_model; empty without a GPU.
  std::string weights; ///< File name of its blob.
};

/// Adds the tables to `module` and exports swap_set_instance, a swap_set; the
/// models are declared.
void emitSetTables(const SetFile &set, llvm::ArrayRef<SetModelCode> models,
                   llvm::Module &module);

/// The same as an object.
llvm::Expected<CodeBuffer> compileSetTables(const SetFile &set,
                                            llvm::ArrayRef<SetModelCode> models,
                                            const CodeOptions &options);

} // namespace swapc

#endif // SWAPC_TARGET_SETTABLES_H
