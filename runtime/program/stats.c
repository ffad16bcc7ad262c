/*===- stats.c - Measurements -------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* compute_ms and stall_ms are those of the run with the median latency, so that
|* they belong together.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <inttypes.h>
#include <stdlib.h>

static int by_total(const void *a, const void *b) {
  const uint64_t left = ((const sample *)a)->total_ns,
                 right = ((const sample *)b)->total_ns;
  return (left > right) - (left < right);
}

static int ascending(const void *a, const void *b) {
  const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

void stats_sort(stats *s) {
  qsort(s->samples, s->count, sizeof *s->samples, by_total);
  qsort(s->compute, s->calibrations, sizeof s->compute[0], ascending);
}

static double ms(uint64_t ns) { return (double)ns / 1e6; }

double stats_median_ms(const stats *s) {
  return ms(s->samples[s->count / 2].total_ns +
            s->samples[(s->count - 1) / 2].total_ns) /
         2;
}

static uint64_t compute_ns(const stats *s) {
  return s->calibrations ? s->compute[s->calibrations / 2] : 0;
}

/* 0 where one of the measurements failed. */
static double read_rate(const stats *s) {
  double sum = 0;
  for (uint32_t i = 0; i < s->rate_count; ++i) {
    if (!(s->rates[i] > 0))
      return 0;
    sum += s->rates[i];
  }
  return s->rate_count ? sum / s->rate_count : 0;
}

double stats_bound_ms(const stats *s, const target *handle) {
  const double compute = ms(compute_ns(s)), rate = read_rate(s);
  const double bytes = (double)target_session(handle)->counters.streamed_bytes;
  const double transfer = rate > 0 ? bytes / rate * 1e3 : 0;
  return compute > transfer ? compute : transfer;
}

void stats_write(const stats *s, const target *handle, FILE *f) {
  const swap_session *session = target_session(handle);
  const swap_plan *plan = session->plan;
  const uint32_t ninety = (s->count * 9 + 9) / 10 - 1;
  const double bound = stats_bound_ms(s, handle), median = stats_median_ms(s);
  fprintf(f,
          "{\n  \"budget_bytes\": %" PRIu64 ",\n  \"peak_bytes\": %" PRIu64
          ",\n",
          plan->budget_bytes, with_overhead(plan->peak_bytes));
  fprintf(f, "  \"arena_bytes\": %" PRIu64 ",\n", plan->arena_bytes);
  fprintf(
      f, "  \"model_bytes\": %" PRIu64 ",\n  \"weight_bytes\": %" PRIu64 ",\n",
      session->model->model_bytes, session->model->weight_bytes);
  fprintf(f,
          "  \"resident_bytes\": %" PRIu64 ",\n  \"streamed_bytes\": %" PRIu64
          ",\n",
          plan->resident_bytes, session->counters.streamed_bytes);
  fprintf(f, "  \"copied_bytes\": %" PRIu64 ",\n  \"runs\": %u,\n",
          session->counters.copied_bytes, s->count);
  fprintf(f,
          "  \"latency_ms\": {\"min\": %.6f, \"median\": %.6f, \"p90\": %.6f, "
          "\"max\": %.6f},\n",
          ms(s->samples[0].total_ns), median, ms(s->samples[ninety].total_ns),
          ms(s->samples[s->count - 1].total_ns));
  fprintf(f, "  \"compute_ms\": %.6f,\n  \"stall_ms\": %.6f,\n",
          ms(s->samples[s->count / 2].compute_ns),
          ms(s->samples[s->count / 2].stall_ns));
  fprintf(f, "  \"bound_ms\": %.6f,\n  \"achieved_over_bound\": %.6f,\n", bound,
          bound > 0 ? median / bound : 0.0);
  fprintf(f,
          "  \"undisturbed_compute_ms\": %.6f,\n  \"%s_bytes_per_second\": "
          "%.0f,\n",
          ms(compute_ns(s)), target_is_gpu ? "link" : "read", read_rate(s));
  if (!target_is_gpu) /* DMA takes no time of the processor */
    fprintf(f, "  \"read_cpu_s_per_gib\": %.4f,\n", s->read_cpu);
  fprintf(f, "  \"cold_ms\": %.6f,\n  \"loaded_bytes\": %" PRIu64 ",\n",
          ms(s->cold_ns), session->counters.loaded_bytes);
  if (s->kernels)
    kernel_times_write(s->kernels, plan, f);
  target_stats(handle, f);
  fprintf(f, "}\n");
}

void stats_say(const stats *s, const target *handle) {
  const swap_session *session = target_session(handle);
  const swap_plan *plan = session->plan;
  const char *device = target_device(handle);
  say("%s%sbudget %s, peak %s, resident %s, streamed %s per run", device,
      *device ? ": " : "", size_text(plan->budget_bytes),
      size_text(with_overhead(plan->peak_bytes)),
      size_text(plan->resident_bytes),
      size_text(session->counters.streamed_bytes));
  const double stall = ms(s->samples[s->count / 2].stall_ns);
  if (s->calibrations)
    say("median %.3f ms of %u, stalled %.3f ms, bound %.3f ms",
        stats_median_ms(s), s->count, stall, stats_bound_ms(s, handle));
  else if (target_is_gpu) /* and compute, which stalls are told from */
    say("median %.3f ms of %u (--stats measures the bound)", stats_median_ms(s),
        s->count);
  else
    say("median %.3f ms of %u, stalled %.3f ms (--stats measures the bound)",
        stats_median_ms(s), s->count, stall);
  if (session->counters.copied_bytes)
    say("copied %s per run (%s reads)",
        size_text(session->counters.copied_bytes), target_way(handle));
}
