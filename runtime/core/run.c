/*===- run.c - One inference --------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A run interprets the plan's steps in order. All decisions were taken by the
|* compiler; what is left is to start reads, wait for them and call kernels.
\*===----------------------------------------------------------------------===*/
#include "core.h"

typedef struct call {
  swap_kernel_fn fn;
  void *operands[SWAP_MAX_OPERANDS];
  uint64_t tile_begin;
  uint8_t *scratch;
  uint64_t scratch_stride;
} call;

static void run_tile(void *context, uint64_t index, uint32_t thread) {
  const call *c = context;
  const uint64_t tile = c->tile_begin + index;
  c->fn(c->operands, tile, tile + 1, c->scratch + thread * c->scratch_stride);
}

typedef struct run {
  swap_session *session;
  const void *const *inputs;
  void *const *outputs;
} run;

static void *address(const run *r, const swap_operand *operand) {
  swap_session *session = r->session;
  uint8_t *base;
  switch (operand->space) {
  case SWAP_SPACE_INPUT:
    base = (uint8_t *)(uintptr_t)
               r->inputs[operand->index]; /* kernels only read it */
    break;
  case SWAP_SPACE_OUTPUT:
    base = r->outputs[operand->index];
    break;
  case SWAP_SPACE_UNIT:
    base = (uint8_t *)(uintptr_t)swap_core_unit_base(session, operand->index);
    /* An offset may lead out of the unit, so no pointer arithmetic on objects.
     */
    return base ? (void *)((uintptr_t)base + (uintptr_t)operand->offset) : NULL;
  default:
    base = session->config.arena;
  }
  return base ? base + operand->offset : NULL; /* empty tensors may be null */
}

static int call_kernel(const run *r, const swap_step *step) {
  swap_session *session = r->session;
  const swap_plan *plan = session->plan;
  const swap_executor *executor = session->config.executor;
  const uint64_t tiles = step->tile_end - step->tile_begin;
  call c = {.fn = session->model->kernels[step->index].fn,
            .tile_begin = step->tile_begin};
  session->failed_kernel = step->index; /* the last one reached */
  for (uint32_t i = 0; i < step->operand_count; ++i) {
    const swap_operand *operand = &plan->operands[step->first_operand + i];
    c.operands[i] = address(r, operand);
    if (!c.operands[i] && operand->space == SWAP_SPACE_UNIT &&
        session->model->units[operand->index].length)
      return swap_core_fail(session, SWAP_ERR_IO, operand->index,
                            session->model->units[operand->index].offset);
  }
  if (plan->scratch_stride) {
    c.scratch = (uint8_t *)session->config.arena + plan->scratch_offset;
    c.scratch_stride = plan->scratch_stride;
  }
  if (!tiles)
    return SWAP_OK;
  if (executor && executor->threads > 1 && tiles > 1)
    executor->parallel(executor->context, run_tile, &c, tiles);
  else
    c.fn(c.operands, step->tile_begin, step->tile_end, c.scratch);
  return SWAP_OK;
}

static int execute(const run *r, const swap_step *step) {
  swap_session *session = r->session;
  const swap_plan *plan = session->plan;
  if (step->op == SWAP_OP_CALL)
    return call_kernel(r, step);
  if (step->op == SWAP_OP_ROWS)
    return swap_core_rows(session, step,
                          address(r, &plan->operands[step->first_operand]),
                          address(r, &plan->operands[step->first_operand + 1]));
  if (plan->resident[step->index])
    return SWAP_OK; /* in memory since swap_open */
  if (step->op == SWAP_OP_IN)
    return swap_core_start(session, step->index);
  if (step->op == SWAP_OP_WAIT)
    return swap_core_finish(session, step->index);
  return swap_core_release(session, step->index);
}

static void report(swap_session *session, const swap_step *step, uint64_t begin,
                   uint64_t end) {
  static const swap_event_kind kinds[] = {SWAP_EVENT_IN, SWAP_EVENT_WAIT,
                                          SWAP_EVENT_OUT, SWAP_EVENT_CALL,
                                          SWAP_EVENT_WAIT};
  if (step->op == SWAP_OP_CALL)
    session->counters.compute_ns += end - begin;
  else
    session->counters.stall_ns += end - begin;
  if (session->config.event)
    session->config.event(session->config.event_context, kinds[step->op],
                          step->index, begin, end);
}

static int check_tensors(const run *r) {
  const swap_model *model = r->session->model;
  for (uint32_t i = 0; i < model->input_count; ++i)
    if (model->inputs[i].bytes && (!r->inputs || !r->inputs[i] ||
                                   (uintptr_t)r->inputs[i] % SWAP_BUFFER_ALIGN))
      return SWAP_ERR_ARGUMENT;
  for (uint32_t i = 0; i < model->output_count; ++i)
    if (model->outputs[i].bytes &&
        (!r->outputs || !r->outputs[i] ||
         (uintptr_t)r->outputs[i] % SWAP_BUFFER_ALIGN))
      return SWAP_ERR_ARGUMENT;
  return SWAP_OK;
}

/* After an error nothing may still write to the arena, nor stay mapped. */
static void abandon(swap_session *session) {
  swap_core_drain(session);
  for (uint32_t unit = 0;
       swap_core_maps(session) && unit < session->model->unit_count; ++unit)
    if (!session->plan->resident[unit])
      (void)swap_core_release(session, unit);
}

int swap_run(swap_session *session, const void *const *inputs,
             void *const *outputs) {
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!session->model)
    return SWAP_ERR_STATE;
  const run r = {session, inputs, outputs};
  swap_counters *counters = &session->counters;
  const uint64_t *copied =
      session->config.storage ? session->config.storage->copied : NULL;
  const uint64_t copied_before = copied ? *copied : 0;
  const uint64_t start = swap_core_now(session);
  *counters = (swap_counters){.runs = counters->runs};
  session->failed_unit = SWAP_CORE_NONE;
  session->failed_kernel = SWAP_CORE_NONE;
  int status = check_tensors(&r);
  uint64_t begin = start, end = start;
  for (uint32_t i = 0; !status && i < session->plan->step_count;
       ++i, begin = end) {
    status = execute(&r, &session->plan->steps[i]);
    end = swap_core_now(session);
    if (!status)
      report(session, &session->plan->steps[i], begin, end);
  }
  if (!status)
    status = swap_core_finish_all(session);
  if (status)
    abandon(session);
  session->status = status;
  counters->copied_bytes = copied ? *copied - copied_before : 0;
  counters->total_ns = end - start;
  if (!status) {
    counters->runs += 1;
    session->verified = 1;
  }
  return status;
}
