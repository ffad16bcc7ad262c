//===- NpyFile.h - Arrays that numpy saved ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_NPYFILE_H
#define SWAPC_LIB_IMPORT_NPYFILE_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <string>

namespace swapc {

/// An array in C order, little-endian.
struct NpyFile {
  /// numpy's name of the element type without the byte order, such as f4.
  std::string elementType;
  llvm::SmallVector<int64_t> shape;
  std::string bytes;

  static llvm::Expected<NpyFile> read(llvm::StringRef path);
};

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_NPYFILE_H
