/*===- response.c - How long a job may take -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A job that arrives x after the beginning of a busy period waits for jobs
|* that were due before it, those of higher levels, and one less urgent that
|* holds what it needs. Task i brings at most
|*
|*   L + u min(w - L, x + D_k - D_i),   u = L / T,
|*
|* of work into it before time w: it comes once in T, its last job fits before
|* w (Bini and Baruah 2007), and its deadline lies before that of the job
|* (Spuri 1996, with the demand made linear as by Albers and Slomka 2004).
|* While shares of time add up to no more than 1 this is largest where x is
|* such that a task's first job just counts, so that x = 0 and x = D_j - D_k
|* are all that is to be looked at; and what depends on j alone is a maximum
|* over positions from k on. docs/several-networks.md derives it.
\*===----------------------------------------------------------------------===*/
#include "analysis.h"

static double larger(double a, double b) { return a > b ? a : b; }

/* Who is less urgent and has what a job needs. With overlap 1 that is whoever
 * runs. With more, all stretches are taken by less urgent ones; then the most
 * urgent of these ends first, so that there are others of its level or below.
 * And a call of a less urgent one may just have begun. */
static void fill_blocking(const pool_order *order, pool_times *times) {
  double below = 0, level = 0, call = 0;
  times->blocking[order->count] = 0;
  for (uint32_t p = order->count; p-- > 0;) {
    if (p + 1 < order->count && order->level[p] != order->level[p + 1]) {
      if (order->no_more[p + 1] >= order->overlap)
        below = larger(level, below);
      level = 0;
    }
    level = larger(level, times->time[p]);
    times->blocking[p] =
        order->others[p] >= order->overlap ? larger(level, below) : below;
    if (order->overlap == 1)
      continue;
    call = larger(call, times->call[p]);
    times->blocking[p] += call;
  }
}

void pool_fill_times(const pool_system *system, const pool_order *order,
                     const uint32_t *choice, pool_times *times) {
  const double lanes = order->lanes;
  const double link = system->link_bytes_per_second;
  const double ns_per_byte = link > 0 ? 1e9 / link : 0;
  double longest[POOL_MAX_OVERLAP] = {0};
  times->demand[0] = times->share[0] = times->dated[0] = 0;
  for (uint32_t i = 0; i < order->count; ++i) {
    const uint32_t ladder = order->ladder[i];
    const pool_choice *rung = &system->ladders[ladder].choices[choice[ladder]];
    const double time =
        (double)(rung->time_ns > rung->compute_ns ? rung->time_ns
                                                  : rung->compute_ns);
    const double share = time * order->rate[i] / lanes;
    times->time[i] = time;
    times->compute[i] = (double)rung->compute_ns;
    times->call[i] = (double)rung->call_ns;
    times->link[i] = (double)rung->read_bytes * ns_per_byte;
    /* A job that was lent urgency may have come before the busy period. */
    times->demand[i + 1] =
        times->demand[i] + time * (1 + order->lent[i]) / lanes;
    times->share[i + 1] = times->share[i] + share;
    times->dated[i + 1] = times->dated[i] + share * order->deadline[i];
    double move = time;
    for (uint32_t k = 0; k + 1 < order->lanes; ++k)
      if (longest[k] < move) {
        const double kept = longest[k];
        longest[k] = move;
        move = kept;
      }
  }
  times->carried = 0;
  for (uint32_t k = 0; k + 1 < order->lanes; ++k)
    times->carried += longest[k] / lanes;
  fill_blocking(order, times);
}

double pool_solve_response(const pool_order *order, const pool_times *times,
                           uint32_t k, double constant) {
  /* y: what can be delayed. A run that cannot be interrupted is delayed before
   * it starts; beside other lanes only what others do counts. */
  const int apart = order->overlap == 1 || order->lanes > 1;
  const int tight = order->lanes == 1;
  const double lanes = order->lanes, own = times->time[k];
  const double window = order->lanes > 1 ? own : 0;
  const uint32_t begin = order->begin[k], until = order->until[k];
  double fixed = constant + times->carried - (apart ? own / lanes : 0);
  for (uint32_t i = 0; i < begin; ++i) {
    const double share = times->share[i + 1] - times->share[i];
    fixed += share * (window - (tight ? times->time[i] : 0));
  }
  /* From above: first as if all jobs that are due before counted, then only
   * those that come in time. Each value is a bound; the last is exact. */
  double y = POOL_UNBOUNDED;
  for (int round = 0; round < 4; ++round) {
    double sum = fixed, rest = 1 - times->share[begin];
    for (uint32_t i = begin; i < until; ++i) {
      if (i == k && order->overlap == 1)
        continue; /* its earlier jobs are in the constant */
      const double share = times->share[i + 1] - times->share[i];
      const double due = order->own_deadline[k] - order->deadline[i];
      const double shift = window - (tight ? times->time[i] : 0);
      if (y + shift < due) {
        sum += share * shift;
        rest -= share;
      } else {
        sum += share * due;
      }
    }
    if (rest <= 0)
      break;
    const double next = sum / rest;
    if (next >= y)
      break;
    y = next;
  }
  if (y >= POOL_UNBOUNDED)
    return POOL_UNBOUNDED;
  return larger(own, apart ? y + own : y);
}

void pool_bound_responses(const pool_order *order, const pool_times *times,
                          double *response) {
  const uint32_t n = order->count;
  /* The worst of all x that make position p, or a later one of its level, the
   * last that counts. */
  double worst[SWAP_POOL_MAX_TASKS + 1];
  for (uint32_t p = n; p-- > 0;) {
    const uint32_t q = p + 1;
    const double here = times->blocking[q] + times->demand[q] -
                        times->dated[q] -
                        order->deadline[p] * (1 - times->share[q]);
    const int last = q == n || order->level[q] != order->level[p];
    const int same = !last && order->deadline[q] == order->deadline[p];
    worst[p] = last ? here : same ? worst[q] : larger(here, worst[q]);
  }
  for (uint32_t k = 0; k < n; ++k) {
    const uint32_t p = order->until[k];
    if (times->share[order->end[k]] > 1) {
      response[k] = POOL_UNBOUNDED;
      continue;
    }
    const double deadline = order->own_deadline[k];
    const double own = deadline * (1 - times->share[p]);
    double constant = times->blocking[p] + times->demand[p];
    if (p < order->end[k])
      constant = larger(constant, worst[p] + own + times->dated[p]);
    response[k] = pool_solve_response(order, times, k, constant);
  }
}
