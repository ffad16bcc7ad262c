/*===- pool_lane.c - What a lane does next ------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A lane first sees to the link: jobs that may be started get their stretch, and
|* their first reads queue behind those of who is more urgent; while the link has
|* nothing to do, resident units come in. Then it computes, the most urgent job
|* that has what its next step needs, from kernel to kernel, until that waits for
|* a read or somebody more urgent could go on. With nothing to compute it sleeps
|* until a read comes, or a job.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <time.h>

/* A piece of the model's run, without the lock. */
static void advance(pool_lane *lane, pool_model *m, int ahead) {
  swap_pool *pool = lane->pool;
  pool_job *job = m->job;
  pool_account_time(job, swap_posix_clock());
  m->busy = 1;
  m->lane = lane;
  /* Before it looks for its units: what comes in from here on is news. */
  m->events_seen = port_link_events(pool->link);
  m->bytes_seen = port_link_client_bytes(m->client);
  lane->model = m;
  lane->ahead = ahead;
  lane->looked_ns = job->mark;
  atomic_store(&lane->look, 0);
  pthread_mutex_unlock(&pool->lock);
  const int status = swap_advance(&m->session);
  pthread_mutex_lock(&pool->lock);
  job->mark = swap_posix_clock();
  if (status == SWAP_YIELDED)
    job->state = POOL_JOB_READY;
  else if (status == SWAP_PENDING)
    job->state = POOL_JOB_PENDING;
  lane->model = NULL;
  if (!ahead)
    lane->last = m;
  m->busy = 0;
  m->computed = m->session.counters.compute_ns != 0;
  /* Others may go on with it, or have to wait for its read. Those that sleep in
   * the link do that already, and would only ask for nothing. */
  if (status == SWAP_PENDING)
    pthread_cond_broadcast(&pool->work);
  else
    pool_wake_sleepers(pool);
  if (status != SWAP_YIELDED && status != SWAP_PENDING)
    pool_job_end(m, status);
  m->lane = NULL;
}

int pool_lane_yields(void *context) {
  const pool_model *m = context;
  pool_lane *lane = m->lane;
  swap_pool *pool = lane->pool;
  if (lane->ahead)
    return 1;
  const uint64_t now = swap_posix_clock();
  if (!atomic_exchange(&lane->look, 0) && now - lane->looked_ns < POOL_LOOK_NS)
    return 0;
  lane->looked_ns = now;
  port_link_poll(pool->link);
  /* Who has the lock wants something of the lanes perhaps: the next time. */
  if (pthread_mutex_trylock(&pool->lock)) {
    atomic_store(&lane->look, 1);
    return 0;
  }
  const int yields = pool_should_yield(lane, now);
  pthread_mutex_unlock(&pool->lock);
  return yields;
}

/* Gives the run of a job that computed nothing yet up; it is started again. */
static void take_back(pool_model *m) {
  swap_pool *pool = m->pool;
  m->busy = 1;
  pthread_mutex_unlock(&pool->lock);
  swap_abandon(&m->session); /* may wait for reads that the device began */
  pthread_mutex_lock(&pool->lock);
  m->busy = 0;
  pool_account_time(m->job, swap_posix_clock());
  m->job->state = POOL_JOB_WAITS;
  m->job->result.preempted += 1;
  m->job = NULL;
  m->task = NULL;
  pool_give_stretch(pool, m->stretch);
  m->stretch = NULL;
  pool->started -= 1;
  port_link_set_urgency(m->client, NULL);
  pool_settle(pool);
}

/* Starts a task's next job and its first reads, if there is a stretch. */
static int start(pool_lane *lane, swap_task *task, uint64_t now) {
  swap_pool *pool = lane->pool;
  pool_model *m = task->model;
  const uint64_t bytes = m->choices[m->choice].region_bytes;
  void *stretch = pool_take_stretch(pool, bytes);
  if (!stretch)
    return 0;
  pool_job *job = pool_head(task);
  m->stretch = stretch;
  m->task = task;
  m->job = job;
  m->computed = 0;
  m->bytes_before = port_link_client_bytes(m->client);
  m->lane = lane;
  pool->started += 1;
  pool_account_time(job, now);
  if (!job->result.start_ns)
    job->result.start_ns = now;
  job->state = POOL_JOB_READY;
  pool_emit_job(task, job, SWAP_POOL_START, 0, now, now);
  pool_tell_link(m);
  int status =
      swap_set_arena(&m->session, stretch, pool_plan(m, m->choice)->region_bytes);
  if (!status)
    status = swap_start(&m->session, (const void *const *)job->tensors,
                        job->tensors + m->model->input_count);
  if (!status) {
    advance(lane, m, 1);
    return 1;
  }
  pool_job_end(m, status);
  m->lane = NULL;
  return 1;
}

static int anybody_is_busy(const swap_pool *pool) {
  for (uint32_t i = 0; i < pool->model_count; ++i)
    if (pool->models[i]->busy)
      return 1;
  return 0;
}

