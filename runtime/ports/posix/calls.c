/*===- calls.c - Calls of one kernel together ------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A unit is what one read brings in, and a call is what one unit is for, so a
|* kernel is often called many times in a row for a few tiles each. Where nothing
|* happens between two such calls, all their tiles are one job for the threads:
|* nobody waits at the end of each, and a call of a single tile keeps more than
|* one thread busy.
|*
|* The executor is asked for each call in turn. It keeps a copy of a call while
|* the plan's next step goes on with the same kernel, operands and tiles, and
|* runs all of them with the last.
\*===----------------------------------------------------------------------===*/
#include "core.h"
#include "port.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CALLS 32u

struct port_calls {
  const swap_session *session;
  void (*task)(void *, uint64_t, uint32_t);
  uint32_t count;
  uint64_t ends[MOST_CALLS]; /* of each call's tiles among all */
  swap_core_call calls[MOST_CALLS];
};

/* Whether the second step computes more tiles of what the first does. */
static int goes_on(const swap_plan *plan, const swap_step *one,
                   const swap_step *other) {
  if (other->op != SWAP_OP_CALL || other->index != one->index || one->aux ||
      other->aux || other->tile_begin != one->tile_end || !other->tile_begin ||
      other->operand_count != one->operand_count)
    return 0;
  const swap_operand *a = &plan->operands[one->first_operand];
  const swap_operand *b = &plan->operands[other->first_operand];
  for (uint32_t i = 0; i < one->operand_count; ++i)
    if (a[i].space != b[i].space ||
        (a[i].space != SWAP_SPACE_UNIT &&
         (a[i].index != b[i].index || a[i].offset != b[i].offset)))
      return 0;
  return 1;
}

static int is_last(const swap_session *session) {
  const swap_plan *plan = session->plan;
  const swap_step *step = &plan->steps[session->step];
  /* While units come in for the first time, there is something to do between. */
  return session->loading || session->step + 1 == plan->step_count ||
         !goes_on(plan, step, step + 1);
}

static void keep(port_calls *calls, const swap_core_call *call,
                 uint64_t count) {
  const swap_session *session = calls->session;
  const uint32_t operands = session->plan->steps[session->step].operand_count;
  swap_core_call *copy = &calls->calls[calls->count];
  memcpy(copy, call,
         offsetof(swap_core_call, operands) + operands * sizeof(void *));
  /* Its own operands, or those of what a run's sizes leave of it. */
  if (call->work.operands == call->operands) {
    copy->work.operands = copy->operands;
  } else {
    copy->work.operands = (void *const *)(void *)&copy->work;
    copy->work.whole_operands = copy->operands;
  }
  calls->ends[calls->count] =
      (calls->count ? calls->ends[calls->count - 1] : 0) + count;
  calls->count += 1;
}

static void run_tile(void *context, uint64_t index, uint32_t thread) {
  port_calls *calls = context;
  uint32_t low = 0, high = calls->count - 1;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (index < calls->ends[middle])
      high = middle;
    else
      low = middle + 1;
  }
  calls->task(&calls->calls[low], low ? index - calls->ends[low - 1] : index,
              thread);
}

void port_calls_run(port_calls *calls, port_threads *threads,
                    void (*task)(void *, uint64_t, uint32_t), void *call,
                    uint64_t count) {
  const int last = is_last(calls->session);
  if (last && !calls->count) {
    port_threads_run(threads, task, call, count);
    return;
  }
  calls->task = task;
  keep(calls, call, count);
  if (!last && calls->count < MOST_CALLS)
    return;
  port_threads_run(threads, run_tile, calls, calls->ends[calls->count - 1]);
  calls->count = 0;
}

void port_calls_forget(port_calls *calls) { calls->count = 0; }

port_calls *port_calls_create(const swap_session *session) {
  port_calls *calls = malloc(sizeof *calls);
  if (calls) {
    calls->session = session;
    calls->count = 0;
  }
  return calls;
}

void port_calls_destroy(port_calls *calls) { free(calls); }
