/*===- linear.c - Allocations for a cost made linear --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The cost depends on all models at once, through what they make each other
|* wait. Around an allocation it is nearly linear in each model's time; then
|* everyone can be asked alone, at a price for a byte (Everett 1963): which
|* rung has the least gain * time + price * resident bytes? The lowest price at
|* which all fits is found by halving. Regions are shared, so they have no
|* price: some limits for them are tried; and that they are not shared (limit
|* UINT64_MAX), as with many started runs. From the answer the cost is made
|* linear again.
\*===----------------------------------------------------------------------===*/
#include "search.h"

#include <string.h>

#define ROUNDS 3u
#define LIMITS 6u
#define HALVINGS 8u
/* Exponents of two; a price is cost per byte. */
#define LEAST_PRICE -100
#define MOST_PRICE 20

static const pool_choice *rung(const pool_search *search, uint32_t ladder,
                               uint32_t index) {
  return &search->system->ladders[ladder].choices[index];
}

/* The rung with the least time; of these the first. */
static uint32_t fastest(const pool_search *search, uint32_t ladder) {
  uint32_t best = 0;
  for (uint32_t j = 1; j < search->system->ladders[ladder].count; ++j)
    if (rung(search, ladder, j)->time_ns < rung(search, ladder, best)->time_ns)
      best = j;
  return best;
}

/* What a ns less of each model's time is worth, between its fastest rung and
 * the one that it has; where that is the fastest, its first. */
void pool_search_make_linear(pool_search *search, double cost) {
  for (uint32_t i = 0; i < search->system->ladder_count; ++i) {
    const uint32_t now = search->choice[i], fast = fastest(search, i);
    search->gain[i] = 0;
    if (search->idle[i])
      continue;
    uint32_t other = fast;
    if (rung(search, i, now)->time_ns == rung(search, i, fast)->time_ns)
      other = 0;
    const double apart = (double)rung(search, i, now)->time_ns -
                         (double)rung(search, i, other)->time_ns;
    if (apart == 0)
      continue;
    search->choice[i] = other;
    const double reads =
        search->read_gain[i] * ((double)rung(search, i, now)->read_bytes -
                                (double)rung(search, i, other)->read_bytes);
    search->gain[i] = (cost - pool_search_look(search) - reads) / apart;
    search->choice[i] = now;
    if (search->gain[i] < 0)
      search->gain[i] = 0;
  }
}

static void choose_at(pool_search *search, uint64_t region, double price) {
  const int shared = region != UINT64_MAX;
  for (uint32_t i = 0; i < search->system->ladder_count; ++i) {
    double least = POOL_UNBOUNDED;
    if (i == search->pinned)
      continue;
    for (uint32_t j = 0; j < search->system->ladders[i].count; ++j) {
      const pool_choice *choice = rung(search, i, j);
      if (choice->region_bytes > region)
        continue;
      const double value =
          pool_search_value(search, i, choice) +
          price * (double)(int64_t)(choice->resident_bytes +
                                    (shared ? 0 : choice->region_bytes));
      if (value < least) {
        least = value;
        search->choice[i] = j;
      }
    }
  }
}

static int fits(const pool_search *search) {
  uint64_t zone, bytes;
  pool_count_bytes(search->system, search->choice, search->order.overlap, &zone,
                   &bytes);
  return bytes <= search->system->budget_bytes;
}

static int fits_at(pool_search *search, uint64_t region, double price) {
  choose_at(search, region, price);
  return fits(search);
}

static double two_to(int exponent) {
  double power = 1;
  for (; exponent > 0; --exponent)
    power *= 2;
  for (; exponent < 0; ++exponent)
    power /= 2;
  return power;
}

/* What the price left over: the rungs that gain most among those that fit and
 * do not need a larger zone. */
static void fill(pool_search *search) {
  const pool_system *system = search->system;
  uint64_t zone, bytes;
  pool_count_bytes(system, search->choice, search->order.overlap, &zone,
                   &bytes);
  if (bytes > system->budget_bytes)
    return;
  uint64_t room = system->budget_bytes - bytes;
  for (;;) {
    double most = 0;
    uint32_t ladder = 0, index = 0;
    for (uint32_t i = 0; i < system->ladder_count; ++i) {
      const pool_choice *now = rung(search, i, search->choice[i]);
      for (uint32_t j = 0; j < system->ladders[i].count; ++j) {
        const pool_choice *to = rung(search, i, j);
        const double gain = pool_search_value(search, i, now) -
                            pool_search_value(search, i, to);
        if (gain > most && i != search->pinned &&
            to->resident_bytes <= now->resident_bytes + room &&
            to->region_bytes <= now->region_bytes) {
          most = gain;
          ladder = i;
          index = j;
        }
      }
    }
    if (most <= 0)
      return;
    room += rung(search, ladder, search->choice[ladder])->resident_bytes;
    room -= rung(search, ladder, index)->resident_bytes;
    search->choice[ladder] = index;
  }
}

