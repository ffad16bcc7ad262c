//===- Nvrtc.cpp - CUDA C++ to machine code ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CUDA/Nvrtc.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <dlfcn.h>

using namespace llvm;
using namespace swapc;

/// The first version that knows `__grid_constant__` and all that is used here.
static constexpr int kOldestMajor = 12;

struct NvrtcProgram;

/// The functions of NVRTC that are called, as nvrtc.h declares them.
struct Nvrtc::Functions {
  using Program = NvrtcProgram *;
  void *library = nullptr;
  int (*version)(int *major, int *minor) = nullptr;
  int (*archCount)(int *count) = nullptr;
  int (*archs)(int *archs) = nullptr;
  int (*create)(Program *program, const char *source, const char *name,
                int headers, const char *const *texts,
                const char *const *names) = nullptr;
  int (*destroy)(Program *program) = nullptr;
  int (*compile)(Program program, int count,
                 const char *const *options) = nullptr;
  int (*logSize)(Program program, size_t *size) = nullptr;
  int (*log)(Program program, char *text) = nullptr;
  int (*cubinSize)(Program program, size_t *size) = nullptr;
  int (*cubin)(Program program, char *bytes) = nullptr;
  int (*ptxSize)(Program program, size_t *size) = nullptr;
  int (*ptx)(Program program, char *text) = nullptr;
  const char *(*errorString)(int status) = nullptr;

  template <typename T> bool find(T &function, const char *name) {
    function = reinterpret_cast<T>(dlsym(library, name));
    return function != nullptr;
  }
  bool findAll() {
    return find(version, "nvrtcVersion") &&
           find(archCount, "nvrtcGetNumSupportedArchs") &&
           find(archs, "nvrtcGetSupportedArchs") &&
           find(create, "nvrtcCreateProgram") &&
           find(destroy, "nvrtcDestroyProgram") &&
           find(compile, "nvrtcCompileProgram") &&
           find(logSize, "nvrtcGetProgramLogSize") &&
           find(log, "nvrtcGetProgramLog") &&
           find(cubinSize, "nvrtcGetCUBINSize") &&
           find(cubin, "nvrtcGetCUBIN") && find(ptxSize, "nvrtcGetPTXSize") &&
           find(ptx, "nvrtcGetPTX") && find(errorString, "nvrtcGetErrorString");
  }
};

Nvrtc::Nvrtc(std::string path, std::unique_ptr<Functions> functions)
    : path(std::move(path)), functions(std::move(functions)) {}

// The library stays: it has threads and handlers of its own.
Nvrtc::~Nvrtc() = default;

Expected<std::unique_ptr<Nvrtc>> Nvrtc::load(StringRef path) {
  auto functions = std::make_unique<Functions>();
  functions->library = dlopen(path.str().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!functions->library)
    return createStringError("cannot load " + path + ": " + dlerror());
  int major = 0, minor = 0;
  bool complete = functions->findAll();
  if (functions->version)
    functions->version(&major, &minor);
  if (!complete || major < kOldestMajor)
    return createStringError(path + " is of CUDA " + Twine(major) + "." +
                             Twine(minor) + ": CUDA " + Twine(kOldestMajor) +
                             " or newer is needed");
  return std::unique_ptr<Nvrtc>(new Nvrtc(path.str(), std::move(functions)));
}

Error Nvrtc::checkArchs(ArrayRef<unsigned> wanted) const {
  int count = 0;
  functions->archCount(&count);
  std::vector<int> known(count);
  functions->archs(known.data());
  for (unsigned arch : wanted) {
    if (is_contained(known, static_cast<int>(arch)))
      continue;
    int major = 0, minor = 0;
    functions->version(&major, &minor);
    std::string text;
    raw_string_ostream os(text);
    os << path << " of CUDA " << major << "." << minor
       << " cannot compile for sm_" << arch << "; it can for";
    for (int other : known)
      os << " sm_" << other;
    return createStringError(text);
  }
  return Error::success();
}

/// The kernel in whose text line `number` of a source is, or "".
static StringRef findKernel(StringRef source, unsigned number) {
  StringRef name;
  for (unsigned line = 0; line < number && !source.empty(); ++line) {
    auto [text, rest] = source.split('\n');
    source = rest;
    size_t arguments = text.find("(const __grid_constant__");
    if (arguments != StringRef::npos)
      name = text.take_front(arguments).rsplit(' ').second;
  }
  return name;
}

/// The first error of a log of NVRTC, "kernels.cu(12): error: ...".
static std::string describe(StringRef log, StringRef source) {
  SmallVector<StringRef> lines;
  log.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    if (!line.contains(": error"))
      continue;
    unsigned number = 0;
    StringRef place = line.split('(').second;
    place.consumeInteger(10, number);
    StringRef kernel = findKernel(source, number);
    return (kernel.empty() ? "" : "kernel '" + kernel.str() + "': ") +
           line.str();
  }
  return lines.empty() ? "" : lines.front().str();
}

template <typename Buffer>
static bool fetch(int (*size)(NvrtcProgram *, size_t *),
                  int (*get)(NvrtcProgram *, char *), NvrtcProgram *program,
                  Buffer &buffer) {
  size_t bytes = 0;
  if (size(program, &bytes))
    return false;
  buffer.resize(bytes);
  return get(program, buffer.data()) == 0;
}

Expected<CudaBinary> Nvrtc::compile(StringRef source, unsigned arch) const {
  const Functions &nvrtc = *functions;
  std::string text = source.str(), log;
  std::string option = "-arch=sm_" + std::to_string(arch);
  const char *options[] = {"--std=c++17", "-default-device", option.c_str()};
  NvrtcProgram *program = nullptr;
  int status =
      nvrtc.create(&program, text.c_str(), "kernels.cu", 0, nullptr, nullptr);
  if (status)
    return createStringError("NVRTC: " + Twine(nvrtc.errorString(status)));
  CudaBinary binary;
  status = nvrtc.compile(program, std::size(options), options);
  bool there = status == 0 &&
               fetch(nvrtc.cubinSize, nvrtc.cubin, program, binary.cubin) &&
               fetch(nvrtc.ptxSize, nvrtc.ptx, program, binary.ptx);
  if (!there)
    fetch(nvrtc.logSize, nvrtc.log, program, log);
  nvrtc.destroy(&program);
  if (!there)
    return createStringError(
        "internal error: NVRTC cannot compile for " +
        StringRef(option).substr(6) + ": " + describe(log.c_str(), text) +
        " (" + nvrtc.errorString(status) + "); --emit cuda prints the source");
  // Text that ends in one zero byte, which is not part of it.
  while (!binary.ptx.empty() && binary.ptx.back() == 0)
    binary.ptx.pop_back();
  return binary;
}
