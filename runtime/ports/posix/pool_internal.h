/*===- pool_internal.h - What the pool's files share --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Two locks. `changes` is held by calls that change the set of tasks or the
|* budget, from beginning to end, so that each sees the one before complete.
|* `lock` guards everything else; lanes hold it only between two pieces of a run.
|* A model that is `busy` belongs to a thread that does without the lock: nobody
|* else touches its session, plan, homes or stretch.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORT_POOL_INTERNAL_H
#define SWAP_PORT_POOL_INTERNAL_H

#include "swap/pool.h"

#include "link.h"
#include "policy.h"
#include "pool_engine.h"
#include "shared_memory.h"

#include <pthread.h>
#include <stdatomic.h>

#define POOL_NONE UINT32_MAX
#define POOL_MAX_LANES 16u
#define POOL_MAX_DEPTH 4096u

/* Between kernels a lane looks for more urgent jobs so often. */
#define POOL_LOOK_NS UINT64_C(100000)
/* Bytes under way of units that come in while no job wants them. */
#define POOL_FILL_BYTES (UINT64_C(8) << 20)

struct pool_lane;

typedef enum pool_job_state {
  POOL_JOB_WAITS,   /* not started */
  POOL_JOB_READY,   /* started, it could go on */
  POOL_JOB_PENDING, /* started, a read is not there yet */
  POOL_JOB_ENDED
} pool_job_state;

typedef struct pool_job {
  swap_job id;
  pool_urgency urgency;
  pool_job_state state;
  uint64_t mark;       /* its time is accounted for up to here */
  swap_job_result result;
  void *tensors[]; /* inputs, outputs */
} pool_job;

/* Several models under one budget: tasks of the same model and weights share
 * one of these. */
typedef struct pool_model {
  swap_pool *pool;
  const swap_model *model;
  char *weights; /* path */
  port_link_client *client;
  port_homes homes;
  swap_session session;
  int opened; /* the session is, and jobs may start */
  int busy;
  /* The ladder: choices in ascending order of memory, and whose plans they are. */
  pool_choice *choices;
  uint32_t *plans;
  uint32_t choice_count;
  uint32_t target; /* choice that it shall have */
  uint32_t choice; /* that it has, POOL_NONE: it cannot run now */
  int filled;      /* all resident units are there, or could not be read */
  /* The job that was started. */
  swap_task *task; /* null: none */
  pool_job *job;
  void *stretch;
  int computed;        /* it has begun to, so it is not taken back any more */
  uint64_t bytes_before, bytes_seen; /* of the client: at its start; when it had
                                        to wait */
  uint64_t events_seen;
  /* Who computes. The executor hands on to the lane's. */
  struct pool_lane *lane;
  swap_executor executor;
  /* Kernels' time against the plan's, smoothed; and as the last choice of
   * budgets had it. 0: not measured yet. */
  double slowness, slowness_used;
  uint64_t *begun_ns; /* per unit, for SWAP_POOL_READ; null: nobody listens */
  _Atomic uint64_t *call_ns; /* per kernel, of a call, smoothed; 0: not known */
  /* What runs it in place of the session; null: this processor does. */
  pool_engine *engine;
  int engine_status; /* of its last call */
  uint32_t tried;    /* reallocations, when its plan was last to be exchanged */
} pool_model;

struct swap_task {
  swap_pool *pool;
  pool_model *model;
  char *name;
  swap_task_options options; /* its strings are the task's and the model's */
  uint32_t depth;
  uint32_t places; /* for jobs: those that live, and results */
  pool_job **jobs;
  uint64_t submitted, ended; /* jobs; those between wait or run */
  uint32_t waiters;
  int removing;
  int idle;
  int was_idle;            /* when budgets were last chosen */
  uint64_t active_ns;      /* when it last came, had a job, or changed */
  uint64_t submit_ns;      /* of the last job */
  uint64_t observed_ns;    /* smoothed time between two, 0: not known */
  uint64_t observed_used;  /* when budgets were last chosen */
  uint64_t response_ns;    /* predicted */
  uint64_t runs, missed;
  char failure[512 + 4096]; /* what the last failed job failed of */
};

