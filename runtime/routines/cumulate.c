/*===- cumulate.c - Sums and products so far ----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

struct extent {
  ptrdiff_t size, inner;
  bool isProduct, isExclusive, isReverse;
};

/* Row i of the result is row i - 1, combined with a row of the input. */
#define CUMULATE(type)                                                         \
  static inline void cumulate_##type(const type *input, type *result,          \
                                     struct extent e) {                        \
    for (ptrdiff_t row = 0; row < e.size; ++row) {                             \
      ptrdiff_t step = e.isReverse ? -e.inner : e.inner;                       \
      ptrdiff_t at = (e.isReverse ? e.size - 1 - row : row) * e.inner;         \
      for (ptrdiff_t i = at; i < at + e.inner; ++i) {                          \
        if (row == 0 && e.isExclusive) {                                       \
          result[i] = e.isProduct;                                             \
          continue;                                                            \
        }                                                                      \
        type x = input[e.isExclusive ? i - step : i];                          \
        if (row > 0)                                                           \
          x = (type)(e.isProduct ? result[i - step] * x                        \
                                 : result[i - step] + x);                      \
        result[i] = x;                                                         \
      }                                                                        \
    }                                                                          \
  }

CUMULATE(float)
CUMULATE(double)
CUMULATE(uint32_t) /* overflow wraps, whatever the sign */
CUMULATE(uint64_t)

/* (input) -> (result): along a dimension of `size` rows of `inner` elements.
 * An item is an index of the dimensions before. Constants: dtype (F32, F64, or
 * integers of 32 and 64 bits), size, inner, product, exclusive, reverse. */
void swap_routine_cumulate(void *const *operands, const int64_t *constants,
                           int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  struct extent e = {(ptrdiff_t)constants[1], (ptrdiff_t)constants[2],
                     constants[3] != 0, constants[4] != 0, constants[5] != 0};
  for (ptrdiff_t item = (ptrdiff_t)begin; item < (ptrdiff_t)end; ++item) {
    ptrdiff_t at = item * e.size * e.inner;
    switch (constants[0]) {
    case SWAP_F32:
      cumulate_float((const float *)operands[0] + at, (float *)operands[1] + at,
                     e);
      break;
    case SWAP_F64:
      cumulate_double((const double *)operands[0] + at,
                      (double *)operands[1] + at, e);
      break;
    case SWAP_I32:
    case SWAP_U32:
      cumulate_uint32_t((const uint32_t *)operands[0] + at,
                        (uint32_t *)operands[1] + at, e);
      break;
    default:
      cumulate_uint64_t((const uint64_t *)operands[0] + at,
                        (uint64_t *)operands[1] + at, e);
      break;
    }
  }
}
