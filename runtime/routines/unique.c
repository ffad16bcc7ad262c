/*===- unique.c - Different slices, and how often -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

/* The input is [outer, size, inner]; slice i has the elements with i between.
 */
struct slices {
  const void *input;
  int64_t dtype;
  ptrdiff_t outer, size, inner;
};

static inline int compare(const struct slices *s, ptrdiff_t a, ptrdiff_t b) {
  for (ptrdiff_t o = 0; o < s->outer; ++o)
    for (ptrdiff_t i = 0; i < s->inner; ++i) {
      ptrdiff_t at = o * s->size * s->inner + i;
      uint64_t x = element_key(s->input, at + a * s->inner, s->dtype);
      uint64_t y = element_key(s->input, at + b * s->inner, s->dtype);
      if (x != y)
        return x < y ? -1 : 1;
    }
  return 0;
}

/* Sorts the indices of all slices, of equal ones the earlier first. Returns
 * which of the two lists has them. */
static inline int64_t *sort(const struct slices *s, int64_t *list,
                            int64_t *other) {
  for (ptrdiff_t i = 0; i < s->size; ++i)
    list[i] = i;
  for (ptrdiff_t run = 1; run < s->size; run *= 2) {
    for (ptrdiff_t low = 0; low < s->size; low += 2 * run) {
      ptrdiff_t middle = low + run < s->size ? low + run : s->size;
      ptrdiff_t high = middle + run < s->size ? middle + run : s->size;
      ptrdiff_t a = low, b = middle;
      for (ptrdiff_t to = low; to < high; ++to) {
        bool isLeft =
            a < middle && (b >= high || compare(s, list[a], list[b]) <= 0);
        other[to] = list[isLeft ? a++ : b++];
      }
    }
    int64_t *sorted = other;
    other = list;
    list = sorted;
  }
  return list;
}

/* (input) -> (slices [outer, room, inner], first indices [room], inverse
 * [size], counts [room]), the last three of int64. Slices come in their order,
 * or in that of their first indices. What there is no room for is left out, and
 * what is left of the room is 0. Scratch has three int64 a slice. Constants:
 * dtype, outer, size, inner, sorted, room. */
void swap_routine_unique(void *const *operands, const int64_t *constants,
                         int64_t begin, int64_t end, void *scratch) {
  (void)begin, (void)end;
  const struct slices s = {operands[0], constants[0], (ptrdiff_t)constants[1],
                           (ptrdiff_t)constants[2], (ptrdiff_t)constants[3]};
  const ptrdiff_t room = (ptrdiff_t)constants[5];
  const ptrdiff_t bytes = s.inner * element_bytes(s.dtype);
  int64_t *list = scratch, *other = list + s.size, *number = other + s.size;
  int64_t *sorted = sort(&s, list, other);
  int64_t *first = sorted == list ? other : list; /* equal to slice i */
  ptrdiff_t groups = 0;
  for (ptrdiff_t i = 0; i < s.size; ++i) {
    ptrdiff_t slice = (ptrdiff_t)sorted[i];
    bool isNew = i == 0 || compare(&s, (ptrdiff_t)sorted[i - 1], slice) != 0;
    first[slice] = isNew ? slice : first[sorted[i - 1]];
    if (isNew && constants[4])
      number[slice] = groups++;
  }
  if (!constants[4])
    for (ptrdiff_t i = 0; i < s.size; ++i)
      if (first[i] == i)
        number[i] = groups++;
  char *result = operands[1];
  int64_t *indices = operands[2], *inverse = operands[3], *counts = operands[4];
  if (result)
    clear_bytes(result, s.outer * room * bytes);
  if (indices)
    clear_bytes(indices, room * 8);
  if (counts)
    clear_bytes(counts, room * 8);
  for (ptrdiff_t i = 0; i < s.size; ++i) {
    ptrdiff_t to = (ptrdiff_t)number[first[i]];
    if (inverse)
      inverse[i] = to;
    if (to >= room)
      continue;
    if (counts)
      ++counts[to];
    if (first[i] != i)
      continue;
    if (indices)
      indices[to] = i;
    for (ptrdiff_t o = 0; o < s.outer && result; ++o)
      copy_bytes(result + (o * room + to) * bytes,
                 (const char *)s.input + (o * s.size + i) * bytes, bytes);
  }
}
