//===- SetBuild.h - From a set to a program ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_SETBUILD_H
#define SWAPC_TARGET_SETBUILD_H

#include "swapc/Target/Compiler.h"
#include "swapc/Target/SetFile.h"

namespace swapc {

/// PROG is `compile.output`. Beside it: of each model the blob, PROG.NAME.swap,
/// the object, PROG.NAME.o, and what it was made from, PROG.NAME.stamp; with
/// `measure` the profile, PROG.NAME.N.yaml for N threads.
struct SetBuildOptions {
  /// Of all models; what differs between them is filled in.
  CompileOptions compile;
  bool measure = false; ///< Profiles what has no profile, on this machine.
  bool quiet = false;
};

/// Compiles what changed and links the program. Errors are printed; then what
/// was there before is still there, whole.
llvm::LogicalResult buildSet(const SetFile &set,
                             const SetBuildOptions &options);

} // namespace swapc

#endif // SWAPC_TARGET_SETBUILD_H
