/*===- kernel_times.c - Where the time of a run goes --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A run is calls of kernels and what lies between them. Each gap counts as the
|* stall of the kernel that comes after it. Of each kernel the times of a run
are
|* summed up; the median is over runs.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "swap/kernel_costs.h"

/* Programs that swapc made have them, one for each kernel. */
extern const swap_kernel_costs swap_model_instance_costs[]
    __attribute__((weak));

#define MOST_RUNS 1000u

struct kernel_times {
  const swap_model *model;
  uint32_t runs;    /* at most */
  uint32_t run;     /* ended */
  uint64_t last_ns; /* where the last step ended; 0: at the run's beginning */
  float *compute;   /* milliseconds: `runs` of each kernel */
  float *stall;
};

kernel_times *kernel_times_new(const swap_model *model, uint32_t runs) {
  kernel_times *k = calloc(1, sizeof *k);
  if (!k)
    return NULL;
  *k = (kernel_times){.model = model,
                      .runs = runs < MOST_RUNS ? runs : MOST_RUNS};
  const uint64_t count = (uint64_t)model->kernel_count * k->runs + 1u;
  k->compute = calloc(count, sizeof *k->compute);
  k->stall = calloc(count, sizeof *k->stall);
  if (k->compute && k->stall)
    return k;
  kernel_times_free(k);
  return NULL;
}

void kernel_times_free(kernel_times *k) {
  if (!k)
    return;
  free(k->compute);
  free(k->stall);
  free(k);
}

void kernel_times_event(kernel_times *k, swap_event_kind kind, uint32_t index,
                        uint64_t begin_ns, uint64_t end_ns) {
  if (k->run == k->runs)
    return;
  if (!k->last_ns)
    k->last_ns = begin_ns;
  if (kind != SWAP_EVENT_CALL)
    return;
  const uint64_t at = (uint64_t)index * k->runs + k->run;
  k->compute[at] += (float)(end_ns - begin_ns) / 1e6f;
  if (begin_ns > k->last_ns) /* on a GPU copies and kernels overlap */
    k->stall[at] += (float)(begin_ns - k->last_ns) / 1e6f;
  k->last_ns = end_ns;
}

void kernel_times_end_run(kernel_times *k) {
  k->run += k->run < k->runs;
  k->last_ns = 0;
}

