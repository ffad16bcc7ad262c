//===- Device.cpp - Device, modules and launches ----------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "Engine.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <map>

struct cu_function_object {
  swap_fake_kernel kernel;
  const void *module;
  unsigned sharedBytes = 48u << 10;
};

struct cu_module_object {
  std::map<std::string, std::unique_ptr<cu_function_object>> functions;
};

namespace fakecuda {

static std::map<std::string, swap_fake_kernel> kernels;

void forgetKernels() { kernels.clear(); }

static swap_fake_kernel findKernel(const char *name) {
  auto found = kernels.find(name);
  if (found != kernels.end())
    return found->second;
  static void *library = [] {
    const char *path = getenv("SWAP_FAKE_CUDA_KERNELS");
    void *opened = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (path && !opened)
      fprintf(stderr, "fake libcuda: %s\n", dlerror());
    return opened;
  }();
  void *symbol = library
                     ? dlsym(library, (std::string(name) + "_emulated").c_str())
                     : nullptr;
  swap_fake_kernel kernel = nullptr;
  memcpy(&kernel, &symbol, sizeof symbol);
  return kernel;
}

static void readEnvironment() {
  if (const char *arch = getenv("SWAP_FAKE_CUDA_ARCH"))
    config.arch = atoi(arch);
  if (const char *bytes = getenv("SWAP_FAKE_CUDA_MEMORY"))
    config.memory_bytes = strtoull(bytes, nullptr, 10);
  if (const char *integrated = getenv("SWAP_FAKE_CUDA_INTEGRATED"))
    config.integrated = atoi(integrated);
  if (const char *number = getenv("SWAP_FAKE_CUDA_FAIL"))
    config.fail_at = atoi(number);
  const char *order = getenv("SWAP_FAKE_CUDA_ORDER");
  if (!order)
    return;
  const std::string name = order;
  config.order = name == "fifo"     ? SWAP_FAKE_FIFO
                 : name == "lazy"   ? SWAP_FAKE_LAZY
                 : name == "copies" ? SWAP_FAKE_COPIES
                 : name == "prompt" ? SWAP_FAKE_PROMPT
                                    : SWAP_FAKE_RANDOM;
  config.seed = static_cast<uint32_t>(strtoul(order, nullptr, 10));
  forgetPending();
}

} // namespace fakecuda

using namespace fakecuda;

#define ENTER()                                                                \
  std::lock_guard<std::recursive_mutex> guard(mutex);                          \
  if (const cu_result failed = enter())                                        \
  return failed

void swap_fake_register_kernel(const char *name, swap_fake_kernel kernel) {
  kernels[name] = kernel;
}

extern "C" {

cu_result cuInit(unsigned) {
  readEnvironment();
  ENTER();
  return CU_OK;
}

cu_result cuDriverGetVersion(int *version) {
  ENTER();
  *version = config.driver_version;
  return CU_OK;
}

cu_result cuDeviceGetCount(int *count) {
  ENTER();
  *count = config.devices;
  return CU_OK;
}

cu_result cuDeviceGet(cu_device *device, int number) {
  ENTER();
  *device = number;
  return number >= 0 && number < config.devices ? CU_OK : 101;
}

cu_result cuDeviceGetName(char *name, int size, cu_device) {
  ENTER();
  snprintf(name, static_cast<size_t>(size), "Fake GPU");
  return CU_OK;
}

cu_result cuDeviceGetAttribute(int *value, int attribute, cu_device) {
  ENTER();
  switch (attribute) {
  case CU_ATTRIBUTE_CLOCK_KHZ:
    *value = 1000000;
    return CU_OK;
  case CU_ATTRIBUTE_MULTIPROCESSORS:
    *value = 10;
    return CU_OK;
  case CU_ATTRIBUTE_MEMORY_CLOCK_KHZ:
    *value = 2000000;
    return CU_OK;
  case CU_ATTRIBUTE_MEMORY_BITS:
    *value = 1024;
    return CU_OK;
  case CU_ATTRIBUTE_INTEGRATED:
    *value = config.integrated;
    return CU_OK;
  case CU_ATTRIBUTE_MAJOR:
    *value = config.arch / 10;
    return CU_OK;
  case CU_ATTRIBUTE_MINOR:
    *value = config.arch % 10;
    return CU_OK;
  case CU_ATTRIBUTE_READ_ONLY_REGISTER:
    *value = config.registering == SWAP_FAKE_REGISTER_READ_ONLY;
    return CU_OK;
  default:
    return CU_INVALID_VALUE;
  }
}

cu_result cuDevicePrimaryCtxRetain(cu_context *context, cu_device) {
  ENTER();
  static char object;
  *context = reinterpret_cast<cu_context>(&object);
  state.live += 1;
  return CU_OK;
}

cu_result cuDevicePrimaryCtxRelease_v2(cu_device) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  state.live -= 1;
  return CU_OK;
}

