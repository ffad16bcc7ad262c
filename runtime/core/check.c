/*===- check.c - A plan stays inside its arena --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The plan is constant data of the executable, yet it is checked once, at
|* open: afterwards no slot, scratch area or operand base can lie outside the
|* arena, and only resident units behind its region, whatever happens, and the
|* run needs no checks of its own. (Only bands of rows have bases outside: of
|* tensors that exist in part.)
\*===----------------------------------------------------------------------===*/
#include "core.h"

typedef struct check {
  const swap_model *model;
  const swap_plan *plan;
  const swap_storage *storage; /* null: not asked about */
  int device;
  int fits; /* storage serves the reads */
} check;

static int is_aligned(uint64_t value, uint32_t power) {
  return ((uint32_t)value & (power - 1)) == 0;
}

static int is_power(uint32_t value, uint32_t most) {
  return value && value <= most && is_aligned(value, value);
}

/* The unit has a slot, or a processor reads it where it lies. */
static int check_unit(const check *c, uint32_t unit) {
  const swap_model *model = c->model;
  if (unit >= model->unit_count)
    return 0;
  const uint64_t slot = c->plan->slots[unit];
  const uint64_t bytes = swap_core_unit_bytes(model, unit);
  if (slot == SWAP_SLOT_IN_PLACE)
    return !c->device;
  if (!c->plan->resident[unit])
    return is_aligned(slot, model->page_bytes) &&
           swap_core_inside(slot, bytes, c->plan->region_bytes);
  return is_aligned(slot | c->plan->region_bytes, model->page_bytes) &&
         slot >= c->plan->region_bytes &&
         swap_core_inside(slot, bytes, c->plan->arena_bytes);
}

static int check_operand(const check *c, const swap_operand *operand,
                         uint64_t extent) {
  const swap_model *model = c->model;
  const swap_tensor *tensors = model->inputs;
  uint32_t count = model->input_count;
  uint64_t size = c->plan->region_bytes;
  switch (operand->space) {
  case SWAP_SPACE_ARENA:
    break;
  case SWAP_SPACE_OUTPUT:
    tensors = model->outputs;
    count = model->output_count; /* fallthrough */
  case SWAP_SPACE_INPUT:
    if (operand->index >= count)
      return 0;
    size = tensors[operand->index].bytes;
    break;
  case SWAP_SPACE_UNIT: /* any offset: kernels index by absolute panel */
    return operand->index < model->unit_count;
  default:
    return 0;
  }
  /* A negative offset is a large one here. */
  return swap_core_inside((uint64_t)operand->offset, extent, size);
}

/* Rows that leave storage one by one. */
static int rows_fit(const check *c, uint32_t unit, const swap_operand *to) {
  const swap_storage *storage = c->storage;
  const uint32_t row_bytes = c->model->units[unit].row_bytes;
  const uint32_t align = storage->buffer_align;
  return c->plan->resident[unit] ||
         c->plan->slots[unit] == SWAP_SLOT_IN_PLACE ||
         ((!storage->read_bytes || is_aligned(row_bytes, storage->read_bytes)) &&
          (!align || (is_aligned(row_bytes | (uint32_t)to->offset, align) &&
                      (to->space == SWAP_SPACE_ARENA ||
                       align <= SWAP_BUFFER_ALIGN))));
}

static int check_rows(check *c, const swap_step *step,
                      const swap_operand *operands) {
  if (step->index >= c->model->unit_count || step->operand_count != 2)
    return 0;
  const swap_blob_unit *entry = &c->model->units[step->index];
  uint64_t rows;
  if (!entry->row_bytes || (step->aux != SWAP_I32 && step->aux != SWAP_I64) ||
      step->tile_end > UINT32_MAX ||
      swap_core_divide(entry->length, entry->row_bytes, &rows) ||
      rows > INT32_MAX)
    return 0;
  if (c->storage && !rows_fit(c, step->index, &operands[1]))
    c->fits = 0;
  return operands[0].space != SWAP_SPACE_UNIT &&
         operands[1].space != SWAP_SPACE_UNIT &&
         operands[1].space != SWAP_SPACE_INPUT &&
         check_operand(c, &operands[0],
                       step->tile_end << (step->aux == SWAP_I32 ? 2 : 3)) &&
         check_operand(c, &operands[1], step->tile_end * entry->row_bytes);
}

