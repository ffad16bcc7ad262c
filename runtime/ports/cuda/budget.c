/*===- budget.c - Another plan between two runs -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The code on the device stays, and of the host's memory the registered blob and
|* the tensors. The old plan's memory is given back before the new one's is
|* taken, so that at no moment more is in use than the larger of both budgets.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdlib.h>
#include <string.h>

typedef struct choice {
  const swap_plan *plan;
  cuda_way way;
  uint64_t asked, budget;
} choice;

static choice in_force(const swap_cuda *h) {
  return (choice){h->session.plan, h->way, h->options.budget_bytes, h->budget};
}

static void put_in_force(swap_cuda *h, const choice *c) {
  h->session.plan = c->plan;
  h->way = c->way;
  h->options.budget_bytes = c->asked;
  h->budget = c->budget;
}

/* What is left over on the device is code; what others have there counts from
 * here on as theirs. */
static int release(swap_cuda *h) {
  const int fed = h->feeder != NULL;
  size_t total, free_bytes = 0;
  cuda_abandon(h);
  cuda_graph_close(h);
  cuda_storage_close(h);
  if (fed) /* pinned units come in anew */
    h->session.verified = 0;
  cuda_arena_close(h);
  cuda_streams_close(h);
  cuda_plan_close(h);
  h->loaded = h->cyclic = h->graph_primed = h->graph_ahead = 0;
  h->parity = 0;
  h->unit_bytes = h->row_bytes = h->in_place_bytes = h->kernels_ns = 0;
  h->code_bytes = h->image_bytes;
  const int status = cuda_check(h, h->driver->memory_info(&free_bytes, &total),
                                "asking for free memory");
  h->bare_free = free_bytes + h->image_bytes;
  return status;
}

static int take(swap_cuda *h, const choice *c) {
  const int ahead = h->wants_ahead;
  put_in_force(h, c);
  if (h->way == CUDA_WAY_FEED)
    cuda_map_close(h);
  int status = cuda_plan_prepare(h);
  h->wants_ahead = ahead;
  if (!status)
    status = cuda_images_rows(h);
  return status ? status : cuda_plan_open(h);
}

static int exchange(swap_cuda *h, const choice *from, const choice *to) {
  char error[sizeof h->error];
  int status = cuda_enter(h);
  if (status)
    return status;
  h->ready_to_run = 0;
  status = release(h);
  if (!status)
    status = take(h, to);
  if (status) { /* back to what worked */
    memcpy(error, h->error, sizeof error);
    h->ready_to_run = !release(h) && !take(h, from);
    if (!h->ready_to_run)
      (void)release(h);
    memcpy(h->error, error, sizeof error);
  } else {
    h->ready_to_run = 1;
  }
  cuda_leave(h);
  return status;
}

/* Beside the handle, whose feeder may be at work with the plan in force. */
static int choose(swap_cuda *h, uint64_t bytes, choice *chosen) {
  swap_cuda *trial = calloc(1, sizeof *trial);
  if (!trial)
    return cuda_fail(h, SWAP_ERR_BUDGET, "out of memory");
  trial->model = h->model;
  trial->options = h->options;
  trial->options.budget_bytes = bytes;
  trial->shared = h->shared;
  const int status = cuda_plan_choose(trial);
  *chosen = in_force(trial);
  if (status)
    cuda_fail(h, status, "%s", trial->error);
  free(trial);
  return status;
}

int swap_cuda_set_budget(swap_cuda *h, uint64_t bytes) {
  if (!h)
    return SWAP_ERR_ARGUMENT;
  if (!h->context || !h->session.plan || !h->tensors)
    return SWAP_ERR_STATE; /* what failed stays readable */
  const choice before = in_force(h);
  choice after;
  int status = choose(h, bytes, &after);
  if (status)
    return status;
  h->options.budget_bytes = after.asked;
  h->budget = after.budget;
  if (after.plan != before.plan || after.way != before.way || !h->ready_to_run)
    status = exchange(h, &before, &after);
  return h->session.status = status;
}
