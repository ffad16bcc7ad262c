/*===- candidates.h - The best of many, in a heap -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#ifndef SWAP_ROUTINES_CANDIDATES_H
#define SWAP_ROUTINES_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Smaller keys are better, then smaller indices: an order without ties. */
struct candidate {
  uint64_t key;
  int64_t index;
};

static inline bool is_better(struct candidate a, struct candidate b) {
  return a.key != b.key ? a.key < b.key : a.index < b.index;
}

/* Puts `one` into the heap at `at`, whose root is the worst of `count`. */
static inline void sift_down(struct candidate *heap, ptrdiff_t count,
                             ptrdiff_t at, struct candidate one) {
  for (;;) {
    ptrdiff_t child = 2 * at + 1;
    if (child >= count)
      break;
    if (child + 1 < count && is_better(heap[child], heap[child + 1]))
      ++child;
    if (!is_better(one, heap[child]))
      break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = one;
}

static inline void make_heap(struct candidate *heap, ptrdiff_t count) {
  for (ptrdiff_t at = count / 2; at-- > 0;)
    sift_down(heap, count, at, heap[at]);
}

/* Turns a heap into a list, the best first. */
static inline void sort_heap(struct candidate *heap, ptrdiff_t count) {
  while (count-- > 1) {
    struct candidate last = heap[count];
    heap[count] = heap[0];
    sift_down(heap, count, 0, last);
  }
}

#endif
