/*===- pool_jobs.c - Submitting, waiting, results -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "pool_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pool_job *make_job(const swap_model *model) {
  const size_t tensors = (size_t)model->input_count + model->output_count;
  return calloc(1, sizeof(pool_job) + tensors * sizeof(void *));
}

void pool_jobs_free(swap_task *task) {
  for (uint32_t i = 0; i < task->places; ++i)
    free(task->jobs[i]);
  free(task->jobs);
  task->jobs = NULL;
  task->places = 0;
}

int pool_jobs_make(swap_task *task, uint32_t depth) {
  const uint64_t live = task->submitted - task->ended;
  const uint32_t most = live > depth ? (uint32_t)live : depth;
  swap_task made = {.places = 2 * most};
  made.jobs = calloc(made.places, sizeof *made.jobs);
  if (!made.jobs)
    return SWAP_ERR_BUDGET;
  for (uint32_t i = 0; i < made.places; ++i)
    if (!(made.jobs[i] = make_job(task->model->model))) {
      pool_jobs_free(&made);
      return SWAP_ERR_BUDGET;
    }
  /* A job that was started stays where it is: its session knows its tensors. */
  for (swap_job id = task->submitted; id; --id) {
    if (!pool_job_of(task, id) || task->submitted - id >= made.places)
      break;
    pool_job **to = &made.jobs[(id - 1) % made.places];
    pool_job **from = &task->jobs[(id - 1) % task->places];
    pool_job *job = *to;
    *to = *from;
    *from = job;
  }
  pool_jobs_free(task);
  task->jobs = made.jobs;
  task->places = made.places;
  task->depth = depth;
  return SWAP_OK;
}

pool_job *pool_job_of(const swap_task *task, swap_job job) {
  if (!job || job > task->submitted || task->submitted - job >= task->places)
    return NULL;
  return task->jobs[(job - 1) % task->places];
}

pool_job *pool_head(const swap_task *task) {
  if (task->ended == task->submitted || task->model->task == task)
    return NULL;
  return pool_job_of(task, task->ended + 1);
}

void pool_account_time(pool_job *job, uint64_t now) {
  if (job->state == POOL_JOB_PENDING)
    job->result.stall_ns += now - job->mark;
  else
    job->result.wait_ns += now - job->mark;
  job->mark = now;
}

static uint64_t deadline_of(const swap_task *task, uint64_t now,
                            uint64_t asked) {
  const uint64_t relative = pool_deadline(task);
  if (asked)
    return asked;
  return relative == UINT64_MAX || now > UINT64_MAX - relative
             ? UINT64_MAX
             : now + relative;
}

static void observe(swap_task *task, uint64_t now) {
  if (task->submitted) {
    const uint64_t period = now - task->submit_ns;
    task->observed_ns =
        task->observed_ns ? (task->observed_ns * 7 + period) / 8 : period;
  }
  task->submit_ns = task->active_ns = now;
}

static int submit(swap_task *task, const void *const *inputs,
                  void *const *outputs, uint64_t deadline_ns, swap_job *id) {
  swap_pool *pool = task->pool;
  const swap_model *model = task->model->model;
  if (task->removing)
    return pool_fail(pool, SWAP_ERR_STATE, "%s: the task is being removed",
                     task->name);
  if (task->submitted - task->ended >= task->depth)
    return pool_fail(pool, SWAP_ERR_STATE,
                     "%s: %u jobs are waiting or running already: wait for one, "
                     "or give the task more depth",
                     task->name, (unsigned)task->depth);
  const uint64_t now = swap_posix_clock();
  observe(task, now);
  task->submitted += 1;
  pool_job *job = pool_job_of(task, task->submitted);
  if (model->input_count)
    memcpy(job->tensors, inputs, model->input_count * sizeof *inputs);
  if (model->output_count)
    memcpy(job->tensors + model->input_count, outputs,
           model->output_count * sizeof *outputs);
  const uint64_t deadline = deadline_of(task, now, deadline_ns);
  job->id = task->submitted;
  job->state = POOL_JOB_WAITS;
  job->mark = now;
  job->urgency = (pool_urgency){.priority = task->options.priority,
                                .deadline_ns = deadline,
                                .since_ns = now,
                                .order = pool->order++};
  job->result = (swap_job_result){
      .submit_ns = now,
      .deadline_ns = deadline == UINT64_MAX ? 0 : deadline};
  if (id)
    *id = task->submitted;
  pool->blocked = 0;
  pool_emit_job(task, job, SWAP_POOL_SUBMIT, 0, now, now);
  pool_check_idle(pool, now);
  if (task->model->task) /* it lends its urgency to who is before it */
    pool_tell_link(task->model);
  pool_wake(pool);
  return SWAP_OK;
}

