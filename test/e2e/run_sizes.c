/*===- run_sizes.c - A model whose sizes a run says, from C ---------------===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*   run_sizes WEIGHTS
|*
|* x is float [2, n, 3] with n up to 5; y = x + x has its shape, and m is the
|* largest of each column, float [2, 3]. Runs every n, and some that are wrong.
\*===----------------------------------------------------------------------===*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "swap/posix.h"

static const swap_model *const model = &columns_model;

static int fail(const char *what, long long n) {
  fprintf(stderr, "run_sizes: %s with n = %lld\n", what, n);
  return 1;
}

int main(int argc, char **argv) {
  static _Alignas(SWAP_BUFFER_ALIGN) float x[2 * 5 * 3], y[2 * 5 * 3], m[2 * 3];
  static _Alignas(SWAP_BUFFER_ALIGN) int64_t n;
  const void *const inputs[COLUMNS_INPUT_COUNT] = {x, &n};
  void *const outputs[COLUMNS_OUTPUT_COUNT] = {y, m};
  const swap_posix_options options = {.weights = argc > 1 ? argv[1] : NULL, .quiet = 1};
  swap_posix *handle;
  float dense[2 * 5 * 3], twice[2 * 5 * 3];
  int64_t dims[3];
  if (swap_posix_open(&handle, model, &options))
    return fail(swap_posix_error(handle), 0);
  for (n = COLUMNS_SIZE_0_LEAST; n <= COLUMNS_SIZE_0_MOST; ++n) {
    const int elements = (int)(2 * n * 3);
    for (int i = 0; i < elements; ++i)
      dense[i] = (float)((i * 7) % 11) - 20;
    swap_spread(model, 0, &n, dense, x);
    if (swap_posix_run(handle, inputs, outputs))
      return fail(swap_posix_error(handle), n);
    if (swap_sized(model, COLUMNS_INPUT_COUNT, &n, dims) != sizeof(float) * (size_t)elements ||
        dims[0] != 2 || dims[1] != n || dims[2] != 3)
      return fail("wrong dimensions", n);
    swap_crop(model, COLUMNS_INPUT_COUNT, &n, y, twice);
    for (int i = 0; i < elements; ++i)
      if (twice[i] != 2 * dense[i])
        return fail("wrong sums", n);
    for (int column = 0; column < 6; ++column) {
      float most = -100;
      for (int row = 0; row < n; ++row) {
        const float value = dense[(column / 3 * n + row) * 3 + column % 3];
        most = value > most ? value : most;
      }
      if (m[column] != most)
        return fail("wrong maximum", n);
    }
  }
  for (n = -1; n < 8; ++n)
    if ((n < 1 || n > 5) && swap_posix_run(handle, inputs, outputs) != SWAP_ERR_ARGUMENT)
      return fail("ran", n);
  swap_posix_close(handle);
  printf("sizes 1 to 5 ok\n");
  return 0;
}
