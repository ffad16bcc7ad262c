/*===- roi_pool.c - The largest pixels of regions of an image -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

/* Farther out than any pixel, and exact as a float. */
static const float kFar = 1 << 24;

/* The nearest whole number, halves away from 0; a NaN is far out. */
static inline ptrdiff_t round_half(float x) {
  x = x > -kFar ? x : -kFar;
  x = x < kFar ? x : kFar;
  ptrdiff_t whole = (ptrdiff_t)x;
  float rest = x - (float)whole;
  return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

static inline ptrdiff_t clamp_to(ptrdiff_t x, ptrdiff_t most) {
  return x < 0 ? 0 : x < most ? x : most;
}

/* Where cell `index` of some that divide `size` pixels begins, and behind which
 * pixel it ends; neighbours may share a pixel. */
static inline ptrdiff_t cell_begin(ptrdiff_t index, float size) {
  return (ptrdiff_t)((float)index * size);
}
static inline ptrdiff_t cell_end(ptrdiff_t index, float size) {
  float end = (float)(index + 1) * size;
  ptrdiff_t whole = (ptrdiff_t)end;
  return whole + ((float)whole < end);
}

/* (input [n, c, h, w], regions [count, 5]: image, x1, y1, x2, y2) -> (result
 * [count, c, rows, columns]), of float32; an item is a channel of a region.
 * Constants: n, c, h, w, rows, columns, bits of the scale. */
void swap_routine_roi_pool(void *const *operands, const int64_t *constants,
                           int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  const ptrdiff_t channels = (ptrdiff_t)constants[1];
  const ptrdiff_t height = (ptrdiff_t)constants[2];
  const ptrdiff_t width = (ptrdiff_t)constants[3];
  const ptrdiff_t rows = (ptrdiff_t)constants[4];
  const ptrdiff_t columns = (ptrdiff_t)constants[5];
  const uint32_t bits = (uint32_t)constants[6];
  float scale;
  __builtin_memcpy(&scale, &bits, 4);
  for (ptrdiff_t item = (ptrdiff_t)begin; item < (ptrdiff_t)end; ++item) {
    const float *region = (const float *)operands[1] + item / channels * 5;
    ptrdiff_t of =
        clamp_to(round_half(region[0]), (ptrdiff_t)constants[0] - 1);
    const float *pixels = (const float *)operands[0] +
                          (of * channels + item % channels) * height * width;
    ptrdiff_t left = round_half(region[1] * scale);
    ptrdiff_t top = round_half(region[2] * scale);
    ptrdiff_t across = round_half(region[3] * scale) - left + 1;
    ptrdiff_t down = round_half(region[4] * scale) - top + 1;
    float cellHeight = (float)(down > 1 ? down : 1) / (float)rows;
    float cellWidth = (float)(across > 1 ? across : 1) / (float)columns;
    float *result = (float *)operands[2] + item * rows * columns;
    for (ptrdiff_t cell = 0; cell < rows * columns; ++cell) {
      ptrdiff_t i = cell / columns, j = cell % columns;
      ptrdiff_t y0 = clamp_to(cell_begin(i, cellHeight) + top, height);
      ptrdiff_t y1 = clamp_to(cell_end(i, cellHeight) + top, height);
      ptrdiff_t x0 = clamp_to(cell_begin(j, cellWidth) + left, width);
      ptrdiff_t x1 = clamp_to(cell_end(j, cellWidth) + left, width);
      float most = 0;
      for (ptrdiff_t y = y0; y < y1; ++y)
        for (ptrdiff_t x = x0; x < x1; ++x) {
          float pixel = pixels[y * width + x];
          if ((y == y0 && x == x0) || pixel > most)
            most = pixel;
        }
      result[cell] = most;
    }
  }
}
