//===- Profile.h - What was measured of a machine ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device profile is a YAML file that `swap-profile` or a program's --profile
// wrote on the target; docs/profile.md describes it. Everything in it is
// optional: the cost model falls back to estimates.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_PROFILE_H
#define SWAPC_PARTITION_PROFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace swapc {

/// Reads of one size.
struct ProfileRead {
  int64_t bytes = 0;
  double bytesPerSecond = 0; ///< several under way
  double latencyUs = 0;      ///< of one alone, to its end
  double startUs = 5;        ///< of the processor, to start one
};

struct ProfileStorage {
  std::string path, io;
  /// What compute loses for each GiB that comes in beside it.
  double computeSecondsPerGiB = 0;
  /// How much later than its share of the rate a read may come, and how many
  /// times as long all may take; what the device promises where missing.
  std::optional<double> lateUs, caution;
  /// At which kernels read it where it lies; 0: they cannot.
  std::optional<double> inPlaceBytesPerSecond;
  /// Nothing is computed while it is read.
  bool isBlocking = false;
  std::vector<ProfileRead> reads; ///< in ascending order of size
};

struct ProfileProcessor {
  unsigned threads = 0;
  double flopsPerSecond = 0, bytesPerSecond = 0;
  double callUs = 0; ///< of each kernel call, beside its tiles
  int64_t blocks = 0; ///< of a GPU, that run side by side; 0: not known
};

/// The whole grid of one kernel of one model.
struct ProfileKernel {
  std::string model, kernel;
  unsigned threads = 0;
  int64_t tiles = 0; ///< of the grid: another number is another kernel
  double calls = 1;  ///< that the grid was cut into when measured
  double seconds = 0;
};

class DeviceProfile {
public:
  /// Reads `paths`, the parts of later files in the place of earlier ones'.
  static llvm::Expected<DeviceProfile> load(llvm::ArrayRef<std::string> paths);
  /// Adds the text of a file; `name` is for messages.
  llvm::Error parse(llvm::StringRef text, llvm::StringRef name);

  const std::string &getMachine() const { return machine; }
  /// Null where no file has a storage.
  const ProfileStorage *getStorage() const {
    return storage.reads.empty() ? nullptr : &storage;
  }
  /// Null where nothing was measured with this many threads.
  const ProfileProcessor *getProcessor(unsigned threads) const;
  /// Whether any kernel of a model was measured.
  bool hasModel(llvm::StringRef model) const;
  const ProfileKernel *getKernel(llvm::StringRef model, llvm::StringRef kernel,
                                 unsigned threads, int64_t tiles) const;

private:
  std::string machine;
  ProfileStorage storage;
  std::vector<ProfileProcessor> processors;
  llvm::StringMap<ProfileKernel> kernels; ///< by model, kernel and threads
};

} // namespace swapc

#endif // SWAPC_PARTITION_PROFILE_H
