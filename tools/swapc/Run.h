//===- Run.h - swapc run: several models in one program ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TOOLS_SWAPC_RUN_H
#define SWAPC_TOOLS_SWAPC_RUN_H

/// `swapc run`: builds the program of a set and becomes it. `program` is the
/// path of swapc, argv[0] is "run". Answers the exit code where it comes back.
int runSet(int argc, char **argv, const char *program);

#endif // SWAPC_TOOLS_SWAPC_RUN_H
