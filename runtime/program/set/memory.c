/*===- memory.c - Memory over time --------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "set_program.h"

static int is_more(const struct memory_point *a, const struct memory_point *b) {
  return a->used > b->used;
}

/* When the list is full, of each two points the one that uses more stays. */
static void halve(memory_log *log) {
  for (uint32_t i = 0; i < log->count / 2; ++i) {
    const struct memory_point *pair = &log->points[2 * i];
    log->points[i] = pair[is_more(&pair[1], &pair[0])];
  }
  log->count /= 2;
  log->every *= 2;
}

void memory_add(memory_log *log, uint64_t at_ns, uint64_t used,
                uint64_t budget) {
  const struct memory_point now = {at_ns, used, budget};
  if (!log->seen || is_more(&now, &log->pending))
    log->pending = now;
  if (++log->seen < log->every)
    return;
  log->seen = 0;
  log->points[log->count++] = log->pending;
  if (log->count == MEMORY_POINTS)
    halve(log);
}
