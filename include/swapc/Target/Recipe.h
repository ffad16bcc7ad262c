//===- Recipe.h - Computing the bytes of parameters -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A recipe is a swap.parameter or swap.derived made ready to be evaluated.
// Its result is a range of bytes in storage order; any part of it can be asked
// for, and costs the memory of that part and of the source elements it needs.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_RECIPE_H
#define SWAPC_TARGET_RECIPE_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <mutex>
#include <string>

namespace swapc {

/// A file that is open for reading.
struct SourceFile {
  int descriptor;

  explicit SourceFile(int descriptor) : descriptor(descriptor) {}
  SourceFile(const SourceFile &) = delete;
  ~SourceFile();
};

/// The weight files of a model. Paths are relative to a folder. Exporters write
/// a file for each of thousands of tensors, more than a process may have open:
/// those that were used last stay open. Safe to call from several threads.
class SourceFiles {
public:
  explicit SourceFiles(llvm::StringRef directory) : directory(directory) {}

  llvm::Expected<std::shared_ptr<SourceFile>> open(llvm::StringRef path);

private:
  struct Entry {
    std::shared_ptr<SourceFile> file;
    uint64_t lastUse = 0;
  };
  std::string directory;
  std::mutex mutex;
  llvm::StringMap<Entry> files;
  uint64_t uses = 0;
};

/// Part of a parameter in storage: indices [begin, end) of each storage
/// dimension, such that the part is one range of bytes.
struct StorageBox {
  llvm::SmallVector<int64_t, 6> begin, end;
  uint64_t bytes = 0;
};

class Recipe {
public:
  /// `op` is a swap.parameter or swap.derived. What cannot be evaluated is a
  /// diagnostic at `op`. `files` has to outlive the recipe.
  static llvm::FailureOr<std::unique_ptr<Recipe>> create(mlir::Operation *op,
                                                         SourceFiles &files);
  virtual ~Recipe();

  /// Cuts panels [begin, end) into boxes of at most about `maxBytes` each, in
  /// storage order.
  virtual void cut(int64_t begin, int64_t end, uint64_t maxBytes,
                   llvm::SmallVectorImpl<StorageBox> &boxes) const = 0;
  /// Computes one box into `out`, which has its size. Safe to call from
  /// several threads.
  virtual llvm::Error evaluate(const StorageBox &box,
                               llvm::MutableArrayRef<char> out) const = 0;
  virtual uint64_t getPanelBytes() const = 0;
};

} // namespace swapc

#endif // SWAPC_TARGET_RECIPE_H
