/*===- table.c - What came of a set, for people -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <inttypes.h>
#include <string.h>

#include "set_program.h"

static double at_ms(const histogram *h, double share) {
  return in_ms(histogram_at(h, share));
}

static void print_task(const set_task *task, int width) {
  const set_counts *c = &task->counts;
  const histogram *latency = task->latency;
  char deadline[32] = "-";
  if (task->deadline_ns)
    snprintf(deadline, sizeof deadline, "%.1f", in_ms(task->deadline_ns));
  printf("%-*s %7" PRIu64 " %7" PRIu64 " %7" PRIu64, width, task->asks->name,
         c->runs, c->missed, c->refused);
  printf(" %9.1f %9.1f %9.1f %9.1f %9.1f %9s", in_ms(latency->least),
         at_ms(latency, 0.5), at_ms(latency, 0.9), at_ms(latency, 0.99),
         in_ms(latency->most), deadline);
  printf(" %9.1f %9.1f %9.1f  %s\n", at_ms(task->compute, 0.5),
         at_ms(task->stall, 0.5), at_ms(task->wait, 0.5),
         size_text(task->state.resident_bytes));
}

void set_table(const set_run *run) {
  const swap_pool_state *s = &run->state;
  const uint64_t duration = run->end_ns - run->start_ns;
  const double seconds = (double)duration / 1e9;
  int width = 4;
  for (uint32_t i = 0; i < run->task_count; ++i) {
    const int length = (int)strlen(run->tasks[i].asks->name);
    width = length > width ? length : width;
  }
  printf("%-*s %7s %7s %7s %9s %9s %9s %9s %9s %9s %9s %9s %9s  %s\n", width,
         "task", "runs", "missed", "refused", "min ms", "median", "p90", "p99",
         "max", "deadline", "compute", "stall", "wait", "resident");
  for (uint32_t i = 0; i < run->task_count; ++i)
    print_task(&run->tasks[i], width);
  printf("%s: %.1f s, budget %s of %s that all models need (%.1f%%), at most "
         "%s in use\n",
         run->set->name, seconds, size_text(s->budget_bytes),
         size_text(run->need.all),
         100.0 * (double)s->budget_bytes / (double)run->need.all,
         size_text(run->peak));
  printf("read %s, %.0f MB/s", size_text(s->read_bytes),
         (double)s->read_bytes / 1e6 / seconds);
  if (run->need.link > 0)
    printf(", %.0f%% of what the link is predicted to give",
           100.0 * (double)s->read_bytes / seconds / run->need.link);
  printf("; the processor was busy for %.0f%% of the time; %u reallocations\n",
         100.0 * (double)s->compute_ns / (double)duration /
             (s->lanes ? s->lanes : 1),
         s->reallocations);
  printf("%s%s\n",
         run->feasible[0] ? "not feasible by prediction: "
                          : "feasible by prediction",
         run->feasible);
}
