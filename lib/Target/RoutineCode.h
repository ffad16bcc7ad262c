//===- RoutineCode.h - Routines that kernels call ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_ROUTINECODE_H
#define SWAPC_LIB_TARGET_ROUTINECODE_H

#include "swapc/Target/Object.h"

#include <string>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace swapc {

/// Gives a module of kernels the bodies of the routines that they call, to be
/// inlined; false, with the reason in `error`.
bool linkRoutines(llvm::Module &kernels, const llvm::TargetMachine &machine,
                  const CodeOptions &options, std::string &error);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_ROUTINECODE_H
