/*===- pool_engine.c - Models that something else runs ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A GPU's run is one launch, so jobs run from start to end, the most urgent one
|* first. Another plan is put in force between two runs, before anybody's next
|* one: first who becomes smaller, then who becomes larger as there is room.
|* What a model has is counted before it is taken; its account is that of homes,
|* of which it has none.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bytes_of(const pool_model *m, uint32_t choice) {
  return m->choices[choice].region_bytes + m->choices[choice].resident_bytes;
}

static int there_is_room(const pool_model *m, uint64_t bytes) {
  const swap_pool *pool = m->pool;
  return bytes <= m->homes.bytes ||
         (pool->account.used <= pool->budget &&
          bytes - m->homes.bytes <= pool->budget - pool->account.used);
}

/* The device is this thread's until it has the lock again. */
static void leave_lock(pool_model *m) {
  m->busy = m->pool->engine_busy = 1;
  pthread_mutex_unlock(&m->pool->lock);
}

static void take_lock(pool_model *m) {
  pthread_mutex_lock(&m->pool->lock);
  m->busy = m->pool->engine_busy = 0;
  pthread_cond_broadcast(&m->pool->changed);
  pool_wake_sleepers(m->pool);
}

static void tell_plan(pool_model *m) {
  const uint64_t now = swap_posix_clock();
  for (uint32_t i = 0; i < m->pool->task_count; ++i)
    if (m->pool->tasks[i]->model == m)
      pool_emit(m->pool, SWAP_POOL_PLAN,
                &(swap_pool_event){.index = m->plans[m->choice],
                                   .task = m->pool->tasks[i],
                                   .begin_ns = now,
                                   .end_ns = now});
}

/* The model's target comes into force, or the error is noted. */
static void exchange(pool_model *m) {
  swap_pool *pool = m->pool;
  const uint32_t target = m->target, before = m->choice;
  const uint64_t wants = bytes_of(m, target);
  const uint64_t more = wants > m->homes.bytes ? wants - m->homes.bytes : 0;
  m->tried = pool->reallocations;
  if (!port_account_take(&pool->account, more))
    return;
  m->homes.bytes += more;
  leave_lock(m);
  const int status = m->engine->set_plan(m->engine, wants);
  take_lock(m);
  m->engine_status = status;
  m->choice = !status ? target : m->engine->ready ? before : POOL_NONE;
  const uint64_t keeps = m->choice == POOL_NONE ? 0 : bytes_of(m, m->choice);
  port_account_give(&pool->account, m->homes.bytes - keeps);
  m->homes.bytes = keeps;
  if (!status) {
    m->opened = 1;
    tell_plan(m);
  }
  pool_settle(pool);
}

/* Who becomes smaller goes before who becomes larger. */
static pool_model *next_exchange(const swap_pool *pool) {
  pool_model *next = NULL;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    pool_model *m = pool->models[i];
    if (!m->engine || m->busy || m->choice == m->target ||
        m->tried == pool->reallocations ||
        !there_is_room(m, bytes_of(m, m->target)))
      continue;
    if (!next || bytes_of(m, m->target) < m->homes.bytes)
      next = m;
  }
  return next;
}

static void begin(swap_task *task, uint64_t now) {
  pool_model *m = task->model;
  pool_job *job = pool_head(task);
  m->task = task;
  m->job = job;
  m->session.counters = (swap_counters){.runs = 0};
  m->pool->started += 1;
  pool_account_time(job, now);
  job->result.start_ns = now;
  job->state = POOL_JOB_READY;
  pool_emit_job(task, job, SWAP_POOL_START, 0, now, now);
}

static void run(pool_lane *lane, swap_task *task, uint64_t now) {
  pool_model *m = task->model;
  m->lane = lane;
  begin(task, now);
  leave_lock(m);
  const int status = m->engine->run(
      m->engine, (const void *const *)m->job->tensors,
      m->job->tensors + m->model->input_count, &m->session.counters);
  take_lock(m);
  m->engine_status = status;
  m->job->mark = swap_posix_clock();
  /* The whole run is the device's, be it for kernels or for copies. */
  m->session.counters.compute_ns = m->job->mark - now;
  pool_job_end(m, status);
  m->lane = NULL;
}

/* The most urgent job whose model has a plan, or shall be told that it gets
 * none. */
static swap_task *next_job(const swap_pool *pool, uint64_t now) {
  swap_task *best = NULL;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    const pool_model *m = pool->models[i];
    swap_task *task =
        m->engine && m->opened && !m->busy ? pool_first_waiting(m, now) : NULL;
    if (!task || (m->choice == POOL_NONE && !m->engine_status))
      continue;
    if (!best || pool_goes_first(&pool_head(task)->urgency,
                                 &pool_head(best)->urgency, now,
                                 pool->patience_ns))
      best = task;
  }
  return best;
}

int pool_engine_step(pool_lane *lane, uint64_t now) {
  swap_pool *pool = lane->pool;
  if (!pool->engines || pool->engine_busy)
    return 0;
  pool_model *m = next_exchange(pool);
  if (m) {
    exchange(m);
    return 1;
  }
  swap_task *task = next_job(pool, now);
  if (!task)
    return 0;
  if (task->model->choice != POOL_NONE) {
    run(lane, task, now);
    return 1;
  }
  /* The memory could not be had: perhaps now, or for this job neither. */
  m = task->model;
  if (there_is_room(m, bytes_of(m, m->target)))
    exchange(m);
  if (m->choice == POOL_NONE && pool_head(task)) {
    begin(task, now);
    pool_job_end(m, m->engine_status ? m->engine_status : SWAP_ERR_BUDGET);
  }
  return 1;
}

int pool_engine_create(swap_pool *pool, const swap_model *model,
                       const char *weights, pool_engine *engine,
                       pool_model **made) {
  pool_model *m = *made = calloc(1, sizeof *m);
  if (m) {
    m->pool = pool;
    m->model = model;
    m->engine = engine;
    m->choice = POOL_NONE;
    m->weights = strdup(weights);
    m->homes.account = &pool->account;
    m->homes.model = model;
    if (m->weights && !pool_make_ladder(m))
      return SWAP_OK;
    free(m->weights);
    free(m->choices);
    free(m->plans);
  }
  free(m);
  *made = NULL;
  engine->close(engine);
  pthread_mutex_lock(&pool->lock);
  pool_fail(pool, SWAP_ERR_BUDGET, "out of memory");
  pthread_mutex_unlock(&pool->lock);
  return SWAP_ERR_BUDGET;
}

int pool_engine_open(pool_model *m) {
  swap_pool *pool = m->pool;
  while (!m->opened && !m->engine_status) {
    pool_wake(pool);
    pthread_cond_wait(&pool->changed, &pool->lock);
  }
  return m->opened ? SWAP_OK
                   : pool_fail(pool, m->engine_status, "%s",
                               m->engine->error(m->engine));
}

void pool_engine_close(pool_model *m) {
  swap_pool *pool = m->pool;
  while (pool->engine_busy)
    pthread_cond_wait(&pool->changed, &pool->lock);
  leave_lock(m);
  m->engine->close(m->engine);
  take_lock(m);
  m->engine = NULL;
  pool->engines -= 1;
}
