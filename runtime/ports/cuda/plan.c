/*===- plan.c - Which plan, and where its units come from ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdlib.h>

/* Of one copy: the link is fast from there on; and no kernel waits for more. */
#define ENOUGH_BYTES (UINT64_C(2) << 20)
#define MERGED_BYTES (UINT64_C(8) << 20)

static uint64_t in_place_bytes(const swap_model *model, const swap_plan *plan) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (plan->slots[i] == SWAP_SLOT_IN_PLACE)
      bytes += swap_core_pages(model->units[i].length);
  return bytes;
}

/* Host memory that cannot be less where storage is the source. */
static uint64_t least_host_bytes(const swap_cuda *h, const swap_plan *plan) {
  return cuda_staging_bytes(h, plan) + (h->shared ? 0 : CUDA_LEAST_RING) +
         in_place_bytes(h->model->model, plan);
}

/* Swap_choose_plan's rule among those that the way can serve. Where all units
 * are read in place, slots serve nobody: then the smallest. */
static const swap_plan *choose_plan(const swap_cuda *h, uint64_t arena) {
  const swap_model *model = h->model->model;
  const swap_plan *best = NULL;
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    const swap_plan *plan = &model->plans[i];
    if (plan->arena_bytes > arena ||
        (h->way == CUDA_WAY_FEED && h->options.host_budget_bytes &&
         least_host_bytes(h, plan) > h->options.host_budget_bytes))
      continue;
    if (!best || (h->way == CUDA_WAY_PLACE
                      ? plan->arena_bytes < best->arena_bytes
                      : swap_core_is_better(plan, best)))
      best = plan;
  }
  return best;
}

static int no_plan(swap_cuda *h, uint64_t arena) {
  const swap_model *model = h->model->model;
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < model->plan_count; ++i)
    if (model->plans[i].arena_bytes < least)
      least = model->plans[i].arena_bytes;
  if (least <= arena)
    return cuda_fail(
        h, SWAP_ERR_BUDGET,
        "%llu bytes of host memory do not hold what the plans that fit the "
        "budget read in place or through a ring; give a larger host budget",
        (unsigned long long)h->options.host_budget_bytes);
  return cuda_fail(h, SWAP_ERR_BUDGET,
                   "no plan fits %llu bytes of device memory: the smallest "
                   "that was compiled in needs %llu, %llu of them for code",
                   (unsigned long long)h->options.budget_bytes,
                   (unsigned long long)(least + h->model->overhead_bytes),
                   (unsigned long long)h->model->overhead_bytes);
}

/* Registering needs the blob in host memory as a whole; where that is the same
 * as the device's, the budget counts it. */
static void choose_way(swap_cuda *h, uint64_t arena) {
  const uint64_t blob = h->model->model->blob_bytes;
  const uint64_t host = h->options.host_budget_bytes;
  const int fits = !host || blob <= host;
  h->way = h->shared ? CUDA_WAY_PLACE : CUDA_WAY_COPY;
  if (h->options.source == SWAP_CUDA_STORAGE ||
      (h->options.source == SWAP_CUDA_AUTO &&
       (!fits || (h->shared && (blob > arena ||
                                !choose_plan(h, arena - blob))))))
    h->way = CUDA_WAY_FEED;
}

int cuda_plan_choose(swap_cuda *h) {
  const swap_model *model = h->model->model;
  if (h->model->abi_version != SWAP_CUDA_ABI_VERSION ||
      model->abi_version != SWAP_ABI_VERSION)
    return cuda_fail(h, SWAP_ERR_ABI, "%s", swap_status_string(SWAP_ERR_ABI));
  if (h->options.source > SWAP_CUDA_STORAGE)
    return cuda_fail(h, SWAP_ERR_ARGUMENT, "%u is no source of weights",
                     (unsigned)h->options.source);
  const uint64_t asked = h->options.budget_bytes;
  const uint64_t overhead = h->model->overhead_bytes;
  h->budget = asked ? asked : UINT64_MAX;
  uint64_t arena = !asked ? UINT64_MAX : asked > overhead ? asked - overhead : 0;
  choose_way(h, arena);
  if (h->way != CUDA_WAY_FEED && h->options.host_budget_bytes &&
      h->options.host_budget_bytes < model->blob_bytes)
    return cuda_fail(h, SWAP_ERR_BUDGET,
                     "the weights take %llu bytes of host memory, the host "
                     "budget is %llu; take storage as their source",
                     (unsigned long long)model->blob_bytes,
                     (unsigned long long)h->options.host_budget_bytes);
  if (h->way == CUDA_WAY_PLACE && asked)
    arena = arena > model->blob_bytes ? arena - model->blob_bytes : 0;
  h->session.model = model;
  h->session.plan = choose_plan(h, arena);
  return h->session.plan ? SWAP_OK : no_plan(h, arena);
}

int cuda_streams(const swap_cuda *h, uint32_t unit) {
  return !h->session.plan->resident[unit] && h->way != CUDA_WAY_PLACE &&
         h->model->model->units[unit].length;
}

