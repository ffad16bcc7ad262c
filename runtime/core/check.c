/*===- check.c - A plan stays inside its arena --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The plan is constant data of the executable, yet it is checked once, at
|* open: afterwards no slot, scratch area or operand base can lie outside the
|* arena, whatever happens, and the run needs no checks of its own. (Only bands
|* of rows have bases outside: of tensors that exist in part.)
\*===----------------------------------------------------------------------===*/
#include "core.h"

static int check_unit(const swap_model *model, const swap_plan *plan,
                      uint32_t unit) {
  if (unit >= model->unit_count)
    return 0;
  const swap_blob_unit *entry = &model->units[unit];
  return plan->slots[unit] % SWAP_BLOB_ALIGN == 0 &&
         entry->length <= UINT64_MAX - SWAP_BLOB_ALIGN &&
         swap_core_inside(plan->slots[unit], swap_core_pages(entry->length),
                          plan->arena_bytes);
}

static int check_operand(const swap_model *model, const swap_plan *plan,
                         const swap_operand *operand, uint64_t extent) {
  uint64_t size;
  switch (operand->space) {
  case SWAP_SPACE_ARENA:
    size = plan->arena_bytes;
    break;
  case SWAP_SPACE_INPUT:
    if (operand->index >= model->input_count)
      return 0;
    size = model->inputs[operand->index].bytes;
    break;
  case SWAP_SPACE_OUTPUT:
    if (operand->index >= model->output_count)
      return 0;
    size = model->outputs[operand->index].bytes;
    break;
  case SWAP_SPACE_UNIT: /* any offset: kernels index by absolute panel */
    return operand->index < model->unit_count;
  default:
    return 0;
  }
  return operand->offset >= 0 &&
         swap_core_inside((uint64_t)operand->offset, extent, size);
}

static int check_rows(const swap_model *model, const swap_plan *plan,
                      const swap_step *step, const swap_operand *operands) {
  if (step->index >= model->unit_count || step->operand_count != 2)
    return 0;
  const swap_blob_unit *entry = &model->units[step->index];
  if (!entry->row_bytes || (step->aux != SWAP_I32 && step->aux != SWAP_I64) ||
      step->tile_end > UINT64_MAX / entry->row_bytes ||
      step->tile_end > UINT64_MAX / 8)
    return 0;
  const uint64_t index_bytes =
      step->tile_end * (step->aux == SWAP_I32 ? 4u : 8u);
  return operands[0].space != SWAP_SPACE_UNIT &&
         operands[1].space != SWAP_SPACE_UNIT &&
         operands[1].space != SWAP_SPACE_INPUT &&
         check_operand(model, plan, &operands[0], index_bytes) &&
         check_operand(model, plan, &operands[1],
                       step->tile_end * entry->row_bytes);
}

static int check_call(const swap_model *model, const swap_plan *plan,
                      const swap_step *step, const swap_operand *operands) {
  if (step->index >= model->kernel_count ||
      step->operand_count > SWAP_MAX_OPERANDS ||
      step->tile_begin > step->tile_end ||
      step->scratch_bytes > plan->scratch_stride)
    return 0;
  /* Of each panel the same tiles, and of them at least one. */
  if (step->aux && step->tile_end > step->tile_begin &&
      step->tile_begin % step->aux > (step->tile_end - 1) % step->aux)
    return 0;
  for (uint32_t i = 0; i < step->operand_count; ++i)
    /* What a band leaves out of a tensor needs no memory: any base. */
    if (!(step->aux && operands[i].space == SWAP_SPACE_ARENA) &&
        !check_operand(model, plan, &operands[i], 0))
      return 0;
  return 1;
}

static int check_scratch(const swap_plan *plan) {
  const uint64_t threads = plan->threads ? plan->threads : 1;
  if (!plan->scratch_stride)
    return 1;
  return plan->scratch_offset % SWAP_BUFFER_ALIGN == 0 &&
         plan->scratch_stride % SWAP_BUFFER_ALIGN == 0 &&
         plan->scratch_stride <= UINT64_MAX / threads &&
         swap_core_inside(plan->scratch_offset, plan->scratch_stride * threads,
                          plan->arena_bytes);
}

/* Whether the processor that calls this can run the plan's kernels itself. */
static int runs_here(const swap_model *model, const swap_plan *plan) {
  for (uint32_t i = 0; i < model->kernel_count; ++i)
    if (!model->kernels[i].fn)
      return 0;
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (plan->slots[i] == SWAP_SLOT_IN_PLACE)
      return 0;
  return 1;
}

int swap_core_check_plan(const swap_model *model, const swap_plan *plan,
                         int device) {
  if (!device && !runs_here(model, plan))
    return SWAP_ERR_ABI;
  int ok = check_scratch(plan);
  for (uint32_t i = 0; ok && i < model->unit_count; ++i) {
    const swap_blob_unit *entry = &model->units[i];
    ok = entry->offset % SWAP_BLOB_ALIGN == 0 &&
         entry->length <= UINT64_MAX - SWAP_BLOB_ALIGN &&
         swap_core_inside(entry->offset, swap_core_pages(entry->length),
                          model->blob_bytes) &&
         (!plan->resident[i] || check_unit(model, plan, i));
  }
  for (uint32_t i = 0; ok && i < plan->step_count; ++i) {
    const swap_step *step = &plan->steps[i];
    const swap_operand *operands = plan->operands + step->first_operand;
    switch (step->op) {
    case SWAP_OP_IN:
    case SWAP_OP_WAIT:
    case SWAP_OP_OUT:
      ok = check_unit(model, plan, step->index);
      break;
    case SWAP_OP_CALL:
      ok = check_call(model, plan, step, operands);
      break;
    case SWAP_OP_ROWS:
      ok = check_rows(model, plan, step, operands);
      break;
    default:
      ok = 0;
    }
  }
  return ok ? SWAP_OK : SWAP_ERR_ARGUMENT;
}
