/*===- run.c - One inference --------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A run interprets the plan's steps in order. All decisions were taken by the
|* compiler; what is left is to start reads, wait for them and call kernels.
\*===----------------------------------------------------------------------===*/
#include "core.h"

/* The tiles of a call: `width` of each panel, from `begin` on, and `gap` more to
 * the next panel's. A call that is no band is one panel. */
typedef struct call {
  swap_kernel_fn fn;
  void *operands[SWAP_MAX_OPERANDS];
  uint64_t begin;
  uint32_t width; /* of a band */
  uint32_t gap;
  uint8_t *scratch;
  uint32_t scratch_stride;
} call;

static void run_tile(void *context, uint64_t index, uint32_t thread) {
  const call *c = context;
  uint64_t panel = 0;
  uint64_t tile = c->begin + index;
  if (c->gap) { /* what every panel leaves out lies before a tile too */
    swap_core_divide(index, c->width, &panel);
    tile += panel * c->gap;
  }
  c->fn(c->operands, tile, tile + 1, c->scratch + (size_t)thread * c->scratch_stride);
}

typedef struct run {
  swap_session *session;
  const void *const *inputs;
  void *const *outputs;
  uint64_t mark; /* since when time was not counted yet */
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
    /* An offset may lead out of the unit, so no pointer arithmetic on objects.
     */
    base = (uint8_t *)(uintptr_t)swap_core_unit_base(session, operand->index);
    break;
  default:
    base = session->config.arena;
  }
  /* Empty tensors may be null; what exists in part starts where it would if it
   * were whole, perhaps outside the arena. */
  return base ? (void *)((uintptr_t)base + (uintptr_t)operand->offset) : NULL;
}

/* check.c saw to it that the tiles make sense. */
static void run_tiles(call *c, const swap_step *step,
                      const swap_executor *executor) {
  const uint64_t end = step->tile_end;
  uint64_t width = end - c->begin, pitch = width, count = 0, panel;
  if (step->aux && width) {
    pitch = step->aux;
    c->width = swap_core_divide(end - 1, step->aux, &panel) -
               swap_core_divide(c->begin, step->aux, &panel) + 1;
    c->gap = step->aux - c->width;
    width = c->width;
  }
  if (executor && executor->threads > 1) {
    for (uint64_t tile = c->begin; tile < end; tile += pitch)
      count += width;
    if (count > 1) {
      executor->parallel(executor->context, run_tile, c, count);
      return;
    }
  }
  for (uint64_t tile = c->begin; tile < end; tile += pitch)
    c->fn(c->operands, tile, tile + width, c->scratch);
}

SWAP_CORE_APART static int call_kernel(const run *r, const swap_step *step) {
  swap_session *session = r->session;
  const swap_plan *plan = session->plan;
  call c;
  c.fn = session->model->kernels[step->index].fn;
  c.begin = step->tile_begin;
  c.width = c.gap = 0;
  c.scratch = NULL;
  c.scratch_stride = (uint32_t)plan->scratch_stride;
  session->failed_kernel = step->index; /* the last one reached */
  for (uint32_t i = 0; i < step->operand_count; ++i) {
    const swap_operand *operand = &plan->operands[step->first_operand + i];
    c.operands[i] = address(r, operand);
    if (!c.operands[i] && operand->space == SWAP_SPACE_UNIT &&
        session->model->units[operand->index].length)
      return swap_core_fail_unit(session, SWAP_ERR_IO, operand->index);
  }
  if (plan->scratch_stride)
    c.scratch = (uint8_t *)session->config.arena + (size_t)plan->scratch_offset;
  run_tiles(&c, step, session->config.executor);
  return SWAP_OK;
}

/* What the step needs of units that are still on their first way in. */
static int load(swap_session *session, const swap_step *step) {
  const swap_plan *plan = session->plan;
  int status = SWAP_OK;
  for (uint32_t i = 0; step->op == SWAP_OP_CALL && !status &&
                       i < step->operand_count;
       ++i) {
    const swap_operand *operand = &plan->operands[step->first_operand + i];
    if (operand->space == SWAP_SPACE_UNIT &&
        swap_core_stays(session, operand->index))
      status = swap_core_load_unit(session, operand->index);
  }
  /* Rows wait for a table that stays, WAIT and OUT for a unit that does not. */
  if (step->op != SWAP_OP_CALL && step->op != SWAP_OP_IN &&
      (step->op == SWAP_OP_ROWS) == swap_core_stays(session, step->index))
    status = swap_core_load_unit(session, step->index);
  return status ? status : swap_core_load_some(session);
}

