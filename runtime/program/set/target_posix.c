/*===- target_posix.c - A set on this processor -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "set_program.h"

const int set_target_is_gpu = 0;

uint64_t set_target_overhead(const swap_set_task *task) {
  (void)task;
  return 0;
}

int set_target_add(swap_pool *pool, const set_task *task,
                   const swap_task_options *options, swap_task **handle) {
  return swap_pool_add(pool, task->asks->model, options, handle);
}

int set_target_run_alone(set_task *task) {
  const swap_model *model = task->asks->model;
  const set_options *o = task->run->options;
  const swap_posix_options options = {
      .weights = task->weights,
      .budget_bytes = smallest_arena(model),
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