/* The lowest price between two at which all fits, if the higher one does. */
static void solve_between(pool_search *search, uint64_t region, double low,
                          double high, uint32_t halvings) {
  for (uint32_t round = 0; round < halvings; ++round) {
    const double middle = (low + high) / 2;
    *(fits_at(search, region, middle) ? &high : &low) = middle;
  }
  if (fits_at(search, region, high))
    fill(search);
  search->price = high;
}

/* If a price makes all fit, a higher one does. First its power of two. */
static void solve(pool_search *search, uint64_t region) {
  int cheap = LEAST_PRICE, dear = MOST_PRICE;
  while (dear - cheap > 1) {
    const int middle = cheap + (dear - cheap) / 2;
    *(fits_at(search, region, two_to(middle)) ? &dear : &cheap) = middle;
  }
  solve_between(search, region, two_to(cheap), two_to(dear), HALVINGS);
}

/* Limits for the regions, in ascending order: the smallest that everyone has a
 * rung for, the largest region, and some between. */
static uint32_t find_limits(const pool_search *search, uint64_t *limits) {
  const pool_system *system = search->system;
  uint64_t least = 0, most = 0;
  for (uint32_t i = 0; i < system->ladder_count; ++i) {
    uint64_t smallest = UINT64_MAX;
    for (uint32_t j = 0; j < system->ladders[i].count; ++j) {
      const uint64_t region = rung(search, i, j)->region_bytes;
      smallest = region < smallest ? region : smallest;
      most = region > most ? region : most;
    }
    least = smallest > least ? smallest : least;
  }
  uint32_t count = 0;
  for (uint32_t k = 0; k < LIMITS; ++k) {
    const uint64_t limit = k + 1 == LIMITS ? most
                           : !k            ? least
                                : least + ((most - least) >> (LIMITS - 1 - k));
    if (!count || limit > limits[count - 1])
      limits[count++] = limit;
  }
  limits[count++] = UINT64_MAX;
  return count;
}

void pool_search_linear(pool_search *search) {
  uint64_t limits[LIMITS + 1];
  const uint32_t count = find_limits(search, limits);
  /* The least that is possible is where it begins. */
  for (uint32_t k = 0; k < count; ++k)
    if (pool_search_least(search, limits[k]))
      pool_search_try(search);
  if (search->best_cost >= POOL_UNBOUNDED) {
    pool_search_fewest(search);
    pool_search_try(search);
  }
  if (search->best_cost >= POOL_UNBOUNDED)
    return;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    const double before = search->best_cost;
    memcpy(search->choice, search->best, sizeof(search->choice));
    pool_search_make_linear(search, before);
    for (uint32_t k = 0; k < count; ++k) {
      solve(search, limits[k]);
      pool_search_try(search);
    }
    if (search->best_cost >= before)
      break;
  }
}

void pool_search_pins(pool_search *search, uint32_t apart) {
  uint32_t base[SWAP_POOL_MAX_TASKS];
  if (search->best_cost >= POOL_UNBOUNDED)
    return;
  memcpy(base, search->best, sizeof(base));
  uint64_t regions[2] = {0, UINT64_MAX};
  for (uint32_t i = 0; i < search->system->ladder_count; ++i) {
    const uint64_t here = rung(search, i, base[i])->region_bytes;
    regions[0] = here > regions[0] ? here : regions[0];
  }
  memcpy(search->choice, base, sizeof(base));
  pool_search_make_linear(search, search->best_cost);
  for (uint32_t k = 0; k < (search->order.overlap > 1 ? 2 : 1); ++k) {
    solve(search, regions[k]);
    const double price = search->price;
    for (uint32_t i = 0; i < search->system->ladder_count; ++i)
      for (uint32_t j = 0; j < search->system->ladders[i].count; ++j) {
        if (search->idle[i] || j == base[i] || j > base[i] + apart ||
            j + apart < base[i])
          continue;
        search->pinned = i;
        search->choice[i] = j;
        solve_between(search, regions[k], price / 8, price * 8,
                      apart > 1 ? HALVINGS : HALVINGS / 2);
        pool_search_try(search);
      }
    search->pinned = UINT32_MAX;
  }
}
