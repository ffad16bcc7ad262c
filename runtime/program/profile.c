/*===- profile.c - How long each kernel takes ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Reads and compute take turns, so that kernels run undisturbed. The time of a
|* call is the lower quartile over the runs: what other processes do to it only
|* ever adds, and one lucky run does not count. The calls that a plan cuts a
|* kernel into, and the places that call it, are summed up to the time of its
|* whole grid.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <stdlib.h>

#define RUNS 9u
#define MOST_RUNS 1000u

struct profile {
  const swap_step **calls; /* the plan's, in order */
  uint32_t call_count;
  uint32_t runs;
  uint32_t run;      /* under way */
  uint32_t next;     /* call that the next event is of */
  uint64_t *samples; /* `runs` of each call */
};

void profile_event(profile *p, swap_event_kind kind, uint64_t begin_ns,
                   uint64_t end_ns) {
  if (kind == SWAP_EVENT_CALL && p->next < p->call_count)
    p->samples[(uint64_t)p->next++ * p->runs + p->run] = end_ns - begin_ns;
}

static int allocate(profile *p, const swap_plan *plan, uint32_t runs) {
  *p = (profile){.runs = runs};
  p->calls = calloc(plan->step_count + 1u, sizeof *p->calls);
  p->samples =
      calloc((uint64_t)plan->step_count * runs + 1u, sizeof *p->samples);
  if (!p->calls || !p->samples)
    return fail(EXIT_RUN, "out of memory");
  for (uint32_t i = 0; i < plan->step_count; ++i)
    if (plan->steps[i].op == SWAP_OP_CALL)
      p->calls[p->call_count++] = &plan->steps[i];
  return 0;
}

static int compare(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static double quartile_seconds(const profile *p, uint32_t call) {
  uint64_t *samples = p->samples + (uint64_t)call * p->runs;
  qsort(samples, p->runs, sizeof *samples, compare);
  return (double)samples[(p->runs - 1) / 4] / 1e9;
}

uint64_t call_tiles(const swap_step *call, uint64_t *end) {
  *end = call->tile_end;
  if (!call->aux || call->tile_end <= call->tile_begin)
    return call->tile_end - call->tile_begin;
  const uint64_t first = call->tile_begin, last = call->tile_end - 1;
  *end = (last / call->aux + 1) * call->aux;
  return (last / call->aux - first / call->aux + 1) *
         (last % call->aux - first % call->aux + 1);
}

typedef struct grid {
  double seconds;
  uint64_t tiles; /* computed in a run */
  uint64_t end;   /* tiles of the whole grid */
  uint32_t calls;
} grid;

static int write_kernels(const profile *p, const swap_model *model,
                         uint32_t threads, FILE *out) {
  grid *grids = calloc(model->kernel_count + 1u, sizeof *grids);
  if (!grids)
    return fail(EXIT_RUN, "out of memory");
  for (uint32_t i = 0; i < p->call_count; ++i) {
    grid *g = &grids[p->calls[i]->index];
    uint64_t end;
    g->tiles += call_tiles(p->calls[i], &end);
    g->end = end > g->end ? end : g->end;
    g->seconds += quartile_seconds(p, i);
    g->calls += 1;
  }
  fprintf(out, "kernels:\n");
  for (uint32_t i = 0; i < model->kernel_count; ++i) {
    const grid *g = &grids[i];
    if (!g->tiles)
      continue; /* no plan of this program calls it */
    const double times = (double)g->tiles / (double)g->end;
    fprintf(out, "  - { model: ");
    json_string(out, model->name);
    fprintf(out, ", kernel: ");
    json_string(out, model->kernels[i].name);
    fprintf(out, ", threads: %u, tiles: %llu, calls: %.4g, seconds: %.6g }\n",
            threads, (unsigned long long)g->end, g->calls / times,
            g->seconds / times);
  }
  free(grids);
  return 0;
}

static int record(profile *p, target *handle, const tensors *t,
                  profile **recording) {
  progress("warming up, run", 1, 1);
  target_serial(handle, 1);
  int status = run_once(handle, t); /* brings in what stays */
  for (p->run = 0; !status && p->run < p->runs; ++p->run) {
    progress("run", p->run + 1, p->runs);
    p->next = 0;
    *recording = p;
    status = run_once(handle, t);
    *recording = NULL;
  }
  target_serial(handle, 0);
  return status;
}

int run_profile(target *handle, const tensors *t, const options *o,
                const char *weights, profile **recording) {
  const swap_session *session = target_session(handle);
  const uint32_t runs = o->iterations < 2           ? RUNS
                        : o->iterations > MOST_RUNS ? MOST_RUNS
                                                    : o->iterations;
  profile p;
  target_profile measured;
  output_file out = {.file = NULL};
  int status = allocate(&p, session->plan, runs);
  if (!status) /* a bad place is known before the runs */
    status = output_open(&out, o->profile);
  if (!status)
    status = record(&p, handle, t, recording);
  if (!status) {
    progress(target_is_gpu ? "measuring the link" : "measuring storage", 0, 1);
    status = target_measure(handle, &measured, weights, o->io);
  }
  progress_end();
  if (!status) {
    profile_write_head(out.file, *measured.machine ? measured.machine : NULL);
    profile_write_storage(out.file, &measured.storage, weights);
    if (measured.has_processor) {
      fprintf(out.file, "processors:\n");
      profile_write_processor(out.file, &measured.processor,
                              target_threads(handle));
    }
    status =
        write_kernels(&p, session->model, target_threads(handle), out.file);
  }
  if (!status)
    status = output_commit(&out);
  else if (out.file)
    output_discard(&out);
  if (!status)
    say("%u kernels %s measured into %s", session->model->kernel_count,
        measured.what, o->profile);
  free(p.calls);
  free(p.samples);
  return status;
}