int swap_pool_submit(swap_task *task, const void *const *inputs,
                     void *const *outputs, uint64_t deadline_ns, swap_job *job) {
  if (!task)
    return SWAP_ERR_ARGUMENT;
  const swap_model *model = task->model->model;
  swap_pool *pool = task->pool;
  pthread_mutex_lock(&pool->lock);
  const int status =
      (model->input_count && !inputs) || (model->output_count && !outputs)
          ? pool_fail(pool, SWAP_ERR_ARGUMENT, "%s: no tensors are given",
                      task->name)
          : submit(task, inputs, outputs, deadline_ns, job);
  pthread_mutex_unlock(&pool->lock);
  return status;
}

int swap_pool_wait(swap_task *task, swap_job id, swap_job_result *result) {
  if (!task)
    return SWAP_ERR_ARGUMENT;
  swap_pool *pool = task->pool;
  int status = SWAP_ERR_ARGUMENT;
  pthread_mutex_lock(&pool->lock);
  task->waiters += 1;
  while (id > task->ended && id <= task->submitted)
    pthread_cond_wait(&pool->changed, &pool->lock);
  const pool_job *job = pool_job_of(task, id);
  if (job) {
    status = job->result.status;
    if (result)
      *result = job->result;
    if (status)
      pool_fail(pool, status, "%s: %s", task->name, task->failure);
  } else {
    pool_fail(pool, status, "%s: job %llu is not known: it was never submitted, "
                            "or was followed by too many others",
              task->name, (unsigned long long)id);
  }
  task->waiters -= 1;
  if (task->removing)
    pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
  return status;
}

static void measure(pool_model *m) {
  const double here = (double)m->session.counters.compute_ns /
                      pool_planned_ns(m, pool_plan(m, m->choice));
  m->slowness = pool_smooth(m->slowness, here);
  if (!m->engine)
    pool_measure_link(m->pool);
}

void pool_job_end(pool_model *m, int status) {
  swap_pool *pool = m->pool;
  swap_task *task = m->task;
  pool_job *job = m->job;
  const uint64_t now = swap_posix_clock();
  swap_job_result *result = &job->result;
  result->status = status;
  result->end_ns = now;
  result->compute_ns = m->session.counters.compute_ns;
  result->read_bytes =
      m->engine ? m->session.counters.streamed_bytes
                : port_link_client_bytes(m->client) - m->bytes_before;
  result->plan = m->plans[m->choice == POOL_NONE ? m->target : m->choice];
  pool->engine_bytes += m->engine ? result->read_bytes : 0;
  if (status && m->engine) {
    snprintf(task->failure, sizeof task->failure, "%s",
             m->engine->error(m->engine));
  } else if (status) {
    const port_failure failure = {m->weights, 1,
                                  port_link_file(m->client)->last_error,
                                  &m->session};
    port_tell_failure(task->failure, sizeof task->failure, status, &failure);
  } else {
    measure(m);
    m->filled = 1;
  }
  job->state = POOL_JOB_ENDED;
  task->ended += 1;
  task->runs += 1;
  task->missed += result->deadline_ns && now > result->deadline_ns;
  task->active_ns = now;
  pool->compute_ns += result->compute_ns;
  pool_emit_job(task, job, SWAP_POOL_DONE, (uint32_t)status, now, now);
  pool_give_stretch(pool, m->stretch);
  m->stretch = NULL;
  m->task = NULL;
  m->job = NULL;
  pool->started -= 1;
  if (!m->engine)
    port_link_set_urgency(m->client, NULL);
  pool_check_habits(pool);
  pool_settle(pool);
  pool_wake(pool);
}
