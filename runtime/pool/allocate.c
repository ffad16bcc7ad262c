/*===- allocate.c - Who gets which part of the budget -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* For each overlap: a few allocations are tried all; of many, the best one for
|* a cost made linear is improved by exchanges. Evaluations are counted, not
|* timed, so that the same arguments give the same answer.
\*===----------------------------------------------------------------------===*/
#include "search.h"

#include <string.h>

/* All allocations are tried if they are no more than that (a microsecond each),
 * and otherwise as many evaluations are made for each overlap. */
#define FEW 1000.0
#define LOOKS 600u
/* With no more models than that all is done for each overlap; with more than
 * MANY it is left out where little is to be expected. */
#define FEW_MODELS 8u
#define MANY 16u

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

/* How far from the best allocation another rung of one model is looked at. */
static uint32_t find_reach(const pool_system *system) {
  return system->ladder_count <= FEW_MODELS ? 64
         : system->ladder_count <= MANY     ? 2
                                            : 1;
}

static void improve(pool_search *search) {
  double before;
  do {
    before = search->best_cost;
    pool_search_pins(search, find_reach(search->system));
    pool_search_exchange(search);
  } while (search->best_cost < before && search->looks &&
           search->system->ladder_count <= MANY);
}

/* Up to so many combinations are all tried. */
static int find_best(const pool_system *system, pool_allocation *allocation,
                     double all_up_to) {
  pool_search searches[POOL_MAX_OVERLAP];
  const uint32_t most = pool_most_overlap(system);
  const int all = combinations(system) * most <= all_up_to;
  uint32_t best = 0, second = 0, tried = 0;
  memset(allocation, 0, sizeof(*allocation));
  while (tried < most) {
    const uint32_t k = tried++;
    pool_search_begin(&searches[k], system, k + 1, LOOKS);
    if (all)
      try_all(&searches[k], 0);
    else
      pool_search_linear(&searches[k]);
    if (searches[k].best_cost < searches[best].best_cost) {
      second = best;
      best = k;
    } else if (k && (second == best ||
                     searches[k].best_cost < searches[second].best_cost)) {
      second = k;
    }
    if (k > best && !all && system->ladder_count > MANY)
      break; /* more memory for runs did not help */
  }
  for (uint32_t k = 0; k < tried && !all; ++k)
    if (k == best || k == second || system->ladder_count <= FEW_MODELS)
      improve(&searches[k]);
  for (uint32_t k = 0; k < tried; ++k)
    if (searches[k].best_cost < searches[best].best_cost)
      best = k;
  if (searches[best].best_cost >= POOL_UNBOUNDED)
    return SWAP_ERR_BUDGET;
  allocation->overlap = best + 1;
  memcpy(allocation->choice, searches[best].best, sizeof(allocation->choice));
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
