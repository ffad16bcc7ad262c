/*===- pool_budget.c - From one division of the budget to another -*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A new division is a target that models and zone move to by themselves: who has
|* no run gives back at once what it shall not have, and takes what it shall have
|* when there is room. Runs end, so all of the first comes to pass, and then there
|* is room for all of the second. Meanwhile a model has the best plan for which
|* it has the memory; its smallest one needs nearly none of its own.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

pool_system pool_describe(swap_pool *pool, pool_ladder *ladders,
                          pool_load *loads) {
  pool->link_rate = pool_link_rate(pool);
  pool_system system = {.ladders = ladders,
                        .ladder_count = pool->model_count,
                        .loads = loads,
                        .load_count = pool->task_count,
                        .budget_bytes = pool->budget,
                        .lanes = pool->engines ? 0 : pool->lane_count};
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    const pool_model *m = pool->models[i];
    ladders[i] = (pool_ladder){m->choices, m->choice_count};
  }
  for (uint32_t i = 0; i < pool->task_count; ++i) {
    const swap_task *task = pool->tasks[i];
    uint32_t ladder = 0;
    while (pool->models[ladder] != task->model)
      ++ladder;
    loads[i] = (pool_load){.ladder = ladder,
                           .priority = task->options.priority,
                           .period_ns = task->idle ? UINT64_MAX : pool_period(task),
                           .deadline_ns = pool_deadline(task)};
  }
  system.link_bytes_per_second = pool->link_rate;
  return system;
}

uint64_t pool_least(swap_pool *pool) {
  pool_ladder ladders[SWAP_POOL_MAX_TASKS];
  pool_load loads[SWAP_POOL_MAX_TASKS];
  const pool_system system = pool_describe(pool, ladders, loads);
  return pool->model_count ? pool_least_bytes(&system) : 0;
}

static void adopt_allocation(swap_pool *pool,
                             const pool_allocation *allocation) {
  for (uint32_t i = 0; i < pool->model_count; ++i)
    pool->models[i]->target = allocation->choice[i];
  pool->zone_target = allocation->zone_bytes;
  pool->overlap = allocation->overlap;
  pool->reallocations += 1;
  pool_settle(pool);
}

/* What is in force, by what is known now. */
static pool_allocation in_force(const swap_pool *pool,
                                const pool_system *system) {
  pool_allocation now = {.overlap = pool->overlap};
  for (uint32_t i = 0; i < pool->model_count; ++i)
    now.choice[i] = pool->models[i]->target;
  pool_evaluate(system, &now);
  return now;
}

static int reallocate(swap_pool *pool, int only_if_it_pays) {
  pool_ladder ladders[SWAP_POOL_MAX_TASKS];
  pool_load loads[SWAP_POOL_MAX_TASKS];
  pool_allocation allocation = {.overlap = 1};
  pool->link_rate = pool_link_rate(pool);
  pool->link_rate_used = pool->link_rate;
  for (uint32_t i = 0; i < pool->model_count; ++i)
    pool_update_ladder(pool->models[i]);
  const pool_system system = pool_describe(pool, ladders, loads);
  const int status =
      pool->model_count ? pool_allocate(&system, &allocation) : SWAP_OK;
  if (status)
    return status;
  int changes = 1;
  if (only_if_it_pays) { /* memory is not moved for less than a twentieth */
    const pool_allocation now = in_force(pool, &system);
    changes = allocation.cost < now.cost * 0.95;
    if (!changes)
      allocation = now;
  }
  pool->chosen_ns = swap_posix_clock();
  pool->patience_ns = pool_patience(pool);
  port_link_set_patience(pool->link, pool->patience_ns);
  for (uint32_t i = 0; i < pool->task_count; ++i) {
    swap_task *task = pool->tasks[i];
    task->response_ns = allocation.response_ns[i];
    task->was_idle = task->idle;
    task->observed_used = task->observed_ns;
  }
  if (changes)
    adopt_allocation(pool, &allocation);
  return SWAP_OK;
}

int pool_reallocate(swap_pool *pool) { return reallocate(pool, 0); }

void pool_reconsider(swap_pool *pool) { (void)reallocate(pool, 1); }

static uint64_t zone_end(const swap_pool *pool) {
  const port_zone *zone = &pool->zone;
  uint64_t end = 0;
  for (uint32_t i = 0; i < zone->count; ++i)
    if (zone->stretches[i].offset + zone->stretches[i].bytes > end)
      end = zone->stretches[i].offset + zone->stretches[i].bytes;
  return end;
}

static void settle_zone(swap_pool *pool) {
  const uint64_t has = pool->zone.arena.bytes, end = zone_end(pool);
  uint64_t wants = pool->zone_target;
  if (wants < end && has > wants)
    wants = end;
  /* More than what the account allows would be refused; and what the budget is
   * to become counts already. */
  if (wants <= has || (wants > has && pool->account.used <= pool->budget &&
                      wants - has <= pool->budget - pool->account.used))
    (void)port_zone_resize(&pool->zone, wants);
}

/* What runs in a stretch that the zone shall have. */
static int fits_zone(const pool_model *m, uint32_t choice) {
  return m->choices[choice].region_bytes <= m->pool->zone_target;
}

