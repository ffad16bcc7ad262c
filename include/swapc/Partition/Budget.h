//===- Budget.h - Memory budgets as people write them -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_BUDGET_H
#define SWAPC_PARTITION_BUDGET_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace swapc {

/// Bytes of "96MiB", "1.5GiB", "64KiB" or "4096".
llvm::Expected<int64_t> parseSize(llvm::StringRef text);

/// "27.4 MiB", for messages.
std::string formatSize(int64_t bytes);

/// A budget: bytes, a share of what the model needs without swapping (and all
/// of the overhead), the smallest feasible one, enough for everything, or many
/// from that to this, of which a pool of several models takes one.
struct BudgetSpec {
  enum class Kind { Bytes, Percent, Min, Max, Ladder };
  Kind kind = Kind::Max;
  int64_t bytes = 0;
  double percent = 0;
  /// Weights are read where the blob lies, and the budget is of the rest: Max
  /// is what that takes at full speed.
  bool isMapped = false;

  /// Reads one size as the command line takes it: `96MiB`, `40%`, `min`, `max`,
  /// `ladder`, `mapped`, `mapped:64KiB`, `mapped:min`.
  static llvm::Expected<BudgetSpec> parse(llvm::StringRef text);

  /// Bytes for a model that needs `modelBytes` without swapping and can run in
  /// `minBytes`. Both count `overheadBytes`, which no budget can save. Of a
  /// ladder, those of the highest rung.
  int64_t resolve(int64_t modelBytes, int64_t minBytes,
                  int64_t overheadBytes = 0) const;
};

/// The other way: which percentage `budget` is.
inline double getPercent(int64_t budget, int64_t modelBytes,
                         int64_t overheadBytes) {
  return 100.0 * (budget - overheadBytes) / (modelBytes - overheadBytes);
}

} // namespace swapc

#endif // SWAPC_PARTITION_BUDGET_H
