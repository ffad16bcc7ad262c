/*===- waiter.c - Jobs end ----------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <string.h>

#include "set_program.h"

#define MESSAGES 10u /* of jobs that failed or differ */

static void count(set_task *task, const set_slot *slot,
                  const swap_job_result *result) {
  set_counts *counts = &task->counts;
  const uint64_t latency =
      result->end_ns > slot->due_ns ? result->end_ns - slot->due_ns : 0;
  counts->runs += 1;
  counts->preempted += result->preempted;
  task->last_latency_ns = latency;
  histogram_add(task->latency, latency);
  histogram_add(task->compute, result->compute_ns);
  histogram_add(task->stall, result->stall_ns);
  histogram_add(task->wait, result->wait_ns);
  if (slot->deadline_ns) {
    const int64_t lateness = (int64_t)(result->end_ns - slot->deadline_ns);
    counts->missed += lateness > 0;
    if (!counts->has_lateness || lateness > counts->worst_lateness_ns)
      counts->worst_lateness_ns = lateness;
    counts->has_lateness = 1;
  }
}

/* Whether there is still room for a message about a job; with the lock. */
static int may_say(set_run *run) { return run->messages++ < MESSAGES; }

static void take(set_task *task, set_slot *slot) {
  set_run *run = task->run;
  swap_job_result result;
  const int status = swap_pool_wait(task->handle, slot->job, &result);
  const int differs = !status && run->options->check &&
                      set_check_compare(task, slot->outputs, slot->job);
  if (run->options->check)
    set_check_clear(task, slot->outputs);
  pthread_mutex_lock(&run->lock);
  if (status) {
    task->counts.failed += 1;
    run->failed = 1;
    if (may_say(run))
      screen_say("error: task '%s', job %llu: %s", task->asks->name,
                 (unsigned long long)slot->job, swap_status_string(status));
  } else if (slot->due_ns >= run->counted_ns) {
    count(task, slot, &result);
  }
  if (differs) {
    task->counts.different += 1;
    run->failed = 1;
  }
  task->first = (task->first + 1) % task->depth;
  task->count -= 1;
  if (task->asks->arrivals == SWAP_ARRIVE_BACK_TO_BACK && task->arrives) {
    task->next_ns = status ? swap_posix_clock() + SET_PAUSE_NS : result.end_ns;
    pthread_cond_signal(&run->wake);
  }
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
}

static void *wait_for_jobs(void *context) {
  set_task *task = context;
  set_run *run = task->run;
  for (;;) {
    pthread_mutex_lock(&run->lock);
    while (!task->count && !run->ending)
      pthread_cond_wait(&task->came, &run->lock);
    set_slot *slot = task->count ? &task->slots[task->first] : NULL;
    pthread_mutex_unlock(&run->lock);
    if (!slot)
      return NULL;
    take(task, slot);
  }
}

int set_waiter_start(set_task *task) {
  const int error = pthread_create(&task->waiter, NULL, wait_for_jobs, task);
  task->has_waiter = !error;
  return error ? fail(EXIT_RUN, "cannot start a thread: %s", strerror(error))
               : 0;
}
