/*===- stats.c - What came of a set, for programs -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <inttypes.h>

#include "set_program.h"

void json_ms(FILE *out, const char *name, uint64_t ns, int known) {
  if (known)
    fprintf(out, ", \"%s\": %.6f", name, in_ms(ns));
  else
    fprintf(out, ", \"%s\": null", name);
}

static void write_latency(FILE *out, const histogram *h) {
  fprintf(out, ",\n     \"latency_ms\": {\"min\": %.6f, \"median\": %.6f, ",
          in_ms(h->least), in_ms(histogram_at(h, 0.5)));
  fprintf(out,
          "\"mean\": %.6f, \"p90\": %.6f, \"p99\": %.6f, \"max\": %.6f},\n    ",
          histogram_mean(h) / 1e6, in_ms(histogram_at(h, 0.9)),
          in_ms(histogram_at(h, 0.99)), in_ms(h->most));
}

static void write_task(FILE *out, const set_task *task) {
  const set_counts *c = &task->counts;
  const swap_task_state *s = &task->state;
  const swap_model *model = task->asks->model;
  fprintf(out, "    {\"name\": ");
  json_string(out, task->asks->name);
  fprintf(out, ", \"model\": ");
  json_string(out, model->name);
  fprintf(out,
          ", \"runs\": %" PRIu64 ", \"missed\": %" PRIu64
          ", \"refused\": %" PRIu64 ", \"failed\": %" PRIu64
          ", \"different\": %" PRIu64,
          c->runs, c->missed, c->refused, c->failed, c->different);
  json_ms(out, "period_ms", task->period_ns, task->period_ns != 0);
  json_ms(out, "deadline_ms", task->deadline_ns, task->deadline_ns != 0);
  fprintf(out, ", \"priority\": %u", task->priority);
  write_latency(out, task->latency);
  if (c->has_lateness)
    fprintf(out, " \"worst_lateness_ms\": %.6f",
            (double)c->worst_lateness_ns / 1e6);
  else
    fprintf(out, " \"worst_lateness_ms\": null");
  json_ms(out, "compute_ms", histogram_at(task->compute, 0.5), 1);
  json_ms(out, "stall_ms", histogram_at(task->stall, 0.5), 1);
  json_ms(out, "wait_ms", histogram_at(task->wait, 0.5), 1);
  json_ms(out, "predicted_ms", s->predicted_ns, 1);
  json_ms(out, "response_ms", s->response_ns, s->response_ns != UINT64_MAX);
  fprintf(out,
          ", \"plan_budget_bytes\": %" PRIu64 ", \"resident_bytes\": %" PRIu64
          ", \"preempted\": %" PRIu64 "}",
          s->plan < model->plan_count ? model->plans[s->plan].budget_bytes : 0,
          s->resident_bytes, c->preempted);
}

static void write_changes(FILE *out, const set_run *run) {
  const uint64_t kept =
      run->change_count < CHANGES_KEPT ? run->change_count : CHANGES_KEPT;
  fprintf(out, "  \"changes\": %" PRIu64 ", \"changes_failed\": %u,\n",
          run->change_count, run->changes_failed);
  fprintf(out, "  \"change_log\": [");
  for (uint64_t i = 0; i < kept; ++i) {
    const set_change *change = &run->changes[i];
    char text[160];
    fprintf(out, "%s\n    {\"at_ms\": %.3f, \"took_ms\": %.3f, \"change\": ",
            i ? "," : "", in_ms(change->at_ns), in_ms(change->took_ns));
    json_string(out, set_change_text(run, change, text));
    fprintf(out, ", \"status\": %d}", change->status);
  }
  fprintf(out, "%s],\n", kept ? "\n  " : "");
}

void json_feasible(FILE *out, const set_run *run) {
  fprintf(out, "  \"feasible\": ");
  if (run->feasible[0])
    json_string(out, run->feasible);
  else
    fprintf(out, "true");
  fprintf(out, ",\n");
}

static void write_pool(FILE *out, const set_run *run) {
  const swap_pool_state *s = &run->state;
  const double duration = (double)(run->end_ns - run->start_ns);
  fprintf(out, "{\n  \"set\": ");
  json_string(out, run->set->name);
  fprintf(out,
          ",\n  \"budget_bytes\": %" PRIu64 ",\n  \"need_bytes\": %" PRIu64
          ",\n  \"least_bytes\": %" PRIu64 ",\n  \"peak_bytes\": %" PRIu64
          ",\n",
          s->budget_bytes, run->need.all, run->need.least, run->peak);
  fprintf(out,
          "  \"zone_bytes\": %" PRIu64 ",\n  \"resident_bytes\": %" PRIu64
          ",\n  \"overlap\": %u,\n",
          s->zone_bytes, s->resident_bytes, s->overlap);
  fprintf(out,
          "  \"duration_s\": %.6f,\n  \"threads\": %u,\n  \"lanes\": %u,\n"
          "  \"io\": \"%s\",\n  \"seed\": %u,\n",
          duration / 1e9, s->threads, s->lanes, s->io ? s->io : "",
          run->options->seed);
  fprintf(out,
          "  \"read_bytes\": %" PRIu64 ",\n  \"link_share\": %.4f,\n"
          "  \"compute_ms\": %.6f,\n  \"stall_ms\": %.6f,\n",
          s->read_bytes,
          run->need.link > 0
              ? (double)s->read_bytes * 1e9 / duration / run->need.link
              : 0.0,
          in_ms(s->compute_ns), in_ms(s->stall_ns));
  fprintf(out, "  \"reallocations\": %u,\n", s->reallocations);
  json_feasible(out, run);
}

void set_stats_write(const set_run *run, FILE *out) {
  const memory_log *log = run->memory;
  write_pool(out, run);
  write_changes(out, run);
  fprintf(out, "  \"memory\": [");
  for (uint32_t i = 0; i < log->count; ++i)
    fprintf(out, "%s[%.1f, %" PRIu64 ", %" PRIu64 "]",
            !i      ? ""
            : i % 4 ? ", "
                    : ",\n    ",
            in_ms(log->points[i].at_ns), log->points[i].used,
            log->points[i].budget);
  fprintf(out, "],\n  \"tasks\": [\n");
  for (uint32_t i = 0; i < run->task_count; ++i) {
    fprintf(out, "%s", i ? ",\n" : "");
    write_task(out, &run->tasks[i]);
  }
  fprintf(out, "\n  ]\n}\n");
}
