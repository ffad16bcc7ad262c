//===- Stamp.h - Whether what was built is still what it was ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_TARGET_STAMP_H
#define SWAPC_LIB_TARGET_STAMP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace swapc {

/// A text file beside a product: the options that it was made with, and size
/// and time of change of the files that it was made from and of itself.
class Stamp {
public:
  /// Something that makes a difference.
  void add(llvm::StringRef key, const llvm::Twine &value);
  /// The same of what is in a file, wherever that is.
  llvm::Error addContents(llvm::StringRef key, llvm::StringRef path);
  /// The same of a file that is made with its time.
  void addFile(llvm::StringRef key, llvm::StringRef path);

  /// Whether the stamp at `path` has the same options and nothing that it
  /// names was changed since.
  bool isCurrent(llvm::StringRef path) const;
  /// Writes the stamp, after the product.
  llvm::Error write(llvm::StringRef path,
                    llvm::ArrayRef<std::string> files) const;

private:
  std::string options;
};

} // namespace swapc

#endif // SWAPC_LIB_TARGET_STAMP_H
