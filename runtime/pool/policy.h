/*===- policy.h - Who gets memory, and whether that is enough -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Pure functions: no memory is allocated, no clock is read, and the same
|* arguments give the same answer. docs/several-networks.md has the formulas.
|*
|* Memory is a zone that runs share (activations, streamed units, scratch of
|* those that were started and have not ended), and what stays of each model. The
|* zone holds the `overlap` largest regions among the chosen plans: with 1 a run
|* goes from start to end, with 2 another one reads ahead, fills a stall or goes
|* before it.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_POOL_POLICY_H
#define SWAP_POOL_POLICY_H

#include "swap/pool.h"

#define POOL_MAX_OVERLAP 4u

/* A rung of a model's ladder. */
typedef struct pool_choice {
  uint64_t region_bytes;   /* whole pages */
  uint64_t resident_bytes; /* whole pages */
  uint64_t time_ns;        /* of a run alone on one lane */
  uint64_t compute_ns;     /* of that, in kernels */
  uint64_t read_bytes;     /* streamed by a run */
  uint64_t call_ns;        /* of its longest call, during which nobody else can
                              have the lane; 0: short */
} pool_choice;

/* A model, with at least one rung, in ascending order of region + resident. */
typedef struct pool_ladder {
  const pool_choice *choices;
  uint32_t count;
} pool_ladder;

typedef struct pool_load {
  uint32_t ladder;      /* index of its model; several tasks may share one */
  uint32_t priority;
  uint64_t period_ns;   /* UINT64_MAX: idle, it asks for nothing but its smallest
                           plan */
  uint64_t deadline_ns; /* UINT64_MAX: none */
} pool_load;

typedef struct pool_system {
  const pool_ladder *ladders;
  uint32_t ladder_count;
  const pool_load *loads;
  uint32_t load_count;
  uint64_t budget_bytes;
  uint32_t lanes; /* 0: one, and nothing goes on beside a run (overlap 1) */
  double link_bytes_per_second; /* 0: reads take no time */
} pool_system;

/* A choice for everyone. */
typedef struct pool_allocation {
  uint32_t choice[SWAP_POOL_MAX_TASKS]; /* per ladder */
  uint32_t overlap;
  uint64_t zone_bytes;
  uint64_t bytes;          /* zone and all residents */
  double cost;             /* weighted lateness, by bounds in closed form */
  uint64_t response_ns[SWAP_POOL_MAX_TASKS]; /* per load; UINT64_MAX: unbounded */
} pool_allocation;

/* What an allocation takes (zone_bytes, bytes) and gives (response_ns, cost), of
 * its `choice` and `overlap`. */
void pool_evaluate(const pool_system *system, pool_allocation *allocation);

/* The smallest budget with which every ladder has a plan, with overlap 1. */
uint64_t pool_least_bytes(const pool_system *system);

/* The allocation with the least cost that was found within the budget. SWAP_OK,
 * or SWAP_ERR_BUDGET below pool_least_bytes. */
int pool_allocate(const pool_system *system, pool_allocation *allocation);

/* The same by trying everything: rungs to the power of ladders. For tests. */
int pool_allocate_exactly(const pool_system *system, pool_allocation *allocation);

typedef enum pool_limit {
  POOL_FEASIBLE,
  POOL_MEMORY,    /* the smallest plans do not fit: needed bytes */
  POOL_PROCESSOR, /* computing alone takes more than all time: needed = share of
                     the processor in parts of a million, of those tasks that are
                     as urgent as the latest one or more */
  POOL_LINK,      /* so does reading: as above, of the link */
  POOL_DEADLINE   /* task `load` ends too late: needed ns */
} pool_limit;

typedef struct pool_verdict {
  pool_limit limit;
  uint32_t load; /* the task that is worst off, or asks for most */
  uint64_t needed;
  uint64_t available;
} pool_verdict;

/* Whether the set keeps all deadlines with this allocation. */
pool_verdict pool_judge(const pool_system *system,
                        const pool_allocation *allocation);

/* The same with the best allocation. `enough_bytes` (may be null: it takes ten
 * times as long) is the smallest budget found that keeps all deadlines, 0 if none
 * does. */
pool_verdict pool_admit(const pool_system *system, uint64_t *enough_bytes);

/* A verdict as a sentence, without a full stop: what is asked for, what there is,
 * what would be enough. `task` is the name of verdict->load. Returns the length of
 * the whole text, of which `size` - 1 bytes and a 0 are written. */
size_t pool_verdict_text(const pool_verdict *verdict, const char *task,
                         uint64_t enough_bytes, char *text, size_t size);

/* Who goes first: a priority, then a deadline, then an order of arrival. */
typedef struct pool_urgency {
  uint32_t priority;
  uint64_t deadline_ns; /* absolute; UINT64_MAX: none */
  uint64_t since_ns;    /* submission */
  uint64_t order;       /* of submission in the pool, never the same */
} pool_urgency;

/* Whether a goes before b, at time `now`. Nobody starves: a job that has waited
 * for `patience_ns` goes before those of any priority that came later. */
int pool_goes_first(const pool_urgency *a, const pool_urgency *b, uint64_t now,
                    uint64_t patience_ns);

#endif /* SWAP_POOL_POLICY_H */
