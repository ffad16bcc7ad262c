/*===- budget.c - What may change between two runs ----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Another thread may take memory away, or give some, while runs go on. All that
|* can fail comes first, then what is too much goes back, then new memory is
|* taken: at no moment is more in use than the budget in force.
\*===----------------------------------------------------------------------===*/
#include "handle.h"

#include <stdio.h>

void port_change_begin(swap_posix *h) {
  atomic_fetch_add(&h->changing, 1);
  pthread_mutex_lock(&h->lock);
}

void port_change_end(swap_posix *h) {
  atomic_fetch_sub(&h->changing, 1);
  pthread_cond_broadcast(&h->changed);
  pthread_mutex_unlock(&h->lock);
}

/* A loop of runs would take the lock again before anybody else woke up. */
void port_run_begin(swap_posix *h) {
  pthread_mutex_lock(&h->lock);
  while (atomic_load(&h->changing))
    pthread_cond_wait(&h->changed, &h->lock);
}

void port_run_end(swap_posix *h) { pthread_mutex_unlock(&h->lock); }

void port_register(swap_posix *h) {
  if (!h->registered && h->file.uring)
    port_uring_register(h->file.uring, &h->arena);
  h->registered = 1;
}

static int too_small(swap_posix *h, uint64_t bytes) {
  const swap_model *model = h->session.model;
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < model->plan_count; ++i)
    if (model->plans[i].arena_bytes < least)
      least = model->plans[i].arena_bytes;
  snprintf(h->error, sizeof h->error,
           "a budget of %llu bytes is too small: the smallest plan needs %llu "
           "bytes",
           (unsigned long long)bytes, (unsigned long long)least);
  return SWAP_ERR_BUDGET;
}

static int no_memory(swap_posix *h, const swap_plan *plan) {
  snprintf(h->error, sizeof h->error,
           "the system does not provide %llu bytes of memory",
           (unsigned long long)plan->arena_bytes);
  return SWAP_ERR_BUDGET;
}

static int change_plan(swap_posix *h, const swap_plan *plan, uint64_t bytes) {
  swap_config *config = &h->session.config;
  const swap_executor *executor = config->executor;
  const uint32_t threads = port_choose_threads(plan, h->threads_wanted);
  port_threads *pool = NULL;
  if (plan->arena_bytes > h->arena.reserved)
    return no_memory(h, plan);
  if (threads != executor->threads) {
    if (!(pool = port_threads_create(threads)))
      return no_memory(h, plan);
    config->executor = port_threads_executor(pool);
  }
  const int status =
      swap_set_plan(&h->session, plan, h->arena.base, plan->arena_bytes);
  if (status) {
    config->executor = executor;
    port_threads_destroy(pool);
    port_describe(h, status);
    return status;
  }
  if (pool) {
    port_threads_destroy(h->threads);
    h->threads = pool;
    port_threads_serve(pool, &h->session);
  }
  /* Nothing is under way now, and pages must be free to go. */
  if (h->file.uring)
    port_uring_unregister(h->file.uring);
  h->registered = 0;
  h->runs_before = h->session.counters.runs;
  (void)port_arena_resize(&h->arena, plan->arena_bytes, bytes);
  return SWAP_OK;
}

int swap_posix_set_budget(swap_posix *h, uint64_t bytes) {
  if (!h)
    return SWAP_ERR_ARGUMENT;
  if (!h->session.model)
    return SWAP_ERR_STATE;
  if (!bytes)
    bytes = UINT64_MAX;
  port_change_begin(h);
  const swap_plan *plan =
      port_choose_plan(h->session.model, bytes, h->file.io);
  int status = SWAP_OK;
  if (!plan)
    status = too_small(h, bytes);
  else if (plan != h->session.plan)
    status = change_plan(h, plan, bytes);
  port_change_end(h);
  return status;
}

static void set_flag(swap_posix *h, uint32_t flag, int on) {
  port_change_begin(h);
  if (on)
    h->session.config.flags |= flag;
  else
    h->session.config.flags &= ~flag;
  port_change_end(h);
}

void swap_posix_serial(swap_posix *h, int serial) {
  set_flag(h, SWAP_FLAG_SERIAL, serial);
}

void swap_posix_ahead(swap_posix *h, int ahead) {
  set_flag(h, SWAP_FLAG_NO_AHEAD, !ahead);
}

int swap_posix_load(swap_posix *h) {
  if (!h)
    return SWAP_ERR_ARGUMENT;
  port_change_begin(h);
  const int status = swap_load(&h->session);
  if (status)
    port_describe(h, status);
  port_change_end(h);
  return status;
}
