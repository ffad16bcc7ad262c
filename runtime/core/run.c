/*===- run.c - One inference --------------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A run interprets the plan's steps in order. All decisions were taken by the
|* compiler; what is left is to start reads, wait for them and call kernels.
\*===----------------------------------------------------------------------===*/
#include "core.h"

/* The tiles of a call: `width` of each panel, from `begin` on, and from one
 * panel to the next `pitch` further. A call that is no band is one panel. */
typedef struct call {
  swap_kernel_fn fn;
  void *operands[SWAP_MAX_OPERANDS];
  uint64_t begin;
  uint64_t width;
  uint64_t pitch;
  uint8_t *scratch;
  uint64_t scratch_stride;
} call;

static void run_tile(void *context, uint64_t index, uint32_t thread) {
  const call *c = context;
  const uint64_t tile =
      c->begin + index / c->width * c->pitch + index % c->width;
  c->fn(c->operands, tile, tile + 1, c->scratch + thread * c->scratch_stride);
}

/* How many panels; sets what a call's tiles are. check.c saw to it that they
 * make sense. */
static uint64_t set_tiles(call *c, const swap_step *step) {
  c->begin = step->tile_begin;
  c->width = step->tile_end - step->tile_begin;
  c->pitch = c->width;
  if (!step->aux || !c->width)
    return c->width ? 1 : 0;
  const uint64_t last = step->tile_end - 1;
  c->width = last % step->aux - c->begin % step->aux + 1;
  c->pitch = step->aux;
  return last / step->aux - c->begin / step->aux + 1;
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

static int call_kernel(const run *r, const swap_step *step) {
  swap_session *session = r->session;
  const swap_plan *plan = session->plan;
  const swap_executor *executor = session->config.executor;
  call c = {.fn = session->model->kernels[step->index].fn};
  const uint64_t panels = set_tiles(&c, step);
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
  if (executor && executor->threads > 1 && panels * c.width > 1) {
    executor->parallel(executor->context, run_tile, &c, panels * c.width);
    return SWAP_OK;
  }
  for (uint64_t i = 0; i < panels; ++i)
    c.fn(c.operands, c.begin + i * c.pitch, c.begin + i * c.pitch + c.width,
         c.scratch);
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
    if (operand->space == SWAP_SPACE_UNIT && plan->resident[operand->index])
      status = swap_core_load_unit(session, operand->index);
  }
  if ((step->op == SWAP_OP_ROWS && plan->resident[step->index]) ||
      ((step->op == SWAP_OP_WAIT || step->op == SWAP_OP_OUT) &&
       !plan->resident[step->index]))
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
                         (step->aux & SWAP_IN_AHEAD) != 0);
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
    return SWAP_OK; /* load() sees to it */
  if (step->op == SWAP_OP_IN)
    return start(session, step);
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

static int run_steps(const run *r, uint64_t start, uint64_t *end) {
  swap_session *session = r->session;
  const swap_plan *plan = session->plan;
  int status = SWAP_OK;
  uint64_t begin = start;
  *end = start;
  for (uint32_t i = 0; !status && i < plan->step_count; ++i, begin = *end) {
    if (session->loading) {
      status = load(session, &plan->steps[i]);
      const uint64_t loaded = swap_core_now(session);
      session->counters.stall_ns += loaded - begin;
      begin = loaded;
    }
    if (!status)
      status = execute(r, &plan->steps[i]);
    *end = swap_core_now(session);
    if (!status)
      report(session, &plan->steps[i], begin, *end);
  }
  if (status)
    return status;
  status = session->loading ? swap_core_load_rest(session)
                            : swap_core_finish_all(session);
  *end = swap_core_now(session);
  session->counters.stall_ns += *end - begin;
  return status;
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
  uint64_t end = start;
  *counters = (swap_counters){.runs = counters->runs,
                              .loaded_bytes = counters->loaded_bytes,
                              .streamed_bytes =
                                  session->primed ? session->ahead_bytes : 0};
  session->ahead_bytes = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    session->in_flight[i].ahead = 0; /* this is the run they are for */
  session->failed_unit = SWAP_CORE_NONE;
  session->failed_kernel = SWAP_CORE_NONE;
  int status = check_tensors(&r);
  if (!status)
    status = run_steps(&r, start, &end);
  if (status)
    swap_core_abandon(session);
  session->status = status;
  counters->copied_bytes = copied ? *copied - copied_before : 0;
  counters->total_ns = end - start;
  if (!status) {
    counters->runs += 1;
    session->verified = 1;
    session->primed = !(session->config.flags & SWAP_FLAG_NO_AHEAD);
  }
  return status;
}
