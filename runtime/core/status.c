/*===- status.c - Status strings and the choice of a plan ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "core.h"

const char *swap_status_string(int status) {
  /* One after the other: no table of addresses that a loader must fix. */
  static const char sentences[] =
      "success\0"
      "an argument is null, misaligned or out of range\0"
      "the model was compiled for another version of the runtime, or for "
      "another kind of processor\0"
      "no plan of the model fits the memory given\0"
      "storage reported an error\0"
      "storage ends before the weights do\0"
      "not a weight blob of this version\0"
      "the weight blob belongs to another model\0"
      "weights differ from those that were compiled\0"
      "a row index is outside its table\0"
      "storage cannot serve reads as the runtime needs them\0"
      "a call out of order: nothing is open or begun\0"
      "the device or its driver reported an error\0"
      "storage did not complete a read in time\0"
      "unknown status";
  const char *sentence = sentences;
  if (status > SWAP_OK || status < SWAP_ERR_TIMEOUT)
    status = SWAP_ERR_TIMEOUT - 1;
  for (; status; ++status)
    while (*sentence++)
      ;
  return sentence;
}

/* Whether only storage that maps can serve the plan. A GPU reads units where
 * they lie without. */
static int is_mapped(const swap_model *model, const swap_plan *plan) {
  uint32_t unit = 0;
  if (model->kernel_count && !model->kernels[0].fn)
    return 0;
  while (unit < model->unit_count && plan->slots[unit] != SWAP_SLOT_IN_PLACE)
    ++unit;
  return unit < model->unit_count;
}

const swap_plan *swap_mapped_plan(const swap_model *model,
                                  uint64_t arena_bytes) {
  const swap_plan *best = NULL;
  for (uint32_t i = 0; model && i < model->plan_count; ++i)
    if (model->plans[i].arena_bytes <= arena_bytes &&
        is_mapped(model, &model->plans[i]))
      best = &model->plans[i];
  return best;
}

SWAP_CORE_APART int swap_core_is_better(const swap_plan *plan,
                                        const swap_plan *than) {
  /* In units of 1.024 us: 32 bits are enough, and less code in firmware. */
  const uint32_t mine = (uint32_t)(plan->predicted_ns >> 10);
  const uint32_t other = (uint32_t)(than->predicted_ns >> 10);
  if (mine && other && (mine - (mine >> 7) > other || other - (other >> 7) > mine))
    return mine < other;
  return than->streamed_bytes != 0; /* plan has the larger budget */
}

const swap_plan *swap_choose_plan(const swap_model *model,
                                  uint64_t arena_bytes) {
  const swap_plan *best = NULL;
  for (uint32_t i = 0; model && i < model->plan_count; ++i) {
    const swap_plan *plan = &model->plans[i];
    if (plan->arena_bytes > arena_bytes || is_mapped(model, plan))
      continue;
    if (!best || swap_core_is_better(plan, best))
      best = plan;
  }
  return best ? best : swap_mapped_plan(model, arena_bytes);
}
