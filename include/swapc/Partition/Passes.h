//===- Passes.h - Passes of partitioning and memory -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_PASSES_H
#define SWAPC_PARTITION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace swapc {

#define GEN_PASS_DECL
#include "swapc/Partition/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "swapc/Partition/Passes.h.inc"

} // namespace swapc

#endif // SWAPC_PARTITION_PASSES_H
