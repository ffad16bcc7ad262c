//===- CommandLine.cpp - What swapc and swapc run share ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;
using namespace swapc;

constexpr unsigned kMaxThreads = 1024;

int usageError(const Twine &message, const char *command) {
  errs() << "swapc: error: " << message << "\nTry '" << command << "'.\n";
  return kExitUsage;
}

/// What the option parser says, without the program's name and its advice.
static std::string getFirstMessage(StringRef messages) {
  StringRef line = messages.split('\n').first;
  if (!line.consume_front("swapc: "))
    line.consume_front("swapc run: ");
  return line.split("  Try: ").first.rtrim(".").str();
}

int parseCommandLine(int argc, char **argv, const char *overview,
                     const char *command) {
  std::string messages;
  raw_string_ostream stream(messages);
  if (cl::ParseCommandLineOptions(argc, argv, overview, &stream))
    return 0;
  if (!messages.empty())
    return usageError(getFirstMessage(messages), command);
  errs() << "Try '" << command << "'.\n"; // A missing value is said already.
  return kExitUsage;
}

CommonOptions::CommonOptions(cl::OptionCategory &category, const char *threads,
                             const char *cudaArchs, const char *cudaPath,
                             const char *runtimeDir)
    : threads("threads", cl::value_desc("N"), cl::cat(category),
              cl::desc(threads)),
      mcpu("mcpu", cl::value_desc("cpu"), cl::cat(category),
           cl::desc("processor (default: x86-64-v3; native: this one)")),
      mattr("mattr", cl::CommaSeparated, cl::value_desc("+f,-g"),
            cl::cat(category),
            cl::desc("features to add to the processor's or to leave out")),
      conv("conv", cl::init("auto"), cl::value_desc("KIND"), cl::cat(category),
           cl::desc("auto (default): 3x3 convolutions with fewer products, by "
                    "Winograd's algorithm, where that is faster; direct: all "
                    "tap by tap")),
      cudaArchs("cuda-arch", cl::CommaSeparated,
                cl::value_desc("sm_NN[,sm_NN...]"), cl::cat(category),
                cl::desc(cudaArchs)),
      cudaPath("cuda-path", cl::value_desc("DIR"), cl::cat(category),
               cl::desc(cudaPath)),
      linkerDriver("linker-driver", cl::value_desc("PATH"), cl::cat(category),
                   cl::desc("compiler that links (default: clang-22, then "
                            "cc)")),
      runtimeDir("runtime-dir", cl::value_desc("DIR"), cl::cat(category),
                 cl::desc(runtimeDir)),
      cache("cache", cl::value_desc("DIR|off"), cl::cat(category),
            cl::desc("folder that keeps compiled kernels for later runs of "
                     "swapc (default: $SWAPC_CACHE_DIR, else swapc in "
                     "$XDG_CACHE_HOME or ~/.cache), of $SWAPC_CACHE_SIZE at "
                     "most (1GiB)")),
      quiet("quiet", cl::cat(category),
            cl::desc("print errors and warnings only")) {}

int CommonOptions::read(CompileOptions &options, const char *program,
                        const char *command) const {
  if (threads.getNumOccurrences() &&
      (StringRef(threads).getAsInteger(10, options.threads) ||
       options.threads == 0 || options.threads > kMaxThreads))
    return usageError("--threads: '" + threads +
                          "' is not a number from 1 to " + Twine(kMaxThreads),
                      command);
  if (conv != "auto" && conv != "direct")
    return usageError("--conv: '" + conv + "' is not auto or direct", command);
  options.directConvolutions = conv == "direct";
  Expected<CacheOptions> cacheOptions = getDefaultCache();
  if (!cacheOptions)
    return usageError(toString(cacheOptions.takeError()), command);
  options.cache = *cacheOptions;
  if (cache.getNumOccurrences()) {
    if (cache.empty())
      return usageError("--cache: no folder given; off: nothing is kept",
                        command);
    options.cache.isNamed = true;
    options.cache.folder = cache == "off" ? "" : cache.c_str();
  }
  options.cpu = mcpu;
  options.features = join(mattr, ",");
  options.linkerDriver = linkerDriver;
  options.runtimeDir = runtimeDir;
  options.executable = sys::fs::getMainExecutable(
      program, reinterpret_cast<void *>(&usageError));
  return 0;
}

int CommonOptions::readCuda(CompileOptions &options,
                            const char *command) const {
  std::string archs = kDefaultCudaArchs.str();
  if (cudaArchs.getNumOccurrences())
    archs = join(cudaArchs, ",");
  if (archs == "native") {
    Expected<std::string> native = getNativeCudaArchs();
    if (!native)
      return usageError("--cuda-arch: " + toString(native.takeError()),
                        command);
    archs = *native;
  }
  Expected<CudaTarget> target = parseCudaTarget(archs);
  if (!target)
    return usageError("--cuda-arch: " + toString(target.takeError()), command);
  options.device = Device::Cuda;
  options.cuda = *target;
  options.cudaPath = cudaPath;
  return 0;
}
