/*===- swap/pool.h - Several models under one budget --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* One budget, one link and the processor's cores for the inferences of many
|* models. Who gets which part of the budget is chosen anew whenever a task
|* comes, goes, changes, falls idle or wakes, and when the budget changes; see
|* docs/several-networks.md for how.
|*
|*   swap_pool *pool;
|*   swap_pool_options options = {.budget_bytes = 200 << 20};
|*   swap_pool_open(&pool, &options);
|*   swap_task *signs;
|*   swap_task_options often = {.name = "signs", .weights = "signs.swap",
|*                              .period_ns = 500000000};
|*   swap_pool_add(pool, &signs_model, &often, &signs);
|*   swap_job job;
|*   swap_pool_submit(signs, inputs, outputs, 0, &job);
|*   swap_pool_wait(signs, job, NULL);
|*   swap_pool_close(pool);
|*
|* All calls may come from any thread, but for those that say otherwise. Errors
|* are negative swap_status values.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_POOL_H
#define SWAP_POOL_H

#include "swap/posix.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct swap_pool swap_pool;
typedef struct swap_task swap_task;

/* Jobs of a task, counted from 1. */
typedef uint64_t swap_job;

#define SWAP_POOL_MAX_TASKS 64u
#define SWAP_PRIORITY_MAX 7u

struct swap_pool_event;

typedef struct swap_pool_options {
  uint64_t budget_bytes; /* of all tasks together; 0: no limit */
  uint32_t threads;      /* that compute; 0: as many as are online */
  uint32_t lanes;        /* jobs that compute side by side, each with its part
                            of the threads; 0 is 1: they take turns on all */
  uint32_t io;           /* swap_posix_io: auto, uring or thread */
  uint32_t flags;        /* SWAP_FLAG_NO_VERIFY */
  uint64_t link_bytes_per_second; /* of an undisturbed link, for the choice of
                                     budgets; 0: as the plans predict it */
  int quiet;             /* no notes on stderr */
  /* Called from a lane or from who calls pool functions, with the pool locked:
   * it must be short and must not call back, but for swap_task_name and
   * swap_task_model. Null: nobody listens. */
  void (*event)(void *context, const struct swap_pool_event *event);
  void *event_context;
} swap_pool_options;

/* What a task asks for. All zero but `name` is a task without a deadline. */
typedef struct swap_task_options {
  const char *name;     /* for messages; copied */
  const char *weights;  /* path of the blob; copied */
  uint64_t period_ns;   /* between two submissions, at least or on average; 0:
                           not known, then it is observed */
  uint64_t deadline_ns; /* from submission to completion; 0: the period, and
                           without that none; UINT64_MAX: none */
  uint32_t priority;    /* 0 to SWAP_PRIORITY_MAX: a higher one goes first, and
                           its lateness counts twice as much for each step */
  uint32_t depth;       /* jobs that may wait or run at once; 0 is 2 */
  uint64_t idle_ns;     /* without a job for so long, the task's memory goes to
                           the others; 0: four periods, at least 1 s */
  uint32_t flags;       /* SWAP_TASK_* */
} swap_task_options;

/* swap_pool_add and swap_pool_change fail with SWAP_ERR_BUDGET if by prediction
 * a deadline of the set cannot be met, and say which and why. Without it only a
 * set whose smallest plans do not fit is refused. */
#define SWAP_TASK_ADMIT 1u

typedef enum swap_pool_event_kind {
  SWAP_POOL_SUBMIT, /* a job came */
  SWAP_POOL_START,  /* it got memory; its first reads may begin */
  SWAP_POOL_CALL,   /* a kernel ran, index: which */
  SWAP_POOL_STALL,  /* a lane had nothing to compute, task: who waited longest,
                       or null where no job was there (idle) */
  SWAP_POOL_READ,   /* a unit or a piece of rows came in, index: unit */
  SWAP_POOL_DONE,   /* a job ended, index: swap_status as uint32_t */
  SWAP_POOL_PLAN,   /* a task has another plan, index: which */
  SWAP_POOL_MEMORY  /* used_bytes changed */
} swap_pool_event_kind;

typedef struct swap_pool_event {
  swap_pool_event_kind kind;
  uint32_t index;
  uint32_t lane;
  const swap_task *task;
  swap_job job;
  uint64_t begin_ns, end_ns; /* swap_posix_clock */
  uint64_t used_bytes;       /* of the pool, now */
  uint64_t budget_bytes;
} swap_pool_event;

