/*===- roi_align.c - Samples of regions of an image ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

/* More samples of one cell than any region of an image has. */
static const float kMostSamples = 2048;

struct image {
  const float *pixels;
  ptrdiff_t height, width;
};

/* The four pixels around a place with their weights; their sum, or the largest
 * of them. */
static inline float sample(struct image image, float y, float x, bool isMax) {
  const float height = (float)image.height, width = (float)image.width;
  if (!(y >= -1 && y <= height && x >= -1 && x <= width))
    return 0;
  y = y > 0 ? y : 0, x = x > 0 ? x : 0;
  ptrdiff_t top = (ptrdiff_t)y, left = (ptrdiff_t)x;
  ptrdiff_t bottom = top + 1, right = left + 1;
  if (top >= image.height - 1)
    bottom = top = image.height - 1, y = (float)top;
  if (left >= image.width - 1)
    right = left = image.width - 1, x = (float)left;
  float ly = y - (float)top, lx = x - (float)left;
  float hy = 1 - ly, hx = 1 - lx;
  const float *upper = image.pixels + top * image.width;
  const float *lower = image.pixels + bottom * image.width;
  float a = hy * hx * upper[left], b = hy * lx * upper[right];
  float c = ly * hx * lower[left], d = ly * lx * lower[right];
  if (!isMax)
    return a + b + c + d;
  a = a > b ? a : b, c = c > d ? c : d;
  return a > c ? a : c;
}

/* Samples along one side of a cell: as asked for, or one a pixel. */
static inline ptrdiff_t count_samples(int64_t wanted, float cell) {
  if (wanted > 0)
    return (ptrdiff_t)wanted;
  if (!(cell > 0))
    return 0;
  if (cell > kMostSamples)
    cell = kMostSamples;
  ptrdiff_t whole = (ptrdiff_t)cell;
  return (float)whole < cell ? whole + 1 : whole;
}

/* (input [n, c, h, w], regions [count, 4], image of each (int64)) -> (result
 * [count, c, rows, columns]), of float32; an item is a channel of a region.
 * Constants: n, c, h, w, rows, columns, samples (0: one a pixel), largest in
 * place of average, half pixel, bits of the scale. */
void swap_routine_roi_align(void *const *operands, const int64_t *constants,
                            int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  const ptrdiff_t channels = (ptrdiff_t)constants[1];
  const ptrdiff_t rows = (ptrdiff_t)constants[4];
  const ptrdiff_t columns = (ptrdiff_t)constants[5];
  const bool isMax = constants[7] != 0;
  const float offset = constants[8] ? 0.5f : 0;
  const uint32_t bits = (uint32_t)constants[9];
  float scale;
  __builtin_memcpy(&scale, &bits, 4);
  struct image image = {NULL, (ptrdiff_t)constants[2], (ptrdiff_t)constants[3]};
  for (ptrdiff_t item = (ptrdiff_t)begin; item < (ptrdiff_t)end; ++item) {
    ptrdiff_t region = item / channels;
    const float *corners = (const float *)operands[1] + region * 4;
    int64_t of = ((const int64_t *)operands[2])[region];
    of = of < 0 ? 0 : of < constants[0] ? of : constants[0] - 1;
    image.pixels = (const float *)operands[0] +
                   ((ptrdiff_t)of * channels + item % channels) * image.height *
                       image.width;
    float left = corners[0] * scale - offset, top = corners[1] * scale - offset;
    float width = corners[2] * scale - offset - left;
    float height = corners[3] * scale - offset - top;
    if (!constants[8]) {
      width = width > 1 ? width : 1;
      height = height > 1 ? height : 1;
    }
    float cellHeight = height / (float)rows, cellWidth = width / (float)columns;
    ptrdiff_t down = count_samples(constants[6], cellHeight);
    ptrdiff_t across = count_samples(constants[6], cellWidth);
    float *result = (float *)operands[3] + item * rows * columns;
    for (ptrdiff_t cell = 0; cell < rows * columns; ++cell) {
      float y = top + (float)(cell / columns) * cellHeight;
      float x = left + (float)(cell % columns) * cellWidth;
      float sum = 0;
      for (ptrdiff_t i = 0; i < down * across; ++i) {
        float dy = ((float)(i / across) + 0.5f) * cellHeight / (float)down;
        float dx = ((float)(i % across) + 0.5f) * cellWidth / (float)across;
        float value = sample(image, y + dy, x + dx, isMax);
        if (!isMax)
          sum += value;
        else if (i == 0 || value > sum)
          sum = value;
      }
      if (!isMax && down * across > 1)
        sum /= (float)(down * across);
      result[cell] = sum;
    }
  }
}
