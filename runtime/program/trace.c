/*===- trace.c - Chrome trace events ------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Events are kept in memory until the buffer is full, so that writing does not
|* disturb what is measured. Reads overlap, so they are asynchronous events:
|* from the step that starts one, perhaps in the run before, to the step that
|* has waited for it. On a GPU the step that starts one tells when its copy
|* began and when it was done.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <inttypes.h>
#include <stdlib.h>

#define EVENTS 16384u
#define MIN_STALL_NS 1000u

typedef struct event {
  uint64_t begin_ns;
  uint64_t end_ns;
  uint64_t bytes; /* IN and ROWS: that are read; 0: none are */
  uint64_t live;  /* bytes of the arena in use; 0: not known */
  uint32_t index;
  uint32_t op;  /* swap_opcode */
  uint32_t aux; /* of the step */
} event;

typedef struct pending {
  uint64_t begin_ns;
  uint64_t bytes; /* 0: not under way. On a GPU: copied ahead */
} pending;

struct trace {
  output_file out;
  const swap_model *model;
  const swap_session *session; /* null until it is open */
  uint64_t start_ns;
  uint64_t last_ns;
  uint64_t live;   /* last written */
  uint64_t budget; /* of the plan whose events are kept */
  uint32_t step;   /* of the plan: the next to be reported */
  uint32_t count;
  uint32_t fetches; /* steps that read rows, so far */
  pending *reads;   /* per unit */
  event events[EVENTS];
};

