/*===- run.c - One inference --------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A run interprets the plan's steps in order. All decisions were taken by the
|* compiler; what is left is to start reads, wait for them and call kernels.
\*===----------------------------------------------------------------------===*/
#include "core.h"

static void run_tile(void *context, uint64_t index, uint32_t thread) {
  const swap_core_call *c = context;
  uint64_t panel = 0;
  uint64_t tile = c->begin + index;
  if (c->gap) { /* what every panel leaves out lies before a tile too */
    swap_core_divide(index, c->width, &panel);
    tile += panel * c->gap;
  }
  c->work.fn(c->work.operands, tile, tile + 1, c->scratch + (size_t)thread * c->scratch_stride);
}

static void *address(const swap_session *session, const swap_operand *operand) {
  uint8_t *base;
  switch (operand->space) {
  case SWAP_SPACE_INPUT:
    base = (uint8_t *)(uintptr_t)
               session->inputs[operand->index]; /* kernels only read it */
    break;
  case SWAP_SPACE_OUTPUT:
    base = session->outputs[operand->index];
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
static void run_tiles(swap_core_call *c, const swap_step *step,
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
    executor->parallel(executor->context, run_tile, c, count);
    return;
  }
  for (uint64_t tile = c->begin; tile < end; tile += pitch)
    c->work.fn(c->work.operands, tile, tile + width, c->scratch);
}

SWAP_CORE_APART static int call_kernel(swap_session *session,
                                       const swap_step *step) {
  const swap_plan *plan = session->plan;
  swap_core_call c;
  c.work.fn = session->model->kernels[step->index].fn;
  c.work.operands = c.operands;
  c.begin = step->tile_begin;
  c.width = c.gap = 0;
  c.scratch = NULL;
  c.scratch_stride = (uint32_t)plan->scratch_stride;
  session->failed_kernel = step->index; /* the last one reached */
  for (uint32_t i = 0; i < step->operand_count; ++i) {
    const swap_operand *operand = &plan->operands[step->first_operand + i];
    c.operands[i] = address(session, operand);
    if (!c.operands[i] && operand->space == SWAP_SPACE_UNIT &&
        session->model->units[operand->index].length)
      return swap_core_fail_unit(session, SWAP_ERR_IO, operand->index);
  }
  if (plan->scratch_stride)
    c.scratch = (uint8_t *)session->config.arena + (size_t)plan->scratch_offset;
  if (session->model->dynamic)
    session->model->dynamic->sizing->cut(session, step, &c.work);
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
  return status ? status : swap_core_load_some(session, SWAP_CORE_LOAD_BYTES);
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

SWAP_CORE_APART static int execute(swap_session *session,
                                   const swap_step *step) {
  const swap_plan *plan = session->plan;
  if (step->op == SWAP_OP_CALL)
    return call_kernel(session, step);
  if (step->op == SWAP_OP_ROWS)
    return swap_core_rows(session, step,
                          address(session, &plan->operands[step->first_operand]),
                          address(session, &plan->operands[step->first_operand + 1]));
  if (swap_core_stays(session, step->index))
    return SWAP_OK; /* load() sees to it */
  if (step->op == SWAP_OP_IN)
    return start(session, step);
  if (step->op == SWAP_OP_WAIT)
    return swap_core_finish(session, step->index);
  return swap_core_release(session, step->index);
}

/* Counts the time since the mark, and sets it. */
SWAP_CORE_APART static void lap(const swap_session *session, uint64_t *counter,
                                uint64_t *mark) {
  const uint64_t begin = *mark;
  *mark = swap_core_now(session);
  *counter += *mark - begin;
}

static void report(swap_session *session, const swap_step *step,
                   uint64_t *mark) {
  static const uint8_t kinds[] = {SWAP_EVENT_IN, SWAP_EVENT_WAIT,
                                  SWAP_EVENT_OUT, SWAP_EVENT_CALL,
                                  SWAP_EVENT_WAIT};
  const uint64_t begin = *mark;
  lap(session,
      step->op == SWAP_OP_CALL ? &session->counters.compute_ns
                               : &session->counters.stall_ns,
      mark);
  if (session->config.event)
    session->config.event(session->config.event_context,
                          (swap_event_kind)kinds[step->op], step->index, begin,
                          *mark);
}

static int are_tensors(const swap_tensor *tensors, uint32_t count,
                       const void *const *addresses) {
  for (uint32_t i = 0; i < count; ++i)
    if (tensors[i].bytes && (!addresses || !addresses[i] ||
                             (uintptr_t)addresses[i] % SWAP_BUFFER_ALIGN))
      return 0;
  return 1;
}

/* Executes steps up to one that has to wait for a read, or the caller takes over
 * before. What then ran of it is done again, without effect. */
static int run_steps(swap_session *session, int (*yield)(void *context),
                     uint64_t *mark) {
  const swap_plan *plan = session->plan;
  int status = SWAP_OK;
  while (session->step < plan->step_count) {
    const swap_step *step = &plan->steps[session->step];
    const int calls = step->op == SWAP_OP_CALL;
    if (session->loading) {
      status = load(session, step);
      lap(session, &session->counters.stall_ns, mark);
    }
    if (calls)
      swap_core_submit(session); /* the device works meanwhile */
    if (yield && !status && !session->asked &&
        (calls || step->op == SWAP_OP_ROWS)) {
      session->asked = 1; /* so each advance gets on */
      if (yield(session->config.yield_context))
        status = SWAP_YIELDED;
    }
    if (!status)
      status = execute(session, step);
    if (status)
      return status;
    report(session, step, mark);
    session->step += 1;
    session->asked = 0;
  }
  return session->loading ? swap_core_load_rest(session)
                          : swap_core_finish_kind(session, SWAP_CORE_UNIT);
}

static int end(swap_session *session, int status) {
  const swap_storage *storage = session->config.storage;
  session->started = 0;
  if (status)
    swap_core_forget(session, 0);
  session->status = status;
  if (storage && storage->copied)
    session->counters.copied_bytes = *storage->copied - session->copied_before;
  if (!status) {
    session->counters.runs += 1;
    session->verified = 1;
    session->primed = !(session->config.flags & SWAP_FLAG_NO_AHEAD);
  }
  return status;
}

static int advance(swap_session *session, int (*yield)(void *context)) {
  swap_counters *counters = &session->counters;
  uint64_t mark = swap_core_now(session);
  const int status = run_steps(session, yield, &mark);
  session->polls = 0;
  if (status >= 0)
    swap_core_submit(session);
  lap(session, &counters->stall_ns, &mark);
  counters->total_ns = counters->compute_ns + counters->stall_ns;
  return status > 0 ? status : end(session, status);
}

int swap_start(swap_session *session, const void *const *inputs,
               void *const *outputs) {
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!swap_core_rests(session))
    return SWAP_ERR_STATE;
  const swap_model *model = session->model;
  const swap_storage *storage = session->config.storage;
  swap_counters *counters = &session->counters;
  *counters = (swap_counters){.runs = counters->runs,
                              .loaded_bytes = counters->loaded_bytes,
                              .streamed_bytes =
                                  session->ahead_bytes};
  session->ahead_bytes = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    session->in_flight[i].kind = SWAP_CORE_UNIT; /* this is the run they are for */
  swap_core_load_again(session);
  session->copied_before = storage && storage->copied ? *storage->copied : 0;
  session->failed_unit = SWAP_CORE_NONE;
  session->failed_kernel = SWAP_CORE_NONE;
  session->inputs = inputs;
  session->outputs = outputs;
  session->started = 1;
  session->step = session->asked = session->row = 0;
  return are_tensors(model->inputs, model->input_count, inputs) &&
                 are_tensors(model->outputs, model->output_count,
                             (const void *const *)outputs) &&
                 (!model->dynamic || model->dynamic->sizing->check(session))
             ? SWAP_OK
             : end(session, SWAP_ERR_ARGUMENT);
}

int swap_advance(swap_session *session) {
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!session->model || !session->started)
    return SWAP_ERR_STATE;
  session->polls = session->config.storage && session->config.storage->done;
  return advance(session, session->config.yield);
}

void swap_abandon(swap_session *session) {
  if (session && session->model && session->started)
    swap_core_forget(session, 0);
}

int swap_run(swap_session *session, const void *const *inputs,
             void *const *outputs) {
  const int status = swap_start(session, inputs, outputs);
  return status ? status : advance(session, NULL);
}
