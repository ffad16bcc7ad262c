/*===- threads.c - Threads that run tiles ----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A job is posted by storing its number of tiles in `remaining`; whoever takes
|* one down by compare-and-swap owns a tile. The job's other fields are stable
|* while a tile is unfinished, so they are read after a tile was taken, and a
|* thread that comes late finds nothing and need not be waited for.
|*
|* Idle threads spin briefly, because the next kernel usually follows at once,
|* then sleep, because it may be waiting for storage.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SPINS 4000u
#define STACK_BYTES 0x40000

typedef struct worker {
  struct port_threads *pool;
  uint32_t thread;
  pthread_t id;
} worker;

struct port_threads {
  _Alignas(64) _Atomic uint64_t remaining;
  _Alignas(64) _Atomic uint64_t done;
  _Alignas(64) uint64_t count;
  void (*task)(void *, uint64_t, uint32_t);
  void *task_context;
  _Alignas(64) _Atomic uint32_t sleepers;
  _Atomic int stop;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  swap_executor executor;
  uint32_t worker_count;
  worker workers[];
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Runs tiles until none is left. Returns how many. */
static uint64_t work(port_threads *pool, uint32_t thread) {
  uint64_t ran = 0;
  uint64_t left = atomic_load_explicit(&pool->remaining, memory_order_relaxed);
  while (left) {
    if (!atomic_compare_exchange_weak_explicit(&pool->remaining, &left,
                                               left - 1, memory_order_acquire,
                                               memory_order_relaxed))
      continue;
    pool->task(pool->task_context, pool->count - left, thread);
    atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
    ran += 1;
    left = atomic_load_explicit(&pool->remaining, memory_order_relaxed);
  }
  return ran;
}

static void sleep_until_posted(port_threads *pool) {
  pthread_mutex_lock(&pool->lock);
  /* Announced before looking again: the poster looks here after posting. */
  atomic_fetch_add(&pool->sleepers, 1);
  while (!atomic_load(&pool->remaining) && !atomic_load(&pool->stop))
    pthread_cond_wait(&pool->wake, &pool->lock);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *context) {
  const worker *self = context;
  port_threads *pool = self->pool;
  uint32_t idle = 0;
  while (!atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
    if (work(pool, self->thread))
      idle = 0;
    else if (++idle < SPINS)
      relax();
    else {
      sleep_until_posted(pool);
      idle = 0;
    }
  }
  return NULL;
}

static void parallel(void *context, void (*task)(void *, uint64_t, uint32_t),
                     void *task_context, uint64_t count) {
  port_threads *pool = context;
  pool->task = task;
  pool->task_context = task_context;
  pool->count = count;
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  atomic_store(&pool->remaining, count);
  if (atomic_load(&pool->sleepers)) {
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
  }
  work(pool, 0);
  for (uint32_t spins = 0;
       atomic_load_explicit(&pool->done, memory_order_acquire) != count;) {
    if (++spins < SPINS)
      relax();
    else
      sched_yield(); /* more threads than processors: let the last one finish */
  }
}

port_threads *port_threads_create(uint32_t threads) {
  if (!threads)
    threads = 1;
  const size_t bytes = sizeof(port_threads) + (threads - 1) * sizeof(worker);
  port_threads *pool = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!pool)
    return NULL;
  *pool = (port_threads){.count = 0};
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  for (uint32_t i = 0; i + 1 < threads; ++i) {
    worker *w = &pool->workers[i];
    w->pool = pool;
    w->thread = i + 1;
    if (pthread_create(&w->id, &attributes, worker_main, w) != 0)
      break; /* fewer threads run the same tiles */
    pool->worker_count += 1;
  }
  pthread_attr_destroy(&attributes);
  pool->executor = (swap_executor){pool, pool->worker_count + 1, parallel};
  return pool;
}

void port_threads_destroy(port_threads *pool) {
  if (!pool)
    return;
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->stop, 1);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
  for (uint32_t i = 0; i < pool->worker_count; ++i)
    pthread_join(pool->workers[i].id, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

const swap_executor *port_threads_executor(port_threads *pool) {
  return &pool->executor;
}
