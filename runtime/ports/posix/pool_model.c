/*===- pool_model.c - A model that takes part ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint32_t pool_lane_threads(const swap_pool *pool) {
  const uint32_t threads = pool->options.threads / pool->lane_count;
  return threads ? threads : 1;
}

/* Threads of a lane that have no scratch area in a plan take no part. */
static void parallel(void *context, void (*task)(void *, uint64_t, uint32_t),
                     void *task_context, uint64_t count) {
  const pool_model *m = context;
  port_link_parallel(m->pool->link, port_threads_executor(m->lane->threads),
                     m->executor.threads, task, task_context, count);
}

static int tell(pool_model *m, int status, int opened, int system) {
  const port_failure failure = {m->weights, opened, system, &m->session};
  char text[sizeof m->pool->error];
  port_tell_failure(text, sizeof text, status, &failure);
  pthread_mutex_lock(&m->pool->lock);
  pool_fail(m->pool, status, "%s", text);
  pthread_mutex_unlock(&m->pool->lock);
  return status;
}

static int fail(swap_pool *pool, int status, const char *text) {
  pthread_mutex_lock(&pool->lock);
  pool_fail(pool, status, "%s", text);
  pthread_mutex_unlock(&pool->lock);
  return status;
}

static int open_file(pool_model *m) {
  const swap_model *model = m->model;
  if (model->page_bytes < SWAP_BLOB_ALIGN)
    return fail(m->pool, SWAP_ERR_GEOMETRY,
                "the model was compiled with small pages for firmware, a pool "
                "reads by direct I/O: compile it for this system");
  errno = 0;
  const int status = port_link_open(m->pool->link, m->weights, &m->client);
  if (status)
    return tell(m, status, 0, errno);
  const uint64_t size = port_link_file(m->client)->size;
  if (size && size < model->blob_bytes) {
    pthread_mutex_lock(&m->pool->lock);
    pool_fail(m->pool, SWAP_ERR_SHORT,
              "%s: truncated: it has %llu bytes, the model's weights have %llu",
              m->weights, (unsigned long long)size,
              (unsigned long long)model->blob_bytes);
    pthread_mutex_unlock(&m->pool->lock);
    return SWAP_ERR_SHORT;
  }
  return SWAP_OK;
}

static int prepare(pool_model *m) {
  swap_pool *pool = m->pool;
  int status = open_file(m);
  if (status)
    return status;
  status = pool_make_ladder(m);
  if (status == SWAP_ERR_GEOMETRY)
    return fail(pool, status,
                "all plans of the model read weights in place, a pool has them "
                "in memory of its own: compile it for other budgets");
  if (status)
    return tell(m, status, 1, 0);
  if (!(m->call_ns = calloc(m->model->kernel_count + 1, sizeof *m->call_ns)))
    return fail(pool, SWAP_ERR_BUDGET, "out of memory");
  if (pool->options.event &&
      !(m->begun_ns = calloc(m->model->unit_count + 1, sizeof *m->begun_ns)))
    return fail(pool, SWAP_ERR_BUDGET, "out of memory");
  if (!port_homes_reserve(&m->homes, &pool->account, m->model))
    return fail(pool, SWAP_ERR_BUDGET,
                "the system does not provide addresses for the weights");
  return SWAP_OK;
}

int pool_model_create(swap_pool *pool, const swap_model *model,
                      const char *weights, pool_model **made) {
  *made = NULL;
  if (model->abi_version != SWAP_ABI_VERSION)
    return fail(pool, SWAP_ERR_ABI, swap_status_string(SWAP_ERR_ABI));
  pool_model *m = calloc(1, sizeof *m);
  char *path = strdup(weights);
  if (!m || !path) {
    free(m);
    free(path);
    return fail(pool, SWAP_ERR_BUDGET, "out of memory");
  }
  m->pool = pool;
  m->model = model;
  m->weights = path;
  m->choice = POOL_NONE;
  m->executor = (swap_executor){m, 1, parallel};
  const int status = prepare(m);
  if (status) {
    pool_model_destroy(m);
    return status;
  }
  *made = m;
  return SWAP_OK;
}

int pool_model_open(pool_model *m) {
  const swap_pool *pool = m->pool;
  const swap_plan *plan = pool_plan(m, m->choice);
  const swap_config config = {
      .arena = m->stretch,
      .arena_bytes = plan->region_bytes,
      .storage = port_link_storage(m->client),
      .executor = &m->executor,
      .clock = swap_posix_clock,
      .event = pool_session_event,
      .event_context = m,
      .homes = m->homes.base,
      .present = m->homes.present,
      .yield = pool_lane_yields,
      .yield_context = m,
      .flags = SWAP_FLAG_NO_AHEAD |
               (pool->options.flags & SWAP_FLAG_NO_VERIFY)};
  const int status = swap_open(&m->session, m->model, plan, &config);
  return status ? tell(m, status, 1, port_link_file(m->client)->last_error)
                : SWAP_OK;
}

/* The caller has the lock if the account knows of the model's memory. */
void pool_model_destroy(pool_model *m) {
  if (!m)
    return;
  swap_close(&m->session);
  if (m->engine)
    m->engine->close(m->engine);
  port_homes_release(&m->homes);
  if (m->client)
    port_link_close(m->client);
  free(m->begun_ns);
  free(m->call_ns);
  free(m->plans);
  free(m->choices);
  free(m->weights);
  free(m);
}
