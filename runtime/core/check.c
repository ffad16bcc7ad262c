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

static int is_aligned(uint64_t value, uint32_t power) {
  return ((uint32_t)value & (power - 1)) == 0;
}

static int is_power(uint32_t value, uint32_t most) {
  return value && value <= most && is_aligned(value, value);
}

/* The unit has a slot, or a processor reads it where it lies. Called when all
 * units were found to be inside the blob. */
static int check_unit(const swap_model *model, const swap_plan *plan,
                      uint32_t unit, int device) {
  if (unit >= model->unit_count)
    return 0;
  if (plan->slots[unit] == SWAP_SLOT_IN_PLACE)
    return !device;
  const uint32_t mask = model->page_bytes - 1;
  return is_aligned(plan->slots[unit], model->page_bytes) &&
         swap_core_inside(plan->slots[unit],
                          (model->units[unit].length + mask) & ~(uint64_t)mask,
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
  uint64_t rows;
  if (!entry->row_bytes || (step->aux != SWAP_I32 && step->aux != SWAP_I64) ||
      step->tile_end > UINT32_MAX ||
      swap_core_divide(entry->length, entry->row_bytes, &rows) ||
      rows > INT32_MAX)
    return 0;
  const uint64_t index_bytes = step->tile_end
                               << (step->aux == SWAP_I32 ? 2 : 3);
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
      step->tile_begin > step->tile_end || step->tile_end > INT64_MAX ||
      step->scratch_bytes > plan->scratch_stride)
    return 0;
  /* Of each panel the same tiles, and of them at least one. */
  uint64_t panel;
  if (step->aux && step->tile_end > step->tile_begin &&
      swap_core_divide(step->tile_begin, step->aux, &panel) >
          swap_core_divide(step->tile_end - 1, step->aux, &panel))
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
  return is_aligned(plan->scratch_offset | plan->scratch_stride,
                    SWAP_BUFFER_ALIGN) &&
         plan->scratch_stride <= UINT32_MAX &&
         swap_core_inside(plan->scratch_offset, plan->scratch_stride * threads,
                          plan->arena_bytes);
}

/* Whether the processor that calls this can run the plan's kernels itself. */
static int runs_here(const swap_model *model) {
  for (uint32_t i = 0; i < model->kernel_count; ++i)
    if (!model->kernels[i].fn)
      return 0;
  return 1;
}

static int check_step(const swap_model *model, const swap_plan *plan,
                      const swap_step *step, int device) {
  const swap_operand *operands = plan->operands + step->first_operand;
  switch (step->op) {
  case SWAP_OP_IN:
  case SWAP_OP_WAIT:
  case SWAP_OP_OUT:
    return check_unit(model, plan, step->index, device);
  case SWAP_OP_CALL:
    return check_call(model, plan, step, operands);
  case SWAP_OP_ROWS:
    return check_rows(model, plan, step, operands);
  default:
    return 0;
  }
}

int swap_core_check_plan(const swap_model *model, const swap_plan *plan,
                         int device) {
  const uint32_t page = model->page_bytes;
  if (!device && !runs_here(model))
    return SWAP_ERR_ABI;
  /* Other processors take whole pages of the blob. */
  int ok = page >= (device ? SWAP_BLOB_ALIGN : SWAP_BUFFER_ALIGN) &&
           is_power(page, SWAP_BLOB_ALIGN) && check_scratch(plan);
  for (uint32_t i = 0; ok && i < model->unit_count; ++i) {
    const swap_blob_unit *entry = &model->units[i];
    ok = is_aligned(entry->offset, SWAP_BLOB_ALIGN) &&
         entry->length <= UINT64_MAX - SWAP_BLOB_ALIGN &&
         swap_core_inside(entry->offset, swap_core_pages(entry->length),
                          model->blob_bytes) &&
         (!plan->resident[i] || check_unit(model, plan, i, device));
  }
  for (uint32_t i = 0; ok && i < plan->step_count; ++i)
    ok = check_step(model, plan, &plan->steps[i], device);
  return ok ? SWAP_OK : SWAP_ERR_ARGUMENT;
}

/* Rows that leave storage for operand `to`. */
static int rows_fit(const swap_blob_unit *table, const swap_operand *to,
                    uint32_t read, uint32_t align) {
  return is_aligned(table->row_bytes, read) &&
         is_aligned(table->row_bytes | (uint64_t)to->offset, align) &&
         (to->space == SWAP_SPACE_ARENA || align <= SWAP_BUFFER_ALIGN);
}

int swap_core_check_geometry(const swap_model *model, const swap_plan *plan,
                             const swap_storage *storage) {
  const uint32_t read = storage->read_bytes ? storage->read_bytes : 1;
  const uint32_t align = storage->buffer_align ? storage->buffer_align : 1;
  int ok = is_power(read, model->page_bytes) &&
           is_power(align, model->page_bytes) &&
           (!storage->begin || storage->depth);
  for (uint32_t i = 0; ok && i < model->unit_count; ++i)
    ok = plan->slots[i] != SWAP_SLOT_IN_PLACE || storage->map;
  for (uint32_t i = 0; ok && i < plan->step_count; ++i) {
    const swap_step *step = &plan->steps[i];
    ok = step->op != SWAP_OP_ROWS || plan->resident[step->index] ||
         plan->slots[step->index] == SWAP_SLOT_IN_PLACE ||
         rows_fit(&model->units[step->index],
                  &plan->operands[step->first_operand + 1], read, align);
  }
  return ok ? SWAP_OK : SWAP_ERR_GEOMETRY;
}
