/*===- need.c - What a set asks for -------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <string.h>

#include "set_program.h"

static int check_task(const swap_set *set, uint32_t index) {
  const swap_set_task *task = &set->tasks[index];
  const char *name = task->name;
  if (!name || !*name)
    return fail(EXIT_USAGE, "task %u has no name", index);
  for (uint32_t i = 0; i < index; ++i)
    if (strcmp(set->tasks[i].name, name) == 0)
      return fail(EXIT_USAGE, "two tasks are called '%s'", name);
  if (task->arrivals > SWAP_ARRIVE_BACK_TO_BACK)
    return fail(EXIT_USAGE, "task '%s': unknown kind of arrivals", name);
  if (task->arrivals != SWAP_ARRIVE_BACK_TO_BACK && !task->period_ns)
    return fail(EXIT_USAGE, "task '%s' has no period", name);
  if (task->priority > SWAP_PRIORITY_MAX)
    return fail(EXIT_USAGE, "task '%s': the highest priority is %u", name,
                SWAP_PRIORITY_MAX);
  if (task->depth > SET_MAX_DEPTH)
    return fail(EXIT_USAGE, "task '%s': at most %u jobs may wait", name,
                SET_MAX_DEPTH);
  return 0;
}

static int check_event(const swap_set *set, const swap_set_event *event,
                       uint8_t *there) {
  uint64_t bytes;
  const double at = in_ms(event->at_ns) / 1e3;
  if (event->kind == SWAP_SET_BUDGET)
    return event->text && size_parse(event->text, 1u << 20, 0, 0, 0, &bytes)
               ? 0
               : fail(EXIT_USAGE, "event at %g s: '%s' is not a size", at,
                      event->text ? event->text : "");
  if (event->kind > SWAP_SET_PRIORITY || event->task >= set->task_count)
    return fail(EXIT_USAGE, "event at %g s: of no known kind or task", at);
  const char *name = set->tasks[event->task].name;
  if (event->kind == SWAP_SET_ADD && there[event->task]++)
    return fail(EXIT_USAGE,
                "event at %g s adds '%s', which is there already; 'starts: "
                "false' keeps a task back",
                at, name);
  if (event->kind == SWAP_SET_REMOVE && !there[event->task]--)
    return fail(EXIT_USAGE, "event at %g s removes '%s', which is not there",
                at, name);
  if (event->kind == SWAP_SET_PERIOD && !event->value)
    return fail(EXIT_USAGE, "event at %g s: '%s' needs a period", at, name);
  if (event->kind == SWAP_SET_PRIORITY && event->value > SWAP_PRIORITY_MAX)
    return fail(EXIT_USAGE, "event at %g s: the highest priority is %u", at,
                SWAP_PRIORITY_MAX);
  return 0;
}

int set_check(const swap_set *set) {
  uint8_t there[SWAP_POOL_MAX_TASKS];
  int status = 0;
  if (set->abi_version != SWAP_SET_ABI_VERSION)
    return fail(EXIT_RUN, "the set was compiled for another version of this "
                          "runtime; compile it again");
  for (uint32_t i = 0; i < set->task_count; ++i)
    if (!set->tasks[i].cuda != !set_target_is_gpu)
      return fail(EXIT_RUN, "the set's models are for another target than this "
                            "program; compile it again");
  if (!set->task_count || set->task_count > SWAP_POOL_MAX_TASKS)
    return fail(EXIT_USAGE, "a set has 1 to %u tasks, not %u",
                SWAP_POOL_MAX_TASKS, set->task_count);
  for (uint32_t i = 0; !status && i < set->task_count; ++i) {
    status = check_task(set, i);
    there[i] = set->tasks[i].starts != 0;
  }
  for (uint32_t i = 0; !status && i < set->event_count; ++i) {
    status = check_event(set, &set->events[i], there);
    if (!status && i && set->events[i].at_ns < set->events[i - 1].at_ns)
      status = fail(EXIT_USAGE, "events are not in the order of their times");
  }
  return status;
}

static uint64_t pages(uint64_t bytes) {
  return (bytes + SWAP_BLOB_ALIGN - 1) / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
}

static int is_in_place(const swap_model *model, const swap_plan *plan) {
  uint32_t i = 0;
  while (i < model->unit_count && plan->slots[i] != SWAP_SLOT_IN_PLACE)
    ++i;
  return i < model->unit_count;
}

/* Of a run alone: what it shares with others, and what stays. */
static uint64_t bytes_of(const swap_model *model, const swap_plan *plan) {
  uint64_t bytes = pages(plan->region_bytes);
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (plan->resident[i])
      bytes += pages(model->units[i].length);
  return bytes;
}

/* As the pool takes it from the plans. */
static double faster(double link, const swap_model *model) {
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    const swap_plan *plan = &model->plans[i];
    const double rate =
        plan->predicted_ns
            ? (double)plan->streamed_bytes * 1e9 / (double)plan->predicted_ns
            : 0;
    link = rate > link ? rate : link;
  }
  return link;
}

/* Several tasks may be of one model, which counts once. */
static int is_first(const swap_set *set, uint32_t task) {
  uint32_t first = 0;
  while (set->tasks[first].model != set->tasks[task].model)
    ++first;
  return first == task;
}

/* Models on a GPU share nothing. */
static set_need measure_gpu(const swap_set *set) {
  set_need need = {.all = 0};
  for (uint32_t i = 0; i < set->task_count; ++i) {
    const swap_model *model = set->tasks[i].model;
    const uint64_t overhead = set_target_overhead(&set->tasks[i]);
    if (!is_first(set, i))
      continue;
    need.link = faster(need.link, model);
    need.all += model->model_bytes; /* with the overhead */
    need.fixed += overhead;
    need.least += smallest_arena(model) + overhead;
  }
  return need;
}

/* Runs share one region, the largest; what stays of a model adds up. */
set_need set_measure(const swap_set *set) {
  set_need need = {.all = 0};
  if (set_target_is_gpu)
    return measure_gpu(set);
  uint64_t region = 0;
  for (uint32_t i = 0; i < set->task_count; ++i) {
    const swap_model *model = set->tasks[i].model;
    if (!is_first(set, i))
      continue;
    const swap_plan *least = NULL;
    for (uint32_t p = 0; p < model->plan_count; ++p)
      if (!is_in_place(model, &model->plans[p]) &&
          (!least ||
           bytes_of(model, &model->plans[p]) < bytes_of(model, least)))
        least = &model->plans[p];
    need.link = faster(need.link, model);
    need.all += model->model_bytes;
    if (!least)
      continue; /* the pool says so */
    const uint64_t shared = pages(least->region_bytes);
    need.least += bytes_of(model, least) - shared;
    region = shared > region ? shared : region;
  }
  need.least += region;
  need.all = need.all > need.least ? need.all : need.least;
  return need;
}

int set_budget(const set_need *need, const char *what, const char *text,
               uint64_t *bytes) {
  if (!size_parse(text, need->all, need->fixed, need->least, need->all,
                  bytes))
    return fail(EXIT_USAGE,
                "%s: '%s' is not a size such as 96MiB, 1.5GiB, 20%%, min or "
                "max",
                what, text);
  if (*bytes < need->least)
    return fail(EXIT_USAGE,
                "%s: %s is less than the smallest plans of all tasks need: "
                "%llu bytes (%s)",
                what, size_text(*bytes), (unsigned long long)need->least,
                size_text(need->least));
  return 0;
}
