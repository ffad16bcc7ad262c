/*===- walk.c - The steps of a run as work on streams -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Kernels follow each other on one stream, copies in turn on two others: while
|* one carries bytes, the next is being started. IN: the copy waits for all
|* kernels launched so far, one of which may be the last to use its slot. WAIT:
|* the kernels from there on wait for that copy. The same walk is captured into
|* a graph. What is copied for the next run is announced by
|* events that live beyond the run ("external" to a graph); that run has two
|* sets of them, one that the run before recorded and one that it records.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdio.h>
#include <string.h>

typedef struct walker {
  swap_cuda *h;
  const cuda_walk *walk;
  cu_stream copies[CUDA_COPIES];
  int launched[CUDA_COPIES]; /* kernels that its copies did not wait for yet */
  uint32_t turn;             /* whose the next copy is */
  int serial;
} walker;

static int record(const walker *w, cu_event event, cu_stream stream,
                  int external) {
  const unsigned flags = w->walk->capturing && external ? CU_EXTERNAL : 0;
  return cuda_check(w->h, w->h->driver->event_record(event, stream, flags),
                    "recording an event");
}

static int wait_for(const walker *w, cu_stream stream, cu_event event,
                    int external) {
  const unsigned flags = w->walk->capturing && external ? CU_EXTERNAL : 0;
  return cuda_check(w->h, w->h->driver->stream_wait(stream, event, flags),
                    "ordering streams");
}

/* Copies of a stream go on from here on the compute stream. */
static int follow_kernels(walker *w, uint32_t stream) {
  int status = SWAP_OK;
  if (!w->serial && w->launched[stream]) {
    status = record(w, w->h->kernels_done, w->h->compute, 0);
    if (!status)
      status = wait_for(w, w->copies[stream], w->h->kernels_done, 0);
  }
  w->launched[stream] = 0;
  return status;
}

static void launched(walker *w) {
  for (uint32_t i = 0; i < CUDA_COPIES; ++i)
    w->launched[i] = 1;
}

/* Which stream copies the units of an IN. Those for the next run follow each
 * other, so that one event tells of several. */
static uint32_t turn_of(const walker *w, const swap_step *step) {
  return step->aux & SWAP_IN_AHEAD ? 0 : w->turn;
}

/* One copy for the units of steps [index, index + count), and their events. */
static int copy_units(walker *w, uint32_t index, uint32_t count) {
  swap_cuda *h = w->h;
  const swap_step *step = &h->session.plan->steps[index];
  const swap_blob_unit *units = h->model->model->units;
  const int ahead = (step->aux & SWAP_IN_AHEAD) != 0;
  const uint32_t turn = turn_of(w, step);
  const cu_stream stream = w->copies[turn];
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i)
    bytes += swap_core_pages(units[step[i].index].length);
  if (!ahead)
    w->turn = (turn + 1) % CUDA_COPIES;
  int status = follow_kernels(w, turn);
  if (!status)
    status = cuda_check(h,
                        h->driver->copy_in(h->units[step->index],
                                           h->map + units[step->index].offset,
                                           bytes, stream),
                        "copying unit %u", (unsigned)step->index);
  for (uint32_t i = 0; !status && i < count; ++i) {
    const uint32_t unit = step[i].index;
    if (!ahead)
      status = record(w, h->ready[unit], stream, 0);
    else if (h->announced[unit] == unit)
      status = record(w, h->ahead[w->walk->to][unit], stream, 1);
  }
  return status;
}

static int bring_in(walker *w, uint32_t index) {
  swap_cuda *h = w->h;
  const swap_step *step = &h->session.plan->steps[index];
  if (!cuda_streams(h, step->index) || w->walk->kernels_only)
    return SWAP_OK;
  if ((step->aux & SWAP_IN_STARTED) && w->walk->primed) {
    h->before[step->index] = 1;
    return SWAP_OK;
  }
  if ((step->aux & SWAP_IN_AHEAD) && !w->walk->ahead)
    return SWAP_OK;
  if (!h->feeder)
    return h->groups[index] ? copy_units(w, index, h->groups[index]) : SWAP_OK;
  if (!w->serial)
    return cuda_feeder_request(h->feeder, step->index, index);
  h->before[step->index] = 1; /* read when it is waited for */
  return SWAP_OK;
}

static int await(walker *w, uint32_t index) {
  swap_cuda *h = w->h;
  const uint32_t unit = h->session.plan->steps[index].index;
  int status = SWAP_OK;
  if (!cuda_streams(h, unit) || w->walk->kernels_only)
    return SWAP_OK;
  const int before = h->before[unit];
  h->before[unit] = 0;
  if (!h->feeder && before) {
    const uint32_t event = h->announced[unit];
    const int awaited = h->awaited[event];
    h->awaited[event] = 1;
    return awaited ? SWAP_OK
                   : wait_for(w, h->compute, h->ahead[w->walk->from][event], 1);
  }
  if (!h->feeder)
    return wait_for(w, h->compute, h->ready[unit], 0);
  if (before && w->serial) {
    status = cuda_check(h, h->driver->stream_sync(h->compute),
                        "running the kernels before unit %u", (unsigned)unit);
    if (!status)
      status = cuda_feeder_request(h->feeder, unit, SWAP_CORE_NONE);
  }
  if (!status)
    status = cuda_feeder_await(h->feeder, unit);
  if (!status && !h->shared)
    status = wait_for(w, h->compute, h->ready[unit], 0);
  if (!status && before && w->serial && !h->shared)
    status = cuda_check(h, h->driver->event_sync(h->ready[unit]),
                        "copying unit %u", (unsigned)unit);
  return status;
}

