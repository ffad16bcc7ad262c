/*===- verdict_text.c - A verdict as a sentence -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "policy.h"

#include <stdio.h>

#define SIZE_TEXT 24
#define ENOUGH_TEXT 96

/* MiB, rounded up: who gives as much as the text says has enough. */
static void size_text(char text[SIZE_TEXT], uint64_t bytes) {
  const uint64_t mib = bytes >> 20, rest = bytes & ((UINT64_C(1) << 20) - 1);
  const uint64_t tenths = mib * 10 + (rest * 10 + (1 << 20) - 1) / (1 << 20);
  snprintf(text, SIZE_TEXT, "%llu.%llu MiB", (unsigned long long)(tenths / 10),
           (unsigned long long)(tenths % 10));
}

static void time_text(char text[SIZE_TEXT], uint64_t ns) {
  const double ms = (double)ns / 1e6;
  snprintf(text, SIZE_TEXT,
           ms < 10    ? "%.2f ms"
           : ms < 100 ? "%.1f ms"
                      : "%.0f ms",
           ms);
}

size_t pool_verdict_text(const pool_verdict *verdict, const char *task,
                         uint64_t enough_bytes, char *text, size_t size) {
  char enough[ENOUGH_TEXT], first[SIZE_TEXT], second[SIZE_TEXT];
  int length = 0;
  snprintf(enough, sizeof(enough),
           "no budget is enough: make periods or deadlines longer");
  if (enough_bytes) {
    size_text(first, enough_bytes);
    snprintf(enough, sizeof(enough), "%s would be enough", first);
  }
  switch (verdict->limit) {
  case POOL_FEASIBLE:
    length = snprintf(text, size, "every deadline is kept");
    break;
  case POOL_MEMORY:
    size_text(first, verdict->needed);
    size_text(second, verdict->available);
    length = snprintf(text, size,
                      "the smallest plans take %s together, the budget is %s",
                      first, second);
    break;
  case POOL_PROCESSOR:
  case POOL_LINK:
    length = snprintf(text, size,
                      "the tasks %s %.2f s in each second, task %s most; %s",
                      verdict->limit == POOL_LINK ? "read for" : "compute for",
                      (double)verdict->needed / 1e6, task, enough);
    break;
  case POOL_DEADLINE:
    time_text(second, verdict->available);
    time_text(first, verdict->needed);
    if (verdict->needed == UINT64_MAX)
      length =
          snprintf(text, size,
                   "task %s: its jobs may wait ever longer, their deadline "
                   "is %s; %s",
                   task, second, enough);
    else
      length = snprintf(text, size,
                        "task %s: a job may take %s, its deadline is %s; %s",
                        task, first, second, enough);
    break;
  }
  return length > 0 ? (size_t)length : 0;
}