/* Whether the two steps bring in units that are neighbours, at once. */
static int continues(const swap_cuda *h, const swap_step *a,
                     const swap_step *b) {
  const swap_blob_unit *units = h->model->model->units;
  const uint64_t *slots = h->session.plan->slots;
  if (b->op != SWAP_OP_IN || b->aux != a->aux || !cuda_streams(h, b->index))
    return 0;
  const uint64_t bytes = swap_core_pages(units[a->index].length);
  return units[a->index].offset + bytes == units[b->index].offset &&
         slots[a->index] + bytes == slots[b->index];
}

static void merge_copies(swap_cuda *h) {
  const swap_plan *plan = h->session.plan;
  const swap_blob_unit *units = h->model->model->units;
  for (uint32_t i = 0; i < plan->step_count;) {
    uint32_t count = 1;
    if (plan->steps[i].op == SWAP_OP_IN &&
        cuda_streams(h, plan->steps[i].index) && !h->options.event) {
      uint64_t bytes = swap_core_pages(units[plan->steps[i].index].length);
      while (i + count < plan->step_count && bytes < ENOUGH_BYTES &&
             continues(h, &plan->steps[i + count - 1], &plan->steps[i + count]) &&
             (bytes += swap_core_pages(
                  units[plan->steps[i + count].index].length)) <= MERGED_BYTES)
        count += 1;
    }
    h->groups[i] = count;
    i += count;
  }
}

/* An event between two runs takes the device longer than one between kernels:
 * copies ahead share them, as long as no kernel waits long for its neighbours. */
static void share_events(swap_cuda *h) {
  const swap_plan *plan = h->session.plan;
  uint64_t behind = 0; /* bytes that the event tells of as well */
  uint32_t last = SWAP_CORE_NONE;
  for (uint32_t i = plan->step_count; i-- > 0;) {
    const swap_step *step = &plan->steps[i];
    if (step->op != SWAP_OP_IN || !(step->aux & SWAP_IN_AHEAD) ||
        !cuda_streams(h, step->index))
      continue;
    if (last == SWAP_CORE_NONE || behind > ENOUGH_BYTES) {
      last = step->index;
      behind = 0;
    }
    behind += swap_core_pages(h->model->model->units[step->index].length);
    h->announced[step->index] = last;
  }
}

static int count_bytes(swap_cuda *h) {
  const swap_plan *plan = h->session.plan;
  const swap_blob_unit *units = h->model->model->units;
  for (uint32_t i = 0; i < plan->step_count; ++i) {
    const swap_step *step = &plan->steps[i];
    if (step->op == SWAP_OP_CALL && step->tile_end > INT32_MAX)
      return 0; /* kernels count tiles with 32 bits */
    if (step->op == SWAP_OP_IN && cuda_streams(h, step->index)) {
      if (step->aux & SWAP_IN_AHEAD)
        h->cyclic = 1;
      else
        h->unit_bytes += swap_core_pages(units[step->index].length);
    }
    if (step->op == SWAP_OP_ROWS && !plan->resident[step->index])
      h->row_bytes += step->tile_end * units[step->index].row_bytes;
  }
  if (h->way == CUDA_WAY_COPY)
    h->in_place_bytes = in_place_bytes(h->model->model, plan);
  return 1;
}

int cuda_plan_prepare(swap_cuda *h) {
  const swap_model *model = h->model->model;
  const swap_plan *plan = h->session.plan;
  if (swap_core_check_plan(model, plan, NULL, 1) || !count_bytes(h))
    return cuda_fail(h, SWAP_ERR_ARGUMENT,
                     "the plan of %llu bytes is not one that this runtime can "
                     "follow; was the program altered?",
                     (unsigned long long)plan->arena_bytes);
  h->tensor_at = calloc((uint64_t)model->input_count + model->output_count + 1,
                        sizeof *h->tensor_at);
  h->units = calloc(model->unit_count + 1u, sizeof *h->units);
  h->before = calloc(model->unit_count + 1u, sizeof *h->before);
  h->awaited = calloc(model->unit_count + 1u, sizeof *h->awaited);
  h->announced = calloc(model->unit_count + 1u, sizeof *h->announced);
  h->pinned = calloc(model->unit_count + 1u, sizeof *h->pinned);
  h->groups = calloc(plan->step_count + 1u, sizeof *h->groups);
  if (!h->tensor_at || !h->units || !h->before || !h->awaited ||
      !h->announced || !h->pinned || !h->groups)
    return cuda_fail(h, SWAP_ERR_BUDGET, "out of memory");
  merge_copies(h);
  share_events(h);
  h->wants_ahead = !(h->options.flags & SWAP_FLAG_NO_AHEAD);
  return SWAP_OK;
}

void cuda_plan_close(swap_cuda *h) {
  free(h->tensor_at);
  free(h->units);
  free(h->before);
  free(h->awaited);
  free(h->announced);
  free(h->pinned);
  free(h->groups);
  h->tensor_at = NULL;
  h->units = NULL;
  h->before = h->awaited = NULL;
  h->announced = h->groups = NULL;
  h->pinned = NULL;
}
