/*===- tfidf.c - How often sequences occur ------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

/* Which of `count` sorted sequences of `length` the tokens are, or -1. */
static inline ptrdiff_t find(const int64_t *pool, ptrdiff_t count,
                             ptrdiff_t length, const int64_t *tokens,
                             ptrdiff_t step) {
  ptrdiff_t low = 0, high = count;
  while (low < high) {
    ptrdiff_t middle = low + (high - low) / 2, i = 0;
    const int64_t *sequence = pool + middle * length;
    while (i < length && sequence[i] == tokens[i * step])
      ++i;
    if (i == length)
      return middle;
    if (sequence[i] < tokens[i * step])
      low = middle + 1;
    else
      high = middle;
  }
  return -1;
}

/* (tokens [items, size], pool, places) -> (counts of float32 [items, outputs]).
 * The pool has the sequences of each length, sorted; places say for all of them
 * in their order which output counts them. Between the tokens of a sequence up
 * to `skips` others are left out. Constants: size, outputs, shortest, longest,
 * skips, number of sequences of each length from the shortest. */
void swap_routine_tfidf(void *const *operands, const int64_t *constants,
                        int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  const ptrdiff_t size = (ptrdiff_t)constants[0];
  const ptrdiff_t outputs = (ptrdiff_t)constants[1];
  const ptrdiff_t shortest = (ptrdiff_t)constants[2];
  const ptrdiff_t longest = (ptrdiff_t)constants[3];
  const ptrdiff_t skips = (ptrdiff_t)constants[4];
  for (ptrdiff_t item = (ptrdiff_t)begin; item < (ptrdiff_t)end; ++item) {
    const int64_t *tokens = (const int64_t *)operands[0] + item * size;
    float *counts = (float *)operands[3] + item * outputs;
    const int64_t *pool = operands[1], *places = operands[2];
    clear_bytes(counts, outputs * 4);
    for (ptrdiff_t length = shortest; length <= longest; ++length) {
      ptrdiff_t count = (ptrdiff_t)constants[5 + length - shortest];
      /* Nothing is left out of one token. */
      ptrdiff_t steps = length == 1 ? 1 : skips + 1;
      for (ptrdiff_t step = 1; step <= steps; ++step)
        for (ptrdiff_t at = 0; at + (length - 1) * step < size; ++at) {
          ptrdiff_t found = find(pool, count, length, tokens + at, step);
          if (found >= 0 && places[found] >= 0 && places[found] < outputs)
            counts[places[found]] += 1;
        }
      pool += count * length;
      places += count;
    }
  }
}
