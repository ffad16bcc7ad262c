/*===- trace_events.c - A set's events as Chrome's ----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Jobs and reads overlap each other, so they are asynchronous events. Of a job
|* these are nested: waiting, then computing and stalled in turns.
\*===----------------------------------------------------------------------===*/
#include <inttypes.h>

#include "set_trace.h"

enum { LANES = 1, TASKS, LINK }; /* processes of the trace */

#define JOINED_NS 50000u /* calls so close to each other are one span */

static double us(const set_trace *t, uint64_t ns) {
  return ((double)ns - (double)t->start_ns) / 1e3;
}

static const char *name_of(const set_trace *t, uint32_t task) {
  return t->run->tasks[task].asks->name;
}

void trace_write_head(set_trace *t) {
  static const char *const names[] = {"lanes", "tasks", "link"};
  FILE *out = t->out.file;
  fprintf(out, "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n"
               "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{"
               "\"name\":\"lanes\"}}");
  for (int i = 1; i < 3; ++i)
    fprintf(out,
            ",\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{"
            "\"name\":\"%s\"}}",
            i + 1, names[i]);
  for (uint32_t i = 0; i < t->run->task_count; ++i) {
    fprintf(out,
            ",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"name\":\"thread_name\","
            "\"args\":{\"name\":",
            TASKS, i + 1);
    json_string(out, name_of(t, i));
    fprintf(out, "}}");
  }
}

/* One end of a span of a job. */
static void write_phase(set_trace *t, char end, const trace_record *r,
                        const char *name, uint64_t at_ns) {
  FILE *out = t->out.file;
  fprintf(out,
          ",\n{\"ph\":\"%c\",\"cat\":\"job\",\"id\":\"%u.%" PRIu64
          "\",\"pid\":%d,\"tid\":%u,\"ts\":%.3f,\"name\":",
          end, r->task, r->job, TASKS, r->task + 1, us(t, at_ns));
  json_string(out, name ? name : name_of(t, r->task));
  if (!name)
    fprintf(out, ",\"args\":{\"%s\":%" PRIu64 "}",
            end == 'b' ? "job" : "status", end == 'b' ? r->job : r->index);
  fprintf(out, "}");
}

/* What a job has computed in one go. */
static void end_computing(set_trace *t, uint32_t task) {
  struct trace_task *last = &t->tasks[task];
  const trace_record of = {.task = task, .job = last->job};
  if (!last->begin_ns)
    return;
  write_phase(t, 'b', &of, "computing", last->begin_ns);
  write_phase(t, 'e', &of, "computing", last->end_ns);
  last->begin_ns = 0;
}

static void computed(set_trace *t, const trace_record *r) {
  struct trace_task *last = &t->tasks[r->task];
  if (!last->begin_ns || last->job != r->job ||
      r->begin_ns > last->end_ns + JOINED_NS) {
    end_computing(t, r->task);
    last->begin_ns = r->begin_ns;
    last->job = r->job;
  }
  last->end_ns = r->end_ns;
}

static void write_span(set_trace *t, const trace_record *r) {
  FILE *out = t->out.file;
  if (r->lane < TRACE_LANES && !t->lanes[r->lane]) {
    t->lanes[r->lane] = 1;
    fprintf(out,
            ",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"name\":\"thread_name\","
            "\"args\":{\"name\":\"lane %u\"}}",
            LANES, r->lane + 1, r->lane);
  }
  fprintf(out,
          ",\n{\"ph\":\"X\",\"pid\":%d,\"tid\":%u,\"ts\":%.3f,\"dur\":%.3f,"
          "\"name\":",
          LANES, r->lane + 1, us(t, r->begin_ns),
          (double)(r->end_ns - r->begin_ns) / 1e3);
  const swap_model *model = t->run->tasks[r->task].asks->model;
  if (r->kind == SWAP_POOL_CALL && r->index < model->kernel_count)
    json_string(out, model->kernels[r->index].name);
  else
    fprintf(out, "\"stalled\"");
  fprintf(out, ",\"args\":{\"task\":");
  json_string(out, name_of(t, r->task));
  fprintf(out, ",\"job\":%" PRIu64 "}}", r->job);
}

static void write_read(set_trace *t, const trace_record *r) {
  FILE *out = t->out.file;
  const uint64_t id = t->reads++;
  const swap_model *model = t->run->tasks[r->task].asks->model;
  for (int end = 0; end < 2; ++end) {
    fprintf(out,
            ",\n{\"ph\":\"%c\",\"cat\":\"read\",\"id\":\"r%" PRIu64
            "\",\"pid\":%d,\"tid\":1,\"ts\":%.3f,\"name\":",
            end ? 'e' : 'b', id, LINK, us(t, end ? r->end_ns : r->begin_ns));
    json_string(out, name_of(t, r->task));
    fprintf(out, ",\"args\":{\"unit\":%u", r->index);
    if (r->index < model->unit_count && !model->units[r->index].row_bytes)
      fprintf(out, ",\"bytes\":%" PRIu64, model->units[r->index].length);
    fprintf(out, "}}");
  }
}

