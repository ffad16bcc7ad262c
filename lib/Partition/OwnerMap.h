//===- OwnerMap.h - Who wrote each byte last --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_OWNERMAP_H
#define SWAPC_LIB_PARTITION_OWNERMAP_H

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <map>

namespace swapc {

/// Byte ranges and their owners; -1 where nobody wrote.
class OwnerMap {
public:
  /// The owners of [begin, end), each once.
  llvm::SmallVector<int> get(int64_t begin, int64_t end) {
    split(begin);
    split(end);
    llvm::SmallVector<int> result;
    for (auto at = starts.find(begin); at != starts.end() && at->first < end;
         ++at)
      if (!llvm::is_contained(result, at->second))
        result.push_back(at->second);
    return result;
  }

  void set(int64_t begin, int64_t end, int owner) {
    if (begin >= end)
      return;
    split(begin);
    split(end);
    starts.erase(starts.lower_bound(begin), starts.lower_bound(end));
    starts[begin] = owner;
  }

private:
  /// Makes a range start at `at`.
  void split(int64_t at) {
    auto after = starts.upper_bound(at);
    int owner = after == starts.begin() ? -1 : std::prev(after)->second;
    starts.insert({at, owner});
  }

  std::map<int64_t, int> starts;
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_OWNERMAP_H
