//===- PlanJson.h - Plans as JSON and in words ------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_PLANJSON_H
#define SWAPC_PARTITION_PLANJSON_H

namespace llvm {
class raw_ostream;
} // namespace llvm
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace swapc {

/// Writes a module's plans (swap or memory phase) as `--emit plan` shows them.
void writePlanJson(mlir::ModuleOp module, llvm::raw_ostream &os);

/// Prints what a person wants to know: needed, budget, resident, streamed,
/// bound, and what limits.
void printPlanSummary(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace swapc

#endif // SWAPC_PARTITION_PLANJSON_H
