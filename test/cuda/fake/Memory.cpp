//===- Memory.cpp - Memory of the fake GPU ----------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "Engine.h"

#include <cstring>
#include <map>
#include <sys/mman.h>

namespace fakecuda {
namespace {

constexpr unsigned char kPoison = 0xCB;

/// Host address and device address; the same where there is only one.
struct Range {
  uintptr_t host, device;
  size_t bytes;
  bool isDevice, isRegistered;
};
std::map<uintptr_t, Range> ranges; // by host address

uintptr_t toAddress(const void *p) { return reinterpret_cast<uintptr_t>(p); }
void *toPointer(uintptr_t p) { return reinterpret_cast<void *>(p); }

bool contains(uintptr_t start, size_t size, uintptr_t at, size_t bytes) {
  return at >= start && at - start <= size && bytes <= size - (at - start);
}

/// A second mapping of shared memory; null for private memory.
uintptr_t makeAlias(uintptr_t host, size_t bytes) {
  const uintptr_t first = host & ~static_cast<uintptr_t>(4095);
  void *alias =
      mremap(toPointer(first), 0, bytes + (host - first), MREMAP_MAYMOVE);
  return alias == MAP_FAILED ? 0 : toAddress(alias) + (host - first);
}

void dropAlias(const Range &range) {
  if (range.device == range.host)
    return;
  const uintptr_t first = range.device & ~static_cast<uintptr_t>(4095);
  munmap(toPointer(first), range.bytes + (range.device - first));
}

/// Memory must not go while work is to use it.
void checkIdle(const Range &range) {
  if (!isNeeded(range.host, range.bytes) &&
      !isNeeded(range.device, range.bytes))
    return;
  state.violations += 1;
  runAll();
}

cu_result take(size_t bytes, bool isDevice, Range &range) {
  void *memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
           (isDevice ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return CU_OUT_OF_MEMORY;
  memset(memory, kPoison, bytes);
  const uintptr_t host = toAddress(memory);
  const uintptr_t alias = isDevice ? host : makeAlias(host, bytes);
  range = {host, alias ? alias : host, bytes, isDevice, false};
  ranges[host] = range;
  state.live += 1;
  state.allocations += 1;
  return CU_OK;
}

cu_result drop(uintptr_t host, bool isDevice, bool isRegistered) {
  auto found = ranges.find(host);
  if (found == ranges.end() || found->second.isDevice != isDevice ||
      found->second.isRegistered != isRegistered) {
    state.violations += 1;
    return CU_INVALID_VALUE;
  }
  checkIdle(found->second);
  dropAlias(found->second);
  if (!isRegistered)
    munmap(toPointer(host), found->second.bytes);
  if (isDevice)
    state.device_bytes -= found->second.bytes;
  ranges.erase(found);
  state.live -= 1;
  return CU_OK;
}

} // namespace

bool isDeviceMemory(cu_address address, size_t bytes) {
  for (const auto &entry : ranges)
    if (contains(entry.second.device, entry.second.bytes,
                 static_cast<uintptr_t>(address), bytes))
      return true;
  return false;
}

bool isPinnedMemory(const void *pointer, size_t bytes) {
  for (const auto &entry : ranges)
    if (!entry.second.isDevice &&
        contains(entry.second.host, entry.second.bytes, toAddress(pointer),
                 bytes))
      return true;
  return false;
}

void forgetMemory() { ranges.clear(); }

} // namespace fakecuda

using namespace fakecuda;

/// All that the driver promises of small blocks of host memory.
static constexpr uintptr_t kHostAlign = 512;

#define ENTER()                                                                \
  std::lock_guard<std::recursive_mutex> guard(mutex);                          \
  if (const cu_result failed = enter())                                        \
  return failed

extern "C" {

cu_result cuMemGetInfo_v2(size_t *free, size_t *total) {
  ENTER();
  *total = config.memory_bytes;
  *free = config.memory_bytes - state.device_bytes;
  return CU_OK;
}

cu_result cuMemAlloc_v2(cu_address *address, size_t bytes) {
  ENTER();
  if (!bytes)
    return CU_INVALID_VALUE;
  if (bytes > config.memory_bytes - state.device_bytes)
    return CU_OUT_OF_MEMORY;
  Range range;
  const cu_result result = take(bytes, true, range);
  if (result == CU_OK) {
    *address = range.device;
    state.device_bytes += bytes;
  }
  return result;
}

cu_result cuMemFree_v2(cu_address address) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return drop(static_cast<uintptr_t>(address), true, false);
}

cu_result cuMemHostAlloc(void **pointer, size_t bytes, unsigned) {
  ENTER();
  if (!bytes)
    return CU_INVALID_VALUE;
  Range range;
  const cu_result result = take(bytes + kHostAlign, false, range);
  if (result == CU_OK)
    *pointer = toPointer(range.host + kHostAlign);
  return result;
}

cu_result cuMemFreeHost(void *pointer) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return drop(toAddress(pointer) - kHostAlign, false, false);
}

cu_result cuMemHostGetDevicePointer_v2(cu_address *address, void *pointer,
                                       unsigned flags) {
  ENTER();
  for (const auto &entry : ranges)
    if (!flags && !entry.second.isDevice &&
        contains(entry.second.host, entry.second.bytes, toAddress(pointer),
                 1)) {
      *address = entry.second.device + (toAddress(pointer) - entry.first);
      return CU_OK;
    }
  return CU_INVALID_VALUE;
}

cu_result cuMemHostRegister_v2(void *pointer, size_t bytes, unsigned flags) {
  ENTER();
  if (!bytes || config.registering == SWAP_FAKE_REGISTER_NONE ||
      ((flags & CU_HOST_READ_ONLY) &&
       config.registering == SWAP_FAKE_REGISTER_PRIVATE))
    return kNotSupported;
  const uintptr_t alias = makeAlias(toAddress(pointer), bytes);
  Range range = {toAddress(pointer), alias ? alias : toAddress(pointer), bytes,
                 false, true};
  if (alias && !(flags & CU_HOST_READ_ONLY)) { // a shared mapping
    dropAlias(range);
    return kNotSupported;
  }
  ranges[range.host] = range;
  state.live += 1;
  state.allocations += 1;
  return CU_OK;
}

cu_result cuMemHostUnregister(void *pointer) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return drop(toAddress(pointer), false, true);
}

static cu_result copy(cu_stream stream, void *to, const void *from,
                      size_t bytes, bool isLegal) {
  if (!isLegal) {
    state.violations += 1;
    return CU_INVALID_VALUE;
  }
  state.copies += 1;
  enqueue(stream, {[=] {
                     memcpy(to, from, bytes);
                     state.copied_bytes += bytes;
                   },
                   true,
                   {{toAddress(to), bytes}, {toAddress(from), bytes}}});
  return CU_OK;
}

cu_result cuMemcpyHtoDAsync_v2(cu_address to, const void *from, size_t bytes,
                               cu_stream stream) {
  ENTER();
  return copy(stream, toPointer(static_cast<uintptr_t>(to)), from, bytes,
              isDeviceMemory(to, bytes) && isPinnedMemory(from, bytes));
}

cu_result cuMemcpyDtoHAsync_v2(void *to, cu_address from, size_t bytes,
                               cu_stream stream) {
  ENTER();
  return copy(stream, to, toPointer(static_cast<uintptr_t>(from)), bytes,
              isDeviceMemory(from, bytes) && isPinnedMemory(to, bytes));
}

} // extern "C"
