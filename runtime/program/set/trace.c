/*===- trace.c - Chrome trace events of a set ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The pool's events come under its lock, from one thread at a time: they go
|* into a ring, and a thread writes them. What finds the ring full is dropped
|* and counted.
\*===----------------------------------------------------------------------===*/
#include "set_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TICK_NS (20 * NS_PER_MS)

static uint32_t find_task(const set_trace *t, const swap_task *task) {
  const char *name = task ? swap_task_name(task) : NULL;
  for (uint32_t i = 0; name && i < t->run->task_count; ++i)
    if (strcmp(t->run->tasks[i].asks->name, name) == 0)
      return i;
  return NO_TASK;
}

void set_trace_event(void *context, const swap_pool_event *event) {
  set_trace *t = context;
  const uint32_t head = atomic_load_explicit(&t->head, memory_order_relaxed);
  const uint32_t tail = atomic_load_explicit(&t->tail, memory_order_acquire);
  if (head - tail == RING) {
    atomic_fetch_add_explicit(&t->dropped, 1, memory_order_relaxed);
    return;
  }
  t->ring[head % RING] = (trace_record){
      .begin_ns = event->begin_ns ? event->begin_ns : event->end_ns,
      .end_ns = event->end_ns ? event->end_ns : event->begin_ns,
      .job = event->job,
      .used = event->used_bytes,
      .budget = event->budget_bytes,
      .kind = event->kind,
      .index = event->index,
      .lane = event->lane,
      .task = find_task(t, event->task)};
  atomic_store_explicit(&t->head, head + 1, memory_order_release);
  if (head - tail == RING / 2)
    sem_post(&t->half_full);
}

static void drain(set_trace *t) {
  const uint32_t head = atomic_load_explicit(&t->head, memory_order_acquire);
  uint32_t tail = atomic_load_explicit(&t->tail, memory_order_relaxed);
  pthread_mutex_lock(&t->writing);
  while (tail != head) {
    trace_write(t, &t->ring[tail % RING]);
    atomic_store_explicit(&t->tail, ++tail, memory_order_release);
  }
  pthread_mutex_unlock(&t->writing);
}

static void *write_events(void *context) {
  set_trace *t = context;
  while (!atomic_load(&t->ending)) {
    struct timespec tick;
    clock_gettime(CLOCK_REALTIME, &tick);
    tick.tv_nsec += (long)TICK_NS;
    if (tick.tv_nsec >= (long)NS_PER_S) {
      tick.tv_nsec -= (long)NS_PER_S;
      ++tick.tv_sec;
    }
    sem_timedwait(&t->half_full, &tick);
    drain(t);
  }
  drain(t);
  return NULL;
}

void set_trace_change(set_trace *t, const set_change *change) {
  pthread_mutex_lock(&t->writing);
  trace_write_change(t, change);
  pthread_mutex_unlock(&t->writing);
}

void set_trace_sample(set_trace *t, uint64_t at_ns) {
  pthread_mutex_lock(&t->writing);
  for (uint32_t i = 0; i < t->run->task_count; ++i)
    trace_write_resident(t, i, at_ns);
  pthread_mutex_unlock(&t->writing);
}

int set_trace_open(set_run *run) {
  set_trace *t = calloc(1, sizeof *t);
  if (!t)
    return fail(EXIT_RUN, "out of memory");
  t->run = run;
  if (output_open(&t->out, run->options->trace)) {
    free(t);
    return EXIT_RUN;
  }
  pthread_mutex_init(&t->writing, NULL);
  sem_init(&t->half_full, 0, 0);
  trace_write_head(t);
  const int error = pthread_create(&t->writer, NULL, write_events, t);
  if (error) {
    output_discard(&t->out);
    free(t);
    return fail(EXIT_RUN, "cannot start a thread: %s", strerror(error));
  }
  run->trace = t;
  return 0;
}

void set_trace_begin(set_trace *t) { t->start_ns = swap_posix_clock(); }

/* After the pool is closed: nothing is observed any more. */
int set_trace_close(set_run *run) {
  set_trace *t = run->trace;
  if (!t)
    return 0;
  atomic_store(&t->ending, 1);
  pthread_join(t->writer, NULL);
  const uint64_t dropped = atomic_load(&t->dropped);
  trace_write_tail(t, dropped);
  if (dropped)
    say("%s lacks %llu events that came faster than they could be written",
        run->options->trace, (unsigned long long)dropped);
  const int status = output_commit(&t->out);
  pthread_mutex_destroy(&t->writing);
  sem_destroy(&t->half_full);
  free(t);
  run->trace = NULL;
  return status;
}
