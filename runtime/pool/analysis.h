/*===- analysis.h - Tasks in the order of their urgency -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What the files of this folder share. An order is made once for a system and an
|* overlap, times are filled in for each choice that is looked at.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_POOL_ANALYSIS_H
#define SWAP_POOL_ANALYSIS_H

#include "policy.h"

#define POOL_NONE UINT64_MAX
#define POOL_UNBOUNDED 1e300
/* The cost of a link that is always busy. */
#define POOL_LINK_COUNTS (1.0 / 512)

/* Tasks that are not idle, the most urgent first: levels, and deadlines inside a
 * level. Tasks with a deadline and tasks without are levels of their own.
 *
 * With overlap 2 and more a job lends its urgency to a less urgent one of the
 * same model, which it waits for. So there a task delays others as the most
 * urgent of its model would: `level`, `deadline`. Its own are `own_*`. */
typedef struct pool_order {
  uint32_t count;
  uint32_t lanes;   /* that can be busy: at most as many as runs are started */
  uint32_t overlap;
  uint32_t load[SWAP_POOL_MAX_TASKS];
  uint32_t ladder[SWAP_POOL_MAX_TASKS];
  uint32_t level[SWAP_POOL_MAX_TASKS];
  uint32_t own_level[SWAP_POOL_MAX_TASKS];
  uint32_t lent[SWAP_POOL_MAX_TASKS];  /* 1: it is not its own */
  uint32_t begin[SWAP_POOL_MAX_TASKS]; /* of those with its own level */
  uint32_t end[SWAP_POOL_MAX_TASKS];
  uint32_t until[SWAP_POOL_MAX_TASKS]; /* the first that is less urgent than it */
  uint32_t others[SWAP_POOL_MAX_TASKS + 1]; /* models from here on, and lent */
  uint32_t no_more[SWAP_POOL_MAX_TASKS];    /* models with a task whose own level
                                               is no higher than this one's */
  double deadline[SWAP_POOL_MAX_TASKS];     /* without one: 0 */
  double own_deadline[SWAP_POOL_MAX_TASKS];
  double period[SWAP_POOL_MAX_TASKS];
  double rate[SWAP_POOL_MAX_TASKS];
  double ideal[SWAP_POOL_MAX_TASKS]; /* a job's time with all memory, alone */
  double weight[SWAP_POOL_MAX_TASKS];
} pool_order;

/* Of the chosen rungs, in that order; and what follows from the times. */
typedef struct pool_times {
  double time[SWAP_POOL_MAX_TASKS];
  double compute[SWAP_POOL_MAX_TASKS];
  double link[SWAP_POOL_MAX_TASKS];
  double call[SWAP_POOL_MAX_TASKS];
  /* Before position p: demands at once, shares of time, shares times deadline. */
  double demand[SWAP_POOL_MAX_TASKS + 1];
  double share[SWAP_POOL_MAX_TASKS + 1];
  double dated[SWAP_POOL_MAX_TASKS + 1];
  double blocking[SWAP_POOL_MAX_TASKS + 1]; /* by those from p on */
  double carried;                           /* of other lanes */
} pool_times;

void pool_order_loads(const pool_system *system, uint32_t overlap,
                      pool_order *order);
void pool_fill_times(const pool_system *system, const pool_order *order,
                     const uint32_t *choice, pool_times *times);

/* A bound on the response of the task at each position, in closed form. */
void pool_bound_responses(const pool_order *order, const pool_times *times,
                          double *response);
/* A tighter one, no greater than `bound`, by looking at the jobs one by one. One
 * lane. */
double pool_refine_response(const pool_order *order, const pool_times *times,
                            uint32_t position, double bound);
/* The longest wait plus run of a task whose constant part is `constant`. */
double pool_solve_response(const pool_order *order, const pool_times *times,
                           uint32_t position, double constant);

/* What is to be minimised. */
double pool_cost(const pool_order *order, const pool_times *times);

void pool_count_bytes(const pool_system *system, const uint32_t *choice,
                      uint32_t overlap, uint64_t *zone, uint64_t *bytes);
uint32_t pool_most_overlap(const pool_system *system);

/* A task stands for its model: whether any that is not idle uses it. */
int pool_ladder_is_idle(const pool_system *system, uint32_t ladder);

#endif /* SWAP_POOL_ANALYSIS_H */
