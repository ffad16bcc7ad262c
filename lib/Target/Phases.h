//===- Phases.h - From a model to the memory phase --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_PHASES_H
#define SWAPC_LIB_TARGET_PHASES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "swapc/Codegen/CPU/CpuTarget.h"
#include "swapc/Target/Compiler.h"
#include "swapc/Target/ModelTables.h"

namespace swapc {

/// A model on its way through the phases.
struct Phases {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ModelSignature signature;
  CpuTarget target;
};

/// What files and symbols of a library are called.
std::string getModelName(const CompileOptions &options);

/// Runs the phases up to the one that `options.emit` asks for, or to the memory
/// phase.
llvm::LogicalResult runPhases(const CompileOptions &options,
                              mlir::MLIRContext &context, Progress &progress,
                              Phases &phases);

/// The named kernels, in a module of their own, as llvm.func.
mlir::OwningOpRef<mlir::ModuleOp>
lowerKernels(Phases &phases, llvm::ArrayRef<std::string> names);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_PHASES_H
