/*===- set_program.h - What the files of a set's program share ----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Threads: main() samples and draws, one submits jobs as they come, one carries
|* out events, one per task waits for its jobs. `lock` guards what of a
|* set_run they share; it may be held where the pool's own is taken, not the
|* other way round, so the pool's events know nothing of it.
|*
|* As in common.h, what can fail prints a message and returns an exit status.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_SET_PROGRAM_H
#define SWAP_SET_PROGRAM_H

#include <pthread.h>

#include "common.h"
#include "swap/pool.h"
#include "swap/set.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define SET_MAX_DEPTH 64u
/* After a failure, before the next of jobs that follow each other at once. */
#define SET_PAUSE_NS (NS_PER_S / 10)

typedef struct set_options {
  const char *budget; /* null: the set's */
  const char *weights;
  const char *stats;
  const char *trace;
  uint64_t duration_ns; /* UINT64_MAX: the set's */
  uint64_t warmup_ns;   /* jobs that are due earlier are in no figure */
  uint32_t threads;
  uint32_t lanes;
  uint32_t io;
  uint32_t seed;
  uint32_t random_changes;
  int has_io;
  int check;
  int admit;
  int strict;
  int quiet;
  int describe;
  int help;
  int version;
} set_options;

/* args.c */
int set_args_parse(set_options *o, int argc, char **argv);
void set_args_help(const swap_set *set);

/* times.c: "800ms" into nanoseconds, 0 for what is not a time; and back into
 * one of four static buffers. */
int time_parse(const char *text, uint64_t *ns);
const char *time_text(uint64_t ns);
double in_ms(uint64_t ns);

/* histogram.c: values in parts of 256 of a power of two, so that memory does
 * not grow with a set's duration; least, most and sum are exact. */
#define HISTOGRAM_FIRST 10u /* 1 us: what is below is counted as that */
#define HISTOGRAM_OCTAVES 32u
#define HISTOGRAM_PARTS 256u
typedef struct histogram {
  uint64_t count, least, most;
  double sum;
  uint32_t parts[HISTOGRAM_OCTAVES][HISTOGRAM_PARTS];
} histogram;
void histogram_add(histogram *h, uint64_t ns);
/* What the part `share` of all values does not exceed; 0 without values. */
uint64_t histogram_at(const histogram *h, double share);
double histogram_mean(const histogram *h);

/* random.c: numbers that a seed decides. */
typedef struct random_numbers {
  uint64_t state;
} random_numbers;
random_numbers random_from(uint64_t seed, uint64_t stream);
double random_unit(random_numbers *r); /* [0, 1) */
uint64_t random_below(random_numbers *r, uint64_t bound);
uint64_t random_interval(random_numbers *r, uint64_t mean_ns);

/* A job under way. */
typedef struct set_slot {
  void **outputs;
  swap_job job;
  uint64_t due_ns;      /* when it came: latencies count from here */
  uint64_t deadline_ns; /* absolute; 0: none */
} set_slot;

typedef struct set_counts {
  uint64_t runs, missed, refused, failed, different, preempted;
  int64_t worst_lateness_ns;
  int has_lateness;
} set_counts;

struct set_run;

typedef struct set_task {
  const swap_set_task *asks; /* as in the set */
  struct set_run *run;
  char *weights; /* path */
  tensors data;  /* outputs: those of the model alone, with --check */
  uint32_t index;
  uint32_t depth;
  /* With the lock: */
  swap_task *handle; /* null: it is not there */
  int arrives;       /* jobs come */
  int submitting;    /* one is just being submitted */
  uint64_t period_ns, deadline_ns;
  uint32_t priority;
  uint64_t nominal_ns, next_ns; /* the next job, without and with jitter;
                                   UINT64_MAX: none is known */
  random_numbers numbers;
  set_slot *slots; /* depth of them, a ring in order of submission */
  uint32_t first, count;
  uint64_t last_latency_ns;
  set_counts counts;
  histogram *latency, *compute, *stall, *wait;
  swap_task_state state; /* as last seen */
  pthread_cond_t came;   /* a slot was filled, or the program ends */
  pthread_t waiter;
  int has_waiter;
} set_task;

/* What a set needs, in bytes. */
typedef struct set_need {
  uint64_t all;   /* every model whole, once */
  uint64_t fixed; /* of that, what no budget saves: a GPU's code and graphs */
  uint64_t least; /* the smallest plans */
  double link;    /* bytes per second that reads come in at, by prediction: the
                     plan that waits most for them tells; 0: none streams */
} set_need;

/* memory.c: memory over time, in a bounded number of points. */
#define MEMORY_POINTS 2048u
typedef struct memory_log {
  struct memory_point {
    uint64_t at_ns, used, budget;
  } points[MEMORY_POINTS];
  uint32_t count;
  uint32_t every; /* of so many samples the one that uses most is kept */
  uint32_t seen;
  struct memory_point pending;
} memory_log;
void memory_add(memory_log *log, uint64_t at_ns, uint64_t used,
                uint64_t budget);