static thread_local int pushed;

cu_result cuCtxPushCurrent_v2(cu_context) {
  ENTER();
  pushed += 1;
  return CU_OK;
}

cu_result cuCtxPopCurrent_v2(cu_context *) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  if (!pushed) {
    state.violations += 1;
    return CU_INVALID_VALUE;
  }
  pushed -= 1;
  return CU_OK;
}

cu_result cuCtxSynchronize(void) {
  ENTER();
  state.synchronizations += 1;
  runAll();
  return CU_OK;
}

cu_result cuGetErrorString(cu_result error, const char **text) {
  *text = error == CU_OUT_OF_MEMORY ? "out of memory"
          : error == 999            ? "unknown error"
                                    : "some error of the driver";
  return CU_OK;
}

cu_result cuModuleLoadData(cu_module *module, const void *) {
  ENTER();
  *module = new cu_module_object;
  state.live += 1;
  state.allocations += 1;
  state.device_bytes += config.code_bytes;
  return CU_OK;
}

cu_result cuModuleUnload(cu_module module) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  if (isNeeded(module))
    state.violations += 1;
  delete module;
  state.live -= 1;
  state.device_bytes -= config.code_bytes;
  return CU_OK;
}

cu_result cuModuleGetFunction(cu_function *function, cu_module module,
                              const char *name) {
  ENTER();
  const swap_fake_kernel kernel = findKernel(name);
  if (!kernel)
    return CU_NOT_FOUND;
  auto &entry = module->functions[name];
  if (!entry)
    entry.reset(new cu_function_object{kernel, module});
  *function = entry.get();
  return CU_OK;
}

cu_result cuFuncSetAttribute(cu_function function, int attribute, int value) {
  ENTER();
  if (attribute != CU_FUNCTION_DYNAMIC_SHARED || value > 227 << 10)
    return CU_INVALID_VALUE;
  function->sharedBytes = static_cast<unsigned>(value);
  return CU_OK;
}

cu_result cuLaunchKernel(cu_function function, unsigned gridX, unsigned gridY,
                         unsigned gridZ, unsigned threads, unsigned threadsY,
                         unsigned threadsZ, unsigned sharedBytes,
                         cu_stream stream, void **kernelParams, void **extra) {
  ENTER();
  if (!gridX || !gridY || gridZ != 1 || !threads || threads > 1024 ||
      threadsY != 1 || threadsZ != 1 || sharedBytes > function->sharedBytes ||
      kernelParams || !extra || extra[0] != CU_PARAMETERS ||
      extra[2] != CU_PARAMETERS_SIZE || extra[4] != CU_PARAMETERS_END)
    return CU_INVALID_VALUE;
  const size_t size = *static_cast<const size_t *>(extra[3]);
  std::vector<uint64_t> params((size + 7) / 8);
  memcpy(params.data(), extra[1], size);
  state.kernel_launches += 1;
  const swap_fake_kernel kernel = function->kernel;
  Work work;
  for (uint64_t word : params) // any of them may be an address
    work.ranges.push_back({word, 1});
  work.module = function->module;
  work.work = [=] {
    kernel(params.data(), gridX, gridY, threads, sharedBytes);
  };
  enqueue(stream, std::move(work));
  return CU_OK;
}

} // extern "C"
