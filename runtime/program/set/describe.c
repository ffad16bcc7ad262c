/*===- describe.c - What a set needs, and what is predicted -------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <inttypes.h>

#include "set_program.h"

static void print_plans(const swap_model *model) {
  printf(",\n     \"plans\": [");
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    const swap_plan *plan = &model->plans[i];
    printf("%s\n      {\"budget_bytes\": %" PRIu64
           ", \"region_bytes\": %" PRIu64 ", \"resident_bytes\": %" PRIu64
           ", \"predicted_ms\": %.6f"
           ", \"compute_ms\": %.6f, \"streamed_bytes\": %" PRIu64 "}",
           i ? "," : "", plan->budget_bytes, plan->region_bytes,
           plan->arena_bytes - plan->region_bytes, in_ms(plan->predicted_ns),
           in_ms(plan->compute_ns), plan->streamed_bytes);
  }
  printf("]}");
}

/* Inputs of all tasks, and outputs of each job that may be there. */
static uint64_t io_bytes(const set_run *run) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < run->task_count; ++i) {
    const set_task *task = &run->tasks[i];
    const swap_model *model = task->asks->model;
    for (uint32_t k = 0; k < model->input_count; ++k)
      bytes += model->inputs[k].bytes;
    for (uint32_t k = 0; k < model->output_count; ++k)
      bytes += model->outputs[k].bytes *
               (task->depth + (run->options->check ? 1 : 0));
  }
  return bytes;
}

static void print_task(const set_task *task) {
  const swap_task_state *s = &task->state;
  const swap_model *model = task->asks->model;
  const swap_plan *plan =
      &model->plans[s->target_plan < model->plan_count ? s->target_plan : 0];
  printf("    {\"name\": ");
  json_string(stdout, task->asks->name);
  printf(", \"model\": ");
  json_string(stdout, model->name);
  json_ms(stdout, "period_ms", task->period_ns, task->period_ns != 0);
  json_ms(stdout, "deadline_ms", task->deadline_ns, task->deadline_ns != 0);
  printf(", \"priority\": %u, \"model_bytes\": %" PRIu64
         ", \"weight_bytes\": %" PRIu64 ",\n    ",
         task->priority, model->model_bytes, model->weight_bytes);
  printf(" \"plan\": %u, \"plan_budget_bytes\": %" PRIu64, s->target_plan,
         plan->budget_bytes);
  json_ms(stdout, "predicted_ms", s->predicted_ns, 1);
  json_ms(stdout, "response_ms", s->response_ns, s->response_ns != UINT64_MAX);
  print_plans(model);
}

void set_describe(set_run *run) {
  double computing = 0, reading = 0;
  swap_pool_get_state(run->pool, &run->state);
  const swap_pool_state *s = &run->state;
  for (uint32_t i = 0; i < run->task_count; ++i) {
    set_task *task = &run->tasks[i];
    swap_task_get_state(task->handle, &task->state);
    const swap_plan *plan = &task->asks->model->plans[task->state.target_plan];
    if (!task->period_ns)
      continue;
    computing += (double)plan->compute_ns / (double)task->period_ns;
    reading += (double)plan->streamed_bytes * 1e9 / (double)task->period_ns;
  }
  printf("{\n  \"set\": ");
  json_string(stdout, run->set->name);
  printf(",\n  \"budget_bytes\": %" PRIu64 ",\n  \"need_bytes\": %" PRIu64
         ",\n  \"least_bytes\": %" PRIu64 ",\n  \"zone_bytes\": %" PRIu64
         ",\n  \"overlap\": %u,\n  \"threads\": %u,\n  \"lanes\": %u,\n",
         run->budget, run->need.all, run->need.least, s->zone_bytes, s->overlap,
         s->threads, s->lanes);
  printf("  \"io_bytes\": %" PRIu64 ",\n", io_bytes(run));
  printf("  \"processor_share\": %.4f,\n  \"read_bytes_per_second\": %.0f,\n",
         computing / (s->lanes ? s->lanes : 1), reading);
  printf("  \"link_bytes_per_second\": %.0f,\n  \"link_share\": %.4f,\n",
         run->need.link, run->need.link > 0 ? reading / run->need.link : 0.0);
  json_feasible(stdout, run);
  printf("  \"tasks\": [\n");
  for (uint32_t i = 0; i < run->task_count; ++i) {
    printf("%s", i ? ",\n" : "");
    print_task(&run->tasks[i]);
  }
  printf("\n  ]\n}\n");
}