typedef struct pool_lane {
  swap_pool *pool;
  uint32_t index;
  pthread_t id;
  int started;
  port_threads *threads;
  pool_model *model;  /* that it advances */
  pool_model *last;   /* that it advanced last, while that is there */
  int ahead;          /* only up to its first kernel */
  uint64_t looked_ns; /* when it last looked for more urgent jobs */
  _Atomic int look;   /* something came that may be more urgent */
  int asleep;         /* in the link */
} pool_lane;

struct swap_pool {
  pthread_mutex_t changes, lock;
  pthread_cond_t work;    /* for lanes */
  pthread_cond_t changed; /* for callers: jobs ended, memory came or went */
  swap_pool_options options;
  int locks_made;
  uint64_t budget; /* UINT64_MAX: none */
  port_account account;
  port_zone zone;
  port_link *link;
  pool_lane lanes[POOL_MAX_LANES];
  uint32_t lane_count;
  int stop;
  pool_model *models[SWAP_POOL_MAX_TASKS];
  uint32_t model_count;
  swap_task *tasks[SWAP_POOL_MAX_TASKS];
  uint32_t task_count;
  uint64_t zone_target;
  uint32_t overlap;
  double link_rate; /* bytes per second, as it is known now */
  double link_rate_used; /* as budgets were chosen with */
  double seen_rate; /* of the link, while it had something to do; 0: unknown */
  port_link_counters seen; /* when that was looked at last */
  uint32_t started; /* runs, each with a stretch */
  int blocked;      /* the most urgent start found no stretch, since one came */
  uint32_t engines; /* models that have one: all or none */
  int engine_busy;  /* one of them is being called */
  uint64_t engine_bytes; /* that their runs read, ever */
  uint32_t holds;   /* callers that wait for a stretch: no run is started */
  uint64_t order;   /* of submissions */
  uint64_t compute_ns, stall_ns;
  uint32_t reallocations;
  uint64_t chosen_ns;   /* when budgets were last chosen */
  uint64_t patience_ns; /* so long others may go before a job, whatever its
                           priority */
  char error[1024 + 4096];
};

/* pool_events.c: with the lock held. Nothing where nobody listens. */
void pool_emit(swap_pool *pool, swap_pool_event_kind kind,
               const swap_pool_event *event);
void pool_emit_job(const swap_task *task, const pool_job *job,
                   swap_pool_event_kind kind, uint32_t index, uint64_t begin_ns,
                   uint64_t end_ns);
void pool_memory_changed(void *pool);
/* swap_config.event, without it. */
void pool_session_event(void *model, swap_event_kind kind, uint32_t index,
                        uint64_t begin_ns, uint64_t end_ns);

