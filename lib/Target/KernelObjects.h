//===- KernelObjects.h - An object for each kernel --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_KERNELOBJECTS_H
#define SWAPC_LIB_TARGET_KERNELOBJECTS_H

#include "Phases.h"
#include "swapc/Target/Object.h"
#include "swapc/Target/ObjectCache.h"

namespace swapc {

class Progress;

/// Where the objects of a model's kernels came from.
struct KernelCounts {
  size_t compiled = 0, cached = 0;
};

/// An object for each kernel that `tables` names, from the cache or compiled,
/// by `threads` threads.
llvm::FailureOr<std::vector<CodeBuffer>>
makeKernelObjects(Phases &phases, const ModelTables &tables,
                  const CodeOptions &options, unsigned threads,
                  ObjectCache &cache, Progress &progress, KernelCounts &counts);

} // namespace swapc

#endif // SWAPC_LIB_TARGET_KERNELOBJECTS_H
