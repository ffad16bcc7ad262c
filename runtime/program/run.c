/*===- run.c - Timed runs -----------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <stdlib.h>

#define CALIBRATION_RUNS 2u
#define RATE_BYTES (UINT64_C(1) << 30)

int run_once(swap_posix *handle, const tensors *t) {
  if (swap_posix_run(handle, (const void *const *)t->inputs, t->outputs) ==
      SWAP_OK)
    return 0;
  return fail(EXIT_RUN, "%s", swap_posix_error(handle));
}

/* What bound_ms is made of: compute with no read beside it, and the rate of a
 * read with no compute beside it. */
static int calibrate(stats *s, swap_posix *handle, const tensors *t) {
  const swap_counters *counters = &swap_posix_session(handle)->counters;
  int status = 0;
  swap_posix_serial(handle, 1);
  for (uint32_t i = 0; !status && i < CALIBRATION_RUNS; ++i) {
    progress("calibrating", i, CALIBRATION_RUNS);
    status = run_once(handle, t);
    if (!i || counters->compute_ns < s->compute_ns)
      s->compute_ns = counters->compute_ns;
  }
  swap_posix_serial(handle, 0);
  if (!status && counters->streamed_bytes)
    s->read_rate = swap_posix_read_rate(handle, RATE_BYTES);
  return status;
}

static int measure(stats *s, swap_posix *handle, const tensors *t,
                   const options *o) {
  const swap_counters *counters = &swap_posix_session(handle)->counters;
  int status = 0;
  for (uint32_t i = 0; !status && i < o->warmup; ++i) {
    progress("warming up, run", i + 1, o->warmup);
    status = run_once(handle, t);
  }
  for (uint32_t i = 0; !status && i < o->iterations; ++i) {
    progress("run", i + 1, o->iterations);
    status = run_once(handle, t);
    s->samples[s->count++] =
        (sample){counters->total_ns, counters->compute_ns, counters->stall_ns};
  }
  return status;
}

int run_model(swap_posix *handle, const tensors *t, const options *o) {
  stats s = {.samples = calloc(o->iterations, sizeof *s.samples)};
  output_file report = {.file = NULL};
  int status = s.samples ? 0 : fail(EXIT_RUN, "out of memory");
  if (!status && o->stats) /* a bad place is known before the runs */
    status = output_open(&report, o->stats);
  if (!status)
    status = measure(&s, handle, t, o);
  progress_end();
  if (!status && o->output_dir)
    status = tensors_save(t, o->output_dir);
  else if (!status)
    summary_outputs(t);
  if (!status && o->stats)
    status = calibrate(&s, handle, t);
  if (!status) {
    stats_sort(&s);
    progress_end();
    stats_say(&s, handle);
    if (o->stats) {
      stats_write(&s, handle, report.file);
      status = output_commit(&report);
    }
  } else if (report.file) {
    output_discard(&report);
  }
  free(s.samples);
  return status;
}
