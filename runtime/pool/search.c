/*===- search.c - Looking at allocations --------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "search.h"

#include <string.h>

void pool_search_begin(pool_search *search, const pool_system *system,
                       uint32_t overlap, uint32_t looks) {
  memset(search, 0, sizeof(*search));
  search->system = system;
  search->looks = looks;
  search->pinned = UINT32_MAX;
  search->best_cost = POOL_UNBOUNDED;
  for (uint32_t i = 0; i < system->ladder_count; ++i)
    search->idle[i] = (uint8_t)pool_ladder_is_idle(system, i);
  pool_order *order = &search->order;
  pool_order_loads(system, overlap, order);
  for (uint32_t i = 0; i < order->count && system->link_bytes_per_second > 0;
       ++i)
    search->read_gain[order->ladder[i]] +=
        POOL_LINK_COUNTS * order->rate[i] * 1e9 / system->link_bytes_per_second;
}

double pool_search_look(pool_search *search) {
  pool_times times;
  if (search->looks)
    --search->looks;
  pool_fill_times(search->system, &search->order, search->choice, &times);
  return pool_cost(&search->order, &times);
}

int pool_search_try(pool_search *search) {
  uint64_t zone, bytes;
  pool_count_bytes(search->system, search->choice, search->order.overlap, &zone,
                   &bytes);
  if (bytes > search->system->budget_bytes)
    return 0;
  const double cost = pool_search_look(search);
  if (cost >= search->best_cost)
    return 0;
  search->best_cost = cost;
  memcpy(search->best, search->choice, sizeof(search->best));
  return 1;
}

int pool_search_least(pool_search *search, uint64_t region) {
  for (uint32_t i = 0; i < search->system->ladder_count; ++i) {
    const pool_ladder *ladder = &search->system->ladders[i];
    uint32_t least = ladder->count;
    for (uint32_t j = 0; j < ladder->count; ++j)
      if (ladder->choices[j].region_bytes <= region &&
          (least == ladder->count || ladder->choices[j].resident_bytes <
                                         ladder->choices[least].resident_bytes))
        least = j;
    if (least == ladder->count)
      return 0;
    search->choice[i] = least;
  }
  return 1;
}

uint64_t pool_search_fewest(pool_search *search) {
  const pool_system *system = search->system;
  uint64_t least = UINT64_MAX, limit = 0;
  for (uint32_t i = 0; i < system->ladder_count; ++i)
    for (uint32_t j = 0; j < system->ladders[i].count; ++j) {
      const uint64_t region = system->ladders[i].choices[j].region_bytes;
      uint64_t zone, bytes;
      if (!pool_search_least(search, region))
        continue;
      pool_count_bytes(system, search->choice, search->order.overlap, &zone,
                       &bytes);
      if (bytes < least) {
        least = bytes;
        limit = region;
      }
    }
  pool_search_least(search, limit);
  return least;
}
