//===- Run.h - swapc run: several models in one program ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TOOLS_SWAPC_RUN_H
#define SWAPC_TOOLS_SWAPC_RUN_H

#include "swapc/Target/Compiler.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/CommandLine.h"

/// `swapc run`: builds the program of a set and becomes it. `program` is the
/// path of swapc, argv[0] is "run". Answers the exit code where it comes back.
int runSet(int argc, char **argv, const char *program);

/// One message about the command line; the exit code.
int usageError(const llvm::Twine &message,
               const char *command = "swapc --help");

/// Compiles for the GPUs that --cuda-arch names, or for the default ones; an exit
/// code where it is wrong.
int readCudaArchs(const llvm::cl::list<std::string> &given,
                  swapc::CompileOptions &options,
                  const char *command = "swapc --help");

/// Reads the command line into LLVM's options, which print what is wrong; an
/// exit code where it is.
int parseCommandLine(int argc, char **argv, const char *overview,
                     const char *command = "swapc --help");

#endif // SWAPC_TOOLS_SWAPC_RUN_H
