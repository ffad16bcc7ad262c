/*===- topk.c - The largest or smallest of a line -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "candidates.h"
#include "element.h"
#include "routine.h"

/* (input) -> (values, indices of int64): of each line of `size` elements that
 * are `inner` apart, the k best in their order. An item is a line; scratch has
 * k candidates. Constants: dtype, size, inner, k, largest. */
void swap_routine_topk(void *const *operands, const int64_t *constants,
                       int64_t begin, int64_t end, void *scratch) {
  const int64_t dtype = constants[0];
  const ptrdiff_t size = (ptrdiff_t)constants[1];
  const ptrdiff_t inner = (ptrdiff_t)constants[2];
  const ptrdiff_t k = (ptrdiff_t)constants[3];
  const uint64_t flip = constants[4] ? ~(uint64_t)0 : 0;
  const ptrdiff_t bytes = element_bytes(dtype);
  struct candidate *best = scratch;
  for (ptrdiff_t line = (ptrdiff_t)begin; line < (ptrdiff_t)end; ++line) {
    ptrdiff_t outer = line / inner, column = line % inner;
    ptrdiff_t from = outer * size * inner + column;
    ptrdiff_t to = outer * k * inner + column;
    for (ptrdiff_t i = 0; i < k; ++i) {
      best[i].key = flip ^ element_key(operands[0], from + i * inner, dtype);
      best[i].index = i;
    }
    make_heap(best, k);
    for (ptrdiff_t i = k; i < size; ++i) {
      struct candidate one = {
          flip ^ element_key(operands[0], from + i * inner, dtype), i};
      if (one.key < best[0].key) /* of equal ones, the earlier are better */
        sift_down(best, k, 0, one);
    }
    sort_heap(best, k);
    for (ptrdiff_t i = 0; i < k; ++i) {
      if (operands[1])
        copy_bytes((char *)operands[1] + (to + i * inner) * bytes,
                   (const char *)operands[0] +
                       (from + (ptrdiff_t)best[i].index * inner) * bytes,
                   bytes);
      if (operands[2])
        ((int64_t *)operands[2])[to + i * inner] = best[i].index;
    }
  }
}
