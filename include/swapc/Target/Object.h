//===- Object.h - From LLVM IR to objects -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_OBJECT_H
#define SWAPC_TARGET_OBJECT_H

#include "mlir/IR/BuiltinOps.h"
#include "swapc/Codegen/CPU/CpuTarget.h"
#include "swapc/Target/ModelTables.h"
#include "llvm/ADT/SmallString.h"

#include <vector>

namespace swapc {

class Progress;

/// What an emission gives: text or an object file.
enum class CodeFormat { Object, Assembly, LLVMIR };

struct CodeOptions {
  CpuTarget target;
  CodeFormat format = CodeFormat::Object;
  unsigned parts = 1;  ///< Objects to make, each by a thread of its own.
  std::string symbol;  ///< Name of the swap_model.
  std::string abi;     ///< Of a RISC-V, as in -mabi; empty: by its features.
  bool pic = true;     ///< Whether code runs at any address.
  bool frames = false; ///< Whether objects say the size of each stack frame.
};

using CodeBuffer = llvm::SmallVector<char, 0>;

/// Compiles the kernels that `tables` names, which are llvm.func operations of
/// `kernels`, and the tables. Gives `parts` objects at most.
llvm::FailureOr<std::vector<CodeBuffer>>
emitCode(mlir::ModuleOp kernels, const ModelTables &tables,
         const BlobInfo &blob, const CodeOptions &options, Progress &progress);

} // namespace swapc

#endif // SWAPC_TARGET_OBJECT_H