/* pool_open.c: a sentence for swap_pool_error; answers `status`. */
int pool_fail(swap_pool *pool, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Lanes look whether there is something to do. */
void pool_wake(swap_pool *pool);
/* Those that have nothing to do look. */
void pool_wake_sleepers(swap_pool *pool);

/* pool_ladder.c */
int pool_make_ladder(pool_model *model);
/* Times as measured, with what the last runs took. */
void pool_update_ladder(pool_model *model);
/* Of kernels, as predicted, beside what the plan reads; at least 1. */
double pool_planned_ns(const pool_model *model, const swap_plan *plan);
/* pool_rate.c: an average that forgets. */
double pool_smooth(double before, double here);
void pool_measure_link(swap_pool *pool);
/* By which stalls are longer than predicted, at least 1; bytes per second. */
double pool_link_slowness(const swap_pool *pool);
double pool_link_rate(const swap_pool *pool);
const swap_plan *pool_plan(const pool_model *model, uint32_t choice);

/* pool_model.c: without the lock; on failure the pool's error says why, which
 * takes the lock. */
int pool_model_create(swap_pool *pool, const swap_model *model,
                      const char *weights, pool_model **made);
int pool_model_open(pool_model *model);
void pool_model_destroy(pool_model *model);
uint32_t pool_lane_threads(const swap_pool *pool);

/* pool_budget.c, with the lock held. */
/* What everyone asks for. `ladders` and `loads` have SWAP_POOL_MAX_TASKS. */
pool_system pool_describe(swap_pool *pool, pool_ladder *ladders,
                          pool_load *loads);
/* Chooses everybody's plan anew. SWAP_ERR_BUDGET: nothing changed. */
int pool_reallocate(swap_pool *pool);
/* The same, but nothing changes unless that is worth moving memory. */
void pool_reconsider(swap_pool *pool);
/* Brings plans and zone closer to what was chosen, as far as runs and memory
 * allow now. */
void pool_settle(swap_pool *pool);
void *pool_take_stretch(swap_pool *pool, uint64_t bytes);
void pool_give_stretch(swap_pool *pool, void *stretch);
uint64_t pool_least(swap_pool *pool);

/* pool_verdict.c: a sentence on what pool_admit found. */
int pool_tell(swap_pool *pool, const pool_system *system, char *text,
              size_t size);

/* pool_idle.c, with the lock held: tasks that fall idle or wake, and those whose
 * habits changed. When the next may fall idle, UINT64_MAX: none. */
uint64_t pool_check_idle(swap_pool *pool, uint64_t now);
void pool_check_habits(swap_pool *pool);
uint64_t pool_period(const swap_task *task);
uint64_t pool_deadline(const swap_task *task);
uint64_t pool_patience(const swap_pool *pool);

/* pool_tasks.c */
int pool_has_task(const swap_pool *pool, const swap_task *task);

/* pool_jobs.c, with the lock held. */
pool_job *pool_job_of(const swap_task *task, swap_job job);
/* The job that the task's next run is for; null: none waits. */
pool_job *pool_head(const swap_task *task);
/* Time since the mark was computing (in part), waiting, or waiting for a read. */
void pool_account_time(pool_job *job, uint64_t now);
void pool_job_end(pool_model *model, int status);
/* Places for another depth; jobs that live keep theirs. */
int pool_jobs_make(swap_task *task, uint32_t depth);
void pool_jobs_free(swap_task *task);

/* pool_calls.c: kernels' times, by who runs them or with the lock held. */
void pool_note_call(pool_model *model, uint32_t kernel, uint64_t ns);
uint64_t pool_longest_call(const pool_model *model);
/* Whether the model's next call does not keep a more urgent job waiting that
 * waits for a read. */
int pool_may_compute(const pool_model *model, uint64_t now);

/* pool_order.c, with the lock held. */
/* The most urgent job of a model, started or not; null: it has none. */
const pool_urgency *pool_model_urgency(const pool_model *model, uint64_t now);
/* The task whose head is the model's most urgent job that was not started. */
swap_task *pool_first_waiting(const pool_model *model, uint64_t now);
/* The task whose job waits for its start and is the most urgent of those that
 * could start now or have only to wait for a stretch; null: none. */
swap_task *pool_next_start(swap_pool *pool, uint64_t now);
/* The model whose started job goes on next; null: none can. */
pool_model *pool_next_run(swap_pool *pool, uint64_t now);
/* A started job that computed nothing yet and is less urgent than `urgency`. */
pool_model *pool_least_begun(swap_pool *pool, const pool_urgency *urgency,
                             uint64_t now);
/* Whether the lane should see what else there is to do. */
int pool_should_yield(pool_lane *lane, uint64_t now);
/* The model whose resident units come in while the link has nothing to do. */
pool_model *pool_next_fill(swap_pool *pool);
int pool_link_rests(swap_pool *pool);
/* Tells the link how urgent a model's reads are. */
void pool_tell_link(pool_model *model);

/* pool_engine.c, with the lock held, but for pool_engine_create. The first runs
 * or exchanges something; 0: there is nothing to do. */
int pool_engine_step(pool_lane *lane, uint64_t now);
int pool_engine_create(swap_pool *pool, const swap_model *model,
                       const char *weights, pool_engine *engine,
                       pool_model **made);
int pool_engine_open(pool_model *model); /* waits for its first plan */
void pool_engine_close(pool_model *model);

/* pool_lane.c */
void *pool_lane_main(void *lane);
int pool_lane_yields(void *model); /* swap_config.yield */

#endif /* SWAP_PORT_POOL_INTERNAL_H */
