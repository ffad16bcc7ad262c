/*===- events.c - What changes while the set runs -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A thread of its own: changing the budget and taking a task out wait for jobs,
|* while others go on coming.
\*===----------------------------------------------------------------------===*/
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "set_program.h"

#define RANDOM_INTERVAL (NS_PER_S / 4) /* of a set without a duration */

void set_look(set_run *run) {
  swap_pool_get_state(run->pool, &run->state);
  if (run->state.peak_bytes > run->peak)
    run->peak = run->state.peak_bytes;
}

typedef struct planner {
  set_run *run;
  random_numbers numbers;
  uint64_t *random_at; /* ascending */
  uint32_t random_next, random_count;
  uint32_t event_next;
} planner;

static int set_period(set_task *task, uint64_t period) {
  set_run *run = task->run;
  pthread_mutex_lock(&run->lock);
  if (task->deadline_ns == task->period_ns)
    task->deadline_ns = period; /* it was only the default */
  if (task->next_ns != UINT64_MAX &&
      task->asks->arrivals == SWAP_ARRIVE_PERIODIC) {
    /* The next job comes a period after the last one. */
    const uint64_t last = task->nominal_ns - task->period_ns,
                   now = swap_posix_clock();
    task->nominal_ns = last + period > now ? last + period : now;
    task->next_ns = task->nominal_ns;
  }
  task->period_ns = period;
  pthread_cond_signal(&run->wake);
  pthread_mutex_unlock(&run->lock);
  return SWAP_OK;
}

/* Tells the pool what a task asks for now, where it is there. */
static int tell(set_task *task) {
  pthread_mutex_lock(&task->run->lock);
  const swap_task_options options = set_task_options(task);
  swap_task *handle = task->handle;
  pthread_mutex_unlock(&task->run->lock);
  return handle ? swap_pool_change(handle, &options) : SWAP_OK;
}

static int carry_out(set_run *run, const set_change *change) {
  set_task *task = &run->tasks[change->task];
  switch (change->kind) {
  case SWAP_SET_BUDGET:
    pthread_mutex_lock(&run->lock);
    set_look(run); /* the pool forgets its peak */
    pthread_mutex_unlock(&run->lock);
    return swap_pool_set_budget(run->pool, change->value);
  case SWAP_SET_ADD:
    return task->handle ? SWAP_OK
                        : set_task_add(task, swap_posix_clock());
  case SWAP_SET_REMOVE:
    if (task->handle)
      set_task_remove(task);
    return SWAP_OK;
  case SWAP_SET_PERIOD:
    set_period(task, change->value);
    break;
  case SWAP_SET_DEADLINE:
    pthread_mutex_lock(&run->lock);
    task->deadline_ns = change->value;
    pthread_mutex_unlock(&run->lock);
    break;
  default:
    pthread_mutex_lock(&run->lock);
    task->priority = (uint32_t)change->value;
    pthread_mutex_unlock(&run->lock);
    break;
  }
  return tell(task);
}

/* One of the changes that can be made now. */
static set_change make_up(planner *p) {
  set_run *run = p->run;
  for (;;) {
    const uint32_t index = (uint32_t)random_below(&p->numbers, run->task_count);
    const set_task *task = &run->tasks[index];
    uint32_t there = 0;
    for (uint32_t i = 0; i < run->task_count; ++i)
      there += run->tasks[i].handle != NULL;
    switch (random_below(&p->numbers, 4)) {
    case 0:
      return (set_change){
          .kind = SWAP_SET_BUDGET,
          .value =
              run->need.least +
              random_below(&p->numbers, run->budget - run->need.least + 1)};
    case 1:
      if (!task->asks->period_ns)
        break;
      return (set_change){
          .kind = SWAP_SET_PERIOD,
          .task = index,
          .value = (uint64_t)((0.5 + 1.5 * random_unit(&p->numbers)) *
                              (double)task->asks->period_ns)};
    default: /* as often as both others together */
      if (!task->handle)
        return (set_change){.kind = SWAP_SET_ADD, .task = index};
      if (there > 1)
        return (set_change){.kind = SWAP_SET_REMOVE, .task = index};
    }
  }
}

