/*===- status.c - Status strings and the choice of a plan ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "core.h"

const char *swap_status_string(int status) {
  switch (status) {
  case SWAP_OK:
    return "success";
  case SWAP_ERR_ARGUMENT:
    return "an argument is null, misaligned or out of range";
  case SWAP_ERR_ABI:
    return "the model was compiled for another version of the runtime, or for "
           "another kind of processor";
  case SWAP_ERR_BUDGET:
    return "no plan of the model fits the memory given";
  case SWAP_ERR_IO:
    return "storage reported an error";
  case SWAP_ERR_SHORT:
    return "storage ends before the weights do";
  case SWAP_ERR_BLOB:
    return "not a weight blob of this version";
  case SWAP_ERR_HASH:
    return "the weight blob belongs to another model";
  case SWAP_ERR_CHECKSUM:
    return "weights differ from those that were compiled";
  case SWAP_ERR_INDEX:
    return "a row index is outside its table";
  case SWAP_ERR_GEOMETRY:
    return "storage cannot serve reads as the runtime needs them";
  case SWAP_ERR_STATE:
    return "the session is not open";
  case SWAP_ERR_DEVICE:
    return "the device or its driver reported an error";
  default:
    return "unknown status";
  }
}

const swap_plan *swap_choose_plan(const swap_model *model,
                                  uint64_t arena_bytes) {
  const swap_plan *best = NULL;
  if (!model)
    return NULL;
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    const swap_plan *plan = &model->plans[i];
    if (plan->arena_bytes > arena_bytes)
      continue;
    /* More memory is more to read ahead in, until nothing streams. */
    if (!best || (best->streamed_bytes &&
                  (!plan->streamed_bytes ||
                   plan->arena_bytes >= best->arena_bytes)))
      best = plan;
  }
  return best;
}
