//===- CommandLine.h - What swapc and swapc run share -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TOOLS_SWAPC_COMMANDLINE_H
#define SWAPC_TOOLS_SWAPC_COMMANDLINE_H

#include "swapc/Target/Compiler.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/CommandLine.h"

constexpr int kExitFailure = 1, kExitUsage = 2;

/// One message about the command line; the exit code.
int usageError(const llvm::Twine &message,
               const char *command = "swapc --help");

/// Reads the command line into LLVM's options, which print what is wrong; an
/// exit code where it is.
int parseCommandLine(int argc, char **argv, const char *overview,
                     const char *command = "swapc --help");

/// Options that say how models are compiled, for either command.
struct CommonOptions {
  CommonOptions(llvm::cl::OptionCategory &category, const char *threads,
                const char *cudaArchs, const char *cudaPath,
                const char *runtimeDir);

  /// Reads all but the GPU's, `options.threads` where they are given; an exit
  /// code where they are wrong. `program` is the path of swapc.
  int read(swapc::CompileOptions &options, const char *program,
           const char *command = "swapc --help") const;
  /// Compiles for the GPUs that --cuda-arch names, or for the default ones; an
  /// exit code where it is wrong.
  int readCuda(swapc::CompileOptions &options,
               const char *command = "swapc --help") const;

  llvm::cl::opt<std::string> threads;
  llvm::cl::opt<std::string> mcpu;
  llvm::cl::list<std::string> mattr;
  llvm::cl::opt<std::string> conv;
  llvm::cl::list<std::string> cudaArchs;
  llvm::cl::opt<std::string> cudaPath;
  llvm::cl::opt<std::string> linkerDriver;
  llvm::cl::opt<std::string> runtimeDir;
  llvm::cl::opt<std::string> cache;
  llvm::cl::opt<bool> quiet;
};

#endif // SWAPC_TOOLS_SWAPC_COMMANDLINE_H
