/*===- pool_rate.c - What the link gives --------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

/* Fewer bytes say little of a rate. */
#define SAMPLE_BYTES (UINT64_C(32) << 20)
#define MOST_SLOWNESS 2.0

double pool_smooth(double before, double here) {
  return before > 0 ? before * 0.75 + here * 0.25 : here;
}

void pool_measure_link(swap_pool *pool) {
  port_link_counters now;
  port_link_get_counters(pool->link, &now);
  const uint64_t bytes = now.read_bytes - pool->seen.read_bytes;
  const uint64_t busy = now.busy_ns - pool->seen.busy_ns;
  if (bytes < SAMPLE_BYTES || !busy)
    return;
  pool->seen_rate =
      pool_smooth(pool->seen_rate, (double)bytes * 1e9 / (double)busy);
  pool->seen = now;
}

/* A plan that waits for the link all the time tells its rate. */
static double predicted(const swap_pool *pool) {
  double rate = 0;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    const pool_model *m = pool->models[i];
    for (uint32_t j = 0; j < m->choice_count; ++j) {
      const swap_plan *plan = pool_plan(m, j);
      const double here = plan->predicted_ns
                              ? (double)plan->streamed_bytes * 1e9 /
                                    (double)plan->predicted_ns
                              : 0;
      rate = here > rate ? here : rate;
    }
  }
  return rate > 0 ? rate : 1e9;
}

static double alone(const swap_pool *pool) {
  const uint64_t asked = pool->options.link_bytes_per_second;
  return asked ? (double)asked : predicted(pool);
}

/* Beside kernels a link may be slower than what a profile saw of it alone. Small
 * regions make it look slower than it is: they have few reads under way. */
double pool_link_slowness(const swap_pool *pool) {
  const double slower =
      pool->seen_rate > 0 ? alone(pool) / pool->seen_rate : 1;
  return slower < 1 ? 1 : slower > MOST_SLOWNESS ? MOST_SLOWNESS : slower;
}

double pool_link_rate(const swap_pool *pool) {
  return alone(pool) / pool_link_slowness(pool);
}
