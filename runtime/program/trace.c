/*===- trace.c - Chrome trace events ------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Events are kept in memory until the buffer is full, so that writing does not
|* disturb what is measured. Reads overlap, so they are asynchronous events:
from
|* the step that starts one to the step that has waited for it.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <stdlib.h>

#define EVENTS 32768u
#define MIN_STALL_NS 1000u

typedef struct event {
  uint64_t begin_ns;
  uint64_t end_ns;
  uint32_t index;
  uint32_t kind;
} event;

struct trace {
  output_file out;
  const swap_model *model;
  uint64_t start_ns;
  uint32_t count;
  uint8_t *reading; /* per unit: between IN and WAIT */
  event events[EVENTS];
};

trace *trace_open(const char *path, const swap_model *model) {
  trace *t = malloc(sizeof *t);
  if (!t || !(t->reading = calloc(model->unit_count + 1u, 1))) {
    free(t);
    fail(EXIT_RUN, "out of memory");
    return NULL;
  }
  t->model = model;
  t->count = 0;
  t->start_ns = swap_posix_clock();
  if (output_open(&t->out, path)) {
    free(t->reading);
    free(t);
    return NULL;
  }
  fprintf(
      t->out.file,
      "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n"
      "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":");
  json_string(t->out.file, model->name);
  fprintf(t->out.file, "}}");
  static const char *const tracks[] = {"compute", "reads", "stalls"};
  for (int i = 0; i < 3; ++i)
    fprintf(t->out.file,
            ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":\"thread_name\","
            "\"args\":{\"name\":"
            "\"%s\"}}",
            i + 1, tracks[i]);
  return t;
}

static double us(const trace *t, uint64_t ns) {
  return (double)(ns - t->start_ns) / 1e3;
}

static void write_read(trace *t, const char *phase, uint32_t unit,
                       uint64_t at) {
  fprintf(t->out.file,
          ",\n{\"ph\":\"%s\",\"cat\":\"read\",\"id\":%u,\"pid\":1,\"tid\":2,"
          "\"name\":\"unit %u\","
          "\"ts\":%.3f,\"args\":{\"bytes\":%llu}}",
          phase, unit, unit, us(t, at),
          (unsigned long long)t->model->units[unit].length);
}

static void write_span(trace *t, int track, const event *e) {
  fprintf(t->out.file,
          ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
          "\"name\":",
          track, us(t, e->begin_ns), (double)(e->end_ns - e->begin_ns) / 1e3);
  if (e->kind == SWAP_EVENT_CALL)
    json_string(t->out.file, t->model->kernels[e->index].name);
  else
    fprintf(t->out.file, "\"unit %u\"", e->index);
  fprintf(t->out.file, "}");
}

static void flush(trace *t) {
  for (uint32_t i = 0; i < t->count; ++i) {
    const event *e = &t->events[i];
    if (e->kind == SWAP_EVENT_CALL) {
      write_span(t, 1, e);
      continue;
    }
    if (e->kind == SWAP_EVENT_IN && !t->reading[e->index]) {
      t->reading[e->index] = 1;
      write_read(t, "b", e->index, e->begin_ns);
    } else if (e->kind == SWAP_EVENT_WAIT && t->reading[e->index]) {
      t->reading[e->index] = 0;
      write_read(t, "e", e->index, e->end_ns);
    }
    if (e->end_ns - e->begin_ns >= MIN_STALL_NS)
      write_span(t, 3, e);
  }
  t->count = 0;
}

void trace_event(void *context, swap_event_kind kind, uint32_t index,
                 uint64_t begin_ns, uint64_t end_ns) {
  trace *t = context;
  if (t->count == EVENTS)
    flush(t);
  t->events[t->count++] = (event){begin_ns, end_ns, index, (uint32_t)kind};
}

int trace_close(trace *t) {
  if (!t)
    return 0;
  flush(t);
  fprintf(t->out.file, "\n]}\n");
  const int status = output_commit(&t->out);
  free(t->reading);
  free(t);
  return status;
}
