/*===- launch.c - Kernels and lookups on the compute stream -------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#define ROW_THREADS 256u

cu_address cuda_operand(const swap_cuda *h, const swap_operand *operand) {
  cu_address base = h->arena;
  if (operand->space == SWAP_SPACE_INPUT)
    base = h->tensors_device + h->tensor_at[operand->index];
  else if (operand->space == SWAP_SPACE_OUTPUT)
    base = h->tensors_device +
           h->tensor_at[h->model->model->input_count + operand->index];
  else if (operand->space == SWAP_SPACE_UNIT)
    base = h->units[operand->index];
  return base + (cu_address)operand->offset;
}

/* Tiles of a launch: `width` of each panel, each panel `stride` further. */
typedef struct grid {
  uint64_t tiles;
  uint64_t width;
  uint64_t stride;
} grid;

static cu_result launch(swap_cuda *h, cu_function function, uint64_t tiles,
                        const swap_cuda_kernel *kernel, cu_address *words,
                        size_t bytes) {
  void *parameters[] = {CU_PARAMETERS, words, CU_PARAMETERS_SIZE, &bytes,
                        CU_PARAMETERS_END};
  return h->driver->launch(function, (unsigned)tiles,
                           kernel->splits ? kernel->splits : 1, 1,
                           kernel->threads, 1, 1, kernel->shared_bytes,
                           h->compute, NULL, parameters);
}

/* A call that is no band is one panel. */
static void set_grid(const swap_step *step, grid *g) {
  g->width = g->stride = g->tiles = step->tile_end - step->tile_begin;
  if (!step->aux || !g->tiles)
    return;
  const uint64_t last = step->tile_end - 1;
  g->stride = step->aux;
  g->width = last % step->aux - step->tile_begin % step->aux + 1;
  g->tiles = (last / step->aux - step->tile_begin / step->aux + 1) * g->width;
}

int cuda_launch(swap_cuda *h, const swap_step *step) {
  const swap_plan *plan = h->session.plan;
  cu_address words[SWAP_MAX_OPERANDS + 5];
  uint32_t count = 0;
  grid g;
  set_grid(step, &g);
  if (!g.tiles)
    return SWAP_OK;
  for (; count < step->operand_count; ++count)
    words[count] =
        cuda_operand(h, &plan->operands[step->first_operand + count]);
  words[count++] = h->arena + plan->scratch_offset;
  words[count++] = step->tile_begin;
  words[count++] = step->tile_end;
  words[count++] = g.width;
  words[count++] = g.stride;
  h->session.failed_kernel = step->index; /* the last one reached */
  return cuda_check(h,
                    launch(h, h->functions[step->index], g.tiles,
                           &h->model->kernels[step->index], words,
                           count * sizeof words[0]),
                    "launching kernel %s", cuda_kernel_name(h, step->index));
}

int cuda_launch_rows(swap_cuda *h, uint32_t index) {
  static const swap_cuda_kernel shape = {.threads = ROW_THREADS};
  const swap_step *step = &h->session.plan->steps[index];
  const swap_operand *operands =
      h->session.plan->operands + step->first_operand;
  const swap_blob_unit *table = &h->model->model->units[step->index];
  cu_address words[] = {h->units[step->index],
                        cuda_operand(h, &operands[0]),
                        cuda_operand(h, &operands[1]),
                        table->length / table->row_bytes,
                        table->row_bytes,
                        step->tile_end,
                        h->tensors_device + h->lookups_at +
                            index * sizeof(uint64_t)};
  if (!step->tile_end)
    return SWAP_OK;
  return cuda_check(h,
                    launch(h, h->rows[step->aux == SWAP_I64], step->tile_end,
                           &shape, words, sizeof words),
                    "looking up rows of unit %u", (unsigned)step->index);
}

int cuda_lookups_check(swap_cuda *h) {
  const swap_plan *plan = h->session.plan;
  const uint64_t *words = (const uint64_t *)(h->tensors + h->lookups_at);
  for (uint32_t i = 0; i < plan->step_count; ++i)
    if (plan->steps[i].op == SWAP_OP_ROWS && words[i]) {
      swap_core_fail(&h->session, SWAP_ERR_INDEX, plan->steps[i].index,
                     words[i] - 1);
      return cuda_describe(h, SWAP_ERR_INDEX, 0);
    }
  return SWAP_OK;
}
