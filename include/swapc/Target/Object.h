//===- Object.h - From LLVM IR to objects -----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_OBJECT_H
#define SWAPC_TARGET_OBJECT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "swapc/Codegen/CPU/CpuTarget.h"
#include "swapc/Target/ModelTables.h"
#include "llvm/ADT/SmallString.h"

#include <vector>

namespace swapc {

/// What an emission gives: text or an object file.
enum class CodeFormat { Object, Assembly, LLVMIR };

struct CodeOptions {
  CpuTarget target;
  CodeFormat format = CodeFormat::Object;
  std::string symbol;  ///< Name of the swap_model.
  std::string abi;     ///< Of a RISC-V, as in -mabi; empty: by its features.
  bool pic = true;     ///< Whether code runs at any address.
  std::string costs;   ///< Name of the swap_kernel_costs; empty: none.
  bool frames = false; ///< Whether objects say the size of each stack frame.
};

using CodeBuffer = llvm::SmallVector<char, 0>;

/// Compiles the kernels that `tables` names, which are llvm.func operations of
/// `kernels` or of other objects, and the tables.
llvm::FailureOr<CodeBuffer> emitCode(mlir::OwningOpRef<mlir::ModuleOp> kernels,
                                     const ModelTables &tables,
                                     const BlobInfo &blob,
                                     const CodeOptions &options);

} // namespace swapc

#endif // SWAPC_TARGET_OBJECT_H
