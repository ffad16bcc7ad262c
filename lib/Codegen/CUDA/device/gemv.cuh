//===- gemv.cuh - Few rows: every weight is read once -------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block computes all rows of one panel (or of as many columns that lie next
// to each other), or a part of their sums. Threads lie across the panel as it
// lies in memory: 16 bytes each, then the next product. Each thread sums every
// kLanes-th product; the lanes' sums are added in order.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_GEMV_CUH
#define SWAP_GEMV_CUH

template <typename K, int Threads, int Loads> struct swap_gemv {
  using A = typename K::A;
  using B = typename K::B;
  using Sum = typename K::Sum;

  static constexpr int kRows = K::kRows, kWidth = K::kWidth;
  static constexpr int kVector = 16 / sizeof(B);
  static constexpr int kAcross = kWidth / kVector;
  static constexpr int kLanes = Threads / kAcross;
  static_assert(kAcross * kVector == kWidth && kLanes * kAcross == Threads,
                "threads cover the panel");

  struct Weights {
    B v[kVector];
  };

  SWAP_DEVICE void add(const A *a, const typename K::Row (&rows)[kRows], int d,
                       const uint4 &raw, Sum (&sums)[kRows][kVector]) {
    const Weights weights = swap_bitcast<Weights>(raw);
    const typename K::Step step = K::step(d);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const Sum left = K::castA(a[rows[r].offset + step.offset]);
#pragma unroll
      for (int j = 0; j < kVector; ++j)
        sums[r][j] =
            swap_multiply_add(left, K::castB(weights.v[j]), sums[r][j]);
    }
  }

  SWAP_DEVICE void run(const typename K::Args &args) {
    __shared__ Sum lanes[kLanes][kWidth];
    alignas(16) __shared__ Sum total[kRows][kWidth];
    __shared__ unsigned flag;
    const swap_tile tile = swap_locate<K>(args);
    const int across = threadIdx.x % kAcross, lane = threadIdx.x / kAcross;
    const A *a = static_cast<const A *>(args.operand[K::kOperandA]);
    const B *b = static_cast<const B *>(args.operand[K::kOperandB]) +
                 K::baseB(tile.panel, tile.batch) + across * kVector +
                 (K::kPacked ? 0 : tile.column);
    typename K::Row rows[kRows];
#pragma unroll
    for (int r = 0; r < kRows; ++r)
      rows[r] = K::row(tile.batch, r);

    const int first =
        K::kSplits == 1 ? 0 : static_cast<int>(blockIdx.y) * K::kPart;
    const int last = K::kSplits == 1 || K::kDepth - first < K::kPart
                         ? K::kDepth
                         : first + K::kPart;
    Sum sums[kRows][kVector];
#pragma unroll
    for (int r = 0; r < kRows; ++r)
#pragma unroll
      for (int j = 0; j < kVector; ++j)
        sums[r][j] = Sum();

    int d = first + lane;
    for (; d + (Loads - 1) * kLanes < last; d += Loads * kLanes) {
      uint4 raw[Loads];
#pragma unroll
      for (int i = 0; i < Loads; ++i)
        raw[i] = swap_load_once(b + K::stepB(d + i * kLanes));
#pragma unroll
      for (int i = 0; i < Loads; ++i)
        add(a, rows, d + i * kLanes, raw[i], sums);
    }
    for (; d < last; d += kLanes)
      add(a, rows, d, swap_load_once(b + K::stepB(d)), sums);

#pragma unroll
    for (int r = 0; r < kRows; ++r) {
#pragma unroll
      for (int j = 0; j < kVector; ++j)
        lanes[lane][across * kVector + j] = sums[r][j];
      swap_sync();
      for (int n = threadIdx.x; n < kWidth; n += Threads) {
        Sum sum = lanes[0][n];
#pragma unroll
        for (int l = 1; l < kLanes; ++l)
          sum += lanes[l][n];
        total[r][n] = sum;
      }
      swap_sync();
    }

    if (K::kSplits > 1) {
      Sum *partial = static_cast<Sum *>(args.scratch) +
                     static_cast<unsigned long long>(blockIdx.x) * K::kSplits *
                         (kRows * kWidth);
      for (int i = threadIdx.x; i < kRows * kWidth; i += Threads)
        partial[blockIdx.y * (kRows * kWidth) + i] =
            total[i / kWidth][i % kWidth];
      if (!swap_arrive_last(K::counters(), K::kSplits, &flag))
        return;
      for (int i = threadIdx.x; i < kRows * kWidth; i += Threads) {
        Sum sum = Sum();
        for (int split = 0; split < K::kSplits; ++split)
          sum += partial[split * (kRows * kWidth) + i];
        total[i / kWidth][i % kWidth] = sum;
      }
      swap_sync();
    }
    for (int i = threadIdx.x; i < kRows * kWidth / 4; i += Threads) {
      const int r = i / (kWidth / 4), n = i % (kWidth / 4) * 4;
      K::finish(args, tile.batch, r, tile.column + n, &total[r][n]);
    }
  }
};

#endif // SWAP_GEMV_CUH
