/*===- plain.c - The digits network as plain loops ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What somebody writes who has no compiler for networks: the operations of
|* examples/digits in the order of the ONNX file, weights in flash, no padding
|* computed. A yardstick for the instructions of the compiled model; the
|* weights' values do not matter to it.
\*===----------------------------------------------------------------------===*/
#include "board.h"

extern const float digits_blob[];
static float a[128 * 64], b[128 * 64];

static void convolve(const float *in, int channels, float *out, int filters,
                     int size, const float *weights) {
  for (int f = 0; f < filters; f++)
    for (int y = 0; y < size; y++)
      for (int x = 0; x < size; x++) {
        float sum = 0;
        for (int c = 0; c < channels; c++)
          for (int v = y ? -1 : 0; v <= (y + 1 < size); v++)
            for (int u = x ? -1 : 0; u <= (x + 1 < size); u++)
              sum += in[(c * size + y + v) * size + x + u] *
                     weights[((f * channels + c) * 3 + v + 1) * 3 + u + 1];
        out[(f * size + y) * size + x] = sum > 0 ? sum : 0;
      }
}

static void pool(const float *in, float *out, int channels, int size) {
  for (int c = 0; c < channels; c++)
    for (int y = 0; y < size; y += 2)
      for (int x = 0; x < size; x += 2) {
        const float *at = in + (c * size + y) * size + x;
        const float top = at[0] > at[1] ? at[0] : at[1];
        const float low = at[size] > at[size + 1] ? at[size] : at[size + 1];
        out[((c * size + y) * size / 2 + x) / 2] = top > low ? top : low;
      }
}

static void connect(const float *in, int inputs, float *out, int outputs,
                    const float *weights) {
  for (int o = 0; o < outputs; o++) {
    float sum = 0;
    for (int i = 0; i < inputs; i++)
      sum += in[i] * weights[o * inputs + i];
    out[o] = sum > 0 ? sum : 0;
  }
}

int main(void) {
  const float *weights = digits_blob + 2048; /* behind header and table */
  for (int i = 0; i < 64; i++)
    a[i] = (float)(i % 7) / 4;
  const uint64_t start = board_nanoseconds();
  convolve(a, 1, b, 64, 8, weights);
  convolve(b, 64, a, 128, 8, weights);
  pool(a, b, 128, 8);
  convolve(b, 128, a, 128, 4, weights);
  pool(a, b, 128, 4);
  connect(b, 512, a, 256, weights);
  connect(a, 256, b, 10, weights);
  board_print("%lu us\n",
              (unsigned long)((board_nanoseconds() - start) / 1000));
  return 0;
}
