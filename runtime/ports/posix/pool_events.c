/*===- pool_events.c - What listeners are told --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

void pool_emit(swap_pool *pool, swap_pool_event_kind kind,
               const swap_pool_event *event) {
  if (!pool->options.event)
    return;
  swap_pool_event told = *event;
  told.kind = kind;
  told.used_bytes = pool->account.used;
  told.budget_bytes =
      pool->account.budget == UINT64_MAX ? 0 : pool->account.budget;
  pool->options.event(pool->options.event_context, &told);
}

void pool_emit_job(const swap_task *task, const pool_job *job,
                   swap_pool_event_kind kind, uint32_t index, uint64_t begin_ns,
                   uint64_t end_ns) {
  const pool_lane *lane = task->model->lane;
  pool_emit(task->pool, kind,
            &(swap_pool_event){.index = index,
                               .lane = lane ? lane->index : 0,
                               .task = task,
                               .job = job->id,
                               .begin_ns = begin_ns,
                               .end_ns = end_ns});
}

void pool_memory_changed(void *context) {
  swap_pool *pool = context;
  const uint64_t now = swap_posix_clock();
  pool_emit(pool, SWAP_POOL_MEMORY,
            &(swap_pool_event){.begin_ns = now, .end_ns = now});
}

/* A unit is on its way from IN to WAIT; rows are from the step's beginning. */
void pool_session_event(void *context, swap_event_kind kind, uint32_t index,
                        uint64_t begin_ns, uint64_t end_ns) {
  pool_model *model = context;
  swap_pool *pool = model->pool;
  if (kind == SWAP_EVENT_CALL)
    pool_note_call(model, index, end_ns - begin_ns);
  if (!pool->options.event)
    return;
  if (kind == SWAP_EVENT_IN)
    model->begun_ns[index] = begin_ns;
  if (kind != SWAP_EVENT_CALL && kind != SWAP_EVENT_WAIT)
    return;
  if (kind == SWAP_EVENT_WAIT && model->begun_ns[index]) {
    begin_ns = model->begun_ns[index];
    model->begun_ns[index] = 0;
  }
  pthread_mutex_lock(&pool->lock);
  pool_emit_job(model->task, model->job,
                kind == SWAP_EVENT_CALL ? SWAP_POOL_CALL : SWAP_POOL_READ, index,
                begin_ns, end_ns);
  pthread_mutex_unlock(&pool->lock);
}
