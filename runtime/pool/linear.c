/*===- linear.c - Allocations for a cost made linear --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The cost depends on all models at once, through what they make each other wait.
|* Around an allocation it is nearly linear in each model's time; then everyone
|* can be asked alone, at a price for a byte (Everett 1963): which rung has the
|* least gain * time + price * resident bytes? The lowest price at which all fits
|* is found by halving. Regions are shared, so they have no price: some limits for
|* them are tried. From the answer the cost is made linear again.
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

/* What a ns less of each model's time is worth, between its fastest rung and the
 * one that it has; where that is the fastest, its first. */
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
    search->gain[i] = (cost - pool_search_look(search)) / apart;
    search->choice[i] = now;
    if (search->gain[i] < 0)
      search->gain[i] = 0;
  }
}

static void choose_at(pool_search *search, uint64_t region, double price) {
  for (uint32_t i = 0; i < search->system->ladder_count; ++i) {
    double least = POOL_UNBOUNDED;
    for (uint32_t j = 0; j < search->system->ladders[i].count; ++j) {
      const pool_choice *choice = rung(search, i, j);
      if (choice->region_bytes > region)
        continue;
      const double value = search->gain[i] * (double)choice->time_ns +
                           price * (double)choice->resident_bytes;
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

/* If a price makes all fit, a higher one does. First its power of two. */
static void solve(pool_search *search, uint64_t region) {
  int cheap = LEAST_PRICE, dear = MOST_PRICE;
  while (dear - cheap > 1) {
    const int middle = cheap + (dear - cheap) / 2;
    *(fits_at(search, region, two_to(middle)) ? &dear : &cheap) = middle;
  }
  double low = two_to(cheap), high = two_to(dear);
  for (uint32_t round = 0; round < HALVINGS; ++round) {
    const double middle = (low + high) / 2;
    *(fits_at(search, region, middle) ? &high : &low) = middle;
  }
  if (!fits_at(search, region, high))
    pool_search_least(search, region);
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
  return count;
}

void pool_search_linear(pool_search *search) {
  uint64_t limits[LIMITS];
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
