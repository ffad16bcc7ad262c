/*===- exchange.c - One up, another down --------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Moves are listed by what they gain if the cost is linear, and the promising
|* ones evaluated; the first that is better is made. It ends when none on the
|* list is better, or with the evaluations that are left.
\*===----------------------------------------------------------------------===*/
#include "search.h"

#include <string.h>

#define MOVES 48u
#define NOBODY UINT32_MAX

typedef struct move {
  double gain; /* by the linear cost */
  uint32_t up, up_rung;
  uint32_t down, down_rung; /* NOBODY: there is room */
} move;

typedef struct move_list {
  move moves[MOVES];
  uint32_t count;
} move_list;

static void add(move_list *list, move added) {
  uint32_t k = list->count;
  if (k == MOVES && added.gain <= list->moves[k - 1].gain)
    return;
  if (k < MOVES)
    ++list->count;
  else
    --k;
  for (; k && list->moves[k - 1].gain < added.gain; --k)
    list->moves[k] = list->moves[k - 1];
  list->moves[k] = added;
}

static double gained(const pool_search *search, uint32_t ladder,
                     const pool_choice *from, const pool_choice *to) {
  return pool_search_value(search, ladder, from) -
         pool_search_value(search, ladder, to);
}

/* For each other model the rung that costs least and makes room for `needed`. A
 * smaller region may make room too; whether it does is seen when it is tried.
 */
static void add_exchanges(const pool_search *search, move_list *list, move up,
                          uint64_t needed) {
  for (uint32_t k = 0; k < search->system->ladder_count; ++k) {
    const pool_ladder *ladder = &search->system->ladders[k];
    const pool_choice *now = &ladder->choices[search->choice[k]];
    if (k == up.up)
      continue;
    for (uint32_t shared = 0; shared < 2; ++shared) {
      const uint64_t taken =
          now->resident_bytes + (shared ? now->region_bytes : 0);
      move down = up;
      down.down = NOBODY;
      for (uint32_t j = 0; j < ladder->count; ++j) {
        const pool_choice *to = &ladder->choices[j];
        if (to->resident_bytes + (shared ? to->region_bytes : 0) + needed >
            taken)
          continue;
        const double gain = up.gain + gained(search, k, now, to);
        if (down.down != NOBODY && gain <= down.gain)
          continue;
        down.gain = gain;
        down.down = k;
        down.down_rung = j;
      }
      if (down.down != NOBODY)
        add(list, down);
    }
  }
}

static void list_moves(pool_search *search, move_list *list) {
  const pool_system *system = search->system;
  list->count = 0;
  for (uint32_t i = 0; i < system->ladder_count; ++i) {
    const uint32_t now = search->choice[i];
    const pool_choice *from = &system->ladders[i].choices[now];
    for (uint32_t j = 0; j < system->ladders[i].count; ++j) {
      if (j == now)
        continue;
      uint64_t zone, bytes;
      search->choice[i] = j;
      pool_count_bytes(system, search->choice, search->order.overlap, &zone,
                       &bytes);
      search->choice[i] = now;
      const pool_choice *to = &system->ladders[i].choices[j];
      const move up = {gained(search, i, from, to), i, j, NOBODY, 0};
      if (bytes <= system->budget_bytes)
        add(list, up);
      else if (up.gain > 0)
        add_exchanges(search, list, up, bytes - system->budget_bytes);
    }
  }
}

void pool_search_exchange(pool_search *search) {
  if (search->best_cost >= POOL_UNBOUNDED)
    return;
  int better = 1;
  while (better && search->looks > search->system->ladder_count) {
    move_list list;
    better = 0;
    memcpy(search->choice, search->best, sizeof(search->choice));
    pool_search_make_linear(search, search->best_cost);
    list_moves(search, &list);
    for (uint32_t k = 0; k < list.count && search->looks && !better; ++k) {
      const move *tried = &list.moves[k];
      memcpy(search->choice, search->best, sizeof(search->choice));
      search->choice[tried->up] = tried->up_rung;
      if (tried->down != NOBODY)
        search->choice[tried->down] = tried->down_rung;
      better = pool_search_try(search);
    }
  }
}
