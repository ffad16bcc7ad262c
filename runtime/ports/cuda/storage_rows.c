/*===- storage_rows.c - Rows of tables that stay on storage -------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The host reads the rows, so it has to know their numbers: those that kernels
|* compute have to be waited for. Every lookup has its own part of the pinned
|* memory, which is quiet again when the run is over.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

static uint64_t row_numbers(const swap_step *step) {
  return step->tile_end * (step->aux == SWAP_I32 ? 4u : 8u);
}

/* Pinned memory of the lookups before `step`: their numbers, then their rows. */
static uint64_t staged_before(const swap_cuda *h, const swap_plan *plan,
                              uint32_t step) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < step; ++i) {
    const swap_step *s = &plan->steps[i];
    if (s->op == SWAP_OP_ROWS && !plan->resident[s->index])
      bytes += swap_core_pages(row_numbers(s)) +
               swap_core_pages(s->tile_end *
                               h->model->model->units[s->index].row_bytes);
  }
  return bytes;
}

uint64_t cuda_staging_bytes(const swap_cuda *h, const swap_plan *plan) {
  return staged_before(h, plan, plan->step_count);
}

int cuda_staging_open(swap_cuda *h) {
  h->staging_bytes = cuda_staging_bytes(h, h->session.plan);
  return h->staging_bytes
             ? cuda_host_take(h, h->staging_bytes, "rows", &h->staging)
             : SWAP_OK;
}

/* Where the host sees the operand; null if it does not. */
static uint8_t *host_address(const swap_cuda *h, const swap_operand *operand) {
  if (operand->space == SWAP_SPACE_INPUT || operand->space == SWAP_SPACE_OUTPUT)
    return h->tensors + (cuda_operand(h, operand) - h->tensors_device);
  return h->arena_host
             ? (uint8_t *)h->arena_host + (cuda_operand(h, operand) - h->arena)
             : NULL;
}

int cuda_storage_rows(swap_cuda *h, uint32_t index) {
  const cuda_driver *d = h->driver;
  const swap_step *step = &h->session.plan->steps[index];
  const swap_operand *operands =
      h->session.plan->operands + step->first_operand;
  const uint64_t bytes =
      step->tile_end * h->model->model->units[step->index].row_bytes;
  uint8_t *staged = h->staging + staged_before(h, h->session.plan, index);
  uint8_t *numbers = host_address(h, &operands[0]);
  uint8_t *rows = host_address(h, &operands[1]);
  int status = SWAP_OK;
  if (!step->tile_end)
    return SWAP_OK;
  if (!numbers) {
    numbers = staged;
    status = cuda_check(h,
                        d->copy_out(numbers, cuda_operand(h, &operands[0]),
                                    row_numbers(step), h->compute),
                        "copying row numbers for unit %u",
                        (unsigned)step->index);
  }
  /* Kernels write them, or use the memory that the rows go to. */
  if (!status && (operands[0].space != SWAP_SPACE_INPUT || rows))
    status = cuda_check(h, d->stream_sync(h->compute),
                        "running the kernels before a lookup in unit %u",
                        (unsigned)step->index);
  if (status)
    return status;
  uint8_t *to = rows ? rows : staged + swap_core_pages(row_numbers(step));
  status = swap_core_rows(&h->session, step, numbers, to);
  if (status)
    return cuda_describe(h, status, h->file.last_error);
  if (rows)
    return SWAP_OK;
  return cuda_check(
      h, d->copy_in(cuda_operand(h, &operands[1]), to, bytes, h->compute),
      "copying rows of unit %u", (unsigned)step->index);
}
