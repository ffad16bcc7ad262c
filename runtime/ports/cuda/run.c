/*===- run.c - One inference --------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <string.h>

static int check_tensors(swap_cuda *h, const void *const *inputs,
                         void *const *outputs) {
  const swap_model *model = h->model->model;
  for (uint32_t i = 0; i < model->input_count; ++i)
    if (model->inputs[i].bytes && (!inputs || !inputs[i]))
      return cuda_fail(h, SWAP_ERR_ARGUMENT, "input %s is null",
                       model->inputs[i].name);
  for (uint32_t i = 0; i < model->output_count; ++i)
    if (model->outputs[i].bytes && (!outputs || !outputs[i]))
      return cuda_fail(h, SWAP_ERR_ARGUMENT, "output %s is null",
                       model->outputs[i].name);
  return SWAP_OK;
}

static void copy_inputs(swap_cuda *h, const void *const *inputs) {
  const swap_model *model = h->model->model;
  for (uint32_t i = 0; i < model->input_count; ++i)
    if (model->inputs[i].bytes && inputs[i] != swap_cuda_input(h, i))
      memcpy(swap_cuda_input(h, i), inputs[i], model->inputs[i].bytes);
}

static void copy_outputs(swap_cuda *h, void *const *outputs) {
  const swap_model *model = h->model->model;
  for (uint32_t i = 0; i < model->output_count; ++i)
    if (model->outputs[i].bytes && outputs[i] != swap_cuda_output(h, i))
      memcpy(outputs[i], swap_cuda_output(h, i), model->outputs[i].bytes);
}

/* Steps report when all they started is done. */
static int report(swap_cuda *h, const cuda_walk *walk, uint64_t start) {
  const swap_plan *plan = h->session.plan;
  int status = SWAP_OK;
  for (uint32_t i = 0; h->feeder && walk->ahead && !status &&
                       i < plan->step_count;
       ++i)
    if (plan->steps[i].op == SWAP_OP_IN && cuda_streams(h, plan->steps[i].index))
      status = cuda_feeder_await(h->feeder, plan->steps[i].index);
  for (uint32_t i = 0; !status && i < CUDA_COPIES; ++i)
    status = cuda_check(h, h->driver->stream_sync(h->copies[i]), "copying units");
  return status ? status : cuda_report(h, start);
}

static int walk_steps(swap_cuda *h, const cuda_walk *walk) {
  const cuda_driver *d = h->driver;
  int status = SWAP_OK;
  if (h->marks) {
    status = cuda_check(h, d->event_record(h->marks[0], h->compute, 0),
                        "recording an event");
    if (!status)
      status = cuda_check(h, d->event_sync(h->marks[0]), "starting a run");
  }
  const uint64_t start = swap_posix_clock();
  if (!status)
    status = cuda_walk_steps(h, walk);
  if (!status)
    status = cuda_check(h, d->event_sync(h->outputs[walk->to]),
                        "running the kernels (check_memory tells which one)");
  return !status && h->marks ? report(h, walk, start) : status;
}

/* The outputs are there before the copies for the next run are. */
static int launch_graph(swap_cuda *h, const cuda_walk *walk, cu_exec exec) {
  const cuda_driver *d = h->driver;
  cu_stream stream = walk->from ? h->second : h->compute;
  int status =
      cuda_check(h, d->graph_launch(exec, stream), "launching the run's graph");
  if (!status)
    status = cuda_check(h,
                        walk->ahead ? d->event_sync(h->outputs[walk->to])
                                    : d->stream_sync(stream),
                        "running the kernels (check_memory tells which one)");
  return status;
}

static int run(swap_cuda *h) {
  const int serial = (h->options.flags & SWAP_FLAG_SERIAL) != 0;
  const int ahead = h->cyclic && h->wants_ahead && !serial;
  const cuda_walk walk = {.primed = h->primed,
                          .ahead = ahead,
                          .from = h->parity,
                          .to = h->cyclic ? 1 - h->parity : 0};
  memset(h->tensors + h->lookups_at, 0,
         h->session.plan->step_count * sizeof(uint64_t));
  int status = cuda_load(h);
  if (status)
    return status;
  cu_exec exec = cuda_graph_for(h, &walk);
  status = exec ? launch_graph(h, &walk, exec) : walk_steps(h, &walk);
  h->primed = ahead;
  h->parity = walk.to;
  return status ? status : cuda_lookups_check(h);
}

static void count(swap_cuda *h, uint64_t start, uint64_t copied_before) {
  swap_counters *counters = &h->session.counters;
  counters->runs += 1;
  counters->total_ns = swap_posix_clock() - start;
  if (!h->marks)
    counters->compute_ns = h->kernels_ns;
  counters->stall_ns = counters->total_ns > counters->compute_ns
                           ? counters->total_ns - counters->compute_ns
                           : 0;
  if (h->feeder)
    counters->copied_bytes =
        h->file.copied + cuda_feeder_copied(h->feeder) - copied_before;
}

int swap_cuda_run(swap_cuda *h, const void *const *inputs,
                  void *const *outputs) {
  if (!h)
    return SWAP_ERR_ARGUMENT;
  if (!h->ready_to_run)
    return SWAP_ERR_STATE; /* what failed stays readable */
  const uint64_t start = swap_posix_clock();
  const uint64_t copied =
      h->feeder ? h->file.copied + cuda_feeder_copied(h->feeder) : 0;
  swap_counters *counters = &h->session.counters;
  int status = check_tensors(h, inputs, outputs);
  if (!status)
    status = cuda_enter(h);
  if (status)
    return status;
  h->session.failed_unit = h->session.failed_kernel = SWAP_CORE_NONE;
  counters->copied_bytes = 0;
  counters->streamed_bytes =
      h->unit_bytes + h->in_place_bytes + (h->feeder ? 0 : h->row_bytes);
  copy_inputs(h, inputs);
  status = run(h);
  if (status)
    cuda_abandon(h);
  else
    copy_outputs(h, outputs);
  cuda_leave(h);
  h->session.status = status;
  if (!status)
    count(h, start, copied);
  return status;
}

int swap_cuda_load(swap_cuda *h) {
  if (!h)
    return SWAP_ERR_ARGUMENT;
  if (!h->ready_to_run)
    return SWAP_ERR_STATE;
  int status = cuda_enter(h);
  if (status)
    return status;
  status = cuda_load(h);
  cuda_leave(h);
  return h->session.status = status;
}

void swap_cuda_ahead(swap_cuda *h, int ahead) {
  if (!h)
    return;
  h->wants_ahead = ahead != 0;
  if (h->feeder)
    cuda_feeder_predict(h->feeder, h->wants_ahead);
}
