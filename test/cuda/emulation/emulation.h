//===- emulation.h - CUDA of kernels for a host compiler --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included by intrinsics.cuh under SWAP_EMULATION. What the hardware leaves
// undefined shows: shared memory begins as NaNs, a copy arrives when it is
// waited for and not before, threads and blocks run in an order that
// SWAP_EMULATION_SEED changes, and a barrier that not all reach is an error.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_EMULATION_H
#define SWAP_EMULATION_H

#include "grid.h"

#include <algorithm>
#include <cmath>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __shared__ static thread_local
#define __constant__

#define threadIdx swap_emulation::here.thread
#define blockIdx swap_emulation::here.block
#define blockDim swap_emulation::here.threads
#define gridDim swap_emulation::here.grid

#define SWAP_DYNAMIC_SHARED(type, name)                                        \
  type *name = reinterpret_cast<type *>(swap_emulation::here.shared)

// Vectors, aligned as on the device.
#define SWAP_EMULATION_VECTORS(type, scalar, bytes)                            \
  struct alignas(2 * bytes) type##2 {                                          \
    scalar x, y;                                                               \
  };                                                                           \
  struct alignas(4 * bytes) type##4 {                                          \
    scalar x, y, z, w;                                                         \
  };                                                                           \
  static inline type##2 make_##type##2(scalar x, scalar y) { return {x, y}; }  \
  static inline type##4 make_##type##4(scalar x, scalar y, scalar z,           \
                                       scalar w) {                             \
    return {x, y, z, w};                                                       \
  }
SWAP_EMULATION_VECTORS(uint, unsigned, 4)
SWAP_EMULATION_VECTORS(int, int, 4)
SWAP_EMULATION_VECTORS(float, float, 4)
#undef SWAP_EMULATION_VECTORS

// Of CUDA's mathematical functions those that <cmath> lacks.
using std::max;
using std::min;
static inline float rsqrtf(float x) { return 1 / std::sqrt(x); }

static inline void swap_sync() {
  swap_emulation::here.worker->wait(swap_emulation::State::Barrier);
}

namespace swap_emulation {
/// All of the warp's threads give `value`, then each reads those it wants.
template <typename T> class WarpValues {
public:
  WarpValues(const char *call, T value) : call(call) {
    static_assert(sizeof(T) <= sizeof(Exchange::value[0][0]), "too large");
    memcpy(here.worker->getValue(getLane()), &value, sizeof(T));
    here.fiber->call = call;
    here.fiber->bytes = sizeof(T);
    here.worker->wait(State::Warp);
  }
  ~WarpValues() { ++here.fiber->calls; }
  WarpValues(const WarpValues &) = delete;

  T operator[](unsigned lane) const {
    if (lane >= kLanes || here.thread.x - getLane() + lane >= here.threads.x)
      fail("reads a lane that its warp does not have, in ", call);
    T value;
    memcpy(&value, here.worker->getValue(lane), sizeof(T));
    return value;
  }

  static unsigned getLane() { return here.thread.x % kLanes; }

private:
  const char *call;
};
} // namespace swap_emulation

static inline void swap_sync_warp() {
  swap_emulation::WarpValues<char>("swap_sync_warp", 0);
}
template <typename T> static inline T swap_shuffle_xor(T value, int mask) {
  return swap_emulation::WarpValues<T>(
      "swap_shuffle_xor", value)[(threadIdx.x % swap_emulation::kLanes) ^
                                 static_cast<unsigned>(mask)];
}
template <typename T> static inline T swap_shuffle(T value, int lane) {
  return swap_emulation::WarpValues<T>(
      "swap_shuffle",
      value)[static_cast<unsigned>(lane) % swap_emulation::kLanes];
}

static inline void swap_fence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

static inline unsigned swap_count(unsigned *counter, unsigned last) {
  unsigned before = __atomic_load_n(counter, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(counter, &before,
                                      before >= last ? 0 : before + 1, false,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    ;
  return before;
}

namespace swap_emulation {
template <unsigned Bytes>
static inline void copyToShared(void *shared, const void *device, bool valid) {
  if (reinterpret_cast<uintptr_t>(shared) % Bytes ||
      (valid && reinterpret_cast<uintptr_t>(device) % Bytes))
    fail("misaligned copy to shared memory");
  if (!here.worker->isShared(shared, Bytes))
    fail("copy to shared memory goes elsewhere");
  memset(shared, kPoison, Bytes);
  here.fiber->copies.push_back(
      {shared, valid ? device : nullptr, Bytes, here.fiber->group});
}

/// With a size that the compiler knows.
template <unsigned Bytes> static inline void arrive(const Copy &copy) {
  if (copy.from)
    memcpy(copy.to, copy.from, Bytes);
  else
    memset(copy.to, 0, Bytes);
}

static inline void waitForCopies(unsigned groups) {
  Fiber &fiber = *here.fiber;
  for (; fiber.arrived < fiber.copies.size(); ++fiber.arrived) {
    const Copy &copy = fiber.copies[fiber.arrived];
    if (copy.group + groups >= fiber.group)
      return;
    if (copy.bytes == 16)
      arrive<16>(copy);
    else
      arrive<4>(copy);
  }
  fiber.copies.clear();
  fiber.arrived = 0;
}
} // namespace swap_emulation

static inline void swap_copy16(void *shared, const void *device, bool valid) {
  swap_emulation::copyToShared<16>(shared, device, valid);
}
static inline void swap_copy4(void *shared, const void *device, bool valid) {
  swap_emulation::copyToShared<4>(shared, device, valid);
}
static inline void swap_copy_commit() { ++swap_emulation::here.fiber->group; }
template <int Groups> static inline void swap_copy_wait() {
  swap_emulation::waitForCopies(Groups);
}

static inline uint4 swap_load_once(const void *device) {
  if (reinterpret_cast<uintptr_t>(device) % 16)
    swap_emulation::fail("misaligned load of 16 bytes");
  uint4 value;
  memcpy(&value, device, 16);
  return value;
}

static inline unsigned swap_float_bits(float value) {
  unsigned bits;
  memcpy(&bits, &value, 4);
  return bits;
}
static inline float swap_bits_float(unsigned bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

#include "matrices.h"

/// Exports the grid of a kernel with one parameter of type `Args`.
#define SWAP_EMULATED_KERNEL(NAME, BOUND, ...)                                 \
  extern "C" __attribute__((visibility("default"))) void NAME##_emulated(      \
      const void *params, unsigned grid_x, unsigned grid_y, unsigned threads,  \
      unsigned shared_bytes) {                                                 \
    swap_emulation::Launch launch{                                             \
        #NAME,                                                                 \
        [](const void *params) {                                               \
          NAME(*static_cast<const __VA_ARGS__ *>(params));                     \
        },                                                                     \
        params,                                                                \
        {grid_x, grid_y, 1},                                                   \
        threads,                                                               \
        shared_bytes};                                                         \
    if (!grid_x || !grid_y || !threads || threads > BOUND) {                   \
      fprintf(stderr,                                                          \
              "emulated GPU: kernel %s launched with %u threads, grid (%u, "   \
              "%u); its bound is %u threads\n",                                \
              #NAME, threads, grid_x, grid_y, static_cast<unsigned>(BOUND));   \
      abort();                                                                 \
    }                                                                          \
    swap_emulation::Grid::get().run(launch);                                   \
  }

#endif // SWAP_EMULATION_H