static int start(swap_session *session, const swap_step *step) {
  if ((step->aux & SWAP_IN_STARTED) && session->primed)
    return SWAP_OK; /* at the end of the run before */
  if ((step->aux & SWAP_IN_AHEAD) &&
      (session->config.flags & SWAP_FLAG_NO_AHEAD))
    return SWAP_OK;
  return swap_core_start(session, step->index,
                         step->aux & SWAP_IN_AHEAD ? SWAP_CORE_AHEAD
                                                   : SWAP_CORE_UNIT);
}

SWAP_CORE_APART static int execute(const run *r, const swap_step *step) {
  swap_session *session = r->session;
  const swap_plan *plan = session->plan;
  if (step->op == SWAP_OP_CALL)
    return call_kernel(r, step);
  if (step->op == SWAP_OP_ROWS)
    return swap_core_rows(session, step,
                          address(r, &plan->operands[step->first_operand]),
                          address(r, &plan->operands[step->first_operand + 1]));
  if (swap_core_stays(session, step->index))
    return SWAP_OK; /* load() sees to it */
  if (step->op == SWAP_OP_IN)
    return start(session, step);
  if (step->op == SWAP_OP_WAIT)
    return swap_core_finish(session, step->index);
  return swap_core_release(session, step->index);
}

/* Counts the time since the last call; says when that was. */
static uint64_t lap(run *r, uint64_t *counter) {
  const uint64_t begin = r->mark;
  r->mark = swap_core_now(r->session);
  *counter += r->mark - begin;
  return begin;
}

static void report(run *r, const swap_step *step) {
  static const uint8_t kinds[] = {SWAP_EVENT_IN, SWAP_EVENT_WAIT,
                                  SWAP_EVENT_OUT, SWAP_EVENT_CALL,
                                  SWAP_EVENT_WAIT};
  swap_session *session = r->session;
  const uint64_t begin = lap(r, step->op == SWAP_OP_CALL
                                    ? &session->counters.compute_ns
                                    : &session->counters.stall_ns);
  if (session->config.event)
    session->config.event(session->config.event_context,
                          (swap_event_kind)kinds[step->op], step->index, begin,
                          r->mark);
}

static int are_tensors(const swap_tensor *tensors, uint32_t count,
                       const void *const *addresses) {
  for (uint32_t i = 0; i < count; ++i)
    if (tensors[i].bytes && (!addresses || !addresses[i] ||
                             (uintptr_t)addresses[i] % SWAP_BUFFER_ALIGN))
      return 0;
  return 1;
}

static int run_steps(run *r) {
  swap_session *session = r->session;
  const swap_plan *plan = session->plan;
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < plan->step_count; ++i) {
    const swap_step *step = &plan->steps[i];
    if (session->loading) {
      status = load(session, step);
      lap(r, &session->counters.stall_ns);
    }
    if (step->op == SWAP_OP_CALL)
      swap_core_submit(session); /* the device works meanwhile */
    if (!status)
      status = execute(r, step);
    if (!status)
      report(r, step);
  }
  if (status)
    return status;
  status = session->loading ? swap_core_load_rest(session)
                            : swap_core_finish_kind(session, SWAP_CORE_UNIT);
  swap_core_submit(session);
  lap(r, &session->counters.stall_ns);
  return status;
}

int swap_run(swap_session *session, const void *const *inputs,
             void *const *outputs) {
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!session->model)
    return SWAP_ERR_STATE;
  run r = {session, inputs, outputs, swap_core_now(session)};
  const swap_model *model = session->model;
  swap_counters *counters = &session->counters;
  const uint64_t *copied =
      session->config.storage ? session->config.storage->copied : NULL;
  const uint64_t copied_before = copied ? *copied : 0;
  const uint64_t start = r.mark;
  *counters = (swap_counters){.runs = counters->runs,
                              .loaded_bytes = counters->loaded_bytes,
                              .streamed_bytes =
                                  session->primed ? session->ahead_bytes : 0};
  session->ahead_bytes = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    session->in_flight[i].kind = SWAP_CORE_UNIT; /* this is the run they are for */
  session->failed_unit = SWAP_CORE_NONE;
  session->failed_kernel = SWAP_CORE_NONE;
  int status = SWAP_ERR_ARGUMENT;
  if (are_tensors(model->inputs, model->input_count, inputs) &&
      are_tensors(model->outputs, model->output_count,
                  (const void *const *)outputs))
    status = run_steps(&r);
  if (status)
    swap_core_forget(session, 0);
  session->status = status;
  counters->copied_bytes = copied ? *copied - copied_before : 0;
  counters->total_ns = r.mark - start;
  if (!status) {
    counters->runs += 1;
    session->verified = 1;
    session->primed = !(session->config.flags & SWAP_FLAG_NO_AHEAD);
  }
  return status;
}
