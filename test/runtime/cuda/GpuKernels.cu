//===- GpuKernels.cu - GpuModel's kernels for a real GPU ------------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

typedef unsigned long long word;

struct mix_args {
  const unsigned *state, *unit;
  const word *length; // the unit's first word
  unsigned *result, *scratch;
  word begin, end, width, stride;
};

extern "C" __global__ void mix(const __grid_constant__ mix_args args) {
  extern __shared__ unsigned shared[];
  const word i = args.begin + blockIdx.x / args.width * args.stride +
                 blockIdx.x % args.width;
  const word count = *args.length / 4;
  if (threadIdx.x || blockIdx.y)
    return;
  unsigned sum = args.state[i] * 31 + 7;
  for (word j = i; j < count; j += 16)
    sum = sum * 3 + args.unit[j];
  shared[14999] = sum;
  args.scratch[i] = shared[14999];
  args.result[i] = args.scratch[i];
}

struct pick_args {
  const unsigned *x;
  int *numbers;
  void *scratch;
  word begin, end, width, stride;
};

extern "C" __global__ void pick(const __grid_constant__ pick_args args) {
  const int row = static_cast<int>(args.x[threadIdx.x % 4] % 300);
  if (threadIdx.x < 4)
    args.numbers[threadIdx.x] = threadIdx.x % 2 ? row - 300 : row;
}

template <typename T>
__device__ void look_up(const unsigned char *table, const T *numbers,
                        unsigned char *result, word rows, word bytes,
                        word *error) {
  long long row = numbers[blockIdx.x];
  row += row < 0 ? static_cast<long long>(rows) : 0;
  if (row < 0 || row >= static_cast<long long>(rows)) {
    *error = 1 + blockIdx.x;
    return;
  }
  for (word i = threadIdx.x; i < bytes; i += blockDim.x)
    result[blockIdx.x * bytes + i] = table[row * bytes + i];
}

extern "C" __global__ void swap_rows_i32(const unsigned char *table,
                                         const int *numbers,
                                         unsigned char *result, word rows,
                                         word bytes, word, word *error) {
  look_up(table, numbers, result, rows, bytes, error);
}

extern "C" __global__ void swap_rows_i64(const unsigned char *table,
                                         const long long *numbers,
                                         unsigned char *result, word rows,
                                         word bytes, word, word *error) {
  look_up(table, numbers, result, rows, bytes, error);
}
