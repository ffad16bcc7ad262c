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

/// Four 8 x 8 matrices of 16-bit elements from shared memory. Lane 8 i + r gives
/// the address of row r of matrix i (16 bytes); to[i] are two neighbours of row
/// lane / 4 of matrix i, at 2 (lane % 4).
static __device__ __forceinline__ void
swap_load_matrices(unsigned (&to)[4], const void *shared) {
  unsigned from = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile(
      "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
      : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
      : "r"(from)
      : "memory");
}

/// The same, each matrix transposed.
static __device__ __forceinline__ void
swap_load_transposed(unsigned (&to)[4], const void *shared) {
  unsigned from = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile(
      "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
      : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
      : "r"(from)
      : "memory");
}

/// sums (16 x 8) += a (16 x 16) * b (16 x 8), of a warp. With g = lane / 4 and
/// t = lane % 4: a[i] holds row g + 8 (i % 2), columns 2 t + 8 (i / 2) and the
/// next; b[i] column g, rows 2 t + 8 i and the next; sums[i] is row
/// g + 8 (i / 2), column 2 t + i % 2.
static __device__ __forceinline__ void
swap_mma_f16(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
      "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
#pragma unroll
  for (int half = 0; half < 2; ++half)
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
        "{%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
        : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
#endif
}

/// The same of bfloat16, from sm_80 on.
static __device__ __forceinline__ void swap_mma_bf16(float (&sums)[4],
                                                     const unsigned (&a)[4],
                                                     const unsigned (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, "
      "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/// Rounded to 10 bits of mantissa, from sm_80 on.
static __device__ __forceinline__ unsigned swap_tf32(float value) {
  unsigned bits = 0;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
#endif
  return bits;
}

/// sums (16 x 8) += a (16 x 8) * b (8 x 8) of swap_tf32's: a[i] is row
/// g + 8 (i % 2), column t + 4 (i / 2); b[i] row t + 4 i, column g.
static __device__ __forceinline__ void swap_mma_tf32(float (&sums)[4],
                                                     const unsigned (&a)[4],
                                                     const unsigned (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, "
      "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

#endif // SWAP_EMULATION

/// The tile of this block. A band has `width` tiles of each panel of `stride`.
template <int Operands>
static __device__ __forceinline__ unsigned
swap_block_tile(const swap_args<Operands> &args) {
  const unsigned begin = static_cast<unsigned>(args.begin);
  const unsigned width = static_cast<unsigned>(args.width);
  const unsigned stride = static_cast<unsigned>(args.stride);
  if (width == stride) // no band; the division would be in each block's way
    return begin + blockIdx.x;
  return begin + blockIdx.x / width * stride + blockIdx.x % width;
}

#endif // SWAP_INTRINSICS_CUH
