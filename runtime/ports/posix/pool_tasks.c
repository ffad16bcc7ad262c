/*===- pool_tasks.c - Tasks come, change and go -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A task that comes is put among the others first, so that budgets are chosen
|* with it; its model's blob is looked at through a stretch of the zone, as soon
|* as there is one. What fails on the way takes it out again.
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <stdlib.h>
#include <string.h>

int pool_has_task(const swap_pool *pool, const swap_task *task) {
  for (uint32_t i = 0; i < pool->task_count; ++i)
    if (pool->tasks[i] == task)
      return 1;
  return 0;
}

static int is_used(const swap_pool *pool, const pool_model *m) {
  for (uint32_t i = 0; i < pool->task_count; ++i)
    if (pool->tasks[i]->model == m)
      return 1;
  return 0;
}

static pool_model *find_model(const swap_pool *pool, const swap_model *model,
                              const char *weights) {
  for (uint32_t i = 0; i < pool->model_count; ++i)
    if (pool->models[i]->model == model &&
        strcmp(pool->models[i]->weights, weights) == 0)
      return pool->models[i];
  return NULL;
}

static void free_task(swap_task *task) {
  if (!task)
    return;
  pool_jobs_free(task);
  free(task->name);
  free(task);
}

static void take_options(swap_task *task, const swap_task_options *options) {
  task->options = *options;
  task->options.name = task->name;
  task->options.weights = task->model->weights;
  task->active_ns = swap_posix_clock();
  task->idle = 0;
}

static swap_task *make_task(pool_model *m, const swap_task_options *options) {
  swap_task *task = calloc(1, sizeof *task);
  if (!task)
    return NULL;
  task->pool = m->pool;
  task->model = m;
  task->name = strdup(options->name ? options->name : m->model->name);
  if (!task->name || pool_jobs_make(task, options->depth ? options->depth : 2)) {
    free_task(task);
    return NULL;
  }
  take_options(task, options);
  return task;
}

/* With the lock. */
static void take_out(swap_pool *pool, swap_task *task) {
  pool_model *m = task->model;
  uint32_t at = 0;
  while (pool->tasks[at] != task)
    ++at;
  for (pool->task_count -= 1; at < pool->task_count; ++at)
    pool->tasks[at] = pool->tasks[at + 1];
  if (!is_used(pool, m)) {
    while (m->busy) /* its resident units come in */
      pthread_cond_wait(&pool->changed, &pool->lock);
    for (at = 0; pool->models[at] != m; ++at)
      ;
    for (pool->model_count -= 1; at < pool->model_count; ++at)
      pool->models[at] = pool->models[at + 1];
    for (uint32_t i = 0; i < pool->lane_count; ++i)
      if (pool->lanes[i].last == m)
        pool->lanes[i].last = NULL;
    if (m->engine)
      pool_engine_close(m);
    pool_model_destroy(m);
  }
  free_task(task);
  /* What was enough for more is enough. */
  (void)pool_reallocate(pool);
  pool_wake(pool);
}

static int is_at_rest(const swap_pool *pool) {
  for (uint32_t i = 0; i < pool->model_count; ++i)
    if (pool->models[i]->busy)
      return 0;
  return pool->started == 0;
}

/* Waits for a plan and a stretch for it, which runs that end leave. */
static int open_model(swap_pool *pool, pool_model *m) {
  int status = SWAP_OK;
  if (m->engine)
    return pool_engine_open(m);
  pool->holds += 1;
  for (;;) {
    const int rests = is_at_rest(pool);
    pool_settle(pool);
    if (m->choice != POOL_NONE)
      m->stretch = pool_take_stretch(pool, m->choices[m->choice].region_bytes);
    if (m->stretch || rests)
      break;
    pthread_cond_wait(&pool->changed, &pool->lock);
  }
  if (m->stretch) {
    m->busy = 1;
    pthread_mutex_unlock(&pool->lock);
    status = pool_model_open(m);
    pthread_mutex_lock(&pool->lock);
    m->busy = 0;
    m->opened = !status;
    pool_give_stretch(pool, m->stretch);
    m->stretch = NULL;
  } else {
    status = pool_fail(pool, SWAP_ERR_BUDGET,
                       "the system does not provide %llu bytes of memory",
                       (unsigned long long)pool->zone_target);
  }
  pool->holds -= 1;
  return status;
}

static int too_small(swap_pool *pool) {
  return pool_fail(pool, SWAP_ERR_BUDGET,
                   "the budget of %llu bytes is too small: the smallest plans of "
                   "all tasks need %llu bytes",
                   (unsigned long long)pool->budget,
                   (unsigned long long)pool_least(pool));
}

static int check_admission(swap_pool *pool) {
  pool_ladder ladders[SWAP_POOL_MAX_TASKS];
  pool_load loads[SWAP_POOL_MAX_TASKS];
  char text[512];
  const pool_system system = pool_describe(pool, ladders, loads);
  const int status = pool_tell(pool, &system, text, sizeof text);
  return status ? pool_fail(pool, status, "%s", text) : SWAP_OK;
}

/* With the lock; a new task is among the others when it works. */
static int put_in(swap_pool *pool, swap_task *task) {
  pool_model *m = task->model;
  int status = SWAP_OK;
  if (!m->opened) {
    pool->models[pool->model_count++] = m;
    pool->engines += m->engine != NULL;
  }
  pool->tasks[pool->task_count++] = task;
  if (pool_least(pool) > pool->budget)
    status = too_small(pool);
  else if (task->options.flags & SWAP_TASK_ADMIT)
    status = check_admission(pool);
  if (!status && (status = pool_reallocate(pool)))
    too_small(pool);
  if (!status && !m->opened)
    status = open_model(pool, m);
  if (status) /* and the model with it, if it is new */
    take_out(pool, task);
  else
    pool_settle(pool);
  pool_wake(pool);
  return status;
}

