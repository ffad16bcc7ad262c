/*===- streams.c - Streams and events of a handle -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdlib.h>

static int make_stream(swap_cuda *h, cu_stream *stream) {
  const int status =
      cuda_check(h, h->driver->stream_create(stream, CU_STREAM_INDEPENDENT),
                 "making a stream");
  if (status)
    *stream = NULL;
  return status;
}

static int make_event(swap_cuda *h, cu_event *event, unsigned flags) {
  if (*event)
    return SWAP_OK;
  const int status = cuda_check(h, h->driver->event_create(event, flags),
                                "making an event");
  if (status)
    *event = NULL;
  return status;
}

static int make_unit_events(swap_cuda *h, const swap_step *step) {
  int status = make_event(h, &h->ready[step->index], CU_EVENT_UNTIMED);
  for (int i = 0; i < 2 && !status && (step->aux & SWAP_IN_AHEAD); ++i)
    status = make_event(h, &h->ahead[i][step->index], CU_EVENT_UNTIMED);
  return status;
}

static int make_marks(swap_cuda *h) {
  const uint64_t count = 2 * (uint64_t)h->session.plan->step_count + 1;
  int status = SWAP_OK;
  h->marks = calloc(count, sizeof *h->marks);
  if (!h->marks)
    return cuda_fail(h, SWAP_ERR_BUDGET, "out of memory");
  for (uint64_t i = 0; !status && i < count; ++i)
    status = make_event(h, &h->marks[i], CU_EVENT_TIMED);
  return status;
}

int cuda_streams_open(swap_cuda *h) {
  const swap_plan *plan = h->session.plan;
  const size_t units = h->model->model->unit_count + 1u;
  h->ready = calloc(units, sizeof *h->ready);
  h->ahead[0] = calloc(units, sizeof *h->ahead[0]);
  h->ahead[1] = calloc(units, sizeof *h->ahead[1]);
  if (!h->ready || !h->ahead[0] || !h->ahead[1])
    return cuda_fail(h, SWAP_ERR_BUDGET, "out of memory");
  int status = make_stream(h, &h->compute);
  if (!status)
    status = make_stream(h, &h->copy);
  if (!status && h->cyclic)
    status = make_stream(h, &h->second);
  if (!status)
    status = make_event(h, &h->kernels_done, CU_EVENT_UNTIMED);
  if (!status)
    status = make_event(h, &h->copies_done, CU_EVENT_UNTIMED);
  for (int i = 0; i < 2 && !status; ++i)
    status = make_event(h, &h->outputs[i], CU_EVENT_UNTIMED);
  for (uint32_t i = 0; !status && i < plan->step_count; ++i)
    if (plan->steps[i].op == SWAP_OP_IN &&
        cuda_streams(h, plan->steps[i].index))
      status = make_unit_events(h, &plan->steps[i]);
  return !status && h->options.event ? make_marks(h) : status;
}

static void drop_events(swap_cuda *h, cu_event **dropped, uint64_t count) {
  cu_event *events = *dropped;
  for (uint64_t i = 0; events && i < count; ++i)
    if (events[i])
      h->driver->event_destroy(events[i]);
  free(events);
  *dropped = NULL;
}

void cuda_streams_close(swap_cuda *h) {
  cu_event single[] = {h->kernels_done, h->copies_done, h->outputs[0],
                       h->outputs[1]};
  cu_stream streams[] = {h->compute, h->copy, h->second};
  const uint32_t units = h->model->model->unit_count;
  for (size_t i = 0; i < sizeof single / sizeof single[0]; ++i)
    if (single[i])
      h->driver->event_destroy(single[i]);
  drop_events(h, &h->ready, units);
  drop_events(h, &h->ahead[0], units);
  drop_events(h, &h->ahead[1], units);
  if (h->session.plan)
    drop_events(h, &h->marks, 2 * (uint64_t)h->session.plan->step_count + 1);
  for (size_t i = 0; i < sizeof streams / sizeof streams[0]; ++i)
    if (streams[i])
      h->driver->stream_destroy(streams[i]);
  h->kernels_done = h->copies_done = h->outputs[0] = h->outputs[1] = NULL;
  h->compute = h->copy = h->second = NULL;
}
