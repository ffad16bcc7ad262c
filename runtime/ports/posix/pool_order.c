/*===- pool_order.c - What is to be done next ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A model's jobs run one after another, so the one that was started is as urgent
|* as the most urgent of those behind it.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

static int goes_first(const swap_pool *pool, const pool_urgency *a,
                      const pool_urgency *b, uint64_t now) {
  return pool_goes_first(a, b, now, pool->patience_ns);
}

swap_task *pool_first_waiting(const pool_model *m, uint64_t now) {
  const swap_pool *pool = m->pool;
  swap_task *best = NULL;
  for (uint32_t i = 0; i < pool->task_count; ++i) {
    swap_task *task = pool->tasks[i];
    if (task->model == m && pool_head(task) &&
        (!best ||
         goes_first(pool, &pool_head(task)->urgency, &pool_head(best)->urgency, now)))
      best = task;
  }
  return best;
}

const pool_urgency *pool_model_urgency(const pool_model *m, uint64_t now) {
  const swap_task *waiting = pool_first_waiting(m, now);
  const pool_urgency *own = m->job ? &m->job->urgency : NULL;
  const pool_urgency *behind = waiting ? &pool_head(waiting)->urgency : NULL;
  if (!own || !behind)
    return own ? own : behind;
  return goes_first(m->pool, behind, own, now) ? behind : own;
}

swap_task *pool_next_start(swap_pool *pool, uint64_t now) {
  swap_task *best = NULL;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    const pool_model *m = pool->models[i];
    if (m->engine || !m->opened || m->busy || m->task || m->choice == POOL_NONE)
      continue;
    swap_task *task = pool_first_waiting(m, now);
    if (task && (!best || goes_first(pool, &pool_head(task)->urgency,
                                     &pool_head(best)->urgency, now)))
      best = task;
  }
  return best;
}

/* A read that ended may be the one that it waits for. */
static int can_go_on(const pool_model *m) {
  return m->job->state == POOL_JOB_READY ||
         (m->job->state == POOL_JOB_PENDING &&
          m->events_seen != port_link_events(m->pool->link));
}

pool_model *pool_next_run(swap_pool *pool, uint64_t now) {
  pool_model *best = NULL;
  const pool_urgency *urgency = NULL;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    pool_model *m = pool->models[i];
    if (m->busy || !m->task || !can_go_on(m) || !pool_may_compute(m, now))
      continue;
    const pool_urgency *here = pool_model_urgency(m, now);
    if (!best || goes_first(pool, here, urgency, now)) {
      best = m;
      urgency = here;
    }
  }
  return best;
}

pool_model *pool_least_begun(swap_pool *pool, const pool_urgency *urgency,
                             uint64_t now) {
  pool_model *worst = NULL;
  const pool_urgency *of_worst = NULL;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    pool_model *m = pool->models[i];
    if (m->busy || !m->task || m->computed)
      continue;
    const pool_urgency *here = pool_model_urgency(m, now);
    if (goes_first(pool, urgency, here, now) &&
        (!worst || goes_first(pool, of_worst, here, now))) {
      worst = m;
      of_worst = here;
    }
  }
  return worst;
}

int pool_link_rests(swap_pool *pool) {
  port_link_counters counters;
  port_link_get_counters(pool->link, &counters);
  return !counters.queued_bytes && !counters.in_flight_bytes;
}

pool_model *pool_next_fill(swap_pool *pool) {
  const swap_task *best = NULL;
  for (uint32_t i = 0; i < pool->task_count; ++i) {
    const swap_task *task = pool->tasks[i];
    const pool_model *m = task->model;
    if (m->engine || !m->opened || m->busy || m->task ||
        m->choice == POOL_NONE || m->filled || task->idle)
      continue;
    /* Who is likely to come next, among those of the highest priority. */
    if (!best || task->options.priority > best->options.priority ||
        (task->options.priority == best->options.priority &&
         task->submit_ns + pool_period(task) <
             best->submit_ns + pool_period(best)))
      best = task;
  }
  return best ? best->model : NULL;
}

int pool_should_yield(pool_lane *lane, uint64_t now) {
  swap_pool *pool = lane->pool;
  const pool_urgency *own = pool_model_urgency(lane->model, now);
  if (!pool_may_compute(lane->model, now))
    return 1;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    const pool_model *m = pool->models[i];
    if (m == lane->model || m->busy || !m->task)
      continue;
    if ((m->job->state == POOL_JOB_READY ||
         m->bytes_seen != port_link_client_bytes(m->client)) &&
        goes_first(pool, pool_model_urgency(m, now), own, now))
      return 1;
  }
  const swap_task *next = pool_next_start(pool, now);
  if (next && !pool->holds) {
    const pool_urgency *urgency = &pool_head(next)->urgency;
    if (pool->started < pool->overlap && !pool->blocked)
      return 1; /* its first reads can be made */
    if (goes_first(pool, urgency, own, now) && pool_least_begun(pool, urgency, now))
      return 1;
  }
  return pool_next_fill(pool) && pool_link_rests(pool);
}

void pool_tell_link(pool_model *m) {
  if (m->engine)
    return;
  port_link_set_urgency(m->client,
                        pool_model_urgency(m, swap_posix_clock()));
}
