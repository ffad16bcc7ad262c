//===- gemm.cuh - Tiles of sums of products -----------------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block computes BM rows of kWidth columns. Steps of BK products go through
// a ring of stages in shared memory: A as [BM][BK + 4], B as [BK][kWidth + 4].
// A warp is 8 x 4 threads, each with TM x TN sums. Lanes that differ in bit 0
// or bit 4 read the same elements of A, those that differ in bits 1 to 3 the
// same of B, so that 16-byte reads of half a warp take one pass. The warps form
// groups; group g sums its part of each step, and the groups' sums are added in
// a fixed order.
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_GEMM_CUH
#define SWAP_GEMM_CUH

/// Brings elements of one operand into shared memory, `Vector` neighbours at a
/// time that are there `Stride` apart: straight where nothing has to change,
/// else through registers.
template <typename From, typename Sum, int Count, int Vector, int Stride>
struct swap_gemm_stage {
  static constexpr bool kStraight =
      swap_same<From, Sum>::value && Stride == 1 &&
      (Vector * sizeof(From) == 16 || Vector * sizeof(From) == 4);
  swap_vector<From, Vector> held[kStraight ? 1 : Count];
  Sum *target[kStraight ? 1 : Count];

  __device__ __forceinline__ void issue(int i, Sum *to, const From *from,
                                        bool valid) {
    if (kStraight) {
      if (Vector * sizeof(From) == 16)
        swap_copy16(to, from, valid);
      else
        swap_copy4(to, from, valid);
      return;
    }
    swap_vector<From, Vector> zero = {};
    held[kStraight ? 0 : i] =
        valid ? *reinterpret_cast<const swap_vector<From, Vector> *>(from)
              : zero;
    target[kStraight ? 0 : i] = to;
  }

  template <typename Cast> __device__ __forceinline__ void store(Cast cast) {
    if (kStraight)
      return;
#pragma unroll
    for (int i = 0; i < Count; ++i) {
      if (Stride != 1) {
#pragma unroll
        for (int j = 0; j < Vector; ++j)
          target[i][j * Stride] = cast(held[i].v[j]);
        continue;
      }
      swap_vector<Sum, Vector> values;
#pragma unroll
      for (int j = 0; j < Vector; ++j)
        values.v[j] = cast(held[i].v[j]);
      *reinterpret_cast<swap_vector<Sum, Vector> *>(target[i]) = values;
    }
  }
};

/// Sums by multiply-adds: a thread has rows 8 apart, and fours of columns 16
/// apart.
template <typename K, int BK, int TM, int TN> struct swap_gemm_fma {
  using Sum = typename K::Sum;
  using Shared = Sum; // elements of A and B in shared memory
  using Quad = swap_vector<Sum>;
  static constexpr int kRows = 8 * TM, kColumns = 4 * TN; // of a warp
  static constexpr int kNextRow = 8, kNextColumns = 16;   // of a thread
  static constexpr int kPadA = 4, kPadB = 4;
  static constexpr int kVectorA = K::kVectorA ? 4 : 1;
  static constexpr int kVectorB = K::kVectorB || K::kDepthB ? 4 : 1;

  SWAP_DEVICE Shared castA(typename K::A x) { return K::castA(x); }
  SWAP_DEVICE Shared castB(typename K::B x) { return K::castB(x); }
  SWAP_DEVICE int row(int lane) { return lane / 2 % 8; }
  SWAP_DEVICE int column(int lane) { return (lane % 2 + lane / 16 * 2) * 4; }

  /// `Depth` products of the warp's rows of `a` and columns of `b`.
  template <int Depth, int StrideA, int StrideB>
  SWAP_DEVICE void multiply(const Shared *a, const Shared *b, int lane,
                            Sum (&sums)[TM][TN]) {
    a += row(lane) * StrideA;
    b += column(lane);
#pragma unroll
    for (int k = 0; k < Depth; k += 4) {
      Quad left[TM];
#pragma unroll
      for (int i = 0; i < TM; ++i)
        left[i] = *reinterpret_cast<const Quad *>(a + i * 8 * StrideA + k);
#pragma unroll
      for (int kk = 0; kk < 4; ++kk) {
        Quad right[TN / 4];
#pragma unroll
        for (int j = 0; j < TN / 4; ++j)
          right[j] =
              *reinterpret_cast<const Quad *>(b + (k + kk) * StrideB + j * 16);
#pragma unroll
        for (int i = 0; i < TM; ++i)
#pragma unroll
          for (int j = 0; j < TN; ++j)
            sums[i][j] = swap_multiply_add(left[i].v[kk], right[j / 4].v[j % 4],
                                           sums[i][j]);
      }
    }
  }

  /// From what `multiply` adds to, to rows and fours of columns.
  SWAP_DEVICE void arrange(Sum (&)[TM][TN]) {}
};

