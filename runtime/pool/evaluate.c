/*===- evaluate.c - What an allocation takes and gives ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The cost is a sum over tasks, weighted by 2^priority, of
|*   - the lateness of the worst job, in deadlines: max(0, R - D) / D, at most
|*     16; for a task without bound 16 times the load;
|*   - 1/64 of the mean response E, in times of a job alone with all memory;
|* and 1/512 of the share of time that the link is busy.
|*
|* E sums a job's own time and its wait in a queue with priorities (Cobham
|* 1954). With overlap 1 a job occupies the processor as long as it runs, with v
|* as long as it computes and while all v - 1 others that were started stall too.
\*===----------------------------------------------------------------------===*/
#include "analysis.h"

#define MOST_LATE 16.0
#define MEAN_COUNTS (1.0 / 64)

uint32_t pool_most_overlap(const pool_system *system) {
  const uint32_t most = system->lanes ? system->ladder_count : 1;
  return most > POOL_MAX_OVERLAP ? POOL_MAX_OVERLAP : most ? most : 1;
}

void pool_count_bytes(const pool_system *system, const uint32_t *choice,
                      uint32_t overlap, uint64_t *zone, uint64_t *bytes) {
  uint64_t largest[POOL_MAX_OVERLAP] = {0}, residents = 0;
  if (overlap > POOL_MAX_OVERLAP)
    overlap = POOL_MAX_OVERLAP;
  for (uint32_t i = 0; i < system->ladder_count; ++i) {
    const pool_choice *rung = &system->ladders[i].choices[choice[i]];
    uint64_t region = rung->region_bytes;
    residents += rung->resident_bytes;
    for (uint32_t k = 0; k < overlap && region; ++k)
      if (largest[k] < region) {
        const uint64_t kept = largest[k];
        largest[k] = region;
        region = kept;
      }
  }
  *zone = 0;
  for (uint32_t k = 0; k < overlap; ++k)
    *zone += largest[k];
  *bytes = *zone + residents;
}

/* 1 / (1 - share), without a pole: from 15/16 on, its tangent. */
static double stretch(double share) {
  const double knee = 15.0 / 16;
  if (share <= knee)
    return 1 / (1 - share);
  return 16 + 256 * (share - knee);
}

static double power(double base, uint32_t exponent) {
  double result = 1;
  while (exponent--)
    result *= base;
  return result;
}

/* The mean of the tasks' responses, in times with all memory, weighted. */
static double mean_responses(const pool_order *order, const pool_times *times) {
  const uint32_t n = order->count;
  const double lanes = order->lanes;
  double busy[SWAP_POOL_MAX_TASKS + 1]; /* shares of the processor, before p */
  double link[SWAP_POOL_MAX_TASKS + 1];
  double left[SWAP_POOL_MAX_TASKS + 1];   /* what is left of a job that runs, on
                                             average over time, before p */
  double longer[SWAP_POOL_MAX_TASKS + 1]; /* the same of runs as a whole */
  double time = 0, compute = 0;
  for (uint32_t i = 0; i < n; ++i) {
    time += times->time[i] * order->rate[i];
    compute += times->compute[i] * order->rate[i];
  }
  const double empty =
      time > 0 ? power(1 - compute / time, order->overlap - 1) : 0;
  busy[0] = link[0] = left[0] = longer[0] = 0;
  for (uint32_t i = 0; i < n; ++i) {
    const double t = times->time[i], c = times->compute[i];
    const double occupied = c + (t - c) * empty;
    const double rate = order->rate[i] / lanes;
    busy[i + 1] = busy[i] + occupied * rate;
    link[i + 1] = link[i] + times->link[i] * order->rate[i];
    left[i + 1] = left[i] + occupied * occupied * rate / 2;
    longer[i + 1] = longer[i] + t * t * rate / 2;
  }
  double sum = 0;
  uint32_t first = 0, last = 0; /* of those that are as urgent */
  for (uint32_t i = 0; i < n; ++i) {
    if (i == last) {
      first = i;
      for (last = i + 1; last < n && order->level[last] == order->level[i] &&
                         order->deadline[last] == order->deadline[i];
           ++last)
        ;
    }
    const double before = stretch(busy[first]), with = stretch(busy[last]);
    double below = busy[n] - busy[last];
    below = power(below < 1 ? below : 1, order->overlap - 1);
    const double wait =
        (left[last] + below * (longer[n] - longer[last])) * before * with;
    double compute_here = times->compute[i];
    double stall = times->time[i] - compute_here;
    if (order->overlap > 1) {
      const double behind =
          times->link[i] * stretch(link[first]) - compute_here;
      stall = behind > stall ? behind : stall;
      compute_here *= before;
    }
    sum +=
        order->weight[i] * (compute_here + stall + wait) / order->ideal[i];
  }
  return MEAN_COUNTS * sum + POOL_LINK_COUNTS * link[n];
}

double pool_cost(const pool_order *order, const pool_times *times) {
  double response[SWAP_POOL_MAX_TASKS];
  pool_bound_responses(order, times, response);
  double cost = mean_responses(order, times);
  for (uint32_t i = 0; i < order->count; ++i) {
    if (!(order->own_level[i] & 1))
      continue;
    const double deadline =
        order->own_deadline[i] > 0 ? order->own_deadline[i] : 1;
    double late = response[i] / deadline - 1;
    if (late <= 0)
      continue;
    if (late > MOST_LATE)
      late = MOST_LATE;
    const double load = times->share[order->end[i]];
    cost += order->weight[i] * late * (load > 1 ? load : 1);
  }
  return cost;
}

void pool_evaluate(const pool_system *system, pool_allocation *allocation) {
  pool_order order;
  pool_times times;
  double response[SWAP_POOL_MAX_TASKS];
  pool_count_bytes(system, allocation->choice, allocation->overlap,
                   &allocation->zone_bytes, &allocation->bytes);
  pool_order_loads(system, allocation->overlap, &order);
  pool_fill_times(system, &order, allocation->choice, &times);
  pool_bound_responses(&order, &times, response);
  allocation->cost = pool_cost(&order, &times);
  for (uint32_t i = 0; i < system->load_count; ++i) {
    const uint32_t ladder = system->loads[i].ladder; /* idle: alone */
    allocation->response_ns[i] =
        system->ladders[ladder].choices[allocation->choice[ladder]].time_ns;
  }
  for (uint32_t i = 0; i < order.count; ++i) {
    const double bound = pool_refine_response(&order, &times, i, response[i]);
    allocation->response_ns[order.load[i]] =
        bound >= 9e18 ? UINT64_MAX
                      : (uint64_t)bound + (bound > (double)(uint64_t)bound);
  }
}
