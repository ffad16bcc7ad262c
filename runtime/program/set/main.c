/*===- main.c - main() of a set's executable ----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "set_program.h"

#define SAMPLE_NS (NS_PER_S / 10)

/* The signals that end a set are taken by main() alone, when it looks for them:
 * no other thread may have them. */
static sigset_t ends(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

static void hold_signals(int hold) {
  const sigset_t set = ends();
  pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Sleeps; true where a signal came that ends the set. */
static int interrupted(uint64_t ns) {
  const sigset_t set = ends();
  const struct timespec time = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
  return sigtimedwait(&set, NULL, &time) > 0;
}

static void sample(set_run *run, uint64_t now_ns) {
  pthread_mutex_lock(&run->lock);
  set_look(run);
  memory_add(run->memory, now_ns - run->start_ns, run->state.used_bytes,
             run->state.budget_bytes);
  for (uint32_t i = 0; i < run->task_count; ++i)
    if (run->tasks[i].handle)
      swap_task_get_state(run->tasks[i].handle, &run->tasks[i].state);
  if (run->trace)
    set_trace_sample(run->trace, now_ns);
  pthread_mutex_unlock(&run->lock);
}

/* Until the time is over or somebody ends it. */
static void watch(set_run *run) {
  uint64_t now = run->start_ns, next = now;
  for (;;) {
    if (now >= next) {
      sample(run, now);
      next = now + SAMPLE_NS;
    }
    screen_draw(run, now);
    const uint64_t until = next < run->last_ns ? next : run->last_ns;
    if (now >= run->last_ns || interrupted(until > now ? until - now : 0))
      return;
    now = swap_posix_clock();
  }
}

static int are_jobs_left(set_run *run) {
  int left = 0;
  pthread_mutex_lock(&run->lock);
  for (uint32_t i = 0; i < run->task_count; ++i)
    left |= run->tasks[i].count || run->tasks[i].submitting;
  pthread_mutex_unlock(&run->lock);
  return left;
}

/* No job comes any more; those that came are waited for, unless somebody asks
 * for the end once more. */
static void finish(set_run *run) {
  pthread_mutex_lock(&run->lock);
  run->stopping = 1;
  pthread_cond_broadcast(&run->wake);
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
  if (run->has_arrivals)
    pthread_join(run->arrivals, NULL);
  while (are_jobs_left(run))
    if (interrupted(5 * NS_PER_MS)) {
      screen_end();
      output_remove_pending();
      _Exit(fail(EXIT_RUN, "interrupted again, before all jobs ended"));
    }
  if (run->has_events)
    pthread_join(run->events, NULL);
  pthread_mutex_lock(&run->lock);
  run->ending = 1;
  for (uint32_t i = 0; i < run->task_count; ++i)
    pthread_cond_signal(&run->tasks[i].came);
  pthread_mutex_unlock(&run->lock);
  for (uint32_t i = 0; i < run->task_count; ++i)
    if (run->tasks[i].has_waiter)
      pthread_join(run->tasks[i].waiter, NULL);
}

static int start(set_run *run) {
  int status = 0;
  run->start_ns = swap_posix_clock();
  run->counted_ns = run->start_ns + run->options->warmup_ns;
  run->last_ns =
      run->duration_ns ? run->start_ns + run->duration_ns : UINT64_MAX;
  for (uint32_t i = 0; i < run->task_count; ++i) {
    set_task *task = &run->tasks[i];
    if (!task->handle)
      continue;
    task->arrives = 1;
    set_arrivals_begin(task, run->start_ns);
  }
  screen_start(run);
  for (uint32_t i = 0; !status && i < run->task_count; ++i)
    status = set_waiter_start(&run->tasks[i]);
  if (!status)
    status = set_arrivals_start(run);
  if (!status)
    status = set_events_start(run);
  return status;
}

/* What the outcome says about the exit status. */
static int judge(set_run *run) {
  uint64_t missed = 0, failed = 0, different = 0;
  for (uint32_t i = 0; i < run->task_count; ++i) {
    missed += run->tasks[i].counts.missed;
    failed += run->tasks[i].counts.failed;
    different += run->tasks[i].counts.different;
  }
  if (failed || different)
    return fail(EXIT_RUN, "%llu jobs failed, the outputs of %llu differ%s%s",
                (unsigned long long)failed, (unsigned long long)different,
                failed ? "; " : "", failed ? run->error : "");
  if (run->failed)
    return fail(EXIT_RUN, "%u of %llu changes could not be made; %s",
                run->changes_failed, (unsigned long long)run->change_count,
                run->error);
  if (missed && run->options->strict)
    return fail(EXIT_RUN, "%llu deadlines were missed",
                (unsigned long long)missed);
  return 0;
}

static int carry_out(set_run *run) {
  if (run->trace)
    set_trace_begin(run->trace);
  int status = set_pool_open(run);
  if (!status) {
    status = start(run);
    if (!status)
      watch(run);
    finish(run);
    run->end_ns = swap_posix_clock();
    sample(run, run->end_ns);
    if (run->failed)
      snprintf(run->error, sizeof run->error, "%s", swap_pool_error(run->pool));
  }
  swap_pool_close(run->pool);
  run->pool = NULL;
  screen_end();
  return status;
}

static int run_set(set_run *run) {
  output_file report = {.file = NULL};
  int status = 0;
  if (run->options->stats) /* a bad place is known before the set runs */
    status = output_open(&report, run->options->stats);
  hold_signals(1); /* one that comes before the set runs ends it at once */
  if (!status && run->options->trace)
    status = set_trace_open(run);
  if (!status && run->options->check)
    status = set_check_prepare(run);
  if (!status)
    status = carry_out(run);
  const int traced = set_trace_close(run);
  hold_signals(0);
  const int ran = run->end_ns != 0;
  if (ran)
    set_table(run);
  if (ran && report.file) {
    set_stats_write(run, report.file);
    const int written = output_commit(&report);
    status = status ? status : written;
  } else if (report.file) {
    output_discard(&report);
  }
  if (ran && !status)
    status = judge(run);
  return status ? status : traced;
}

static int prepare(set_run *run) {
  pthread_condattr_t monotonic;
  const char *given = run->options->budget, *asked = run->set->budget;
  run->need = set_measure(run->set);
  const int status =
      set_budget(&run->need, given ? "--budget" : "the set's budget",
                 given   ? given
                 : asked ? asked
                         : "max",
                 &run->budget);
  if (status)
    return status;
  run->duration_ns = run->options->duration_ns == UINT64_MAX
                         ? run->set->duration_ns
                         : run->options->duration_ns;
  if (run->duration_ns && run->options->warmup_ns >= run->duration_ns)
    return fail(EXIT_USAGE,
                "--warmup: no job would count, the set ends after %s",
                time_text(run->duration_ns));
  pthread_mutex_init(&run->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&run->wake, &monotonic);
  pthread_cond_init(&run->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  run->memory = calloc(1, sizeof *run->memory);
  run->changes = calloc(CHANGES_KEPT, sizeof *run->changes);
  if (!run->memory || !run->changes)
    return fail(EXIT_RUN, "out of memory");
  run->memory->every = 1;
  output_keep("/proc/self/exe", "this program");
  return set_tasks_create(run);
}

static int describe(set_run *run) {
  const int status = set_pool_open(run);
  if (!status)
    set_describe(run);
  swap_pool_close(run->pool);
  return status;
}

int main(int argc, char **argv) {
  set_options options;
  set_run run = {.set = &swap_set_instance, .options = &options};
  program_start(argc, argv);
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1); /* one heap for all threads, which hardly use it */
#endif
  int status = set_args_parse(&options, argc, argv);
  if (!status && options.help) {
    set_args_help(run.set);
  } else if (!status && options.version) {
    printf("%s, compiled by swapc " VERSION ", runtime ABI %u, set ABI %u\n",
           run.set->name, SWAP_ABI_VERSION, SWAP_SET_ABI_VERSION);
  } else if (!status) {
    status = set_check(run.set);
    if (!status)
      status = prepare(&run);
    if (!status)
      status = options.describe ? describe(&run) : run_set(&run);
    set_tasks_free(&run);
    free(run.memory);
    free(run.changes);
  }
  return program_end(status);
}