/* target_posix.c, target_cuda.c: what runs the models. */
extern const int set_target_is_gpu;
uint64_t set_target_overhead(const swap_set_task *task);
int set_target_add(swap_pool *pool, const set_task *task,
                   const swap_task_options *options, swap_task **handle);
/* One run within the smallest of the model's budgets, into the task's outputs. */
int set_target_run_alone(set_task *task);

/* Events as they were carried out. */
#define CHANGES_KEPT 4096u
typedef struct set_change {
  uint64_t at_ns, took_ns, value;
  uint32_t kind, task; /* as in swap_set_event */
  int status;
} set_change;

typedef struct set_run {
  const swap_set *set;
  const set_options *options;
  set_need need;
  uint64_t budget; /* at the beginning */
  uint64_t duration_ns;
  swap_pool *pool;
  uint64_t peak; /* with the lock: of memory in use, ever */
  uint32_t task_count;
  set_task *tasks;
  struct set_trace *trace;
  uint64_t start_ns;
  uint64_t counted_ns; /* jobs that are due from then on count */
  uint64_t last_ns; /* no job comes from then on; UINT64_MAX: not known */
  uint64_t end_ns;  /* 0: it is still going on */
  pthread_mutex_t lock;
  pthread_cond_t wake;    /* arrivals: something changed */
  pthread_cond_t changed; /* a job ended, or the program ends */
  int stopping;           /* with the lock: no more arrivals and events */
  int ending;             /* with the lock: waiters end when all is done */
  int failed;             /* with the lock: exit status 1 */
  uint32_t messages;      /* with the lock: that were printed of jobs */
  memory_log *memory;
  set_change *changes;
  uint64_t change_count;
  uint32_t changes_failed;
  char error[512];    /* the last of the pool's, where something failed */
  char feasible[512]; /* empty: it is, by prediction */
  swap_pool_state state;
  pthread_t arrivals, events;
  int has_arrivals, has_events;
} set_run;

/* need.c */
int set_check(const swap_set *set); /* the tables make sense */
set_need set_measure(const swap_set *set);
/* A size into bytes; `what` names where it stands in a message. */
int set_budget(const set_need *need, const char *what, const char *text,
               uint64_t *bytes);

/* tasks.c */
int set_tasks_create(set_run *run);
void set_tasks_free(set_run *run);
/* Opens the pool and adds the tasks that are there from the beginning. */
int set_pool_open(set_run *run);
/* Into and out of the pool; the latter waits for its jobs. A swap_status. */
int set_task_add(set_task *task, uint64_t now_ns);
void set_task_remove(set_task *task);
/* The task as it is now; with the lock. */
swap_task_options set_task_options(const set_task *task);

/* arrivals.c: submits jobs until run->stopping. */
int set_arrivals_start(set_run *run);
/* The first job after `from_ns`, or the next one; with the lock. */
void set_arrivals_begin(set_task *task, uint64_t from_ns);

/* waiter.c: takes results until run->ending. */
int set_waiter_start(set_task *task);

/* events.c */
/* The pool's state, and the most that was ever in use; with the lock. */
void set_look(set_run *run);
int set_events_start(set_run *run);
const char *set_change_text(const set_run *run, const set_change *change,
                            char text[160]);

/* check.c: the outputs that each model has alone; and whether a job's are the
 * same: 0, or 1 after a message. */
int set_check_prepare(set_run *run);
void set_check_clear(const set_task *task, void **outputs);
int set_check_compare(set_task *task, void **outputs, uint64_t job);

/* screen.c: what is printed while the set runs; and before, on a terminal: what
 * is being done of a task. */
void screen_note(const set_run *run, const char *what, uint32_t number);
void screen_start(set_run *run);
void screen_draw(set_run *run, uint64_t now_ns);
void screen_end(void);
void screen_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* trace.c: a ring between the pool and a thread that writes. */
typedef struct set_trace set_trace;
int set_trace_open(set_run *run);
/* Times count from here: before the pool is opened. */
void set_trace_begin(set_trace *trace);
/* Of swap_pool_options; the context is the set_trace. */
void set_trace_event(void *context, const swap_pool_event *event);
void set_trace_change(set_trace *trace, const set_change *change);
void set_trace_sample(set_trace *trace, uint64_t at_ns);
int set_trace_close(set_run *run);

/* table.c, stats.c, describe.c */
void set_table(const set_run *run);
void set_stats_write(const set_run *run, FILE *out);
void set_describe(set_run *run);
/* Members of an object that is begun; the first with a comma before it, null
 * where it is not known, the second with one behind. */
void json_ms(FILE *out, const char *name, uint64_t ns, int known);
void json_feasible(FILE *out, const set_run *run);

#endif /* SWAP_SET_PROGRAM_H */