template <typename K, int BM, int BK, int TM, int TN, int Groups, int Stages,
          typename Product = swap_gemm_fma<K, BK, TM, TN>>
struct swap_gemm {
  using A = typename K::A;
  using B = typename K::B;
  using Sum = typename K::Sum;
  using Shared = typename Product::Shared;
  using Quad = swap_vector<Sum>;

  static constexpr int kWidth = K::kWidth;
  static constexpr int kWarpsN = kWidth / Product::kColumns;
  static constexpr int kWarpsM = BM / Product::kRows;
  static constexpr int kGroupThreads = 32 * kWarpsN * kWarpsM;
  static constexpr int kThreads = kGroupThreads * Groups;
  static constexpr int kStrideA = BK + Product::kPadA;
  static constexpr int kStrideB = kWidth + Product::kPadB;
  static constexpr int kStage = BM * kStrideA + BK * kStrideB;
  static constexpr int kSteps = K::kPart / BK;
  static_assert(kWarpsN * Product::kColumns == kWidth &&
                    kWarpsM * Product::kRows == BM,
                "warps cover the tile");
  static_assert(K::kSplits == 1 || K::kPart % BK == 0,
                "splits end with a step");

  static constexpr int kVectorA = Product::kVectorA;
  static constexpr int kVectorB = Product::kVectorB;
  static constexpr int kCountA = BM * BK / (kVectorA * kThreads);
  static constexpr int kCountB = BK * kWidth / (kVectorB * kThreads);
  static_assert(kCountA * kVectorA * kThreads == BM * BK &&
                    kCountB * kVectorB * kThreads == BK * kWidth,
                "all threads bring as much");
  static constexpr int kChunksA = BK / kVectorA;
  static constexpr int kChunksB = (K::kDepthB ? BK : kWidth) / kVectorB;

  using StageA = swap_gemm_stage<A, Shared, kCountA, kVectorA, 1>;
  using StageB =
      swap_gemm_stage<B, Shared, kCountB, kVectorB, K::kDepthB ? kStrideB : 1>;

  struct Source {
    const A *a;
    const B *b;
    swap_tile tile;
    typename K::Row rows[kVectorA > 1 ? kCountA : 1];
    bool valid[kVectorA > 1 ? kCountA : 1];
  };

  SWAP_DEVICE void issueA(const Source &from, StageA &stage, Shared *shared,
                          int depth) {
    if (kVectorA > 1) {
      const int chunk = threadIdx.x % kChunksA * kVectorA;
      const int d = depth + chunk;
      const typename K::Step step = K::step(d);
#pragma unroll
      for (int i = 0; i < kCountA; ++i) {
        const int row = (threadIdx.x + i * kThreads) / kChunksA;
        const typename K::Row &start = from.rows[kVectorA > 1 ? i : 0];
        stage.issue(i, shared + row * kStrideA + chunk,
                    from.a + (start.offset + step.offset),
                    from.valid[kVectorA > 1 ? i : 0] && d < K::kDepth &&
                        K::inside(start, step));
      }
      return;
    }
#pragma unroll
    for (int i = 0; i < kCountA; ++i) {
      const int item = threadIdx.x + i * kThreads;
      const int row = K::kRowsFast ? item % BM : item / BK;
      const int k = K::kRowsFast ? item / BM : item % BK;
      const int r = from.tile.chunk * BM + row;
      const typename K::Row start = K::row(from.tile.batch, r);
      const typename K::Step step = K::step(depth + k);
      stage.issue(
          i, shared + row * kStrideA + k, from.a + (start.offset + step.offset),
          r < K::kRows && depth + k < K::kDepth && K::inside(start, step));
    }
  }

