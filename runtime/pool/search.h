/*===- search.h - Looking for the best allocation -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_POOL_SEARCH_H
#define SWAP_POOL_SEARCH_H

#include "analysis.h"

/* A search with one overlap. `choice` is what it looks at, `best` the choice with
 * the least cost within the budget so far. */
typedef struct pool_search {
  const pool_system *system;
  pool_order order;
  uint32_t choice[SWAP_POOL_MAX_TASKS];
  uint32_t best[SWAP_POOL_MAX_TASKS];
  uint8_t idle[SWAP_POOL_MAX_TASKS]; /* models that nobody runs */
  double best_cost;                  /* POOL_UNBOUNDED: none fits */
  double gain[SWAP_POOL_MAX_TASKS];  /* cost per ns of a model's time */
  double read_gain[SWAP_POOL_MAX_TASKS]; /* and per byte that it reads */
  double price;    /* of a byte, in the last solution of the linear problem */
  uint32_t pinned; /* a model that keeps its rung; UINT32_MAX: none */
  uint32_t looks;                    /* evaluations that are left */
} pool_search;

void pool_search_begin(pool_search *search, const pool_system *system,
                       uint32_t overlap, uint32_t looks);
/* Evaluates `choice`, whatever it takes. */
double pool_search_look(pool_search *search);
/* The same if it fits; keeps it if it is the best. Whether it is. */
int pool_search_try(pool_search *search);
/* Everyone's rung with the fewest residents whose region is no larger than
 * `region`. 0 if someone has none. */
int pool_search_least(pool_search *search, uint64_t region);
/* The choice that takes the fewest bytes; returns these. */
uint64_t pool_search_fewest(pool_search *search);

/* What a rung costs if the cost is linear. */
static inline double pool_search_value(const pool_search *search,
                                       uint32_t ladder,
                                       const pool_choice *choice) {
  return search->gain[ladder] * (double)(int64_t)choice->time_ns +
         search->read_gain[ladder] * (double)(int64_t)choice->read_bytes;
}

/* Sets `gain` from what the cost does around `choice`, whose cost is given. */
void pool_search_make_linear(pool_search *search, double cost);
/* Solves the problem with the cost made linear, a few times. */
void pool_search_linear(pool_search *search);
/* The same with one model kept at another rung, for all models and those rungs
 * that are not further `apart` from the best. */
void pool_search_pins(pool_search *search, uint32_t apart);
/* Exchanges: one up, another down, until nothing is better. */
void pool_search_exchange(pool_search *search);

#endif /* SWAP_POOL_SEARCH_H */
