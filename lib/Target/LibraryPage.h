//===- LibraryPage.h - How a library is built in ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_LIBRARYPAGE_H
#define SWAPC_LIB_TARGET_LIBRARYPAGE_H

#include "swapc/Target/CodeSizes.h"
#include "swapc/Target/Object.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace swapc {

/// What tells such a page from others.
inline constexpr llvm::StringLiteral kPageOrigin = "Compiled by swapc";

/// The page that lies beside a library of `code`, whose archive's bytes are
/// `archive`: its plans and sizes, how it is built in, and a program.
llvm::Expected<std::string> makeLibraryPage(const ModelTables &tables,
                                            const CodeSizes &sizes,
                                            const CodeOptions &code,
                                            llvm::ArrayRef<char> archive,
                                            llvm::StringRef name);

/// What a compiler driver builds a program with, that meets the library.
struct BuildCommand {
  std::string compiler, flags;
};
BuildCommand getBuildCommand(const CodeOptions &code);

/// Names that no member of an archive defines, sorted.
llvm::Expected<std::vector<std::string>>
listUndefined(llvm::ArrayRef<char> archive);

/// A public header of the runtime: its name below a folder of headers, and it.
struct HeaderFile {
  llvm::StringRef name, text;
};
std::vector<HeaderFile> getPublicHeaders();

} // namespace swapc

#endif // SWAPC_LIB_TARGET_LIBRARYPAGE_H
