/*===- urgency.c - Tasks in the order of their urgency ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "analysis.h"

#define NOBODY UINT32_MAX

static int goes_before(const pool_order *order, uint32_t a, uint32_t b) {
  if (order->level[a] != order->level[b])
    return order->level[a] > order->level[b];
  if (order->deadline[a] != order->deadline[b])
    return order->deadline[a] < order->deadline[b];
  /* Tasks of a model side by side: they are counted as one. */
  if (order->ladder[a] != order->ladder[b])
    return order->ladder[a] < order->ladder[b];
  return order->load[a] < order->load[b];
}

#define SWAP_ENTRIES(type, array, a, b)                                        \
  do {                                                                         \
    const type kept = (array)[a];                                              \
    (array)[a] = (array)[b];                                                   \
    (array)[b] = kept;                                                         \
  } while (0)

static void sort(pool_order *order) {
  for (uint32_t i = 1; i < order->count; ++i)
    for (uint32_t k = i; k && goes_before(order, k, k - 1); --k) {
      SWAP_ENTRIES(uint32_t, order->load, k, k - 1);
      SWAP_ENTRIES(uint32_t, order->ladder, k, k - 1);
      SWAP_ENTRIES(uint32_t, order->level, k, k - 1);
      SWAP_ENTRIES(uint32_t, order->own_level, k, k - 1);
      SWAP_ENTRIES(double, order->deadline, k, k - 1);
      SWAP_ENTRIES(double, order->own_deadline, k, k - 1);
      SWAP_ENTRIES(double, order->period, k, k - 1);
      SWAP_ENTRIES(double, order->rate, k, k - 1);
      SWAP_ENTRIES(double, order->ideal, k, k - 1);
      SWAP_ENTRIES(double, order->weight, k, k - 1);
    }
}

/* The urgency that a task has at times, through others of its model. */
static void lend(pool_order *order) {
  for (uint32_t i = 0; i < order->count; ++i) {
    order->level[i] = order->own_level[i];
    order->deadline[i] = order->own_deadline[i];
    for (uint32_t k = 0; order->overlap > 1 && k < order->count; ++k) {
      if (order->ladder[k] != order->ladder[i])
        continue;
      if (order->own_level[k] > order->level[i] ||
          (order->own_level[k] == order->level[i] &&
           order->own_deadline[k] < order->deadline[i])) {
        order->level[i] = order->own_level[k];
        order->deadline[i] = order->own_deadline[k];
      }
    }
  }
}

/* Models that can hold stretches as less urgent ones: those from a position on,
 * and those before it with a task that is there only by what it was lent. */
static void count_models(pool_order *order) {
  const uint32_t n = order->count;
  order->others[n] = 0;
  for (uint32_t i = n; i-- > 0;)
    order->others[i] = order->others[i + 1] +
                       (i + 1 == n || order->ladder[i] != order->ladder[i + 1]);
  for (uint32_t i = 0, lent = 0, counted = NOBODY; i < n; ++i) {
    if (order->lent[i] && order->ladder[i] != counted) {
      counted = order->ladder[i];
      ++lent;
    }
    order->others[i + 1] += lent;
  }
}

static void find_ranges(pool_order *order) {
  const uint32_t n = order->count;
  for (uint32_t i = 0; i < n; ++i) {
    /* Tasks of a model stand side by side. */
    order->no_more[i] = 0;
    for (uint32_t k = 0, counted = NOBODY; k < n; ++k)
      if (order->own_level[k] <= order->level[i] &&
          order->ladder[k] != counted) {
        counted = order->ladder[k];
        ++order->no_more[i];
      }
    const uint32_t level = order->own_level[i];
    uint32_t p = 0;
    while (p < n && order->level[p] > level)
      ++p;
    order->begin[i] = p;
    while (p < n && order->level[p] == level &&
           order->deadline[p] <= order->own_deadline[i])
      ++p;
    order->until[i] = p;
    while (p < n && order->level[p] == level)
      ++p;
    order->end[i] = p;
  }
}

static double shortest(const pool_ladder *ladder) {
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < ladder->count; ++i)
    if (ladder->choices[i].time_ns < least)
      least = ladder->choices[i].time_ns;
  return least ? (double)least : 1;
}

void pool_order_loads(const pool_system *system, uint32_t overlap,
                      pool_order *order) {
  order->count = 0;
  order->overlap = overlap;
  order->lanes = system->lanes < overlap ? system->lanes : overlap;
  if (!order->lanes)
    order->lanes = 1;
  for (uint32_t i = 0; i < system->load_count; ++i) {
    const pool_load *load = &system->loads[i];
    if (load->period_ns == POOL_NONE)
      continue;
    const uint32_t n = order->count++;
    const int dated = load->deadline_ns != POOL_NONE;
    order->load[n] = i;
    order->ladder[n] = load->ladder;
    order->own_level[n] = 2 * load->priority + (uint32_t)dated;
    order->own_deadline[n] = dated ? (double)load->deadline_ns : 0;
    order->period[n] = load->period_ns ? (double)load->period_ns : 1;
    order->rate[n] = 1 / order->period[n];
    order->ideal[n] = shortest(&system->ladders[load->ladder]);
    order->weight[n] = (double)(UINT64_C(1) << (load->priority & 31));
  }
  lend(order);
  sort(order);
  for (uint32_t i = 0; i < order->count; ++i)
    order->lent[i] = order->level[i] != order->own_level[i] ||
                     order->deadline[i] != order->own_deadline[i];
  count_models(order);
  find_ranges(order);
}

int pool_ladder_is_idle(const pool_system *system, uint32_t ladder) {
  for (uint32_t i = 0; i < system->load_count; ++i)
    if (system->loads[i].ladder == ladder &&
        system->loads[i].period_ns != POOL_NONE)
      return 0;
  return 1;
}
