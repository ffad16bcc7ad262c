/*===- pool_ladder.c - A model's time against its memory ----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A rung is a plan that no other one beats in region, resident memory and time
|* at once. What the compiler predicted of kernels is scaled by what they took in
|* fact; what it predicted beyond them, stalls, by what the link gives in fact.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include "core.h"

#include <stdlib.h>

/* By which kernels take longer for each byte that the device writes to memory
 * beside them: 0.09 s a GiB (docs/performance.md). */
#define READ_NS_PER_BYTE 0.08

static uint64_t pages(uint64_t bytes) {
  return (bytes + SWAP_BLOB_ALIGN - 1) / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
}

static int reads_in_place(const swap_model *model, const swap_plan *plan) {
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (plan->slots[i] == SWAP_SLOT_IN_PLACE)
      return 1;
  return 0;
}

static pool_choice choice_of(const swap_model *model, const swap_plan *plan) {
  pool_choice choice = {.region_bytes = pages(plan->region_bytes),
                        .time_ns = plan->predicted_ns,
                        .compute_ns = plan->compute_ns,
                        .read_bytes = plan->streamed_bytes};
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (plan->resident[i])
      choice.resident_bytes += pages(model->units[i].length);
  return choice;
}

static int beats(const pool_choice *a, const pool_choice *b) {
  return a->region_bytes <= b->region_bytes &&
         a->resident_bytes <= b->resident_bytes && a->time_ns <= b->time_ns;
}

static void drop(pool_model *m, uint32_t at) {
  m->choice_count -= 1;
  for (uint32_t i = at; i < m->choice_count; ++i) {
    m->choices[i] = m->choices[i + 1];
    m->plans[i] = m->plans[i + 1];
  }
}

static void insert(pool_model *m, const pool_choice *choice, uint32_t plan) {
  const uint64_t bytes = choice->region_bytes + choice->resident_bytes;
  uint32_t at = 0;
  for (uint32_t i = 0; i < m->choice_count; ++i)
    if (beats(&m->choices[i], choice))
      return;
  for (uint32_t i = m->choice_count; i-- > 0;)
    if (beats(choice, &m->choices[i]))
      drop(m, i);
  while (at < m->choice_count &&
         m->choices[at].region_bytes + m->choices[at].resident_bytes <= bytes)
    ++at;
  for (uint32_t i = m->choice_count; i > at; --i) {
    m->choices[i] = m->choices[i - 1];
    m->plans[i] = m->plans[i - 1];
  }
  m->choices[at] = *choice;
  m->plans[at] = plan;
  m->choice_count += 1;
}

/* A run occupies its engine from start to end, whatever it waits for, and its
 * memory is its own. */
static pool_choice engine_choice(const pool_model *m, const swap_plan *plan) {
  return (pool_choice){.resident_bytes =
                           m->engine->overhead_bytes + plan->arena_bytes,
                       .time_ns = plan->predicted_ns,
                       .compute_ns = plan->predicted_ns};
}

int pool_make_ladder(pool_model *m) {
  const swap_model *model = m->model;
  m->choices = calloc(model->plan_count + 1, sizeof *m->choices);
  m->plans = calloc(model->plan_count + 1, sizeof *m->plans);
  if (!m->choices || !m->plans)
    return SWAP_ERR_BUDGET;
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    const swap_plan *plan = &model->plans[i];
    if (m->engine) {
      const pool_choice choice = engine_choice(m, plan);
      insert(m, &choice, i);
      continue;
    }
    if (reads_in_place(model, plan))
      continue;
    /* So that a plan can be taken later whenever there is memory for it. */
    const int status = swap_core_check_plan(
        model, plan, port_link_storage(m->client), 0);
    if (status)
      return status;
    const pool_choice choice = choice_of(model, plan);
    insert(m, &choice, i);
  }
  return m->choice_count ? SWAP_OK : SWAP_ERR_GEOMETRY;
}

const swap_plan *pool_plan(const pool_model *m, uint32_t choice) {
  return &m->model->plans[m->plans[choice]];
}

double pool_planned_ns(const pool_model *m, const swap_plan *plan) {
  if (m->engine)
    return plan->predicted_ns ? (double)plan->predicted_ns : 1;
  /* Where the compiler knew nothing of kernels, the measurement is the time. */
  return plan->compute_ns ? (double)plan->compute_ns +
                                (double)plan->streamed_bytes * READ_NS_PER_BYTE
                          : 1;
}

void pool_update_ladder(pool_model *m) {
  const double slower = m->engine ? 1 : pool_link_slowness(m->pool);
  m->slowness_used = m->slowness;
  for (uint32_t i = 0; i < m->choice_count; ++i) {
    const swap_plan *plan = pool_plan(m, i);
    const uint64_t kernels = m->engine ? plan->predicted_ns : plan->compute_ns;
    const uint64_t stalls =
        plan->predicted_ns > kernels ? plan->predicted_ns - kernels : 0;
    const double unmeasured =
        m->pool->lane_count > 1
            ? (double)m->pool->options.threads / pool_lane_threads(m->pool)
            : 1;
    m->choices[i].compute_ns =
        (uint64_t)(pool_planned_ns(m, plan) *
                   (m->slowness > 0 ? m->slowness : unmeasured));
    m->choices[i].time_ns =
        m->choices[i].compute_ns + (uint64_t)((double)stalls * slower);
  }
}
