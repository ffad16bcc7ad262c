//===- NativeArchs.cpp - The GPUs of this machine ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CUDA/CudaTarget.h"

#include "llvm/ADT/Twine.h"

#include <dlfcn.h>

using namespace swapc;

// Of CUresult and CUdevice_attribute.
static constexpr int kSuccess = 0, kMajor = 75, kMinor = 76;

llvm::Expected<std::string> swapc::getNativeCudaArchs() {
  auto fail = [](const llvm::Twine &reason) {
    return llvm::createStringError("native: " + reason +
                                   "; name an architecture, such as sm_90");
  };
  void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!driver)
    return fail("no NVIDIA driver here");
  auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  auto count =
      reinterpret_cast<int (*)(int *)>(dlsym(driver, "cuDeviceGetCount"));
  auto attribute = reinterpret_cast<int (*)(int *, int, int)>(
      dlsym(driver, "cuDeviceGetAttribute"));
  int devices = 0;
  if (!init || !count || !attribute || init(0) != kSuccess ||
      count(&devices) != kSuccess || devices == 0)
    return fail("the NVIDIA driver finds no GPU");
  std::string archs;
  for (int device = 0; device < devices; ++device) {
    int major = 0, minor = 0;
    if (attribute(&major, kMajor, device) != kSuccess ||
        attribute(&minor, kMinor, device) != kSuccess)
      return fail("the NVIDIA driver does not describe GPU " +
                  llvm::Twine(device));
    archs +=
        (archs.empty() ? "sm_" : ",sm_") + std::to_string(major * 10 + minor);
  }
  return archs;
}