static void adopt(pool_model *m, uint32_t choice) {
  swap_pool *pool = m->pool;
  const swap_plan *plan = pool_plan(m, choice);
  const uint32_t threads = pool_lane_threads(pool);
  const uint32_t most = plan->threads ? plan->threads : 1;
  if (m->choice == choice)
    return;
  m->executor.threads = threads < most ? threads : most;
  /* The stretch comes with each run; until then the address means nothing. The
   * plan was checked when the model came. */
  if (m->opened &&
      swap_set_plan(&m->session, plan, pool->zone.arena.base, plan->region_bytes)) {
    m->choice = POOL_NONE;
    return;
  }
  m->choice = choice;
  m->filled = 0;
  const uint64_t now = swap_posix_clock();
  for (uint32_t i = 0; i < pool->task_count; ++i)
    if (pool->tasks[i]->model == m)
      pool_emit(pool, SWAP_POOL_PLAN,
                &(swap_pool_event){.index = m->plans[choice],
                                   .task = pool->tasks[i],
                                   .begin_ns = now,
                                   .end_ns = now});
}

static int keeps_all(const pool_model *m, const swap_plan *plan) {
  for (uint32_t i = 0; i < m->model->unit_count; ++i)
    if (m->homes.taken[i] && !plan->resident[i])
      return 0;
  return 1;
}

static void settle_model(pool_model *m) {
  swap_pool *pool = m->pool;
  const swap_plan *target = pool_plan(m, m->target);
  if (m->engine || m->busy || m->task)
    return; /* an engine's plan is put in force by a lane */
  if (m->choice == m->target && keeps_all(m, target))
    return;
  if (!keeps_all(m, target)) {
    if (m->opened)
      swap_drain(&m->session); /* nothing writes to pages that go */
    port_homes_shrink(&m->homes, target);
  }
  const uint64_t missing = port_homes_missing(&m->homes, target);
  if (fits_zone(m, m->target) && pool->account.used <= pool->budget &&
      missing <= pool->budget - pool->account.used &&
      port_homes_grow(&m->homes, target)) {
    adopt(m, m->target);
    return;
  }
  /* As much as can be done with what it has. */
  uint32_t best = POOL_NONE;
  for (uint32_t i = 0; i < m->choice_count; ++i)
    if (fits_zone(m, i) && !port_homes_missing(&m->homes, pool_plan(m, i)) &&
        (best == POOL_NONE || m->choices[i].time_ns <= m->choices[best].time_ns))
      best = i;
  if (best == POOL_NONE)
    m->choice = POOL_NONE;
  else
    adopt(m, best);
}

void pool_settle(swap_pool *pool) {
  /* Twice: what one gives, another one takes. */
  for (uint32_t turn = 0; turn < 2; ++turn) {
    settle_zone(pool);
    for (uint32_t i = 0; i < pool->model_count; ++i)
      settle_model(pool->models[i]);
  }
  settle_zone(pool);
  pool->blocked = 0;
  pthread_cond_broadcast(&pool->changed);
  if (pool->engines)
    pthread_cond_broadcast(&pool->work);
}

/* Where stretches may end. One in the huge page in which a smaller zone is to end
 * would keep it from ending there: runs that overlap for ever. */
static uint64_t stretch_limit(const swap_pool *pool) {
  const uint64_t target = pool->zone_target;
  return pool->zone.arena.bytes > target
             ? target / PORT_HUGE_BYTES * PORT_HUGE_BYTES
             : target;
}

void *pool_take_stretch(swap_pool *pool, uint64_t bytes) {
  uint8_t *stretch = port_zone_take(&pool->zone, bytes);
  if (!bytes)
    return stretch; /* an address only */
  /* The end of a zone that shall become smaller goes as soon as it is free. */
  if (stretch && (uint64_t)(stretch - pool->zone.arena.base) + bytes >
                     stretch_limit(pool)) {
    port_zone_give(&pool->zone, stretch);
    return NULL;
  }
  return stretch;
}

void pool_give_stretch(swap_pool *pool, void *stretch) {
  if (stretch)
    port_zone_give(&pool->zone, stretch);
}

int swap_pool_set_budget(swap_pool *pool, uint64_t budget_bytes) {
  if (!pool || !pool->link)
    return SWAP_ERR_ARGUMENT;
  const uint64_t budget = budget_bytes ? budget_bytes : UINT64_MAX;
  int status = SWAP_OK;
  pthread_mutex_lock(&pool->changes);
  pthread_mutex_lock(&pool->lock);
  const uint64_t least = pool_least(pool), before = pool->budget;
  if (budget < least) {
    status = pool_fail(pool, SWAP_ERR_BUDGET,
                       "a budget of %llu bytes is too small: the smallest plans "
                       "of all tasks need %llu bytes",
                       (unsigned long long)budget, (unsigned long long)least);
  } else {
    /* More is allowed at once, less when no more is in use. */
    if (budget > before)
      (void)port_account_set_budget(&pool->account, budget);
    pool->budget = budget;
    status = pool_reallocate(pool);
    if (status) {
      pool->budget = before;
      status = pool_fail(pool, status, "no division of %llu bytes was found",
                         (unsigned long long)budget);
    } else {
      while (!port_account_set_budget(&pool->account, budget))
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    pool_wake(pool);
  }
  pthread_mutex_unlock(&pool->lock);
  pthread_mutex_unlock(&pool->changes);
  return status;
}