static int check_call(const check *c, const swap_step *step,
                      const swap_operand *operands) {
  if (step->index >= c->model->kernel_count ||
      step->operand_count > SWAP_MAX_OPERANDS ||
      step->tile_begin > step->tile_end || step->tile_end > INT64_MAX ||
      step->scratch_bytes > c->plan->scratch_stride)
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
        !check_operand(c, &operands[i], 0))
      return 0;
  return 1;
}

static int check_scratch(const swap_plan *plan) {
  const uint64_t threads = plan->threads ? plan->threads : 1;
  return !plan->scratch_stride ||
         (is_aligned(plan->scratch_offset | plan->scratch_stride,
                     SWAP_BUFFER_ALIGN) &&
          plan->scratch_stride <= UINT32_MAX &&
          swap_core_inside(plan->scratch_offset,
                           plan->scratch_stride * threads, plan->region_bytes));
}

/* All has addresses; units begin and end at pages of the blob, as it does. */
static int check_units(check *c) {
  const swap_model *model = c->model;
  if (model->blob_bytes > SIZE_MAX || c->plan->arena_bytes > SIZE_MAX ||
      c->plan->region_bytes > c->plan->arena_bytes ||
      !is_aligned(model->blob_bytes, SWAP_BLOB_ALIGN) || model->unit_count >> 30)
    return 0;
  for (uint32_t i = 0; i < model->unit_count; ++i) {
    const swap_blob_unit *entry = &model->units[i];
    if (!is_aligned(entry->offset, SWAP_BLOB_ALIGN) ||
        !swap_core_inside(entry->offset, entry->length, model->blob_bytes) ||
        (c->plan->resident[i] && !check_unit(c, i)))
      return 0;
    if (c->storage && !c->storage->map &&
        c->plan->slots[i] == SWAP_SLOT_IN_PLACE)
      c->fits = 0;
  }
  return 1;
}

static int check_step(check *c, const swap_step *step) {
  const swap_operand *operands = c->plan->operands + step->first_operand;
  switch (step->op) {
  case SWAP_OP_IN:
  case SWAP_OP_WAIT:
  case SWAP_OP_OUT:
    return check_unit(c, step->index);
  case SWAP_OP_CALL:
    return check_call(c, step, operands);
  case SWAP_OP_ROWS:
    return check_rows(c, step, operands);
  default:
    return 0;
  }
}

int swap_core_check_plan(const swap_model *model, const swap_plan *plan,
                         const swap_storage *storage, int device) {
  const uint32_t page = model->page_bytes;
  check c = {model, plan, storage, device, 1};
  /* The processor that calls this runs the kernels itself. */
  for (uint32_t i = 0; !device && i < model->kernel_count; ++i)
    if (!model->kernels[i].fn)
      return SWAP_ERR_ABI;
  /* Other processors take whole pages of the blob. */
  int ok = page >= (device ? SWAP_BLOB_ALIGN : SWAP_BUFFER_ALIGN) &&
           is_power(page, SWAP_BLOB_ALIGN) && check_scratch(plan) &&
           check_units(&c);
  for (uint32_t i = 0; ok && i < plan->step_count; ++i)
    ok = check_step(&c, &plan->steps[i]);
  if (!ok)
    return SWAP_ERR_ARGUMENT;
  if (storage && ((storage->read_bytes && !is_power(storage->read_bytes, page)) ||
                  (storage->buffer_align && !is_power(storage->buffer_align, page)) ||
                  (storage->begin && !storage->depth)))
    c.fits = 0;
  return c.fits ? SWAP_OK : SWAP_ERR_GEOMETRY;
}
