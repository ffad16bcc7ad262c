//===- CompilerIdentity.h - Which compiler this is --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_COMPILERIDENTITY_H
#define SWAPC_LIB_TARGET_COMPILERIDENTITY_H

#include <string>

namespace swapc {

/// A text that differs where code may differ that is made from the same
/// kernels: it names this program and each library that was loaded with it.
std::string getCompilerIdentity();

} // namespace swapc

#endif // SWAPC_LIB_TARGET_COMPILERIDENTITY_H