static int next_change(planner *p, set_change *change, uint64_t *at) {
  const swap_set *set = p->run->set;
  const swap_set_event *event = &set->events[p->event_next];
  const int has_event = p->event_next < set->event_count;
  const int has_random = p->random_next < p->random_count;
  if (has_random &&
      (!has_event || p->random_at[p->random_next] < event->at_ns)) {
    *at = p->random_at[p->random_next++];
    change->kind = UINT32_MAX;
    return 1;
  }
  if (!has_event)
    return 0;
  p->event_next += 1;
  *at = event->at_ns;
  *change =
      (set_change){.kind = event->kind,
                   .task = event->kind == SWAP_SET_BUDGET ? 0 : event->task,
                   .value = event->value};
  if (event->kind == SWAP_SET_BUDGET)
    size_parse(event->text, p->run->need.all, p->run->need.fixed,
               p->run->need.least, p->run->need.all, &change->value);
  return 1;
}

/* False where the program ends before. */
static int sleep_until(set_run *run, uint64_t at_ns) {
  const struct timespec until = {(time_t)(at_ns / NS_PER_S),
                                 (long)(at_ns % NS_PER_S)};
  pthread_mutex_lock(&run->lock);
  while (!run->stopping && swap_posix_clock() < at_ns)
    pthread_cond_timedwait(&run->changed, &run->lock, &until);
  const int goes_on = !run->stopping;
  pthread_mutex_unlock(&run->lock);
  return goes_on;
}

static void *change_things(void *context) {
  planner *p = context;
  set_run *run = p->run;
  set_change change;
  uint64_t at;
  while (next_change(p, &change, &at) && sleep_until(run, run->start_ns + at)) {
    if (change.kind == UINT32_MAX)
      change = make_up(p);
    const uint64_t begin = swap_posix_clock();
    change.status = carry_out(run, &change);
    change.at_ns = begin - run->start_ns;
    change.took_ns = swap_posix_clock() - begin;
    pthread_mutex_lock(&run->lock);
    if (run->change_count < CHANGES_KEPT)
      run->changes[run->change_count] = change;
    run->change_count += 1;
    run->changes_failed += change.status != SWAP_OK;
    run->failed |= change.status != SWAP_OK;
    pthread_mutex_unlock(&run->lock);
    if (run->trace)
      set_trace_change(run->trace, &change);
    if (change.status) {
      char text[160];
      screen_say("error: %s: %s", set_change_text(run, &change, text),
                 swap_status_string(change.status));
    }
  }
  free(p->random_at);
  free(p);
  return NULL;
}

const char *set_change_text(const set_run *run, const set_change *change,
                            char text[160]) {
  static const char *const words[] = {"budget", "add",      "remove",
                                      "period", "deadline", "priority"};
  const char *name = run->tasks[change->task].asks->name;
  if (change->kind == SWAP_SET_BUDGET)
    snprintf(text, 160, "budget %" PRIu64 " bytes", change->value);
  else if (change->kind == SWAP_SET_PERIOD || change->kind == SWAP_SET_DEADLINE)
    snprintf(text, 160, "%s of %.80s %g ms", words[change->kind], name,
             in_ms(change->value));
  else if (change->kind == SWAP_SET_PRIORITY)
    snprintf(text, 160, "priority of %.80s %" PRIu64, name, change->value);
  else
    snprintf(text, 160, "%s %.80s", words[change->kind], name);
  return text;
}

static int ascending(const void *a, const void *b) {
  const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

/* Over the whole duration, or one after the other where there is none. */
static void plan_random(planner *p) {
  const uint64_t duration = p->run->duration_ns;
  uint64_t at = 0;
  for (uint32_t i = 0; i < p->random_count; ++i) {
    at += random_interval(&p->numbers, RANDOM_INTERVAL);
    p->random_at[i] = duration ? random_below(&p->numbers, duration) : at;
  }
  qsort(p->random_at, p->random_count, sizeof *p->random_at, ascending);
}

int set_events_start(set_run *run) {
  const uint32_t random = run->options->random_changes;
  if (!random && !run->set->event_count)
    return 0;
  planner *p = calloc(1, sizeof *p);
  uint64_t *times = calloc(random ? random : 1, sizeof *times);
  if (!p || !times) {
    free(p);
    free(times);
    return fail(EXIT_RUN, "out of memory");
  }
  *p = (planner){.run = run,
                 .numbers = random_from(run->options->seed, 0),
                 .random_at = times,
                 .random_count = random};
  plan_random(p);
  const int error = pthread_create(&run->events, NULL, change_things, p);
  run->has_events = !error;
  if (!error)
    return 0;
  free(p);
  free(times);
  return fail(EXIT_RUN, "cannot start a thread: %s", strerror(error));
}
