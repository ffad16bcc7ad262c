//===- Profile.cpp - Reading device profiles --------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Profile.h"

#include "swapc/Support/YamlFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"

#include <cmath>

using namespace swapc;
using namespace llvm;

constexpr unsigned kVersion = 1;
constexpr int64_t kMostBytes = int64_t(1) << 40;
constexpr unsigned kMostThreads = 4096;
constexpr int64_t kMostBlocks = 65536;

namespace {
/// A file as it stands.
struct ProfileFile {
  unsigned version = 0;
  std::string machine;
  ProfileStorage storage;
  std::vector<ProfileProcessor> processors;
  std::vector<ProfileKernel> kernels;
};

/// Beyond these, sums over a model would not be finite, or not numbers at all.
bool isRate(double value) { return value >= 1 && value <= 1e21; }
bool isTime(double value) { return value >= 0 && value <= 1e12; }
} // namespace

LLVM_YAML_IS_SEQUENCE_VECTOR(ProfileRead)
LLVM_YAML_IS_SEQUENCE_VECTOR(ProfileProcessor)
LLVM_YAML_IS_SEQUENCE_VECTOR(ProfileKernel)

namespace llvm::yaml {

template <> struct MappingTraits<ProfileRead> {
  static void mapping(IO &io, ProfileRead &read) {
    io.mapRequired("bytes", read.bytes);
    io.mapRequired("bytes-per-second", read.bytesPerSecond);
    io.mapRequired("latency-us", read.latencyUs);
    io.mapOptional("start-us", read.startUs);
  }
  static std::string validate(IO &, ProfileRead &read) {
    if (read.bytes < 1 || read.bytes > kMostBytes)
      return "bytes must be from 1 to 2^40";
    if (!isRate(read.bytesPerSecond))
      return "bytes-per-second must be from 1 to 1e21";
    if (!isTime(read.latencyUs) || !isTime(read.startUs))
      return "latency-us and start-us must be from 0 to 1e12";
    return "";
  }
};

template <> struct MappingTraits<ProfileStorage> {
  static void mapping(IO &io, ProfileStorage &storage) {
    io.mapOptional("path", storage.path);
    io.mapOptional("io", storage.io);
    io.mapOptional("compute-seconds-per-gib", storage.computeSecondsPerGiB);
    io.mapOptional("late-us", storage.lateUs);
    io.mapOptional("caution", storage.caution);
    io.mapOptional("in-place-bytes-per-second", storage.inPlaceBytesPerSecond);
    io.mapOptional("blocking", storage.isBlocking);
    io.mapRequired("reads", storage.reads);
  }
  static std::string validate(IO &, ProfileStorage &storage) {
    if (!isTime(storage.computeSecondsPerGiB))
      return "compute-seconds-per-gib must be 0 or more";
    if (!isTime(storage.lateUs.value_or(0)))
      return "late-us must be from 0 to 1e12";
    double caution = storage.caution.value_or(1);
    if (!(caution >= 1 && caution <= 100))
      return "caution must be from 1 to 100";
    double inPlace = storage.inPlaceBytesPerSecond.value_or(0);
    if (inPlace != 0 && !isRate(inPlace))
      return "in-place-bytes-per-second must be 0, or from 1 to 1e21";
    if (storage.reads.empty())
      return "reads must have an entry";
    for (size_t i = 1; i < storage.reads.size(); ++i)
      if (storage.reads[i - 1].bytes >= storage.reads[i].bytes)
        return "reads must be in ascending order of bytes";
    return "";
  }
};

template <> struct MappingTraits<ProfileProcessor> {
  static void mapping(IO &io, ProfileProcessor &processor) {
    io.mapRequired("threads", processor.threads);
    io.mapRequired("flops-per-second", processor.flopsPerSecond);
    io.mapRequired("bytes-per-second", processor.bytesPerSecond);
    io.mapOptional("call-us", processor.callUs);
    io.mapOptional("blocks", processor.blocks);
  }
  static std::string validate(IO &, ProfileProcessor &processor) {
    if (processor.threads < 1 || processor.threads > kMostThreads)
      return "threads must be from 1 to 4096";
    if (!isRate(processor.flopsPerSecond) || !isRate(processor.bytesPerSecond))
      return "flops-per-second and bytes-per-second must be from 1 to 1e21";
    if (processor.blocks < 0 || processor.blocks > kMostBlocks)
      return "blocks must be from 0 to 65536";
    return isTime(processor.callUs) ? "" : "call-us must be 0 or more";
  }
};

template <> struct MappingTraits<ProfileKernel> {
  static void mapping(IO &io, ProfileKernel &kernel) {
    io.mapRequired("model", kernel.model);
    io.mapRequired("kernel", kernel.kernel);
    io.mapRequired("threads", kernel.threads);
    io.mapRequired("tiles", kernel.tiles);
    io.mapOptional("calls", kernel.calls);
    io.mapRequired("seconds", kernel.seconds);
  }
  static std::string validate(IO &, ProfileKernel &kernel) {
    if (kernel.threads < 1 || kernel.threads > kMostThreads)
      return "threads must be from 1 to 4096";
    if (kernel.tiles < 1)
      return "tiles must be 1 or more";
    if (!isRate(kernel.calls) || !isTime(kernel.seconds))
      return "calls must be above 0, seconds 0 or more";
    return "";
  }
};

template <> struct MappingTraits<ProfileFile> {
  static void mapping(IO &io, ProfileFile &file) {
    io.mapRequired("swapc-profile", file.version);
    io.mapOptional("machine", file.machine);
    io.mapOptional("storage", file.storage);
    io.mapOptional("processors", file.processors);
    io.mapOptional("kernels", file.kernels);
  }
  static std::string validate(IO &, ProfileFile &file) {
    return file.version == kVersion
               ? ""
               : "version " + std::to_string(file.version) +
                     " of the format is not known; this compiler reads " +
                     std::to_string(kVersion);
  }
};

} // namespace llvm::yaml

