//===- Progress.h - What a long phase shows on a terminal -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_SUPPORT_PROGRESS_H
#define SWAPC_SUPPORT_PROGRESS_H

#include "llvm/ADT/StringRef.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace swapc {

/// One line on standard error that shows how far a phase got, drawn only on a
/// terminal and only once a phase has taken a second. Calls may come from any
/// thread.
class Progress {
public:
  explicit Progress(bool enabled);
  ~Progress() { clear(); }

  void start(llvm::StringRef phase);
  void update(uint64_t done, uint64_t total);
  /// Takes the line away, so that a message can be printed.
  void clear();
  /// A line for each phase, and the process's peak of memory. The last one ends
  /// here.
  void printTimes(llvm::raw_ostream &os);

private:
  struct PhaseTime {
    std::string name;
    std::chrono::duration<double> elapsed, processor; ///< At its start.
  };

  std::mutex mutex;
  const bool enabled;
  std::string phase;
  std::vector<PhaseTime> times;
  std::chrono::steady_clock::time_point begin, drawn;
  bool visible = false;
};

/// "1.5 GiB", "96 MiB", "12 bytes".
std::string humanSize(uint64_t bytes);

} // namespace swapc

#endif // SWAPC_SUPPORT_PROGRESS_H
