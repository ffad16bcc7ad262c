/*===- admit.c - Whether a set of tasks keeps its deadlines -------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "analysis.h"

/* More memory than any system has; sums of it do not overflow. */
#define PLENTY (UINT64_C(1) << 60)
/* `enough_bytes` is exact to a 256th of the range in question. */
#define STEPS 8u

/* The dated task that ends latest, in deadlines; load_count if none ends late.
 */
static uint32_t find_latest(const pool_system *system,
                            const pool_allocation *allocation) {
  uint32_t worst = system->load_count;
  double most = 0;
  for (uint32_t i = 0; i < system->load_count; ++i) {
    const pool_load *load = &system->loads[i];
    const uint64_t response = allocation->response_ns[i];
    if (load->deadline_ns == POOL_NONE || response <= load->deadline_ns)
      continue;
    const double late =
        (double)response / (load->deadline_ns ? (double)load->deadline_ns : 1);
    if (worst == system->load_count || late > most) {
      worst = i;
      most = late;
    }
  }
  return worst;
}

/* The share of time that loads of a priority, and those before them, ask of a
 * resource; the largest of them goes to `verdict`. */
static double ask(const pool_system *system, const pool_allocation *allocation,
                  uint32_t latest, int of_link, pool_verdict *verdict) {
  double sum = 0, most = -1;
  for (uint32_t i = 0; i < system->load_count; ++i) {
    const pool_load *load = &system->loads[i];
    const pool_choice *rung = &system->ladders[load->ladder]
                                   .choices[allocation->choice[load->ladder]];
    if (load->period_ns == POOL_NONE ||
        load->priority < system->loads[latest].priority ||
        (load->priority == system->loads[latest].priority &&
         load->deadline_ns == POOL_NONE))
      continue;
    double time = (double)rung->compute_ns;
    if (of_link)
      time =
          system->link_bytes_per_second > 0
              ? (double)rung->read_bytes * 1e9 / system->link_bytes_per_second
              : 0;
    const double share = time / (load->period_ns ? (double)load->period_ns : 1);
    sum += share;
    if (share > most) {
      most = share;
      verdict->load = i;
    }
  }
  if (of_link)
    return sum;
  const uint32_t lanes =
      system->lanes < allocation->overlap ? system->lanes : allocation->overlap;
  return sum / (lanes ? lanes : 1);
}

static pool_verdict say(pool_verdict verdict, pool_limit limit, uint64_t needed,
                        uint64_t available) {
  verdict.limit = limit;
  verdict.needed = needed;
  verdict.available = available;
  return verdict;
}

pool_verdict pool_judge(const pool_system *system,
                        const pool_allocation *allocation) {
  pool_verdict verdict = {POOL_FEASIBLE, 0, 0, 0};
  if (allocation->bytes > system->budget_bytes)
    return say(verdict, POOL_MEMORY, allocation->bytes, system->budget_bytes);
  const uint32_t latest = find_latest(system, allocation);
  if (latest == system->load_count)
    return verdict;
  for (int of_link = 0; of_link < 2; ++of_link) {
    const double share = ask(system, allocation, latest, of_link, &verdict);
    if (share > 1)
      return say(verdict, of_link ? POOL_LINK : POOL_PROCESSOR,
                 (uint64_t)(share * 1e6 + 0.5), 1000000);
  }
  verdict.load = latest;
  return say(verdict, POOL_DEADLINE, allocation->response_ns[latest],
             system->loads[latest].deadline_ns);
}

static int is_enough(const pool_system *system, uint64_t budget,
                     uint64_t *bytes) {
  pool_system other = *system;
  pool_allocation allocation;
  other.budget_bytes = budget;
  if (pool_allocate(&other, &allocation))
    return 0;
  *bytes = allocation.bytes;
  return pool_judge(&other, &allocation).limit == POOL_FEASIBLE;
}

pool_verdict pool_admit(const pool_system *system, uint64_t *enough_bytes) {
  pool_verdict verdict = {POOL_FEASIBLE, 0, 0, 0};
  pool_allocation allocation;
  const uint64_t least = pool_least_bytes(system);
  if (pool_allocate(system, &allocation))
    verdict = say(verdict, POOL_MEMORY, least, system->budget_bytes);
  else
    verdict = pool_judge(system, &allocation);
  if (!enough_bytes)
    return verdict;
  uint64_t low = least, high = PLENTY, bytes = 0;
  *enough_bytes = 0;
  if (verdict.limit == POOL_FEASIBLE)
    high = allocation.bytes;
  else if (is_enough(system, PLENTY, &bytes))
    high = bytes;
  else
    return verdict;
  if (is_enough(system, low, &bytes))
    high = low;
  for (uint32_t step = 0; step < STEPS && high - low > 4096; ++step) {
    const uint64_t middle = low + (high - low) / 2;
    if (is_enough(system, middle, &bytes))
      high = middle;
    else
      low = middle;
  }
  *enough_bytes = high;
  return verdict;
}
