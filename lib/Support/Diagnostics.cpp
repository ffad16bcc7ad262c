//===- Diagnostics.cpp - Messages of the compiler, one line each ----------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Support/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "swapc/Support/Progress.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace swapc;

std::string swapc::getLocationName(Location location) {
  if (auto name = dyn_cast<NameLoc>(location))
    return name.getName().str();
  if (auto file = dyn_cast<FileLineColLoc>(location)) {
    std::string text = file.getFilename().str();
    if (file.getLine())
      text += ":" + std::to_string(file.getLine());
    return text;
  }
  if (auto fused = dyn_cast<FusedLoc>(location))
    for (Location part : fused.getLocations()) {
      std::string text = getLocationName(part);
      if (!text.empty())
        return text;
    }
  if (auto call = dyn_cast<CallSiteLoc>(location))
    return getLocationName(call.getCallee());
  return "";
}

/// A model's names must not steer the terminal.
static std::string withoutControls(StringRef text) {
  std::string result = text.str();
  for (char &c : result)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
      c = '?';
  return result;
}

static void print(Diagnostic &diagnostic, StringRef kind) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "swapc: " << kind << ": ";
  std::string name = getLocationName(diagnostic.getLocation());
  std::string message = diagnostic.str();
  bool named = StringRef(message).starts_with(name) ||
               StringRef(message).contains("'" + name + "'");
  if (!name.empty() && !named)
    stream << withoutControls(name) << ": ";
  // A message of several lines would carry IR.
  stream << withoutControls(StringRef(message).split('\n').first) << '\n';
  llvm::errs() << text;
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext *context, Progress &progress)
    : ScopedDiagnosticHandler(context) {
  setHandler([this, &progress](Diagnostic &diagnostic) {
    progress.clear();
    switch (diagnostic.getSeverity()) {
    case DiagnosticSeverity::Error:
      errors = true;
      print(diagnostic, "error");
      break;
    case DiagnosticSeverity::Warning:
      print(diagnostic, "warning");
      break;
    case DiagnosticSeverity::Note:
    case DiagnosticSeverity::Remark:
      print(diagnostic, "note");
      break;
    }
    // "See current operation" notes are IR.
    for (Diagnostic &note : diagnostic.getNotes())
      if (!StringRef(note.str()).starts_with("see current operation"))
        print(note, "note");
    return success();
  });
}

LogicalResult swapc::emitFailure(Location location, llvm::Error error) {
  LogicalResult result = success();
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    result = emitError(location) << info.message();
  });
  return result;
}
