/*===- progress.c - Progress of what takes over a second ----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <time.h>
#include <unistd.h>

static uint64_t first_ns, last_ns;
static int shown;

uint64_t program_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Loading is one call; say so first where there is much to load. */
void progress_start(const swap_model *model, uint64_t budget) {
  const uint64_t overhead = target_overhead();
  const swap_plan *plan =
      swap_choose_plan(model, budget < overhead      ? 0
                              : budget == UINT64_MAX ? budget
                                                     : budget - overhead);
  if (!plan || plan->resident_bytes < (UINT64_C(256) << 20) ||
      !isatty(STDERR_FILENO))
    return;
  fprintf(stderr, "loading %s of weights", size_text(plan->resident_bytes));
  fflush(stderr);
  shown = 1;
}

void progress(const char *what, uint64_t done, uint64_t total) {
  const uint64_t now = program_clock();
  if (!first_ns)
    first_ns = last_ns = now;
  if (now - first_ns < UINT64_C(1000000000) ||
      now - last_ns < UINT64_C(200000000))
    return;
  last_ns = now;
  if (!isatty(STDERR_FILENO))
    return;
  if (total)
    fprintf(stderr, "\r\033[K%s %llu of %llu", what, (unsigned long long)done,
            (unsigned long long)total);
  else
    fprintf(stderr, "\r\033[K%s", what);
  fflush(stderr);
  shown = 1;
}

void progress_end(void) {
  if (shown)
    fprintf(stderr, "\r\033[K");
  shown = 0;
}
