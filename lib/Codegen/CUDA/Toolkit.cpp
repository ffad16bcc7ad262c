//===- Toolkit.cpp - Where the CUDA toolkit is ------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CUDA/Nvrtc.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

#include <dlfcn.h>

using namespace llvm;
using namespace swapc;

/// Newest first; the last is whatever version was installed for developers.
static constexpr StringLiteral kNames[] = {"libnvrtc.so.13", "libnvrtc.so.12",
                                           "libnvrtc.so"};

/// Folders of libraries in a toolkit.
static constexpr StringLiteral kFolders[] = {"lib64", "lib"};

static std::string findIn(StringRef toolkit) {
  for (StringRef name : kNames)
    for (StringRef folder : kFolders) {
      SmallString<256> path(toolkit);
      sys::path::append(path, folder, name);
      if (sys::fs::exists(path))
        return path.str().str();
    }
  return "";
}

/// The toolkit that nvcc in PATH is of, or "".
static std::string findByNvcc() {
  ErrorOr<std::string> nvcc = sys::findProgramByName("nvcc");
  SmallString<256> real;
  if (!nvcc || sys::fs::real_path(*nvcc, real))
    return "";
  return sys::path::parent_path(sys::path::parent_path(real)).str();
}

Expected<std::string> swapc::findNvrtc(StringRef folder) {
  if (!folder.empty()) {
    std::string path = findIn(folder);
    if (!path.empty())
      return path;
    return createStringError("no CUDA toolkit at " + folder +
                             ": libnvrtc.so is neither in its lib64 nor its "
                             "lib folder");
  }
  SmallVector<std::string, 4> looked;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (std::optional<std::string> value = sys::Process::GetEnv(variable);
        value && !value->empty())
      looked.push_back(*value);
  if (std::string toolkit = findByNvcc(); !toolkit.empty())
    looked.push_back(toolkit);
  looked.push_back("/usr/local/cuda");
  for (const std::string &toolkit : looked)
    if (std::string path = findIn(toolkit); !path.empty())
      return path;
  for (StringRef name : kNames)
    if (void *library = dlopen(name.data(), RTLD_NOW | RTLD_LOCAL)) {
      dlclose(library);
      return name.str();
    }
  return createStringError(
      "the CUDA toolkit is missing: no libnvrtc.so in " + join(looked, ", ") +
      " or among the system's libraries; install CUDA 12 or newer, or say "
      "where it is with --cuda-path or CUDA_HOME");
}
