/*===- pool.c - A GPU's models in a pool --------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The pool calls for all its models from one thread at a time, so that what one
|* finds in use on the device is not what another one is about to take.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include "pool_engine.h"
#include "swap/cuda_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct cuda_engine {
  pool_engine engine;
  const swap_cuda_model *model;
  swap_cuda_options options;
  swap_cuda *handle;
  char *weights; /* null: the default */
  char error[5120];
} cuda_engine;

static void close_handle(cuda_engine *e) {
  swap_cuda_close(e->handle);
  e->handle = NULL;
  e->engine.ready = 0;
}

/* Without a plan in force nothing of the device is held. */
static int fail(cuda_engine *e, int status) {
  snprintf(e->error, sizeof e->error, "%s",
           e->handle ? swap_cuda_error(e->handle) : "out of memory");
  if (!e->handle || !e->handle->ready_to_run)
    close_handle(e);
  return status;
}

static int set_plan(pool_engine *engine, uint64_t bytes) {
  cuda_engine *e = (cuda_engine *)engine;
  int status;
  e->options.budget_bytes = bytes;
  if (e->handle)
    status = swap_cuda_set_budget(e->handle, bytes);
  else
    status = swap_cuda_open(&e->handle, e->model, &e->options);
  if (status)
    return fail(e, status);
  status = swap_cuda_load(e->handle);
  if (status) {
    e->handle->ready_to_run = 0; /* nobody runs it */
    return fail(e, status);
  }
  e->engine.ready = 1;
  return SWAP_OK;
}

static int run(pool_engine *engine, const void *const *inputs,
               void *const *outputs, swap_counters *counters) {
  cuda_engine *e = (cuda_engine *)engine;
  const int status = swap_cuda_run(e->handle, inputs, outputs);
  *counters = e->handle->session.counters;
  if (status)
    snprintf(e->error, sizeof e->error, "%s", swap_cuda_error(e->handle));
  return status;
}

static const char *error(const pool_engine *engine) {
  return ((const cuda_engine *)engine)->error;
}

static void close_engine(pool_engine *engine) {
  cuda_engine *e = (cuda_engine *)engine;
  close_handle(e);
  free(e->weights);
  free(e);
}

int swap_cuda_pool_add(swap_pool *pool, const swap_cuda_model *model,
                       const swap_cuda_options *cuda,
                       const swap_task_options *options, swap_task **task) {
  if (task)
    *task = NULL;
  if (!pool || !model || !model->model || !task)
    return SWAP_ERR_ARGUMENT;
  cuda_engine *e = calloc(1, sizeof *e);
  if (!e)
    return SWAP_ERR_BUDGET;
  e->engine = (pool_engine){.overhead_bytes = model->overhead_bytes,
                            .set_plan = set_plan,
                            .run = run,
                            .error = error,
                            .close = close_engine};
  e->model = model;
  if (cuda)
    e->options = (swap_cuda_options){.host_budget_bytes = cuda->host_budget_bytes,
                                     .device = cuda->device,
                                     .source = cuda->source,
                                     .flags = cuda->flags,
                                     .quiet = cuda->quiet};
  if (options && options->weights) {
    e->options.weights = e->weights = strdup(options->weights);
    if (!e->weights) {
      free(e);
      return SWAP_ERR_BUDGET;
    }
  }
  return pool_add_engine(pool, model->model, &e->engine, options, task);
}
