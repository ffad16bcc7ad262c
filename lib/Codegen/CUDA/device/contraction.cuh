//===- contraction.cuh - What kernels with a multiply-add root share ----===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The templates take a generated struct K that knows the loops of one kernel
// (ContractionSource.cpp):
//
//   A, B, Sum         types of the operands and of the sums
//   kRows, kColumns   of one batch of the result; kDepth: products of a sum
//   kWidth            columns of a tile; with kPacked those of a panel of B
//   kRowTiles, kColumnTiles, kSplits, kPart (depth of one split)
//   kVectorA, kVectorB: four neighbours along the depth of A (its columns, for
//                     depthwise), along the columns of B move together
//   kDepthB           the same along the depth of a B that is not packed
//   row(batch, r)     where row r of A starts, and its place in padded
//   dimensions step(d)           how far product d of the sum is from there
//   inside(row, step) whether A has that element; outside it is zero
//   stepB(d), baseB(panel, batch), kStrideN   where B's element (d, n) is
//   castA, castB      to Sum
//   finish(args, batch, row, column, sums)   the epilogue of four columns
//   counters()        a zero for each tile, if there are splits
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_CONTRACTION_CUH
#define SWAP_CONTRACTION_CUH

#define SWAP_DEVICE static __device__ __forceinline__

SWAP_DEVICE float swap_multiply_add(float a, float b, float sum) {
#ifdef SWAP_EMULATION
  return __builtin_fmaf(a, b, sum);
#else
  return __fmaf_rn(a, b, sum);
#endif
}
SWAP_DEVICE double swap_multiply_add(double a, double b, double sum) {
#ifdef SWAP_EMULATION
  return __builtin_fma(a, b, sum);
#else
  return __fma_rn(a, b, sum);
#endif
}
SWAP_DEVICE int swap_multiply_add(int a, int b, int sum) {
  return static_cast<int>(static_cast<unsigned>(a) * static_cast<unsigned>(b) +
                          static_cast<unsigned>(sum));
}
SWAP_DEVICE long long swap_multiply_add(long long a, long long b,
                                        long long sum) {
  return static_cast<long long>(static_cast<unsigned long long>(a) *
                                    static_cast<unsigned long long>(b) +
                                static_cast<unsigned long long>(sum));
}

template <typename X, typename Y> struct swap_same {
  static constexpr bool value = false;
};
template <typename X> struct swap_same<X, X> {
  static constexpr bool value = true;
};

/// N elements that move together; their address is a multiple of their size,
/// up to 16 bytes.
template <typename T, int N = 4>
struct alignas(N * sizeof(T) < 16 ? N * sizeof(T) : 16) swap_vector {
  T v[N];
};

template <bool Whole, typename T>
SWAP_DEVICE void swap_load4(T (&to)[4], const T *from, int count) {
  if (Whole) {
    const swap_vector<T> whole =
        *reinterpret_cast<const swap_vector<T> *>(from);
#pragma unroll
    for (int j = 0; j < 4; ++j)
      to[j] = whole.v[j];
  } else {
#pragma unroll
    for (int j = 0; j < 4; ++j)
      to[j] = j < count ? from[j] : T();
  }
}

template <bool Whole, typename T>
SWAP_DEVICE void swap_store4(T *to, const T (&from)[4], int count) {
  if (Whole) {
    swap_vector<T> whole;
#pragma unroll
    for (int j = 0; j < 4; ++j)
      whole.v[j] = from[j];
    *reinterpret_cast<swap_vector<T> *>(to) = whole;
  } else {
#pragma unroll
    for (int j = 0; j < 4; ++j)
      if (j < count)
        to[j] = from[j];
  }
}

/// The place of a block's tile in the result.
struct swap_tile {
  int panel, batch, column, chunk;
};

template <typename K>
SWAP_DEVICE swap_tile swap_locate(const typename K::Args &args) {
  const unsigned tile = swap_block_tile(args);
  swap_tile at;
  at.panel = static_cast<int>(tile / K::kRowTiles);
  at.chunk = static_cast<int>(tile % K::kRowTiles);
  at.batch = at.panel / K::kColumnTiles;
  at.column = at.panel % K::kColumnTiles * K::kWidth;
  return at;
}

/// Called by all threads of a block after they wrote their partial sums: true
/// in the block that comes last, which sees the sums of all others. The flag is
/// shared memory.
SWAP_DEVICE bool swap_arrive_last(unsigned *counters, unsigned splits,
                                  unsigned *flag) {
  swap_fence();
  swap_sync();
  if (threadIdx.x == 0) {
    *flag = swap_count(&counters[blockIdx.x], splits - 1) == splits - 1;
    swap_fence();
  }
  swap_sync();
  return *flag != 0;
}

#endif // SWAP_CONTRACTION_CUH