static void write_counter(set_trace *t, const char *name, const char *what,
                          int64_t value, uint64_t at_ns) {
  fprintf(t->out.file,
          ",\n{\"ph\":\"C\",\"pid\":%d,\"ts\":%.3f,\"name\":", LANES,
          us(t, at_ns));
  json_string(t->out.file, name);
  fprintf(t->out.file, ",\"args\":{\"%s\":%" PRId64 "}}", what, value);
}

static void write_memory(set_trace *t, const trace_record *r) {
  if (r->used == t->used && r->budget == t->budget)
    return;
  t->used = r->used;
  t->budget = r->budget;
  fprintf(t->out.file,
          ",\n{\"ph\":\"C\",\"pid\":%d,\"name\":\"memory\",\"ts\":%.3f,"
          "\"args\":{\"in use\":%" PRIu64 ",\"budget\":%" PRIu64 "}}",
          LANES, us(t, r->end_ns), r->used, r->budget);
}

static void write_instant(set_trace *t, uint64_t at_ns, const char *name) {
  fprintf(t->out.file,
          ",\n{\"ph\":\"i\",\"s\":\"g\",\"pid\":%d,\"tid\":1,\"ts\":%.3f,"
          "\"name\":",
          TASKS, us(t, at_ns));
  json_string(t->out.file, name);
  fprintf(t->out.file, "}");
}

/* It may have to start again, but waits only for the first time. */
static void started(set_trace *t, const trace_record *r) {
  if (t->tasks[r->task].started >= r->job)
    return;
  t->tasks[r->task].started = r->job;
  write_phase(t, 'e', r, "waiting", r->end_ns);
  write_counter(t, "jobs", "waiting", --t->waiting, r->end_ns);
}

static void write_of_task(set_trace *t, const trace_record *r) {
  char text[160];
  switch (r->kind) {
  case SWAP_POOL_SUBMIT:
    if (t->tasks[r->task].started >= r->job)
      t->tasks[r->task].started = 0; /* it went and came again */
    write_phase(t, 'b', r, NULL, r->begin_ns);
    write_phase(t, 'b', r, "waiting", r->begin_ns);
    write_counter(t, "jobs", "waiting", ++t->waiting, r->begin_ns);
    break;
  case SWAP_POOL_START:
    started(t, r);
    break;
  case SWAP_POOL_CALL:
    write_span(t, r);
    computed(t, r);
    break;
  case SWAP_POOL_STALL:
    write_span(t, r);
    end_computing(t, r->task);
    write_phase(t, 'b', r, "stalled", r->begin_ns);
    write_phase(t, 'e', r, "stalled", r->end_ns);
    break;
  case SWAP_POOL_READ:
    write_read(t, r);
    break;
  case SWAP_POOL_DONE:
    started(t, r); /* at the latest */
    end_computing(t, r->task);
    write_phase(t, 'e', r, NULL, r->end_ns);
    break;
  default:
    snprintf(text, sizeof text, "plan %u of %.100s", r->index + 1,
             name_of(t, r->task));
    write_instant(t, r->end_ns, text);
  }
}

void trace_write(set_trace *t, const trace_record *r) {
  write_memory(t, r);
  if (r->task != NO_TASK && r->kind < SWAP_POOL_MEMORY)
    write_of_task(t, r);
}

void trace_write_change(set_trace *t, const set_change *change) {
  char text[160];
  write_instant(t, t->run->start_ns + change->at_ns,
                set_change_text(t->run, change, text));
}

void trace_write_resident(set_trace *t, uint32_t task, uint64_t at_ns) {
  struct trace_task *last = &t->tasks[task];
  const uint64_t bytes = t->run->tasks[task].state.resident_bytes;
  char name[160];
  if (last->has_resident && last->resident == bytes)
    return;
  last->has_resident = 1;
  last->resident = bytes;
  snprintf(name, sizeof name, "resident %.100s", name_of(t, task));
  write_counter(t, name, "bytes", (int64_t)bytes, at_ns);
}

void trace_write_tail(set_trace *t, uint64_t dropped) {
  fprintf(t->out.file, "\n], \"otherData\": {\"dropped\": \"%" PRIu64 "\"}}\n",
          dropped);
}
