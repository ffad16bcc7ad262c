//===- intrinsics.cuh - Builtins and PTX behind functions ---------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Warps are 32 threads; all of a warp's threads call a warp function together.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_INTRINSICS_CUH
#define SWAP_INTRINSICS_CUH

#ifdef SWAP_EMULATION
#include "emulation.h"
#else

#define SWAP_DYNAMIC_SHARED(type, name)                                        \
  extern __shared__ __align__(16) unsigned char swap_dynamic_shared[];         \
  type *name = reinterpret_cast<type *>(swap_dynamic_shared)

static __device__ __forceinline__ void swap_sync() { __syncthreads(); }
static __device__ __forceinline__ void swap_sync_warp() { __syncwarp(); }

/// The value of the thread whose lane differs from ours in the bits of `mask`.
template <typename T>
static __device__ __forceinline__ T swap_shuffle_xor(T value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}
template <typename T>
static __device__ __forceinline__ T swap_shuffle(T value, int lane) {
  return __shfl_sync(0xffffffffu, value, lane);
}

/// Makes this thread's writes to device memory visible before its next ones.
static __device__ __forceinline__ void swap_fence() { __threadfence(); }

/// Adds one to a counter of device memory that starts again at 0 after `last`;
/// gives the value before.
static __device__ __forceinline__ unsigned swap_count(unsigned *counter,
                                                      unsigned last) {
  return atomicInc(counter, last);
}

/// 16 bytes from device to shared memory, both aligned, zeros where `valid` is
/// false; there when swap_copy_wait says so and the block met since.
static __device__ __forceinline__ void
swap_copy16(void *shared, const void *device, bool valid) {
#if __CUDA_ARCH__ >= 800
  unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to),
               "l"(device), "r"(valid ? 16 : 0)
               : "memory");
#else
  uint4 value = make_uint4(0, 0, 0, 0);
  if (valid)
    value = *static_cast<const uint4 *>(device);
  *static_cast<uint4 *>(shared) = value;
#endif
}

/// The same for 4 bytes.
static __device__ __forceinline__ void
swap_copy4(void *shared, const void *device, bool valid) {
#if __CUDA_ARCH__ >= 800
  unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to),
               "l"(device), "r"(valid ? 4 : 0)
               : "memory");
#else
  unsigned value = 0;
  if (valid)
    value = *static_cast<const unsigned *>(device);
  *static_cast<unsigned *>(shared) = value;
#endif
}

/// Closes a group of copies of this thread.
static __device__ __forceinline__ void swap_copy_commit() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until at most `Groups` groups of this thread are under way.
template <int Groups> static __device__ __forceinline__ void swap_copy_wait() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
#endif
}

/// 16 bytes that are read once: past the first cache.
static __device__ __forceinline__ uint4 swap_load_once(const void *device) {
  uint4 v;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(device));
  return v;
}

static __device__ __forceinline__ unsigned swap_float_bits(float value) {
  return __float_as_uint(value);
}
static __device__ __forceinline__ float swap_bits_float(unsigned bits) {
  return __uint_as_float(bits);
}

#endif // SWAP_EMULATION
#endif // SWAP_INTRINSICS_CUH
