/*===- pool_state.c - How a pool does -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

void swap_pool_get_state(swap_pool *pool, swap_pool_state *state) {
  *state = (swap_pool_state){.budget_bytes = 0};
  if (!pool || !pool->link)
    return;
  port_link_counters link;
  pthread_mutex_lock(&pool->lock);
  port_link_get_counters(pool->link, &link);
  *state = (swap_pool_state){.budget_bytes = pool->account.budget == UINT64_MAX
                                                 ? 0
                                                 : pool->account.budget,
                             .used_bytes = pool->account.used,
                             .peak_bytes = pool->account.peak,
                             .zone_bytes = pool->zone.arena.bytes,
                             .read_bytes = link.read_bytes + pool->engine_bytes,
                             .compute_ns = pool->compute_ns,
                             .stall_ns = pool->stall_ns,
                             .tasks = pool->task_count,
                             .reallocations = pool->reallocations,
                             .overlap = pool->overlap,
                             .threads = pool->options.threads,
                             .lanes = pool->lane_count,
                             .io = port_link_io_name(pool->link)};
  for (uint32_t i = 0; i < pool->model_count; ++i)
    state->resident_bytes += pool->models[i]->homes.bytes;
  for (uint32_t i = 0; i < pool->task_count; ++i)
    state->jobs +=
        (uint32_t)(pool->tasks[i]->submitted - pool->tasks[i]->ended);
  pthread_mutex_unlock(&pool->lock);
}

void swap_task_get_state(const swap_task *task, swap_task_state *state) {
  swap_pool *pool = task->pool;
  const pool_model *m = task->model;
  pthread_mutex_lock(&pool->lock);
  *state = (swap_task_state){
      .plan = m->plans[m->choice == POOL_NONE ? 0 : m->choice],
      .target_plan = m->plans[m->target],
      .resident_bytes = m->homes.bytes,
      .predicted_ns = m->choices[m->target].time_ns,
      .response_ns = task->response_ns,
      .runs = task->runs,
      .missed = task->missed,
      .idle = task->idle};
  pthread_mutex_unlock(&pool->lock);
}

const char *swap_task_name(const swap_task *task) { return task->name; }

const swap_model *swap_task_model(const swap_task *task) {
  return task->model->model;
}
