//===- depthwise.cuh - A filter for each column -------------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread computes four columns of `Pixels` rows that follow each other; both
// operands are read where they lie.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_DEPTHWISE_CUH
#define SWAP_DEPTHWISE_CUH

template <typename K, int BM, int Pixels> struct swap_depthwise {
  using A = typename K::A;
  using B = typename K::B;
  using Sum = typename K::Sum;

  static constexpr int kAcross = K::kWidth / 4;
  static constexpr int kThreads = kAcross * (BM / Pixels);
  static constexpr int kUnroll = K::kDepth <= 25 ? K::kDepth : 1;

  SWAP_DEVICE void run(const typename K::Args &args) {
    const swap_tile tile = swap_locate<K>(args);
    const int local = threadIdx.x % kAcross * 4;
    const int column = tile.column + local;
    const int first = tile.chunk * BM + threadIdx.x / kAcross * Pixels;
    if (first >= K::kRows || column >= K::kColumns)
      return;
    const int count = K::kColumns - column;
    const A *a = static_cast<const A *>(args.operand[K::kOperandA]) + column;
    const B *b = static_cast<const B *>(args.operand[K::kOperandB]) +
                 K::baseB(tile.panel, tile.batch) +
                 (K::kPacked ? local : column * K::kStrideN);
    typename K::Row rows[Pixels];
    Sum sums[Pixels][4];
#pragma unroll
    for (int p = 0; p < Pixels; ++p) {
      rows[p] = K::row(tile.batch, first + p);
#pragma unroll
      for (int j = 0; j < 4; ++j)
        sums[p][j] = Sum();
    }
#pragma unroll kUnroll
    for (int d = 0; d < K::kDepth; ++d) {
      const typename K::Step step = K::step(d);
      B right[4];
      if (K::kPacked || K::kStrideN == 1) {
        swap_load4<K::kVectorB>(right, b + K::stepB(d), K::kPacked ? 4 : count);
      } else {
#pragma unroll
        for (int j = 0; j < 4; ++j)
          right[j] = j < count ? b[K::stepB(d) + j * K::kStrideN] : B();
      }
#pragma unroll
      for (int p = 0; p < Pixels; ++p) {
        A left[4] = {};
        if (first + p < K::kRows && K::inside(rows[p], step))
          swap_load4<K::kVectorA>(left, a + (rows[p].offset + step.offset),
                                  count);
#pragma unroll
        for (int j = 0; j < 4; ++j)
          sums[p][j] = swap_multiply_add(K::castA(left[j]), K::castB(right[j]),
                                         sums[p][j]);
      }
    }
#pragma unroll
    for (int p = 0; p < Pixels; ++p)
      K::finish(args, tile.batch, first + p, column, sums[p]);
  }
};

#endif // SWAP_DEPTHWISE_CUH
