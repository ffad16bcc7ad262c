//===- RuntimeCode.h - The runtime's code in a library ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_RUNTIMECODE_H
#define SWAPC_LIB_TARGET_RUNTIMECODE_H

#include "StackBound.h"
#include "swapc/Target/Object.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace swapc {

/// The object of one part of the runtime.
struct RuntimeObject {
  std::string name; ///< Of the archive's member.
  CodeBuffer code;
};

/// What a library contains of the runtime.
struct RuntimeCode {
  RuntimeObject core, flash;
  uint64_t sessionBytes = 0; ///< sizeof(swap_session)
};

/// An error if there is no runtime for a triple.
llvm::Error checkLibraryTarget(llvm::StringRef triple);

/// Compiles the runtime, with what models need whose sizes a run says. Public functions are weak, for each library of a
/// program has them; nothing else can be seen. The core's calls and frames go
/// to `stack`.
llvm::Expected<RuntimeCode> emitRuntime(const CodeOptions &options,
                                        bool hasSizes, StackBound &stack);

/// Bitcode of the routines; empty where an architecture has none.
llvm::StringRef getRoutineBitcode(const llvm::TargetMachine &machine);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_RUNTIMECODE_H
