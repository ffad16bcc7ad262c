//===- Machine.h - LLVM's back end ------------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_MACHINE_H
#define SWAPC_LIB_TARGET_MACHINE_H

#include "swapc/Target/Object.h"
#include "llvm/Passes/OptimizationLevel.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace swapc {

/// Whether `abi`, as CodeOptions has it, is one of `target`.
llvm::Error checkAbi(const CpuTarget &target, llvm::StringRef abi);

/// What makes code for `options`; null, with the reason in `error`.
std::unique_ptr<llvm::TargetMachine>
createTargetMachine(const CodeOptions &options, std::string &error);

/// Gives `module` the triple, the layout and the relocation model of `machine`.
void setTarget(llvm::Module &module, const llvm::TargetMachine &machine);

/// Runs LLVM's passes for `level`, but those that vectorise and unroll.
void optimize(llvm::Module &module, llvm::TargetMachine &machine,
              llvm::OptimizationLevel level);

/// Writes `module` to `code`; false, with the reason in `error`.
bool emitModule(llvm::Module &module, llvm::TargetMachine &machine,
                CodeFormat format, CodeBuffer &code, std::string &error);

/// Takes out of an object of a library what a program does not need: sizes of
/// frames, on ARM the table that says of each function that it cannot be
/// unwound, and without a system what the stack may be used for, of which
/// linkers warn where other objects do not say it.
llvm::Error strip(CodeBuffer &object, const CpuTarget &target);

/// Renames a symbol of an object, and the section of its code.
llvm::Error rename(CodeBuffer &object, llvm::StringRef from,
                   llvm::StringRef to);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_MACHINE_H
