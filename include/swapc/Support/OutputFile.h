//===- OutputFile.h - Files that appear whole or not at all -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_SUPPORT_OUTPUTFILE_H
#define SWAPC_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"

#include <optional>
#include <string>

namespace swapc {

/// Error text for `path`: "cannot <verb> <path>: <reason>".
llvm::Error fileError(llvm::StringRef verb, llvm::StringRef path,
                      std::error_code reason);

/// A file written beside its final place and renamed onto it. Whatever happens
/// before commit() — an error, a signal, the end of this object's life — the
/// final place stays as it was and the temporary file goes away.
class OutputFile {
public:
  /// Begins a file that will be `path`. `executable` sets the mode.
  static llvm::Expected<OutputFile> create(llvm::StringRef path,
                                           bool executable = false);
  OutputFile(OutputFile &&) = default;
  ~OutputFile();

  llvm::Error write(llvm::ArrayRef<char> bytes);
  /// The same, but whole pages of zeros become holes: they read as zeros and
  /// take no room where the file system has holes.
  llvm::Error writeSparse(llvm::ArrayRef<char> bytes);
  /// Overwrites bytes written before.
  llvm::Error writeAt(uint64_t offset, llvm::ArrayRef<char> bytes);
  /// Zeros, whole pages of which become holes.
  llvm::Error writeZeros(uint64_t count);

  llvm::StringRef getPath() const { return path; }
  llvm::Error commit();

private:
  OutputFile(std::string path, llvm::sys::fs::TempFile temporary)
      : path(std::move(path)), temporary(std::move(temporary)) {}
  llvm::Error skip(uint64_t count);

  std::string path;
  std::optional<llvm::sys::fs::TempFile> temporary;
  uint64_t size = 0;       ///< Bytes so far, holes included.
  bool endsInHole = false; ///< Nothing is written behind the last hole.
};

/// Writes `text` to `path` in one go; "-" is standard output.
llvm::Error writeText(llvm::StringRef path, llvm::StringRef text);

} // namespace swapc

#endif // SWAPC_SUPPORT_OUTPUTFILE_H