static int check_options(swap_pool *pool, const swap_task_options *options) {
  int status = SWAP_OK;
  pthread_mutex_lock(&pool->lock);
  if (options->priority > SWAP_PRIORITY_MAX)
    status = pool_fail(pool, SWAP_ERR_ARGUMENT,
                       "%s: priority %u is above the highest, %u",
                       options->name ? options->name : "task",
                       (unsigned)options->priority, SWAP_PRIORITY_MAX);
  else if (options->depth > POOL_MAX_DEPTH)
    status = pool_fail(pool, SWAP_ERR_ARGUMENT,
                       "%s: depth %u is above the highest, %u",
                       options->name ? options->name : "task",
                       (unsigned)options->depth, POOL_MAX_DEPTH);
  pthread_mutex_unlock(&pool->lock);
  return status;
}

/* One kind of memory, one budget. */
static int is_of_other_kind(const swap_pool *pool, const pool_engine *engine) {
  return pool->model_count && !pool->models[0]->engine != !engine;
}

/* An engine that a new model took is null afterwards. */
static int add(swap_pool *pool, const swap_model *model, pool_engine **engine,
               const swap_task_options *options, swap_task **made) {
  char path[4096];
  const char *weights = options->weights;
  int status = check_options(pool, options);
  if (status)
    return status;
  if (!weights && swap_posix_default_weights(path, sizeof path))
    weights = path;
  /* Only calls that hold `changes` change these. */
  pool_model *m = weights ? find_model(pool, model, weights) : NULL;
  const int is_new = !m;
  if (pool->task_count == SWAP_POOL_MAX_TASKS || !weights ||
      is_of_other_kind(pool, *engine)) {
    pthread_mutex_lock(&pool->lock);
    status = pool_fail(pool, SWAP_ERR_ARGUMENT,
                       !weights ? "the path of the weights is too long"
                       : is_of_other_kind(pool, *engine)
                           ? "a pool has models of this processor or of a GPU, "
                             "not of both: their memory is not the same"
                           : "a pool has %u tasks at most",
                       SWAP_POOL_MAX_TASKS);
    pthread_mutex_unlock(&pool->lock);
    return status;
  }
  if (is_new && *engine) {
    status = pool_engine_create(pool, model, weights, *engine, &m);
    *engine = NULL;
  } else if (is_new) {
    status = pool_model_create(pool, model, weights, &m);
  }
  if (status)
    return status;
  swap_task *task = make_task(m, options);
  pthread_mutex_lock(&pool->lock);
  if (task) {
    status = put_in(pool, task);
  } else {
    status = pool_fail(pool, SWAP_ERR_BUDGET, "out of memory");
    if (is_new)
      pool_model_destroy(m);
  }
  pthread_mutex_unlock(&pool->lock);
  if (!status)
    *made = task;
  return status;
}

int swap_pool_add(swap_pool *pool, const swap_model *model,
                  const swap_task_options *options, swap_task **task) {
  return pool_add_engine(pool, model, NULL, options, task);
}

int pool_add_engine(swap_pool *pool, const swap_model *model,
                    pool_engine *engine, const swap_task_options *options,
                    swap_task **task) {
  static const swap_task_options defaults;
  int status = SWAP_ERR_ARGUMENT;
  if (task)
    *task = NULL;
  if (pool && pool->link && model && task) {
    pthread_mutex_lock(&pool->changes);
    status = add(pool, model, &engine, options ? options : &defaults, task);
    pthread_mutex_unlock(&pool->changes);
  }
  if (engine)
    engine->close(engine);
  return status;
}

static int change(swap_task *task, const swap_task_options *options) {
  swap_pool *pool = task->pool;
  const swap_task_options before = task->options;
  const uint32_t depth = options->depth ? options->depth : 2;
  int status = depth == task->depth ? SWAP_OK : pool_jobs_make(task, depth);
  if (status)
    return pool_fail(pool, status, "out of memory");
  take_options(task, options);
  if (options->flags & SWAP_TASK_ADMIT)
    status = check_admission(pool);
  if (status)
    take_options(task, &before);
  else
    (void)pool_reallocate(pool); /* the smallest plans fit as before */
  pool_wake(pool);
  return status;
}

int swap_pool_change(swap_task *task, const swap_task_options *options) {
  if (!task || !options)
    return SWAP_ERR_ARGUMENT;
  swap_pool *pool = task->pool;
  int status = check_options(pool, options);
  if (status)
    return status;
  pthread_mutex_lock(&pool->changes);
  pthread_mutex_lock(&pool->lock);
  status = change(task, options);
  pthread_mutex_unlock(&pool->lock);
  pthread_mutex_unlock(&pool->changes);
  return status;
}

void swap_pool_remove(swap_task *task) {
  if (!task)
    return;
  swap_pool *pool = task->pool;
  pthread_mutex_lock(&pool->changes);
  pthread_mutex_lock(&pool->lock);
  task->removing = 1;
  while (task->submitted != task->ended || task->waiters)
    pthread_cond_wait(&pool->changed, &pool->lock);
  take_out(pool, task);
  pthread_mutex_unlock(&pool->lock);
  pthread_mutex_unlock(&pool->changes);
}
