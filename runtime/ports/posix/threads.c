/*===- threads.c - Threads that run tiles ----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A job's tiles are split among the threads, so that a thread computes the same
|* part of one kernel and of the next and finds in its cache what it wrote. Who
|* is done with his own takes the last of others. A range of tiles is a word that
|* is changed by compare-and-swap; who takes a tile owns it. The job's other
|* fields are stable while a tile is unfinished, so they are read after a tile
|* was taken, and a thread that comes late finds nothing and need not be waited
|* for.
|*
|* Idle threads spin briefly, because the next kernel usually follows at once,
|* then sleep, because it may be waiting for storage.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define SPINS 64u /* between two looks at the clock */
#define SPIN_NS 60000u
#define STACK_BYTES 0x40000

/* On a line of its own, like all that several threads write. */
typedef struct worker {
  _Alignas(64) _Atomic uint64_t range; /* first tile, and above it the end */
  struct port_threads *pool;
  uint32_t thread;
  pthread_t id; /* but of the first, the caller */
} worker;

struct port_threads {
  _Alignas(64) _Atomic uint32_t posted; /* jobs, so far */
  _Alignas(64) _Atomic uint64_t done;   /* tiles of the job */
  _Alignas(64) uint64_t first;          /* tile of the job's part that is posted */
  void (*task)(void *, uint64_t, uint32_t);
  void *task_context;
  uint32_t threads;
  _Alignas(64) _Atomic uint32_t sleepers;
  _Atomic int stop;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  swap_executor executor;
  struct port_calls *calls;
  worker workers[];
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The owner takes the first tile of a range, others its last. */
static int take(worker *from, int is_owner, uint32_t *tile) {
  uint64_t range = atomic_load_explicit(&from->range, memory_order_relaxed);
  for (;;) {
    const uint32_t begin = (uint32_t)range, end = (uint32_t)(range >> 32);
    if (begin >= end)
      return 0;
    *tile = is_owner ? begin : end - 1;
    if (atomic_compare_exchange_weak_explicit(
            &from->range, &range,
            is_owner ? range + 1 : range - (UINT64_C(1) << 32),
            memory_order_acquire, memory_order_relaxed))
      return 1;
  }
}

/* Runs tiles until none is left. */
static void work(port_threads *pool, uint32_t thread) {
  uint64_t ran = 0;
  for (uint32_t i = 0; i < pool->threads; ++i) {
    worker *from = &pool->workers[(thread + i) % pool->threads];
    for (uint32_t tile; take(from, i == 0, &tile); ++ran)
      pool->task(pool->task_context, pool->first + tile, thread);
  }
  if (ran)
    atomic_fetch_add_explicit(&pool->done, ran, memory_order_release);
}

/* Waits a while; false when that is over. */
static int spin_until_posted(port_threads *pool, uint32_t seen) {
  const uint64_t start = now_ns();
  do {
    for (uint32_t i = 0; i < SPINS; ++i) {
      if (atomic_load_explicit(&pool->posted, memory_order_acquire) != seen)
        return 1;
      relax();
    }
  } while (now_ns() - start < SPIN_NS);
  return 0;
}

static void sleep_until_posted(port_threads *pool, uint32_t seen) {
  pthread_mutex_lock(&pool->lock);
  /* Announced before looking again: the poster looks here after posting. */
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(&pool->posted) == seen && !atomic_load(&pool->stop))
    pthread_cond_wait(&pool->wake, &pool->lock);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *context) {
  const worker *self = context;
  port_threads *pool = self->pool;
  uint32_t seen = 0;
  while (!atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
    if (!spin_until_posted(pool, seen))
      sleep_until_posted(pool, seen);
    seen = atomic_load_explicit(&pool->posted, memory_order_acquire);
    work(pool, self->thread);
  }
  return NULL;
}

static void post(port_threads *pool, uint32_t count) {
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  for (uint32_t i = 0; i < pool->threads; ++i) {
    const uint64_t begin = (uint64_t)count * i / pool->threads;
    const uint64_t end = (uint64_t)count * (i + 1) / pool->threads;
    atomic_store_explicit(&pool->workers[i].range, end << 32 | begin,
                          memory_order_release);
  }
  atomic_fetch_add(&pool->posted, 1);
  if (atomic_load(&pool->sleepers)) {
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
  }
  work(pool, 0);
  for (uint32_t spins = 0;
       atomic_load_explicit(&pool->done, memory_order_acquire) != count;) {
    if (++spins < SPINS * SPINS)
      relax();
    else
      sched_yield(); /* more threads than processors: let the last one finish */
  }
}

void port_threads_run(port_threads *pool,
                      void (*task)(void *, uint64_t, uint32_t),
                      void *task_context, uint64_t count) {
  if (count == 1)
    task(task_context, 0, 0);
  if (count <= 1)
    return;
  pool->task = task;
  pool->task_context = task_context;
  for (pool->first = 0; pool->first < count; pool->first += UINT32_MAX)
    post(pool, (uint32_t)(count - pool->first < UINT32_MAX ? count - pool->first
                                                          : UINT32_MAX));
}

static void parallel(void *context, void (*task)(void *, uint64_t, uint32_t),
                     void *task_context, uint64_t count) {
  port_threads *pool = context;
  if (pool->calls)
    port_calls_run(pool->calls, pool, task, task_context, count);
  else
    port_threads_run(pool, task, task_context, count);
}

port_threads *port_threads_create(uint32_t threads) {
  if (!threads)
    threads = 1;
  port_threads *pool =
      aligned_alloc(64, sizeof(port_threads) + threads * sizeof(worker));
  if (!pool)
    return NULL;
  *pool = (port_threads){.threads = 1};
  for (uint32_t i = 0; i < threads; ++i)
    pool->workers[i] = (worker){.pool = pool, .thread = i};
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  while (pool->threads < threads) {
    worker *w = &pool->workers[pool->threads];
    if (pthread_create(&w->id, &attributes, worker_main, w) != 0)
      break; /* fewer threads run the same tiles */
    pool->threads += 1;
  }
  pthread_attr_destroy(&attributes);
  pool->executor = (swap_executor){pool, pool->threads, parallel};
  return pool;
}

void port_threads_serve(port_threads *pool, const swap_session *session) {
  if (!pool->calls && pool->threads > 1)
    pool->calls = port_calls_create(session); /* without, calls run singly */
}

void port_threads_begin(port_threads *pool) {
  if (pool->calls)
    port_calls_forget(pool->calls);
}

void port_threads_destroy(port_threads *pool) {
  if (!pool)
    return;
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->stop, 1);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
  for (uint32_t i = 1; i < pool->threads; ++i)
    pthread_join(pool->workers[i].id, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->lock);
  port_calls_destroy(pool->calls);
  free(pool);
}

const swap_executor *port_threads_executor(port_threads *pool) {
  return &pool->executor;
}
