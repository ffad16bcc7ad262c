/*===- pool_calls.c - How long calls take, and which fill a stall -*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A call is not interrupted. While it fills a stall of a more urgent job, that
|* job's other reads go on; it costs that job nothing if it ends before they do.
|* A longer one would leave the link without work of that job, and a job with few
|* reads under way, whose stalls are short, would wait for others at each of them.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include "core.h"

/* Those who choose budgets look while a lane writes. */
static uint64_t call_ns(const pool_model *m, uint32_t kernel) {
  return atomic_load_explicit(&m->call_ns[kernel], memory_order_relaxed);
}

void pool_note_call(pool_model *m, uint32_t kernel, uint64_t ns) {
  const uint64_t known = call_ns(m, kernel);
  atomic_store_explicit(&m->call_ns[kernel], known ? (3 * known + ns) / 4 : ns,
                        memory_order_relaxed);
}

uint64_t pool_longest_call(const pool_model *m) {
  uint64_t longest = 0;
  for (uint32_t i = 0; i < m->model->kernel_count; ++i)
    longest = call_ns(m, i) > longest ? call_ns(m, i) : longest;
  return longest;
}

/* 0: not known, or none is left. */
static uint64_t next_call(const pool_model *m) {
  const swap_plan *plan = m->session.plan;
  for (uint32_t i = m->session.step; i < plan->step_count; ++i)
    if (plan->steps[i].op == SWAP_OP_CALL)
      return call_ns(m, plan->steps[i].index);
  return 0;
}

/* Until what a session reads is there. */
static double under_way(const pool_model *m) {
  const swap_session *session = &m->session;
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    if (session->in_flight[i].ticket >= 0)
      bytes += swap_core_unit_bytes(m->model, session->in_flight[i].unit);
  return (double)bytes * 1e9 / m->pool->link_rate;
}

int pool_may_compute(const pool_model *m, uint64_t now) {
  const swap_pool *pool = m->pool;
  const uint64_t ns = next_call(m);
  if (pool->lane_count > 1 || !ns || pool->link_rate <= 0)
    return 1; /* another lane takes the job up when its read is there */
  const pool_urgency *own = pool_model_urgency(m, now);
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    const pool_model *other = pool->models[i];
    if (other == m || other->busy || !other->job ||
        other->job->state != POOL_JOB_PENDING)
      continue;
    if ((double)ns > under_way(other) &&
        pool_goes_first(pool_model_urgency(other, now), own, now,
                        pool->patience_ns))
      return 0;
  }
  return 1;
}