trace *trace_open(const char *path, const swap_model *model) {
  trace *t = malloc(sizeof *t);
  if (!t || !(t->reads = calloc(model->unit_count + 1u, sizeof *t->reads))) {
    free(t);
    fail(EXIT_RUN, "out of memory");
    return NULL;
  }
  t->model = model;
  t->session = NULL;
  t->live = t->budget = 0;
  t->step = t->count = t->fetches = 0;
  t->start_ns = t->last_ns = program_clock();
  if (output_open(&t->out, path)) {
    free(t->reads);
    free(t);
    return NULL;
  }
  fprintf(
      t->out.file,
      "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n"
      "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":");
  json_string(t->out.file, model->name);
  fprintf(t->out.file, "}}");
  const char *const tracks[] = {"compute", target_is_gpu ? "copies" : "reads",
                                "stalls"};
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

static void write_read_begin(trace *t, const char *id, const event *e) {
  fprintf(
      t->out.file,
      ",\n{\"ph\":\"b\",\"cat\":\"read\",\"id\":\"%s%u\",\"pid\":1,\"tid\":2,"
      "\"name\":\"%s%u\",\"ts\":%.3f,\"args\":{\"bytes\":%" PRIu64 "}}",
      id, *id == 'r' ? t->fetches : e->index,
      *id == 'r' ? "rows of unit " : "unit ", e->index, us(t, e->begin_ns),
      e->bytes);
}

static void write_read_end(trace *t, const char *id, uint32_t unit,
                           const pending *r, uint64_t end_ns,
                           const char *rate) {
  const double seconds = (double)(end_ns - r->begin_ns) / 1e9;
  fprintf(
      t->out.file,
      ",\n{\"ph\":\"e\",\"cat\":\"read\",\"id\":\"%s%u\",\"pid\":1,\"tid\":2,"
      "\"name\":\"%s%u\",\"ts\":%.3f,\"args\":{",
      id, *id == 'r' ? t->fetches : unit,
      *id == 'r' ? "rows of unit " : "unit ", unit, us(t, end_ns));
  if (rate && seconds > 0)
    fprintf(t->out.file, "\"%s\":%.1f", rate, (double)r->bytes / 1e6 / seconds);
  fprintf(t->out.file, "}}");
}

static void write_span(trace *t, int track, const event *e) {
  fprintf(t->out.file,
          ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
          "\"name\":",
          track, us(t, e->begin_ns), (double)(e->end_ns - e->begin_ns) / 1e3);
  if (e->op == SWAP_OP_CALL)
    json_string(t->out.file, t->model->kernels[e->index].name);
  else
    fprintf(t->out.file, "\"%sunit %u\"",
            e->op == SWAP_OP_ROWS ? "rows of " : "", e->index);
  fprintf(t->out.file, "}");
}

static void write_memory(trace *t, const event *e) {
  if (!e->live || e->live == t->live)
    return;
  t->live = e->live;
  fprintf(t->out.file,
          ",\n{\"ph\":\"C\",\"pid\":1,\"name\":\"memory\",\"ts\":%.3f,"
          "\"args\":{\"in use\":%" PRIu64 ",\"budget\":%" PRIu64 "}}",
          us(t, e->begin_ns), with_overhead(e->live), t->budget);
}

/* What was copied at the end of the run before is not copied again. */
static void write_copy(trace *t, const event *e) {
  const pending copy = {e->begin_ns, e->bytes};
  pending *r = &t->reads[e->index];
  if (!e->bytes)
    return;
  if ((e->aux & SWAP_IN_STARTED) && r->bytes) {
    r->bytes = 0;
    return;
  }
  write_read_begin(t, "u", e);
  write_read_end(t, "u", e->index, &copy, e->end_ns, "MB/s");
  r->bytes = e->aux & SWAP_IN_AHEAD ? e->bytes : 0;
}

static void write_event(trace *t, const event *e) {
  write_memory(t, e);
  if (e->op == SWAP_OP_CALL) {
    write_span(t, 1, e);
    return;
  }
  if (e->op == SWAP_OP_IN && target_is_gpu) {
    write_copy(t, e);
    return;
  }
  pending *r = &t->reads[e->index];
  if (e->op == SWAP_OP_IN && e->bytes && !r->bytes) {
    *r = (pending){e->begin_ns, e->bytes};
    write_read_begin(t, "u", e);
  } else if (e->op == SWAP_OP_WAIT && r->bytes && !target_is_gpu) {
    write_read_end(t, "u", e->index, r, e->end_ns, "least MB/s");
    r->bytes = 0;
  } else if (e->op == SWAP_OP_ROWS && e->bytes) {
    const pending rows = {e->begin_ns, e->bytes};
    write_read_begin(t, "r", e);
    write_read_end(t, "r", e->index, &rows, e->end_ns, "MB/s");
    t->fetches += 1;
  }
  if (e->end_ns - e->begin_ns >= MIN_STALL_NS)
    write_span(t, 3, e);
}

static void flush(trace *t) {
  for (uint32_t i = 0; i < t->count; ++i)
    write_event(t, &t->events[i]);
  t->count = 0;
}

void trace_attach(trace *t, const swap_session *session) {
  t->session = session;
}

/* The step of the plan that an event is of. Every step reports once, in order;
 * after a run that failed the next one begins anew. */
static const swap_step *find_step(trace *t, swap_event_kind kind,
                                  uint32_t index) {
  static const swap_event_kind kinds[] = {SWAP_EVENT_IN, SWAP_EVENT_WAIT,
                                          SWAP_EVENT_OUT, SWAP_EVENT_CALL,
                                          SWAP_EVENT_WAIT};
  const swap_plan *plan = t->session ? t->session->plan : NULL;
  for (uint32_t i = 0; plan && i < plan->step_count; ++i) {
    const uint32_t at = (t->step + i) % plan->step_count;
    const swap_step *step = &plan->steps[at];
    if (kinds[step->op] == kind && step->index == index) {
      t->step = (at + 1) % plan->step_count;
      return step;
    }
  }
  return NULL;
}

/* What is read for a step; resident units are in memory already. */
static uint64_t read_bytes(const trace *t, const swap_step *step) {
  if (step->op == SWAP_OP_CALL || t->session->plan->resident[step->index] ||
      ((step->aux & SWAP_IN_AHEAD) && step->op == SWAP_OP_IN &&
       (t->session->config.flags & SWAP_FLAG_NO_AHEAD)))
    return 0;
  const swap_blob_unit *unit = &t->model->units[step->index];
  return step->op == SWAP_OP_ROWS ? step->tile_end * unit->row_bytes
                                  : unit->length;
}

void trace_event(void *context, swap_event_kind kind, uint32_t index,
                 uint64_t begin_ns, uint64_t end_ns) {
  trace *t = context;
  const swap_step *step = find_step(t, kind, index);
  t->last_ns = end_ns;
  if (!step)
    return;
  const swap_plan *plan = t->session->plan;
  if (t->count == EVENTS || t->budget != plan->budget_bytes)
    flush(t);
  t->budget = plan->budget_bytes;
  t->events[t->count++] =
      (event){.begin_ns = begin_ns,
              .end_ns = end_ns,
              .bytes = read_bytes(t, step),
              .live = plan->live ? plan->live[step - plan->steps] : 0,
              .index = index,
              .op = step->op,
              .aux = step->aux};
}

/* Ends the file, also that of a run that failed: what nobody waited for ends
 * with the last step. */
int trace_close(trace *t) {
  if (!t)
    return 0;
  flush(t);
  for (uint32_t unit = 0; unit < t->model->unit_count; ++unit)
    if (t->reads[unit].bytes && !target_is_gpu)
      write_read_end(t, "u", unit, &t->reads[unit], t->last_ns, NULL);
  fprintf(t->out.file, "\n]}\n");
  const int status = output_commit(&t->out);
  free(t->reads);
  free(t);
  return status;
}