/* All memory is where it should be, and yet the zone is too small: the system
 * does not provide it. */
static int give_up(swap_task *task, uint64_t now) {
  swap_pool *pool = task->pool;
  pool_model *m = task->model;
  if (pool->started || anybody_is_busy(pool))
    return 0;
  pool_job *job = pool_head(task);
  m->task = task;
  m->job = job;
  pool->started += 1;
  pool_account_time(job, now);
  m->session.counters = (swap_counters){.runs = m->session.counters.runs};
  m->bytes_before = port_link_client_bytes(m->client);
  pool_job_end(m, SWAP_ERR_BUDGET);
  return 1;
}

/* One more start, if one is due. */
static int start_next(pool_lane *lane, uint64_t now) {
  swap_pool *pool = lane->pool;
  swap_task *task = pool->holds ? NULL : pool_next_start(pool, now);
  if (!task)
    return 0;
  if (pool->started < pool->overlap && start(lane, task, now))
    return 1;
  pool_model *less = pool_least_begun(pool, &pool_head(task)->urgency, now);
  if (less) {
    take_back(less);
    return 1;
  }
  if (give_up(task, now))
    return 1;
  /* Less urgent ones would only take what it waits for. */
  pool->blocked = 1;
  return 0;
}

static int fill_next(swap_pool *pool) {
  pool_model *m = pool_next_fill(pool);
  if (!m || !pool_link_rests(pool))
    return 0;
  m->busy = 1;
  pthread_mutex_unlock(&pool->lock);
  const int status = swap_fill(&m->session, POOL_FILL_BYTES);
  pthread_mutex_lock(&pool->lock);
  m->busy = 0;
  m->filled = status != SWAP_PENDING; /* a job will tell what failed */
  pool_settle(pool); /* it was busy, and somebody may wait for what it has */
  return 1;
}

static pool_model *longest_pending(const swap_pool *pool) {
  pool_model *longest = NULL;
  for (uint32_t i = 0; i < pool->model_count; ++i) {
    pool_model *m = pool->models[i];
    if (!m->busy && m->job && m->job->state == POOL_JOB_PENDING &&
        (!longest || m->job->mark < longest->job->mark))
      longest = m;
  }
  return longest;
}

static void sleep_until(swap_pool *pool, uint64_t until) {
  const struct timespec end = {.tv_sec = (time_t)(until / 1000000000),
                               .tv_nsec = (long)(until % 1000000000)};
  if (until == UINT64_MAX)
    pthread_cond_wait(&pool->work, &pool->lock);
  else
    pthread_cond_timedwait(&pool->work, &pool->lock, &end);
}

/* Nothing can be computed: until a read comes in, or somebody says so. */
static void rest(pool_lane *lane, uint64_t events, uint64_t next_idle) {
  swap_pool *pool = lane->pool;
  const uint64_t begin = swap_posix_clock();
  pool_model *pending = longest_pending(pool);
  const pool_job *job = pending ? pending->job : NULL;
  const swap_task *task = pending ? pending->task : NULL;
  const swap_job id = job ? job->id : 0;
  if (pending || !pool_link_rests(pool)) {
    lane->asleep = 1;
    pthread_mutex_unlock(&pool->lock);
    const int slept = port_link_wait_any(pool->link, events);
    pthread_mutex_lock(&pool->lock);
    lane->asleep = 0;
    for (uint32_t i = 0; !slept && i < pool->model_count; ++i)
      pool->models[i]->events_seen = events - 1; /* no read is under way: ask */
  } else {
    sleep_until(pool, next_idle);
  }
  const uint64_t end = swap_posix_clock();
  if (pending)
    pool->stall_ns += end - begin;
  if (!pool_has_task(pool, task))
    task = NULL;
  pool_emit(pool, SWAP_POOL_STALL,
            &(swap_pool_event){.lane = lane->index,
                               .task = task,
                               .job = id,
                               .begin_ns = begin,
                               .end_ns = end});
}

/* Another one than the job that computed here before and could still. */
static void note_preemption(pool_lane *lane, const pool_model *next) {
  const pool_model *last = lane->last;
  if (last && last != next && last->job && last->computed && !last->busy &&
      last->job->state == POOL_JOB_READY)
    last->job->result.preempted += 1;
}

void *pool_lane_main(void *context) {
  pool_lane *lane = context;
  swap_pool *pool = lane->pool;
  pthread_mutex_lock(&pool->lock);
  while (!pool->stop) {
    const uint64_t now = swap_posix_clock();
    const uint64_t events = port_link_events(pool->link);
    const uint64_t next_idle = pool_check_idle(pool, now);
    if (pool_engine_step(lane, now) || start_next(lane, now) || fill_next(pool))
      continue;
    pool_model *m = pool_next_run(pool, now);
    if (!m) {
      rest(lane, events, next_idle);
      continue;
    }
    note_preemption(lane, m);
    advance(lane, m, 0);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}
