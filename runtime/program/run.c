/*===- run.c - Timed runs -----------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <stdlib.h>

int run_once(target *handle, const tensors *t) {
  if (target_run(handle, (const void *const *)t->inputs, t->outputs) == SWAP_OK)
    return 0;
  return fail(EXIT_RUN, "%s", target_error(handle));
}

/* What bound_ms is made of: compute with no read beside it, and the rate of the
 * plan's reads with no compute beside them. Some of it before and some after
 * the timed runs, for what else the machine does comes and goes. */
static int calibrate(stats *s, target *handle, const tensors *t,
                     uint32_t runs) {
  const swap_counters *counters = &target_session(handle)->counters;
  double cpu = 0;
  for (uint32_t i = 0; i < runs; ++i) {
    progress("calibrating", s->calibrations, CALIBRATIONS);
    if (target_compute(handle, (const void *const *)t->inputs, t->outputs,
                       &s->compute[s->calibrations++]))
      return fail(EXIT_RUN, "%s", target_error(handle));
  }
  if (counters->streamed_bytes) {
    s->rates[s->rate_count++] = target_read_rate(handle, &cpu);
    s->read_cpu += cpu / RATES;
  }
  return 0;
}

/* Runs that are not timed. The first of all finds nothing in memory. */
static int warm_up(stats *s, target *handle, const tensors *t, uint32_t runs) {
  const swap_counters *counters = &target_session(handle)->counters;
  int status = 0;
  for (uint32_t i = 0; !status && i < runs; ++i) {
    progress("warming up, run", i + 1, runs);
    status = run_once(handle, t);
    s->cold_ns = s->cold_ns ? s->cold_ns : counters->total_ns;
  }
  return status;
}

static int measure(stats *s, target *handle, const tensors *t,
                   const options *o, kernel_times **recording) {
  const swap_counters *counters = &target_session(handle)->counters;
  int status = 0;
  for (uint32_t i = 0; !status && i < o->iterations; ++i) {
    progress("run", i + 1, o->iterations);
    if (i + 1 == o->iterations && !o->stats)
      target_ahead(handle, 0); /* nobody would use what it reads */
    *recording = s->kernels;
    status = run_once(handle, t);
    *recording = NULL;
    if (s->kernels)
      kernel_times_end_run(s->kernels);
    s->samples[s->count++] =
        (sample){counters->total_ns, counters->compute_ns, counters->stall_ns};
    s->cold_ns = s->cold_ns ? s->cold_ns : counters->total_ns;
  }
  return status;
}

/* With --stats: a first run for cold_ms if there is no other; a run after the
 * first calibration, so that the timed ones follow their like. */
static int measure_all(stats *s, target *handle, const tensors *t,
                       const options *o, kernel_times **recording) {
  const uint32_t first = o->warmup ? o->warmup : o->stats != NULL;
  int status = warm_up(s, handle, t, first);
  if (!status && o->stats)
    status = calibrate(s, handle, t, 1);
  if (!status && o->stats)
    status = warm_up(s, handle, t, 1);
  return status ? status : measure(s, handle, t, o, recording);
}

int run_model(target *handle, const tensors *t, const options *o,
              kernel_times **recording) {
  const swap_session *session = target_session(handle);
  stats s = {.samples = calloc(o->iterations, sizeof *s.samples)};
  output_file report = {.file = NULL};
  int status = s.samples ? 0 : fail(EXIT_RUN, "out of memory");
  if (!status && wants_kernels(o) &&
      !(s.kernels = kernel_times_new(session->model, o->iterations)))
    status = fail(EXIT_RUN, "out of memory");
  if (!status && o->stats) /* a bad place is known before the runs */
    status = output_open(&report, o->stats);
  if (!status)
    status = measure_all(&s, handle, t, o, recording);
  progress_end();
  if (!status)
    tensors_crop(t);
  if (!status && o->output_dir)
    status = tensors_save(t, o->output_dir);
  else if (!status)
    summary_outputs(t);
  if (!status && o->stats)
    status = calibrate(&s, handle, t, CALIBRATIONS - 1);
  if (!status) {
    stats_sort(&s);
    progress_end();
    if (o->kernels)
      kernel_times_print(s.kernels, session->plan, stdout);
    stats_say(&s, handle);
    if (o->check_memory)
      say("at every kernel the device's memory was within the budget");
    if (o->stats) {
      stats_write(&s, handle, report.file);
      status = output_commit(&report);
    }
  } else if (report.file) {
    output_discard(&report);
  }
  kernel_times_free(s.kernels);
  free(s.samples);
  return status;
}
