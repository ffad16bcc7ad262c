//===- Report.h - Plans as a page to look at --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_REPORT_H
#define SWAPC_TARGET_REPORT_H

namespace llvm {
class raw_ostream;
} // namespace llvm
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace swapc {

/// Writes one HTML page that stands alone on the plans of a module in the
/// memory phase: figures in words, time against budget, and for each plan its
/// memory over time, its schedule and its addresses. The same module gives the
/// same bytes.
void writeReport(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace swapc

#endif // SWAPC_TARGET_REPORT_H
