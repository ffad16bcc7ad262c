/*===- allocate.c - Who gets which part of the budget -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* For each overlap: a few allocations are tried all; of many, the best one for a
|* cost made linear is improved by exchanges. Evaluations are counted, not timed,
|* so that the same arguments give the same answer.
\*===----------------------------------------------------------------------===*/
#include "search.h"

#include <string.h>

/* All allocations are tried if they are no more than that (a microsecond each),
 * and otherwise as many evaluations are made for each overlap. */
#define FEW 1000.0
#define LOOKS 600u

uint64_t pool_least_bytes(const pool_system *system) {
  pool_search search;
  if (!system->ladder_count)
    return 0;
  pool_search_begin(&search, system, 1, 0);
  return pool_search_fewest(&search);
}

/* Tries the rungs of ladders from `first` on. */
static void try_all(pool_search *search, uint32_t first) {
  if (first == search->system->ladder_count) {
    pool_search_try(search);
    return;
  }
  for (uint32_t j = 0; j < search->system->ladders[first].count; ++j) {
    search->choice[first] = j;
    try_all(search, first + 1);
  }
}

static double combinations(const pool_system *system) {
  double product = 1;
  for (uint32_t i = 0; i < system->ladder_count; ++i)
    product *= system->ladders[i].count;
  return product;
}

static int find_best(const pool_system *system, pool_allocation *allocation,
                     double few) {
  pool_search search;
  const double all = combinations(system);
  const uint32_t most = pool_most_overlap(system);
  double best = POOL_UNBOUNDED;
  memset(allocation, 0, sizeof(*allocation));
  for (uint32_t overlap = 1; overlap <= most; ++overlap) {
    pool_search_begin(&search, system, overlap, LOOKS);
    if (all * most <= few) {
      try_all(&search, 0);
    } else {
      pool_search_linear(&search);
      pool_search_exchange(&search);
    }
    if (search.best_cost >= best)
      continue;
    best = search.best_cost;
    allocation->overlap = overlap;
    memcpy(allocation->choice, search.best, sizeof(allocation->choice));
  }
  if (best >= POOL_UNBOUNDED)
    return SWAP_ERR_BUDGET;
  pool_evaluate(system, allocation);
  return SWAP_OK;
}

int pool_allocate(const pool_system *system, pool_allocation *allocation) {
  return find_best(system, allocation, FEW);
}

int pool_allocate_exactly(const pool_system *system,
                          pool_allocation *allocation) {
  return find_best(system, allocation, POOL_UNBOUNDED);
}