static int ascending(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static double median(float *samples, uint32_t count) {
  qsort(samples, count, sizeof *samples, ascending);
  return ((double)samples[(count - 1) / 2] + (double)samples[count / 2]) / 2;
}

typedef struct row {
  const char *name;
  const char *node; /* null: not known, as what follows */
  uint64_t calls;   /* in a run */
  double ms;
  double stall_ms;
  double operations; /* in a run; 0: not known */
  double bytes;
} row;

static int by_time(const void *a, const void *b) {
  const row *x = a, *y = b;
  return (x->ms < y->ms) - (x->ms > y->ms);
}

/* Whether sizes of a run decide how much a kernel computes. */
static int is_cut(const swap_model *model, uint32_t kernel) {
  const swap_dynamic *dynamic = model->dynamic;
  for (uint32_t i = 0; dynamic && i < dynamic->cut_count; ++i)
    if (dynamic->cuts[i].kernel == kernel)
      return 1;
  return 0;
}

/* The kernels that the plan calls, the longest first; `*count` of them. Null
 * where memory is out. */
static row *make_rows(kernel_times *k, const swap_plan *plan, uint32_t *count) {
  const uint32_t kernels = k->model->kernel_count;
  uint64_t *tiles = calloc(kernels + 1u, sizeof *tiles);
  row *rows = calloc(kernels + 1u, sizeof *rows);
  if (!tiles || !rows) {
    free(tiles);
    free(rows);
    return NULL;
  }
  for (uint32_t i = 0; i < plan->step_count; ++i) {
    const swap_step *step = &plan->steps[i];
    uint64_t end;
    if (step->op != SWAP_OP_CALL)
      continue;
    rows[step->index].calls += 1;
    tiles[step->index] += call_tiles(step, &end);
  }
  *count = 0;
  for (uint32_t i = 0; i < kernels; ++i) {
    const swap_kernel_costs *costs =
        swap_model_instance_costs ? &swap_model_instance_costs[i] : NULL;
    row r = rows[i];
    if (!r.calls)
      continue;
    r.name = k->model->kernels[i].name;
    r.ms = median(k->compute + (uint64_t)i * k->runs, k->run);
    r.stall_ms = median(k->stall + (uint64_t)i * k->runs, k->run);
    r.node = costs && *costs->node ? costs->node : NULL;
    if (costs && costs->tiles && !is_cut(k->model, i)) {
      const double times = (double)tiles[i] / (double)costs->tiles;
      r.operations = times * (double)costs->operations;
      r.bytes = times * (double)costs->bytes;
    }
    rows[(*count)++] = r;
  }
  qsort(rows, *count, sizeof *rows, by_time);
  free(tiles);
  return rows;
}

static double sum_ms(const row *rows, uint32_t count) {
  double sum = 0;
  for (uint32_t i = 0; i < count; ++i)
    sum += rows[i].ms;
  return sum > 0 ? sum : 1;
}

/* Of something in so many milliseconds, in units of 1e9 a second. */
static double giga(double what, double ms) {
  return ms > 0 ? what / ms / 1e6 : 0;
}

void kernel_times_write(kernel_times *k, const swap_plan *plan, FILE *out) {
  uint32_t count = 0;
  row *rows = k->run ? make_rows(k, plan, &count) : NULL;
  const double sum = sum_ms(rows, count);
  fprintf(out, "  \"kernels\": [");
  for (uint32_t i = 0; i < count; ++i) {
    const row *r = &rows[i];
    fprintf(out, "%s\n    {\"name\": ", i ? "," : "");
    json_string(out, r->name);
    if (r->node) {
      fprintf(out, ", \"node\": ");
      json_string(out, r->node);
    }
    fprintf(out,
            ", \"calls\": %llu, \"ms\": %.6f, \"share\": %.4f, \"stall_ms\": "
            "%.6f",
            (unsigned long long)r->calls, r->ms, r->ms / sum, r->stall_ms);
    if (r->bytes > 0)
      fprintf(out, ", \"gflops\": %.2f, \"gb_per_second\": %.2f",
              giga(r->operations, r->ms), giga(r->bytes, r->ms));
    fprintf(out, "}");
  }
  fprintf(out, "%s],\n", count ? "\n  " : "");
  free(rows);
}

void kernel_times_print(kernel_times *k, const swap_plan *plan, FILE *out) {
  uint32_t count = 0;
  row *rows = k->run ? make_rows(k, plan, &count) : NULL;
  const double sum = sum_ms(rows, count);
  int width = 6;
  for (uint32_t i = 0; i < count; ++i)
    width =
        (int)strlen(rows[i].name) > width ? (int)strlen(rows[i].name) : width;
  fprintf(out, "%-*s %5s %9s %6s %9s %9s %7s  %s\n", width, "kernel", "calls",
          "ms", "share", "stall ms", "GFLOP/s", "GB/s", "first node");
  for (uint32_t i = 0; i < count; ++i) {
    const row *r = &rows[i];
    char flops[32] = "", bytes[32] = "";
    if (r->operations > 0)
      snprintf(flops, sizeof flops, "%.1f", giga(r->operations, r->ms));
    if (r->bytes > 0)
      snprintf(bytes, sizeof bytes, "%.1f", giga(r->bytes, r->ms));
    fprintf(out, "%-*s %5llu %9.3f %5.1f%% %9.3f %9s %7s  %s\n", width, r->name,
            (unsigned long long)r->calls, r->ms, 100 * r->ms / sum, r->stall_ms,
            flops, bytes, r->node ? r->node : "");
  }
  free(rows);
}
