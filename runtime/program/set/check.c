/*===- check.c - Every output is that of the model alone ----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <string.h>

#include "set_program.h"

#define FILL 0xEE /* before a job, so that what it does not write differs */

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
    status = set_target_run_alone(task);
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
