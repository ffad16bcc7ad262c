/*===- nonzero.c - Where elements are true ------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "routine.h"

/* (input of bool) -> (indices of int64, [rank, room]): in row-major order. What
 * there is no room for is left out, and what is left of the room is -1.
 * Constants: elements, room, rank, sizes of the input. */
void swap_routine_nonzero(void *const *operands, const int64_t *constants,
                          int64_t begin, int64_t end, void *scratch) {
  (void)begin, (void)end, (void)scratch;
  const uint8_t *input = operands[0];
  int64_t *result = operands[1];
  const ptrdiff_t elements = (ptrdiff_t)constants[0];
  const ptrdiff_t room = (ptrdiff_t)constants[1];
  const ptrdiff_t rank = (ptrdiff_t)constants[2];
  ptrdiff_t found = 0;
  for (ptrdiff_t i = 0; i < elements && found < room; ++i) {
    if (!input[i])
      continue;
    ptrdiff_t left = i;
    for (ptrdiff_t dim = rank; dim-- > 0;) {
      ptrdiff_t size = (ptrdiff_t)constants[3 + dim];
      result[dim * room + found] = left % size;
      left /= size;
    }
    ++found;
  }
  for (; found < room; ++found)
    for (ptrdiff_t dim = 0; dim < rank; ++dim)
      result[dim * room + found] = -1;
}
