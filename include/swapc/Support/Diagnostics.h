//===- Diagnostics.h - Messages of the compiler, one line each --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_SUPPORT_DIAGNOSTICS_H
#define SWAPC_SUPPORT_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

namespace swapc {

class Progress;

/// Prints diagnostics to standard error as "swapc: error: node: message", one
/// line each, without IR.
class DiagnosticPrinter : public mlir::ScopedDiagnosticHandler {
public:
  DiagnosticPrinter(mlir::MLIRContext *context, Progress &progress);
  bool hasErrors() const { return errors; }

private:
  bool errors = false;
};

/// The name that a location gives to what it locates, or "".
std::string getLocationName(mlir::Location location);

/// Turns an error of LLVM's libraries into a diagnostic at `location`.
mlir::LogicalResult emitFailure(mlir::Location location, llvm::Error error);

} // namespace swapc

#endif // SWAPC_SUPPORT_DIAGNOSTICS_H
