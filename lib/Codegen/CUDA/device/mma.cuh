//===- mma.cuh - Sums of products on tensor cores -----------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products for swap_gemm: a warp computes TM x TN / 4 tiles of 16 x 8, summed in
// float. Operands lie in shared memory as they are in device memory; rows are
// padded so that the lanes of a warp meet different banks.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_MMA_CUH
#define SWAP_MMA_CUH

/// What 16-bit and 32-bit elements share.
template <typename K, int TM, int TN> struct swap_gemm_tensor {
  using Shared = typename K::A;
  static_assert(swap_same<typename K::A, typename K::B>::value &&
                    swap_same<typename K::Sum, float>::value,
                "operands of one type, summed in float");
  static_assert(TN % 8 == 0, "tiles of 16 columns");
  static constexpr int kRows = 16 * TM, kColumns = 2 * TN; // of a warp
  static constexpr int kNextRow = 16, kNextColumns = 8;    // of a thread

  SWAP_DEVICE Shared castA(Shared x) { return x; }
  SWAP_DEVICE Shared castB(Shared x) { return x; }
  SWAP_DEVICE int row(int lane) { return lane / 4 + lane % 2 * 8; }
  SWAP_DEVICE int column(int lane) { return lane % 4 / 2 * 4; }

  /// A lane has two columns of two rows. Of its neighbour it takes the columns
  /// beside its own in one row, and gives its own in the other.
  SWAP_DEVICE void arrange(float (&sums)[TM][TN]) {
    const bool odd = threadIdx.x % 2;
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; j += 4) {
        const float left =
            swap_shuffle_xor(odd ? sums[i][j] : sums[i][j + 2], 1);
        const float right =
            swap_shuffle_xor(odd ? sums[i][j + 1] : sums[i][j + 3], 1);
        sums[i][j] = odd ? left : sums[i][j];
        sums[i][j + 1] = odd ? right : sums[i][j + 1];
        sums[i][j + 2] = odd ? sums[i][j + 2] : left;
        sums[i][j + 3] = odd ? sums[i][j + 3] : right;
      }
  }
};

SWAP_DEVICE void swap_mma(f16, float (&sums)[4], const unsigned (&a)[4],
                          const unsigned (&b)[2]) {
  swap_mma_f16(sums, a, b);
}
SWAP_DEVICE void swap_mma(bf16, float (&sums)[4], const unsigned (&a)[4],
                          const unsigned (&b)[2]) {
  swap_mma_bf16(sums, a, b);
}

/// float16 and bfloat16.
template <typename K, int BK, int TM, int TN>
struct swap_gemm_mma : swap_gemm_tensor<K, TM, TN> {
  using Shared = typename K::A;
  static constexpr int kPadA = 8, kPadB = 8;
  static constexpr int kVectorA = K::kEightA ? 8 : K::kVectorA ? 4 : 1;
  static constexpr int kVectorB =
      K::kEightB ? 8 : K::kVectorB || K::kDepthB ? 4 : 1;

  template <int Depth, int StrideA, int StrideB>
  SWAP_DEVICE void multiply(const Shared *a, const Shared *b, int lane,
                            float (&sums)[TM][TN]) {
    static_assert(Depth % 16 == 0, "16 products at a time");
    a += lane % 16 * StrideA + lane / 16 * 8;
    b += lane % 16 * StrideB + lane / 16 * 8;
#pragma unroll
    for (int k = 0; k < Depth; k += 16) {
      unsigned left[TM][4];
#pragma unroll
      for (int i = 0; i < TM; ++i)
        swap_load_matrices(left[i], a + i * 16 * StrideA + k);
#pragma unroll
      for (int j = 0; j < TN; j += 8) {
        unsigned both[4];
        swap_load_transposed(both, b + k * StrideB + j * 2);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const unsigned right[2] = {both[2 * half], both[2 * half + 1]};
#pragma unroll
          for (int i = 0; i < TM; ++i)
            swap_mma(Shared(),
                     reinterpret_cast<float (&)[4]>(sums[i][j + 4 * half]),
                     left[i], right);
        }
      }
    }
  }
};

/// float32, rounded to 10 bits of mantissa.
template <typename K, int BK, int TM, int TN>
struct swap_gemm_tf32 : swap_gemm_tensor<K, TM, TN> {
  using Shared = typename K::A;
  static constexpr int kPadA = 4, kPadB = 8;
  static constexpr int kVectorA = K::kVectorA ? 4 : 1;
  static constexpr int kVectorB = K::kVectorB || K::kDepthB ? 4 : 1;

  template <int Depth, int StrideA, int StrideB>
  SWAP_DEVICE void multiply(const float *a, const float *b, int lane,
                            float (&sums)[TM][TN]) {
    static_assert(Depth % 8 == 0, "8 products at a time");
    a += lane / 4 * StrideA + lane % 4;
    b += lane % 4 * StrideB + lane / 4;
#pragma unroll
    for (int k = 0; k < Depth; k += 8) {
      unsigned left[TM][4];
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int c = 0; c < 4; ++c)
          left[i][c] = swap_tf32(
              a[(i * 16 + c % 2 * 8) * StrideA + k + c / 2 * 4]);
#pragma unroll
      for (int j = 0; j < TN; j += 4) {
        const unsigned right[2] = {swap_tf32(b[k * StrideB + j * 2]),
                                   swap_tf32(b[(k + 4) * StrideB + j * 2])};
#pragma unroll
        for (int i = 0; i < TM; ++i)
          swap_mma_tf32(reinterpret_cast<float (&)[4]>(sums[i][j]), left[i],
                        right);
      }
    }
  }
};

#endif // SWAP_MMA_CUH