  SWAP_DEVICE void issueB(const Source &from, StageB &stage, Shared *shared,
                          int depth) {
#pragma unroll
    for (int i = 0; i < kCountB; ++i) {
      const int item = threadIdx.x + i * kThreads;
      int k = item % BK, column = item / BK;
      if (K::kDepthB) {
        k = item % kChunksB * kVectorB;
        column = item / kChunksB;
      } else if (K::kColumnsFast) {
        k = item / kChunksB;
        column = item % kChunksB * kVectorB;
      }
      const int d = depth + k;
      const int n = K::kPacked ? column : from.tile.column + column;
      stage.issue(i, shared + k * kStrideB + column,
                  from.b + (K::stepB(d) + n * K::kStrideN),
                  d < K::kDepth && (K::kPacked || n < K::kColumns));
    }
  }

  /// Adds the sums of the upper half of the groups to the lower half's, until
  /// group 0 has all.
  SWAP_DEVICE void addGroups(void *shared, int group, int thread,
                             Sum (&sums)[TM][TN]) {
    Quad *exchange = static_cast<Quad *>(shared);
#pragma unroll
    for (int half = Groups / 2; half > 0; half /= 2) {
      swap_sync();
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TN / 4; ++j) {
          const int part = i * (TN / 4) + j;
          if (group >= half && group < 2 * half) {
            Quad out;
#pragma unroll
            for (int c = 0; c < 4; ++c)
              out.v[c] = sums[i][j * 4 + c];
            exchange[((group - half) * (TM * TN / 4) + part) * kGroupThreads +
                     thread] = out;
          }
        }
      swap_sync();
      if (group < half) {
#pragma unroll
        for (int i = 0; i < TM; ++i)
#pragma unroll
          for (int j = 0; j < TN / 4; ++j) {
            const int part = i * (TN / 4) + j;
            const Quad in =
                exchange[(group * (TM * TN / 4) + part) * kGroupThreads +
                         thread];
#pragma unroll
            for (int c = 0; c < 4; ++c)
              sums[i][j * 4 + c] += in.v[c];
          }
      }
    }
  }

  /// Partial sums of all splits, added in the order of the depth by the block
  /// that comes last; false in the others.
  SWAP_DEVICE bool addSplits(void *scratch, unsigned *flag, int group,
                             int thread, Sum (&sums)[TM][TN]) {
    constexpr int kParts = TM * TN / 4;
    Quad *tile = static_cast<Quad *>(scratch) +
                 static_cast<unsigned long long>(blockIdx.x) * K::kSplits *
                     kParts * kGroupThreads;
    if (group == 0) {
      Quad *mine = tile + blockIdx.y * kParts * kGroupThreads;
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TN / 4; ++j) {
          Quad out;
#pragma unroll
          for (int c = 0; c < 4; ++c)
            out.v[c] = sums[i][j * 4 + c];
          mine[(i * (TN / 4) + j) * kGroupThreads + thread] = out;
        }
    }
    if (!swap_arrive_last(K::counters(), K::kSplits, flag))
      return false;
    if (group != 0)
      return true;
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; ++j)
        sums[i][j] = Sum();
    for (int split = 0; split < K::kSplits; ++split)
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TN / 4; ++j) {
          const Quad in =
              tile[(split * kParts + i * (TN / 4) + j) * kGroupThreads +
                   thread];
#pragma unroll
          for (int c = 0; c < 4; ++c)
            sums[i][j * 4 + c] += in.v[c];
        }
    return true;
  }

  SWAP_DEVICE void run(const typename K::Args &args) {
    SWAP_DYNAMIC_SHARED(Shared, shared);
    __shared__ unsigned flag;
    Source from;
    from.tile = swap_locate<K>(args);
    from.a = static_cast<const A *>(args.operand[K::kOperandA]);
    from.b = static_cast<const B *>(args.operand[K::kOperandB]) +
             K::baseB(from.tile.panel, from.tile.batch);
    if (kVectorA > 1) {
#pragma unroll
      for (int i = 0; i < kCountA; ++i) {
        const int r = from.tile.chunk * BM +
                      static_cast<int>(threadIdx.x + i * kThreads) / kChunksA;
        from.rows[kVectorA > 1 ? i : 0] = K::row(from.tile.batch, r);
        from.valid[kVectorA > 1 ? i : 0] = r < K::kRows;
      }
    }

    const int first =
        K::kSplits == 1 ? 0 : static_cast<int>(blockIdx.y) * K::kPart;
    const int left = K::kDepth - first;
    const int steps =
        ((K::kSplits == 1 || left < K::kPart ? left : K::kPart) + BK - 1) / BK;
    const int group = threadIdx.x / kGroupThreads;
    const int thread = threadIdx.x % kGroupThreads;
    const int warp = thread / 32, lane = thread % 32;
    const int warpRow = warp / kWarpsN * Product::kRows;
    const int warpColumn = warp % kWarpsN * Product::kColumns;
    const int row = warpRow + Product::row(lane);
    const int column = warpColumn + Product::column(lane);

    Sum sums[TM][TN];
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN; ++j)
        sums[i][j] = Sum();

    StageA stageA;
    StageB stageB;
