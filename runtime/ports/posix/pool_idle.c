/*===- pool_idle.c - How often a task has jobs --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Budgets are chosen anew when a task that others could make use of falls idle,
|* and when one wakes; and, once a second at most, when jobs come, or kernels take,
|* a third more or less than was reckoned with.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#define SECOND UINT64_C(1000000000)

uint64_t pool_period(const swap_task *task) {
  if (task->options.period_ns)
    return task->options.period_ns;
  return task->observed_ns ? task->observed_ns : SECOND;
}

uint64_t pool_deadline(const swap_task *task) {
  if (task->options.deadline_ns)
    return task->options.deadline_ns;
  return task->options.period_ns ? task->options.period_ns : UINT64_MAX;
}

static uint64_t idle_after(const swap_task *task) {
  const uint64_t period = pool_period(task);
  if (task->options.idle_ns)
    return task->options.idle_ns;
  if (period > UINT64_MAX / 8)
    return UINT64_MAX / 2;
  return period * 4 > SECOND ? period * 4 : SECOND;
}

/* Four times the longest time between two jobs of a task: who waits for so long
 * is starved, while in a set that keeps its deadlines nobody is. */
uint64_t pool_patience(const swap_pool *pool) {
  uint64_t longest = SECOND / 4;
  for (uint32_t i = 0; i < pool->task_count; ++i) {
    const uint64_t period = pool_period(pool->tasks[i]);
    const uint64_t deadline = pool_deadline(pool->tasks[i]);
    if (period > longest)
      longest = period;
    if (deadline != UINT64_MAX && deadline > longest)
      longest = deadline;
  }
  return longest < UINT64_MAX / 8 ? longest * 4 : UINT64_MAX / 2;
}

uint64_t pool_check_idle(swap_pool *pool, uint64_t now) {
  uint64_t next = UINT64_MAX;
  uint32_t awake = 0;
  int changed = 0;
  for (uint32_t i = 0; i < pool->task_count; ++i) {
    swap_task *task = pool->tasks[i];
    const uint64_t after = idle_after(task);
    task->idle = task->submitted == task->ended && now > task->active_ns &&
                 now - task->active_ns >= after;
    if (!task->idle && task->submitted == task->ended &&
        task->active_ns + after < next)
      next = task->active_ns + after;
    awake += !task->idle;
    changed |= task->idle != task->was_idle;
  }
  /* Nobody takes what all of them leave. */
  if (changed && awake)
    (void)pool_reallocate(pool);
  return next;
}

static int differs(double a, double b) {
  return a > b * 4 / 3 || b > a * 4 / 3;
}

void pool_check_habits(swap_pool *pool) {
  if (swap_posix_clock() - pool->chosen_ns < SECOND)
    return;
  if (differs(pool_link_rate(pool), pool->link_rate_used)) {
    pool_reconsider(pool);
    return;
  }
  for (uint32_t i = 0; i < pool->task_count; ++i) {
    const swap_task *task = pool->tasks[i];
    if (differs(task->model->slowness, task->model->slowness_used) ||
        (!task->options.period_ns &&
         differs((double)task->observed_ns, (double)task->observed_used))) {
      pool_reconsider(pool);
      return;
    }
  }
}
