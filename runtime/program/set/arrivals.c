/*===- arrivals.c - Jobs come -------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A job counts from when it was to come, also where this thread is late: what a
|* busy machine makes wait is part of its latency.
\*===----------------------------------------------------------------------===*/
#include <string.h>
#include <time.h>

#include "set_program.h"

static void plan_next(set_task *task) {
  const uint64_t jitter = task->asks->jitter_ns;
  task->next_ns = task->nominal_ns;
  if (jitter)
    task->next_ns += random_below(&task->numbers, jitter + 1);
}

void set_arrivals_begin(set_task *task, uint64_t from_ns) {
  task->nominal_ns = from_ns + task->asks->phase_ns;
  if (task->asks->arrivals == SWAP_ARRIVE_POISSON)
    task->nominal_ns += random_interval(&task->numbers, task->period_ns);
  plan_next(task);
}

/* After a job came. The one after a back-to-back job comes with its end. */
static void step(set_task *task) {
  if (task->asks->arrivals == SWAP_ARRIVE_BACK_TO_BACK) {
    task->next_ns = UINT64_MAX;
    return;
  }
  task->nominal_ns += task->asks->arrivals == SWAP_ARRIVE_POISSON
                          ? random_interval(&task->numbers, task->period_ns)
                          : task->period_ns;
  plan_next(task);
}

static void refuse(set_task *task, uint64_t due_ns) {
  if (due_ns < task->run->counted_ns)
    return;
  task->counts.refused += 1;
  task->counts.missed += task->deadline_ns != 0;
}

/* Hands a job to the pool, without the lock meanwhile. */
static void submit(set_run *run, set_task *task, uint64_t due_ns) {
  if (task->count == task->depth) {
    refuse(task, due_ns);
    return;
  }
  set_slot *slot = &task->slots[(task->first + task->count) % task->depth];
  slot->due_ns = due_ns;
  slot->deadline_ns = task->deadline_ns ? due_ns + task->deadline_ns : 0;
  task->submitting = 1;
  pthread_mutex_unlock(&run->lock);
  const int status =
      swap_pool_submit(task->handle, (const void *const *)task->data.inputs,
                       slot->outputs, slot->deadline_ns, &slot->job);
  pthread_mutex_lock(&run->lock);
  task->submitting = 0;
  if (status == SWAP_OK) {
    task->count += 1;
    pthread_cond_signal(&task->came);
    return;
  }
  if (status == SWAP_ERR_STATE) {
    refuse(task, due_ns);
  } else {
    task->counts.failed += 1;
    run->failed = 1;
  }
  if (task->asks->arrivals == SWAP_ARRIVE_BACK_TO_BACK && task->arrives)
    task->next_ns = swap_posix_clock() + SET_PAUSE_NS;
  pthread_cond_broadcast(&run->changed);
}

static void *arrive(void *context) {
  set_run *run = context;
  pthread_mutex_lock(&run->lock);
  while (!run->stopping) {
    set_task *next = NULL;
    for (uint32_t i = 0; i < run->task_count; ++i)
      if (run->tasks[i].next_ns < run->last_ns &&
          (!next || run->tasks[i].next_ns < next->next_ns))
        next = &run->tasks[i];
    if (!next) {
      pthread_cond_wait(&run->wake, &run->lock);
      continue;
    }
    const uint64_t due = next->next_ns;
    if (due <= swap_posix_clock()) {
      step(next);
      submit(run, next, due);
      continue;
    }
    const struct timespec until = {(time_t)(due / NS_PER_S),
                                   (long)(due % NS_PER_S)};
    pthread_cond_timedwait(&run->wake, &run->lock, &until);
  }
  pthread_mutex_unlock(&run->lock);
  return NULL;
}

int set_arrivals_start(set_run *run) {
  const int error = pthread_create(&run->arrivals, NULL, arrive, run);
  run->has_arrivals = !error;
  return error ? fail(EXIT_RUN, "cannot start a thread: %s", strerror(error))
               : 0;
}
