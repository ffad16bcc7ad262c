/*===- refine.c - How long a job may take, job by job -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* response.c with whole jobs in the place of shares of time: for each moment of
|* arrival x at which a job of some task just counts, the busy period up to the
|* end of the job (Spuri 1996; overlap 1: up to its start, George et al. 1996).
|* Moments that cannot be worse by the closed form are passed over.
\*===----------------------------------------------------------------------===*/
#include "analysis.h"

/* After so many moments the closed form has to do. */
#define MOMENTS 1024u
#define ROUNDS 256u
/* 30 years: what is longer is not counted in whole jobs. */
#define MOST_NS 1e18

/* Jobs of task i that come in [0, w], or before w if a run can be interrupted.
 */
static double come_until(const pool_order *order, uint32_t i, double w) {
  const uint64_t period = (uint64_t)order->period[i];
  const uint64_t until = (uint64_t)w;
  if (order->overlap == 1)
    return (double)(until / period + 1);
  return until ? (double)(until / period + (until % period != 0)) : 1;
}

/* The first position of k's level that does not count for a job at x. */
static uint32_t count_until(const pool_order *order, uint32_t k, double x) {
  uint32_t p = order->until[k];
  while (p < order->end[k] && order->deadline[p] <= order->own_deadline[k] + x)
    ++p;
  return p;
}

/* Work before a job of k that came at x can end (overlap 1: start), if that is
 * not before w. */
static double work(const pool_order *order, const pool_times *times, uint32_t k,
                   uint32_t until, double x, double w) {
  double sum = times->blocking[until];
  for (uint32_t i = 0; i < until; ++i) {
    const uint64_t period = (uint64_t)order->period[i];
    double jobs = come_until(order, i, w);
    if (i == k && order->overlap == 1)
      jobs = (double)((uint64_t)x / period);
    if (i >= order->begin[k] && !(i == k && order->overlap == 1)) {
      const double due = x + order->own_deadline[k] - order->deadline[i];
      const double most =
          due < MOST_NS ? (double)((uint64_t)due / period + 1) : jobs;
      jobs = jobs < most ? jobs : most;
    }
    sum += (jobs + order->lent[i]) * times->time[i];
  }
  return sum;
}

/* The response of a job that comes at x; no less than `bound` if it takes long
 * to find out. */
static double response_at(const pool_order *order, const pool_times *times,
                          uint32_t k, double x, double bound) {
  const double own = order->overlap == 1 ? times->time[k] : 0;
  const uint32_t until = count_until(order, k, x);
  double w = 0;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    const double next = work(order, times, k, until, x, w);
    if (next <= w)
      return w + own - x;
    if (next + own - x >= bound)
      return bound;
    w = next;
  }
  return bound;
}

/* The longest busy period of k's level; -1 if it takes long to find out. */
static double busy_period(const pool_order *order, const pool_times *times,
                          uint32_t k) {
  double length = 0;
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    double sum = times->blocking[order->until[k]];
    for (uint32_t i = 0; i < order->end[k]; ++i) {
      const uint64_t period = (uint64_t)order->period[i];
      const uint64_t until = (uint64_t)length;
      const double jobs = (double)(until / period + (until % period != 0));
      sum += ((jobs > 1 ? jobs : 1) + order->lent[i]) * times->time[i];
    }
    if (sum <= length)
      return length;
    if (sum > MOST_NS)
      break;
    length = sum;
  }
  return -1;
}

double pool_refine_response(const pool_order *order, const pool_times *times,
                            uint32_t k, double bound) {
  if (bound > MOST_NS || order->lanes > 1)
    return bound;
  const double length = busy_period(order, times, k);
  if (length < 0)
    return bound;
  double best = response_at(order, times, k, 0, bound);
  uint32_t moments = 0;
  for (uint32_t i = order->begin[k]; i < order->end[k] && best < bound; ++i) {
    const double period = order->period[i];
    double x = order->deadline[i] - order->own_deadline[k];
    if (x < 0)
      x += period * (double)((uint64_t)((-x + period - 1) / period));
    for (; x < length; x += period) {
      const uint32_t until = count_until(order, k, x);
      const uint32_t from = order->until[k];
      /* As in response.c, for this x. */
      const double constant =
          times->blocking[until] + times->demand[until] -
          (times->dated[until] - times->dated[from]) +
          order->own_deadline[k] * (times->share[until] - times->share[from]) -
          x * (1 - times->share[until]);
      if (pool_solve_response(order, times, k, constant) <= best)
        continue;
      if (++moments > MOMENTS)
        return bound;
      const double here = response_at(order, times, k, x, bound);
      if (here > best)
        best = here;
    }
  }
  return best > times->time[k] ? best : times->time[k];
}
