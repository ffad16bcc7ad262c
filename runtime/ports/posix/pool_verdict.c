/*===- pool_verdict.c - Why a set of tasks is not feasible --------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <stdio.h>

static double ms(uint64_t ns) { return (double)ns / 1e6; }

int pool_tell(swap_pool *pool, const pool_system *system, char *text,
              size_t size) {
  uint64_t enough = 0;
  const pool_verdict verdict = pool_admit(system, &enough);
  const swap_task *task = pool->tasks[verdict.load];
  char remedy[96];
  if (enough)
    snprintf(remedy, sizeof remedy, "a budget of %llu bytes would be enough",
             (unsigned long long)enough);
  else
    snprintf(remedy, sizeof remedy, "no budget would be enough");
  switch (verdict.limit) {
  case POOL_FEASIBLE:
    snprintf(text, size, "all deadlines are kept by prediction");
    return SWAP_OK;
  case POOL_MEMORY:
    snprintf(text, size,
             "the smallest plans of all tasks need %llu bytes, the budget is "
             "%llu; %s asks for most",
             (unsigned long long)verdict.needed,
             (unsigned long long)verdict.available, task->name);
    break;
  case POOL_PROCESSOR:
    snprintf(text, size,
             "computing takes %.1f%% of the time there is, %s asks for most; %s: "
             "longer periods or more threads are needed",
             (double)verdict.needed / 1e4, task->name, remedy);
    break;
  case POOL_LINK:
    snprintf(text, size,
             "reading takes %.1f%% of the time there is, %s asks for most; %s",
             (double)verdict.needed / 1e4, task->name, remedy);
    break;
  case POOL_DEADLINE:
    if (verdict.needed == UINT64_MAX)
      snprintf(text, size,
               "%s has no bound for its end, its deadline is %.1f ms; %s",
               task->name, ms(verdict.available), remedy);
    else
      snprintf(text, size,
               "%s ends after %.1f ms at worst, its deadline is %.1f ms; %s",
               task->name, ms(verdict.needed), ms(verdict.available), remedy);
    break;
  }
  return SWAP_ERR_BUDGET;
}

int swap_pool_feasible(swap_pool *pool, char *text, size_t size) {
  pool_ladder ladders[SWAP_POOL_MAX_TASKS];
  pool_load loads[SWAP_POOL_MAX_TASKS];
  char unwanted[1];
  if (!pool || !pool->link)
    return SWAP_ERR_ARGUMENT;
  if (!text || !size) {
    text = unwanted;
    size = sizeof unwanted;
  }
  pthread_mutex_lock(&pool->lock);
  int status = SWAP_OK;
  if (pool->task_count) {
    const pool_system system = pool_describe(pool, ladders, loads);
    status = pool_tell(pool, &system, text, size);
  } else {
    snprintf(text, size, "there is no task");
  }
  pthread_mutex_unlock(&pool->lock);
  return status;
}
