//===- SetFile.h - Tasks of several models in one program -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SET.yaml, as docs/several-networks.md describes it. Times are nanoseconds.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TARGET_SETFILE_H
#define SWAPC_TARGET_SETFILE_H

#include "swap/set.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <utility>
#include <vector>

namespace swapc {

/// A model as it is compiled once. Paths are those of the file, joined with its
/// folder.
struct SetModel {
  std::string path;
  std::vector<std::string> profiles;
  std::vector<std::pair<std::string, int64_t>> dims; ///< Sorted by name.
  unsigned line = 0; ///< Of the first task that has it.

  bool operator==(const SetModel &other) const {
    return path == other.path && profiles == other.profiles &&
           dims == other.dims;
  }
};

struct SetTask {
  std::string name;
  size_t model = 0; ///< Index into SetFile::models.
  uint64_t period = 0, deadline = 0, phase = 0, jitter = 0;
  swap_arrivals arrivals = SWAP_ARRIVE_PERIODIC;
  uint32_t priority = 0;
  uint32_t depth = 0;
  bool starts = true;
  std::vector<std::pair<std::string, std::string>> inputs; ///< Absolute paths.
};

struct SetEvent {
  uint64_t at = 0;
  swap_set_event_kind kind = SWAP_SET_BUDGET;
  uint32_t task = 0; ///< Index into SetFile::tasks.
  uint64_t value = 0;
  std::string text;
};

struct SetFile {
  std::string path, name;
  std::string budget = "max";
  uint64_t duration = 0;
  bool isCuda = false; ///< Whether a GPU runs the models.
  uint32_t threads = 0, lanes = 0;
  uint32_t io = 0;              ///< swap_posix_io
  std::vector<SetModel> models; ///< In the order of first use.
  std::vector<SetTask> tasks;
  std::vector<SetEvent> events; ///< In ascending order of time.

  /// Reads `text`, the contents of the file at `path`. Errors are
  /// "path:line: what is wrong and what to do". Whether other files are there
  /// is not looked at.
  static llvm::Expected<SetFile> parse(llvm::StringRef text,
                                       llvm::StringRef path);
  /// Reads a file, and sees that models, profiles and inputs are there.
  static llvm::Expected<SetFile> load(llvm::StringRef path);
};

/// Nanoseconds of "800ms", "1.5s", "20us".
llvm::Expected<uint64_t> parseTime(llvm::StringRef text);

/// The number of a way to read weights, of those that a set has.
llvm::Expected<uint32_t> parseSetIo(llvm::StringRef text);

/// Whether `text` is a budget of a set: a size, a share, min or max.
llvm::Error checkSetBudget(llvm::StringRef text);

/// "1.5 s", for messages.
std::string formatTime(uint64_t nanoseconds);

} // namespace swapc

#endif // SWAPC_TARGET_SETFILE_H
