/* In place of libswap_set.a: prints a set's tables. */
#include <inttypes.h>
#include <stdio.h>

#include "swap/set.h"

static void print_task(const swap_set_task *t) {
  printf("task %s: model %s with %s of %u plans, period %" PRIu64
         " deadline %" PRIu64 " phase %" PRIu64 " jitter %" PRIu64
         " arrivals %u priority %u depth %u starts %u\n",
         t->name, t->model->name, t->weights, t->model->plan_count,
         t->period_ns, t->deadline_ns, t->phase_ns, t->jitter_ns, t->arrivals,
         t->priority, t->depth, t->starts);
  for (uint32_t i = 0; i < t->input_count; ++i)
    printf("input %s from %s\n", t->inputs[i].name, t->inputs[i].path);
  for (uint32_t i = 0; i < t->model->plan_count; ++i)
    printf("plan %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
           t->model->plans[i].arena_bytes, t->model->plans[i].region_bytes,
           t->model->plans[i].resident_bytes, t->model->plans[i].predicted_ns);
}

int main(int argc, char **argv) {
  const swap_set *s = &swap_set_instance;
  printf("set %s: abi %u budget %s duration %" PRIu64
         " threads %u lanes %u io %u\n",
         s->name, s->abi_version, s->budget, s->duration_ns, s->threads,
         s->lanes, s->io);
  for (uint32_t i = 0; i < s->task_count; ++i)
    print_task(&s->tasks[i]);
  for (uint32_t i = 0; i < s->event_count; ++i)
    printf("event at %" PRIu64 ": kind %u task %u value %" PRIu64 " text %s\n",
           s->events[i].at_ns, s->events[i].kind, s->events[i].task,
           s->events[i].value, s->events[i].text ? s->events[i].text : "none");
  for (int i = 1; i < argc; ++i)
    printf("argument %s\n", argv[i]);
  return s->tasks[0].model == s->tasks[s->task_count - 1].model ? 7 : 0;
}
