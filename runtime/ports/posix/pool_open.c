/*===- pool_open.c - A pool's beginning, its errors and its end ---*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_BYTES 0x80000

int pool_fail(swap_pool *pool, int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(pool->error, sizeof pool->error, format, arguments);
  va_end(arguments);
  return status;
}

const char *swap_pool_error(const swap_pool *pool) {
  return pool ? pool->error : "out of memory";
}

void pool_wake_sleepers(swap_pool *pool) {
  int asleep = 0;
  pthread_cond_broadcast(&pool->work);
  for (uint32_t i = 0; i < pool->lane_count; ++i)
    asleep |= pool->lanes[i].asleep;
  if (asleep)
    port_link_wake(pool->link);
}

void pool_wake(swap_pool *pool) {
  for (uint32_t i = 0; i < pool->lane_count; ++i)
    atomic_store(&pool->lanes[i].look, 1);
  pool_wake_sleepers(pool);
}

static void make_locks(swap_pool *pool) {
  pthread_condattr_t monotonic;
  pthread_mutex_init(&pool->changes, NULL);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&pool->work, &monotonic);
  pthread_cond_init(&pool->changed, NULL);
  pthread_condattr_destroy(&monotonic);
}

/* Addresses for as much as the system has, or for as much as it lets us. */
static int reserve_zone(swap_pool *pool) {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  uint64_t bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page
                                         : UINT64_C(1) << 32;
  for (; bytes >= PORT_HUGE_BYTES; bytes /= 2)
    if (port_zone_reserve(&pool->zone, &pool->account, bytes))
      return 1;
  return 0;
}

static int start_lanes(swap_pool *pool) {
  pthread_attr_t attributes;
  int failed = 0;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  for (uint32_t i = 0; !failed && i < pool->lane_count; ++i) {
    pool_lane *lane = &pool->lanes[i];
    lane->pool = pool;
    lane->index = i;
    lane->threads = port_threads_create(pool_lane_threads(pool));
    failed = !lane->threads ||
             pthread_create(&lane->id, &attributes, pool_lane_main, lane) != 0;
    lane->started = !failed;
  }
  pthread_attr_destroy(&attributes);
  return !failed;
}

static int start(swap_pool *pool) {
  swap_pool_options *options = &pool->options;
  if (!options->threads) {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    options->threads = online > 0 ? (uint32_t)online : 1;
  }
  pool->lane_count = options->lanes ? options->lanes : 1;
  if (pool->lane_count > POOL_MAX_LANES || pool->lane_count > options->threads)
    return pool_fail(pool, SWAP_ERR_ARGUMENT,
                     "%u lanes: there are at most %u, and each has a thread of "
                     "its own of the %u that compute",
                     (unsigned)pool->lane_count, POOL_MAX_LANES,
                     (unsigned)options->threads);
  if (options->io != SWAP_POSIX_AUTO && options->io != SWAP_POSIX_URING &&
      options->io != SWAP_POSIX_THREAD)
    return pool_fail(pool, SWAP_ERR_ARGUMENT,
                     "a pool reads weights by io auto, uring or thread");
  pool->budget = options->budget_bytes ? options->budget_bytes : UINT64_MAX;
  pool->account = (port_account){.budget = pool->budget,
                                 .changed = pool_memory_changed,
                                 .context = pool};
  pool->overlap = 1;
  if (!reserve_zone(pool))
    return pool_fail(pool, SWAP_ERR_BUDGET,
                     "the system does not provide addresses for the memory");
  pool->link = port_link_create(options->io);
  if (!pool->link)
    return pool_fail(pool, SWAP_ERR_IO,
                     "the system does not provide what reading needs (io %s)",
                     port_io_name(options->io));
  if (!start_lanes(pool))
    return pool_fail(pool, SWAP_ERR_BUDGET,
                     "the system does not provide %u threads",
                     (unsigned)options->threads);
  return SWAP_OK;
}

static void stop_lanes(swap_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->stop = 1;
  pool_wake(pool);
  pthread_mutex_unlock(&pool->lock);
  for (uint32_t i = 0; i < pool->lane_count; ++i) {
    if (pool->lanes[i].started)
      pthread_join(pool->lanes[i].id, NULL);
    port_threads_destroy(pool->lanes[i].threads);
    pool->lanes[i] = (pool_lane){.index = i};
  }
}

int swap_pool_open(swap_pool **opened, const swap_pool_options *options) {
  static const swap_pool_options defaults;
  if (!opened)
    return SWAP_ERR_ARGUMENT;
  swap_pool *pool = *opened = calloc(1, sizeof *pool);
  if (!pool)
    return SWAP_ERR_BUDGET;
  make_locks(pool);
  pool->options = options ? *options : defaults;
  const int status = start(pool);
  /* What it holds goes with swap_pool_close; other calls refuse it. */
  if (status && pool->link) {
    stop_lanes(pool);
    port_link_destroy(pool->link);
    pool->link = NULL;
  }
  return status;
}

void swap_pool_close(swap_pool *pool) {
  if (!pool)
    return;
  while (pool->task_count)
    swap_pool_remove(pool->tasks[pool->task_count - 1]);
  if (pool->link) {
    stop_lanes(pool);
    port_link_destroy(pool->link);
  }
  port_zone_release(&pool->zone);
  pthread_cond_destroy(&pool->changed);
  pthread_cond_destroy(&pool->work);
  pthread_mutex_destroy(&pool->lock);
  pthread_mutex_destroy(&pool->changes);
  free(pool);
}
