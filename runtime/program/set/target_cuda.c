/*===- target_cuda.c - A set on a GPU -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "set_program.h"
#include "swap/cuda_pool.h"

const int set_target_is_gpu = 1;

uint64_t set_target_overhead(const swap_set_task *task) {
  return task->cuda->overhead_bytes;
}

int set_target_add(swap_pool *pool, const set_task *task,
                   const swap_task_options *options, swap_task **handle) {
  const swap_cuda_options cuda = {.quiet = task->run->options->quiet};
  return swap_cuda_pool_add(pool, task->asks->cuda, &cuda, options, handle);
}

int set_target_run_alone(set_task *task) {
  const swap_cuda_options options = {
      .weights = task->weights,
      .budget_bytes = smallest_arena(task->asks->model) +
                      set_target_overhead(task->asks),
      .flags = SWAP_FLAG_NO_AHEAD,
      .quiet = task->run->options->quiet};
  swap_cuda *alone = NULL;
  int status = swap_cuda_open(&alone, task->asks->cuda, &options);
  if (!status)
    status = swap_cuda_run(alone, (const void *const *)task->data.inputs,
                           task->data.outputs);
  if (status)
    fail(EXIT_RUN, "task '%s' alone: %s", task->asks->name,
         alone ? swap_cuda_error(alone) : swap_status_string(status));
  swap_cuda_close(alone);
  return status ? EXIT_RUN : 0;
}