/// Keeps the first error, as "file:line: what".
static void takeMessage(const SMDiagnostic &diagnostic, void *context) {
  auto &message = *static_cast<std::string *>(context);
  if (!message.empty())
    return;
  message = (diagnostic.getFilename() + ":" + Twine(diagnostic.getLineNo()) +
             ": " + diagnostic.getMessage())
                .str();
}

static std::string getKey(StringRef model, StringRef kernel, unsigned threads) {
  return (model + "\n" + kernel + "\n" + Twine(threads)).str();
}

Error DeviceProfile::parse(StringRef text, StringRef name) {
  if (!saysInYaml(text, "swapc-profile"))
    return createStringError(name + ": not a device profile: the key "
                                    "'swapc-profile' is missing");
  std::string message;
  ProfileFile file;
  yaml::Input input(MemoryBufferRef(text, name), nullptr, takeMessage,
                    &message);
  input >> file;
  if (input.error() || !message.empty())
    return createStringError(
        message.empty() ? name.str() + ": not a device profile" : message);
  if (!file.machine.empty())
    machine = file.machine;
  if (!file.storage.reads.empty())
    storage = std::move(file.storage);
  for (ProfileProcessor &processor : file.processors) {
    erase_if(processors, [&](const ProfileProcessor &other) {
      return other.threads == processor.threads;
    });
    processors.push_back(processor);
  }
  for (ProfileKernel &kernel : file.kernels)
    kernels[getKey(kernel.model, kernel.kernel, kernel.threads)] = kernel;
  return Error::success();
}

Expected<DeviceProfile> DeviceProfile::load(ArrayRef<std::string> paths) {
  DeviceProfile profile;
  for (const std::string &path : paths) {
    Expected<std::unique_ptr<MemoryBuffer>> buffer = readRegularFile(path);
    if (!buffer)
      return buffer.takeError();
    if (Error error = profile.parse((*buffer)->getBuffer(), path))
      return error;
  }
  return profile;
}

const ProfileProcessor *DeviceProfile::getProcessor(unsigned threads) const {
  for (const ProfileProcessor &processor : processors)
    if (processor.threads == threads)
      return &processor;
  return nullptr;
}

bool DeviceProfile::hasModel(StringRef model) const {
  return any_of(kernels,
                [&](const auto &entry) { return entry.second.model == model; });
}

const ProfileKernel *DeviceProfile::getKernel(StringRef model, StringRef kernel,
                                              unsigned threads,
                                              int64_t tiles) const {
  auto found = kernels.find(getKey(model, kernel, threads));
  if (found == kernels.end() || found->second.tiles != tiles)
    return nullptr;
  return &found->second;
}
