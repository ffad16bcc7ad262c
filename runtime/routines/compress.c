/*===- compress.c - Slices that a condition selects ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

/* (input, condition of bool) -> (result): of each item's `size` slices, those
 * whose condition holds. What there is no room for is left out, and what is
 * left of the room is 0. Constants: bytes of a slice, size, conditions, room.
 */
void swap_routine_compress(void *const *operands, const int64_t *constants,
                           int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  const ptrdiff_t bytes = (ptrdiff_t)constants[0];
  const ptrdiff_t size = (ptrdiff_t)constants[1];
  const ptrdiff_t conditions = (ptrdiff_t)constants[2];
  const ptrdiff_t room = (ptrdiff_t)constants[3];
  const uint8_t *condition = operands[1];
  for (ptrdiff_t item = (ptrdiff_t)begin; item < (ptrdiff_t)end; ++item) {
    const char *from = (const char *)operands[0] + item * size * bytes;
    char *to = (char *)operands[2] + item * room * bytes;
    ptrdiff_t found = 0;
    for (ptrdiff_t i = 0; i < size && i < conditions && found < room; ++i)
      if (condition[i])
        copy_bytes(to + found++ * bytes, from + i * bytes, bytes);
    clear_bytes(to + found * bytes, (room - found) * bytes);
  }
}