#pragma unroll
    for (int s = 0; s < Stages - 1; ++s) {
      if (s < steps) {
        Shared *to = shared + s * kStage;
        issueA(from, stageA, to, first + s * BK);
        issueB(from, stageB, to + BM * kStrideA, first + s * BK);
        stageA.store(Product::castA);
        stageB.store(Product::castB);
      }
      swap_copy_commit();
    }
    int reading = 0, writing = Stages - 1;
    for (int step = 0; step < steps; ++step) {
      swap_copy_wait<Stages - 2>();
      swap_sync();
      const int next = step + Stages - 1;
      if (next < steps) {
        Shared *to = shared + writing * kStage;
        issueA(from, stageA, to, first + next * BK);
        issueB(from, stageB, to + BM * kStrideA, first + next * BK);
      }
      swap_copy_commit();
      const Shared *a = shared + reading * kStage + group * (BK / Groups);
      const Shared *b = shared + reading * kStage + BM * kStrideA +
                        group * (BK / Groups) * kStrideB;
      Product::template multiply<BK / Groups, kStrideA, kStrideB>(
          a + warpRow * kStrideA, b + warpColumn, lane, sums);
      if (next < steps) {
        stageA.store(Product::castA);
        stageB.store(Product::castB);
      }
      reading = reading + 1 == Stages ? 0 : reading + 1;
      writing = writing + 1 == Stages ? 0 : writing + 1;
    }
    swap_copy_wait<0>();

    Product::arrange(sums);
    addGroups(shared, group, thread, sums);
    if (K::kSplits > 1 && !addSplits(args.scratch, &flag, group, thread, sums))
      return;
    if (group != 0)
      return;
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int j = 0; j < TN / 4; ++j) {
        Sum four[4];
#pragma unroll
        for (int c = 0; c < 4; ++c)
          four[c] = sums[i][j * 4 + c];
        K::finish(args, from.tile.batch,
                  from.tile.chunk * BM + row + i * Product::kNextRow,
                  from.tile.column + column + j * Product::kNextColumns, four);
      }
  }
};

#endif // SWAP_GEMM_CUH
