//===- rows.cuh - Rows of a table by their numbers ----------------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_ROWS_CUH
#define SWAP_ROWS_CUH

struct swap_rows_args {
  const unsigned char *table;
  const void *indices;
  unsigned char *result;
  unsigned long long rows, row_bytes, count;
  unsigned long long *error; // receives 1 + the position of a wrong index
};

/// Block b brings row b. A wrong index gives a row of zeros, and the error.
template <typename Index>
static __device__ __forceinline__ void swap_rows(const swap_rows_args &args) {
  const unsigned position = blockIdx.x;
  long long row = static_cast<const Index *>(args.indices)[position];
  row += row < 0 ? static_cast<long long>(args.rows) : 0;
  const bool valid =
      row >= 0 && row < static_cast<long long>(args.rows);
  if (!valid && threadIdx.x == 0)
    *args.error = 1 + position;
  const unsigned char *from = args.table + (valid ? row : 0) * args.row_bytes;
  unsigned char *to = args.result + position * args.row_bytes;
  const unsigned long long words =
      args.row_bytes % 4 || reinterpret_cast<unsigned long long>(from) % 4
          ? 0
          : args.row_bytes / 4;
  for (unsigned long long i = threadIdx.x; i < words; i += blockDim.x)
    reinterpret_cast<unsigned *>(to)[i] =
        valid ? reinterpret_cast<const unsigned *>(from)[i] : 0;
  for (unsigned long long i = words * 4 + threadIdx.x; i < args.row_bytes;
       i += blockDim.x)
    to[i] = valid ? from[i] : 0;
}

extern "C" __global__ void swap_rows_i32(const swap_rows_args args) {
  swap_rows<int>(args);
}
extern "C" __global__ void swap_rows_i64(const swap_rows_args args) {
  swap_rows<long long>(args);
}

#endif // SWAP_ROWS_CUH
