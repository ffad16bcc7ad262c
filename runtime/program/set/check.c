/*===- check.c - Every output is that of the model alone ----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <string.h>

#include "set_program.h"

#define FILL 0xEE /* before a job, so that what it does not write differs */

/* One run within the smallest of the model's budgets. */
static int run_alone(set_task *task) {
  const swap_model *model = task->asks->model;
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < model->plan_count; ++i)
    if (model->plans[i].arena_bytes < least)
      least = model->plans[i].arena_bytes;
  const set_options *o = task->run->options;
  const swap_posix_options options = {
      .weights = task->weights,
      .budget_bytes = least,
      .threads = o->threads ? o->threads : task->run->set->threads,
      .io = o->has_io ? o->io : task->run->set->io,
      .flags = SWAP_FLAG_NO_AHEAD,
      .quiet = o->quiet};
  swap_posix *alone = NULL;
  int status = swap_posix_open(&alone, model, &options);
  if (!status)
    status = swap_posix_run(alone, (const void *const *)task->data.inputs,
                            task->data.outputs);
  if (status)
    fail(EXIT_RUN, "task '%s' alone: %s", task->asks->name,
         alone ? swap_posix_error(alone) : swap_status_string(status));
  swap_posix_close(alone);
  return status ? EXIT_RUN : 0;
}

void set_check_clear(const set_task *task, void **outputs) {
  const swap_model *model = task->asks->model;
  for (uint32_t i = 0; i < model->output_count; ++i)
    memset(outputs[i], FILL, model->outputs[i].bytes);
}

int set_check_prepare(set_run *run) {
  int status = 0;
  for (uint32_t i = 0; !status && i < run->task_count; ++i) {
    set_task *task = &run->tasks[i];
    const swap_model *model = task->asks->model;
    task->data.outputs = tensors_memory(model->outputs, model->output_count);
    if (!task->data.outputs)
      return fail(EXIT_RUN, "out of memory for outputs");
    set_check_clear(task, task->data.outputs);
    for (uint32_t k = 0; k < task->depth; ++k)
      set_check_clear(task, task->slots[k].outputs);
    screen_note(run, "running alone: task", i + 1);
    status = run_alone(task);
  }
  return status;
}

int set_check_compare(set_task *task, void **outputs, uint64_t job) {
  const swap_model *model = task->asks->model;
  for (uint32_t i = 0; i < model->output_count; ++i) {
    const swap_tensor *tensor = &model->outputs[i];
    const uint8_t *is = outputs[i], *was = task->data.outputs[i];
    if (memcmp(is, was, tensor->bytes) == 0)
      continue;
    uint64_t at = 0;
    while (is[at] == was[at])
      ++at;
    const uint64_t element = at / dtype_find(tensor->dtype)->bytes;
    if (!task->counts.different) /* by this thread only */
      screen_say("error: task '%s', job %llu: output '%s' differs from that of "
                 "the model alone, first at element %llu: %.9g, not %.9g",
                 task->asks->name, (unsigned long long)job, tensor->name,
                 (unsigned long long)element,
                 value_get(tensor->dtype, is, element),
                 value_get(tensor->dtype, was, element));
    return 1;
  }
  return 0;
}
