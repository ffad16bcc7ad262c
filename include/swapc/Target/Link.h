//===- Link.h - Executables and libraries from objects ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_LINK_H
#define SWAPC_TARGET_LINK_H

#include "swapc/Target/ModelTables.h"
#include "swapc/Target/Object.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace swapc {

class OutputFile;
struct CodeSizes;

/// The name of an object's swap_cuda_model, given that of its swap_model.
inline std::string getCudaSymbol(llvm::StringRef symbol) {
  return (symbol + "_cuda").str();
}

/// What a program does, beside code and tables.
enum class ProgramKind {
  Model, ///< runs one, swap_model_instance
  Set    ///< runs the tasks of swap_set_instance
};

struct LinkOptions {
  ProgramKind kind = ProgramKind::Model;
  /// The swap_model that takes the place of swap_model_instance; may be empty.
  std::string symbol;
  std::string driver; ///< Compiler driver that links; empty: the first found.
  std::string runtimeDir; ///< Where libswap_*.a are; empty: beside swapc.
  std::string executable; ///< Path of swapc itself.
  std::string triple;
  bool cuda = false; ///< Whether a GPU runs the kernels.
  bool pic = true;   ///< Whether code runs at any address.
};

/// Links a program from objects and the runtime into `output`.
llvm::Error linkProgram(llvm::ArrayRef<CodeBuffer> objects, OutputFile &output,
                        const LinkOptions &options);

/// What of the runtime a program is linked with: paths, in the order of use.
llvm::Expected<std::vector<std::string>>
findArchives(const LinkOptions &options);

/// An object file and its name in a library.
struct ArchiveMember {
  std::string name;
  llvm::ArrayRef<char> code;
};

/// Bytes of a static library.
llvm::Expected<CodeBuffer> makeArchive(llvm::ArrayRef<ArchiveMember> members);

/// The header that declares a library's model and its sizes.
std::string makeHeader(const ModelTables &tables, const CodeSizes &sizes,
                       llvm::StringRef name);

/// `text` as a C identifier.
std::string toIdentifier(llvm::StringRef text);

} // namespace swapc

#endif // SWAPC_TARGET_LINK_H
