/*===- pool_verdict.c - Why a set of tasks is not feasible --------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <stdio.h>

int pool_tell(swap_pool *pool, const pool_system *system, char *text,
              size_t size) {
  uint64_t enough = 0;
  const pool_verdict verdict = pool_admit(system, &enough);
  pool_verdict_text(&verdict, pool->tasks[verdict.load]->name, enough, text,
                    size);
  return verdict.limit == POOL_FEASIBLE ? SWAP_OK : SWAP_ERR_BUDGET;
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