static int call(walker *w, const swap_step *step) {
  swap_cuda *h = w->h;
  char when[256];
  int status = cuda_launch(h, step);
  launched(w);
  if (status || !h->options.check_memory || w->walk->capturing)
    return status;
  status = cuda_check(h, h->driver->stream_sync(h->compute),
                      "running kernel %s", cuda_kernel_name(h, step->index));
  snprintf(when, sizeof when, "after kernel %s",
           cuda_kernel_name(h, step->index));
  return status ? status : cuda_memory_check(h, when);
}

static int look_up(walker *w, uint32_t index) {
  swap_cuda *h = w->h;
  launched(w);
  if (h->feeder && !h->session.plan->resident[h->session.plan->steps[index].index])
    return w->walk->kernels_only ? SWAP_OK : cuda_storage_rows(h, index);
  return cuda_launch_rows(h, index);
}

static int take_step(walker *w, uint32_t index) {
  const swap_step *step = &w->h->session.plan->steps[index];
  switch (step->op) {
  case SWAP_OP_IN:
    return bring_in(w, index);
  case SWAP_OP_WAIT:
    return await(w, index);
  case SWAP_OP_CALL:
    return call(w, step);
  case SWAP_OP_ROWS:
    return look_up(w, index);
  default:
    return SWAP_OK; /* OUT: later copies wait for the kernels so far */
  }
}

/* Whether the step's work is a copy that this walk makes. */
static int copies(const walker *w, const swap_step *step) {
  return step->op == SWAP_OP_IN && cuda_streams(w->h, step->index) &&
         !w->serial && !((step->aux & SWAP_IN_STARTED) && w->walk->primed) &&
         !((step->aux & SWAP_IN_AHEAD) && !w->walk->ahead);
}

static int marked_step(walker *w, uint32_t index) {
  swap_cuda *h = w->h;
  if (!h->marks || w->walk->capturing)
    return take_step(w, index);
  const int copying = copies(w, &h->session.plan->steps[index]);
  if (copying && h->feeder)
    return take_step(w, index); /* the feeder marks it */
  const uint32_t turn = turn_of(w, &h->session.plan->steps[index]);
  cu_stream stream = copying ? w->copies[turn] : h->compute;
  int status = copying ? follow_kernels(w, turn) : SWAP_OK;
  if (!status)
    status = cuda_mark(h, index, 0, stream);
  if (!status)
    status = take_step(w, index);
  return status ? status : cuda_mark(h, index, 1, stream);
}

/* Copies come after those that the run before issued for this one. */
static int start_copies(walker *w) {
  swap_cuda *h = w->h;
  const swap_plan *plan = h->session.plan;
  uint32_t last = SWAP_CORE_NONE;
  int status = SWAP_OK;
  for (uint32_t i = 0; w->walk->primed && i < plan->step_count; ++i)
    if (plan->steps[i].op == SWAP_OP_IN && cuda_streams(h, plan->steps[i].index) &&
        (plan->steps[i].aux & SWAP_IN_AHEAD))
      last = plan->steps[i].index;
  for (uint32_t i = 0; !status && i < CUDA_COPIES; ++i) {
    w->launched[i] = w->walk->capturing; /* the stream has to join the graph */
    status = follow_kernels(w, i);
    if (!status && last != SWAP_CORE_NONE)
      status = wait_for(w, w->copies[i], h->ahead[w->walk->from][last], 1);
  }
  return status;
}

/* All streams of a graph meet. */
static int join_copies(walker *w) {
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < CUDA_COPIES; ++i) {
    status = record(w, w->h->copies_done, w->copies[i], 0);
    if (!status)
      status = wait_for(w, w->h->compute, w->h->copies_done, 0);
  }
  return status;
}

int cuda_walk_steps(swap_cuda *h, const cuda_walk *walk) {
  const int serial = (h->options.flags & SWAP_FLAG_SERIAL) != 0;
  walker w = {.h = h, .walk = walk, .serial = serial};
  for (uint32_t i = 0; i < CUDA_COPIES; ++i)
    w.copies[i] = serial ? h->compute : h->copies[i];
  const int copying = !h->feeder && h->unit_bytes && !walk->kernels_only;
  int status = copying ? start_copies(&w) : SWAP_OK;
  memset(h->before, 0, h->model->model->unit_count);
  memset(h->awaited, 0, h->model->model->unit_count);
  for (uint32_t i = 0; !status && i < h->session.plan->step_count; ++i)
    status = marked_step(&w, i);
  if (!status)
    status = record(&w, h->outputs[walk->to], h->compute, 1);
  return !status && copying && walk->capturing ? join_copies(&w) : status;
}