/* `*pool` is set on failure too, for swap_pool_error; close it in every case. */
int swap_pool_open(swap_pool **pool, const swap_pool_options *options);

/* Adds a task. Tasks of the same model and weights share its memory, and their
 * jobs run one after another. The model outlives the task. SWAP_ERR_BUDGET: the
 * smallest plans of all do not fit; the message names the smallest budget that
 * does. Nothing changed then. */
int swap_pool_add(swap_pool *pool, const swap_model *model,
                  const swap_task_options *options, swap_task **task);

/* Another period, deadline, priority, ...; name and weights stay. */
int swap_pool_change(swap_task *task, const swap_task_options *options);

/* Waits for the task's jobs, then its memory goes to the others. The handle is
 * gone when it returns. */
void swap_pool_remove(swap_task *task);

/* Changes the budget. When it returns, no more than that is in use: it waits for
 * jobs that hold more. SWAP_ERR_BUDGET: too small for the smallest plans; the
 * old one stays. */
int swap_pool_set_budget(swap_pool *pool, uint64_t budget_bytes);

/* A job: inputs and outputs as in swap_run, which must stay until it is done.
 * `deadline_ns` is absolute (swap_posix_clock), 0: as the task's options say.
 * SWAP_ERR_STATE: `depth` jobs are waiting or running already. */
int swap_pool_submit(swap_task *task, const void *const *inputs,
                     void *const *outputs, uint64_t deadline_ns, swap_job *job);

typedef struct swap_job_result {
  int status;
  uint64_t submit_ns, start_ns, end_ns, deadline_ns; /* 0: no deadline */
  uint64_t compute_ns;    /* inside kernels */
  uint64_t stall_ns;      /* it could not go on for want of a unit */
  uint64_t wait_ns;       /* others computed, or it had no memory yet */
  uint64_t read_bytes;    /* that came in for it */
  uint32_t plan;          /* index into the model's plans */
  uint32_t preempted;     /* how often a more urgent job went before it */
} swap_job_result;

/* Waits for a job, and answers its status. Jobs of a task end in the order of
 * submission; results of the last `depth` are kept. SWAP_ERR_ARGUMENT: never
 * submitted, or no longer known. */
int swap_pool_wait(swap_task *task, swap_job job, swap_job_result *result);

typedef struct swap_pool_state {
  uint64_t budget_bytes;
  uint64_t used_bytes;     /* memory taken from the system for plans, now */
  uint64_t peak_bytes;     /* and at most, since the budget was last changed */
  uint64_t zone_bytes;     /* of these, shared by runs: activations, streamed
                              units, scratch */
  uint64_t resident_bytes; /* the rest */
  uint64_t read_bytes;     /* over the link, ever */
  uint64_t compute_ns;     /* of all lanes together */
  uint64_t stall_ns;
  uint32_t tasks;
  uint32_t jobs;           /* waiting or running */
  uint32_t reallocations;
  uint32_t overlap;        /* runs that may be started at once */
  uint32_t threads;        /* that compute */
  uint32_t lanes;
  const char *io;          /* "uring" or "thread" */
} swap_pool_state;
void swap_pool_get_state(swap_pool *pool, swap_pool_state *state);

typedef struct swap_task_state {
  uint32_t plan;           /* that is in force */
  uint32_t target_plan;    /* that it will have */
  uint64_t resident_bytes; /* in memory */
  uint64_t predicted_ns;   /* of a job alone with the target plan */
  uint64_t response_ns;    /* predicted worst time from submission to completion;
                              UINT64_MAX: without bound */
  uint64_t runs, missed;
  int idle;
} swap_task_state;
void swap_task_get_state(const swap_task *task, swap_task_state *state);
const char *swap_task_name(const swap_task *task);
const swap_model *swap_task_model(const swap_task *task);

/* Whether every deadline is kept by prediction: SWAP_OK, or SWAP_ERR_BUDGET and
 * a sentence in `text` that names task, resource and what would be enough. */
int swap_pool_feasible(swap_pool *pool, char *text, size_t size);

/* What the last failed call of this pool failed of. Not to be called while
 * another thread calls pool functions. */
const char *swap_pool_error(const swap_pool *pool);

/* Waits for all jobs. Null is fine. */
void swap_pool_close(swap_pool *pool);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_POOL_H */
