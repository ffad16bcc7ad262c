//===- ObjectCache.h - Objects kept for later runs --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A folder with a file for each object, named by a hash of all that the object
// depends on. Any number of compilers may use it at a time: files appear whole
// under their name, and what cannot be read, or is not what was written, counts
// as missing.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_OBJECTCACHE_H
#define SWAPC_TARGET_OBJECTCACHE_H

#include "swapc/Target/Object.h"

#include <mutex>
#include <optional>
#include <string>

namespace swapc {

struct CacheOptions {
  std::string folder;          ///< Empty: nothing is kept.
  bool isNamed = false;        ///< By the user, who wants to know of failures.
  uint64_t bytes = 1ull << 30; ///< That the files may take.
};

/// The folder and size that the environment names, or the user's own folder.
llvm::Expected<CacheOptions> getDefaultCache();

class ObjectCache {
public:
  explicit ObjectCache(const CacheOptions &options);

  bool isOn() const { return !options.folder.empty(); }
  /// What was added under `key`, by this process or another.
  std::optional<CodeBuffer> find(llvm::StringRef key);
  void add(llvm::StringRef key, llvm::ArrayRef<char> object);
  /// Removes what was not used for longest, until the rest fits.
  void prune();
  /// Why nothing could be kept; empty if all went well.
  const std::string &getFailure() const { return failure; }

private:
  std::string getPath(llvm::StringRef key) const;
  void fail(llvm::StringRef verb, llvm::StringRef path, std::error_code code);

  CacheOptions options;
  std::mutex mutex;
  std::string failure;
  bool isChanged = false;
};

} // namespace swapc

#endif // SWAPC_TARGET_OBJECTCACHE_H
