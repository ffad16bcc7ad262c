/*===- cuts.c - What the sizes of a run leave out -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Kernels compute what is outside the sizes from whatever is there, or not at
|* all. The core reaches this through the tables of models with sizes, so that
|* firmware without them does not pay for it.
\*===----------------------------------------------------------------------===*/
#include "core.h"

static int check_tables(const swap_model *model) {
  const swap_dynamic *dynamic = model->dynamic;
  for (uint32_t i = 0; i < dynamic->size_count; ++i) {
    const swap_size *size = &dynamic->sizes[i];
    if (size->input >= model->input_count || size->least < 1 ||
        size->most < size->least || size->most > INT32_MAX ||
        model->inputs[size->input].dtype != SWAP_I64 ||
        model->inputs[size->input].bytes != 8)
      return 0;
  }
  for (uint32_t i = 0; i < dynamic->extent_count; ++i) {
    const swap_extent *extent = &dynamic->extents[i];
    const uint32_t outputs = extent->tensor - model->input_count;
    const int is_input = extent->tensor < model->input_count;
    if ((!is_input && outputs >= model->output_count) ||
        extent->size >= dynamic->size_count || extent->scale < 1 ||
        extent->dim >= (is_input ? model->inputs[extent->tensor]
                                 : model->outputs[outputs]).rank)
      return 0;
  }
  for (uint32_t i = 0; i < dynamic->cut_count; ++i)
    if (dynamic->cuts[i].kernel >= model->kernel_count + model->unit_count ||
        dynamic->cuts[i].size >= dynamic->size_count ||
        !dynamic->cuts[i].period || !dynamic->cuts[i].unit)
      return 0;
  return 1;
}

static int check_inputs(const swap_model *model, const void *const *inputs) {
  const swap_dynamic *dynamic = model->dynamic;
  for (uint32_t i = 0; i < dynamic->size_count; ++i) {
    const swap_size *size = &dynamic->sizes[i];
    const int64_t value = *(const int64_t *)inputs[size->input];
    if (value < size->least || value > size->most)
      return 0;
  }
  return 1;
}

/* Of each period, how many tiles (or of all, how many rows) have to be there. */
static uint64_t get_limit(const swap_session *session, const swap_cut *cut) {
  const swap_size *size = &session->model->dynamic->sizes[cut->size];
  const int64_t value = *(const int64_t *)session->inputs[size->input];
  uint64_t tiles;
  if (swap_core_divide((uint64_t)(cut->offset + cut->scale * value), cut->unit,
                       &tiles))
    ++tiles;
  return tiles;
}

/* 0, or how many tiles from this one on are left out. */
static uint64_t get_gap(const swap_core_work *c, uint64_t tile) {
  for (uint32_t i = 0; i < c->count; ++i) {
    uint64_t before;
    const uint32_t at = swap_core_divide(tile, c->cuts[i].period, &before);
    if (at >= c->limits[i])
      return c->cuts[i].period - at;
  }
  return 0;
}

/* A kernel's tiles but for those. */
static void run(void *const *work, uint64_t tile, uint64_t end, void *scratch) {
  const swap_core_work *c = (const void *)work;
  while (tile < end) {
    uint64_t last = end, before;
    const uint64_t gap = get_gap(c, tile);
    if (gap) {
      tile += gap;
      continue;
    }
    for (uint32_t i = 0; i < c->count; ++i) {
      const uint32_t at = swap_core_divide(tile, c->cuts[i].period, &before);
      const uint64_t left = c->limits[i] - at;
      last = left < last - tile ? tile + left : last;
    }
    c->whole(c->whole_operands, tile, last, scratch);
    tile = last;
  }
}

static void cut(const swap_session *session, const swap_step *step,
                swap_core_work *work) {
  const swap_dynamic *dynamic = session->model->dynamic;
  work->count = 0;
  for (uint32_t i = 0; i < dynamic->cut_count; ++i) {
    if (dynamic->cuts[i].kernel != step->index || work->count == SWAP_MAX_CUTS)
      continue;
    if (!work->count)
      work->cuts = &dynamic->cuts[i];
    work->limits[work->count++] = get_limit(session, &dynamic->cuts[i]);
  }
  if (!work->count)
    return;
  work->whole = work->fn;
  work->whole_operands = work->operands;
  work->fn = run;
  work->operands = (void *const *)(void *)work;
}

static uint32_t cut_rows(const swap_session *session, const swap_step *step) {
  const swap_dynamic *dynamic = session->model->dynamic;
  uint32_t rows = (uint32_t)step->tile_end;
  for (uint32_t i = 0; i < dynamic->cut_count; ++i)
    if (dynamic->cuts[i].kernel == session->model->kernel_count + step->index &&
        dynamic->cuts[i].period >= rows) {
      const uint64_t count = get_limit(session, &dynamic->cuts[i]);
      rows = count < rows ? (uint32_t)count : rows;
    }
  return rows;
}

static int check(const swap_session *session) {
  return check_tables(session->model) &&
         check_inputs(session->model, session->inputs);
}

const swap_sizing swap_sizes = {check, cut, cut_rows};
