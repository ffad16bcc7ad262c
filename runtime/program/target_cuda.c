/*===- target_cuda.c - The program on an NVIDIA GPU ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A target is a swap_cuda, and a text for its name.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "swap/cuda.h"
#include "swap/posix.h"

extern const swap_cuda_model swap_cuda_instance; /* what swapc generated */

struct target {
  swap_cuda *cuda;
  char device[200];
};

const int target_is_gpu = 1;

uint64_t target_overhead(void) { return swap_cuda_instance.overhead_bytes; }

int target_resolve(options *o, const swap_model *model) {
  uint64_t bytes = 0;
  if (!o->host_budget)
    return 0;
  if (strcmp(o->host_budget, "min") == 0 ||
      !size_parse(o->host_budget, model->blob_bytes, 0, 0, UINT64_MAX, &bytes))
    return fail(EXIT_USAGE,
                "--host-budget: '%s' is not a size such as 64MiB, 1.5GiB, 40%% "
                "(of the weights' file) or max",
                o->host_budget);
  if (o->source == SWAP_CUDA_HOST && bytes < model->blob_bytes)
    return fail(EXIT_USAGE,
                "--source host: the weights' file is %s, more than "
                "--host-budget %s; leave one of the two out",
                size_text(model->blob_bytes), o->host_budget);
  /* 0 is without limit in swap_cuda_options. */
  o->host_bytes = bytes == UINT64_MAX ? 0 : bytes ? bytes : 1;
  return 0;
}

void target_describe(FILE *out) {
  const swap_cuda_image *images = swap_cuda_instance.images;
  fprintf(out, "  \"target\": \"cuda\",\n  \"architectures\": [");
  for (uint32_t i = 0; i < swap_cuda_instance.image_count; ++i)
    if (!i || images[i].arch != images[i - 1].arch ||
        images[i].ptx != images[i - 1].ptx)
      fprintf(out, "%s\"%s_%u\"", i ? ", " : "",
              images[i].ptx ? "compute" : "sm", images[i].arch);
  fprintf(out, "],\n  \"overhead_bytes\": %" PRIu64 ",\n", target_overhead());
}

int target_open(target **t, const swap_model *model,
                const target_settings *settings) {
  const options *o = settings->options;
  const swap_cuda_options options = {
      .weights = settings->weights,
      .budget_bytes = settings->budget == UINT64_MAX ? 0 : settings->budget,
      .host_budget_bytes = o->host_bytes,
      .device = o->device,
      .source = o->source,
      .flags = o->profile ? SWAP_FLAG_SERIAL : 0,
      .check_memory = o->check_memory,
      .no_graph = o->no_graph,
      .event = settings->event,
      .event_context = settings->event_context};
  (void)model; /* it is swap_cuda_instance.model */
  if (!(*t = calloc(1, sizeof **t)))
    return SWAP_ERR_ARGUMENT;
  const int status = swap_cuda_open(&(*t)->cuda, &swap_cuda_instance, &options);
  if (!status)
    snprintf((*t)->device, sizeof(*t)->device, "%s (sm_%u)",
             swap_cuda_device_name((*t)->cuda), swap_cuda_arch((*t)->cuda));
  return status;
}

int target_run(target *t, const void *const *inputs, void *const *outputs) {
  return swap_cuda_run(t->cuda, inputs, outputs);
}

const char *target_error(const target *t) {
  return t ? swap_cuda_error(t->cuda) : "out of memory";
}

void target_close(target *t) {
  if (t)
    swap_cuda_close(t->cuda);
  free(t);
}

const swap_session *target_session(const target *t) {
  return swap_cuda_session(t->cuda);
}

uint32_t target_threads(const target *t) {
  (void)t;
  return 1;
}

const char *target_way(const target *t) {
  return swap_cuda_source_name(t->cuda);
}

const char *target_device(const target *t) { return t->device; }

void *target_input(const target *t, uint32_t index) {
  return swap_cuda_input(t->cuda, index);
}

void *target_output(const target *t, uint32_t index) {
  return swap_cuda_output(t->cuda, index);
}

/* Never off: a run that reads nothing ahead is none of those that were recorded
 * as a graph, and would be slower than what it saves. */
void target_ahead(target *t, int ahead) {
  (void)t;
  (void)ahead;
}

/* As SWAP_FLAG_SERIAL says from the beginning where a profile is made. */
void target_serial(target *t, int serial) {
  (void)t;
  (void)serial;
}

int target_compute(target *t, const void *const *inputs, void *const *outputs,
                   uint64_t *ns) {
  (void)inputs;
  (void)outputs;
  const double seconds = swap_cuda_compute(t->cuda);
  *ns = seconds > 0 ? (uint64_t)(seconds * 1e9 + 0.5) : 0;
  return seconds < 0 ? SWAP_ERR_DEVICE : SWAP_OK;
}

double target_read_rate(target *t, double *cpu) {
  *cpu = 0; /* DMA takes none */
  return swap_cuda_link_rate(t->cuda);
}

void target_stats(const target *t, FILE *out) {
  fprintf(out,
          "  \"overhead_bytes\": %" PRIu64 ",\n  \"device_bytes\": %" PRIu64
          ",\n  \"host_bytes\": %" PRIu64 ",\n  \"threads\": %u,\n",
          target_overhead(), swap_cuda_device_bytes(t->cuda),
          swap_cuda_host_bytes(t->cuda), target_threads(t));
  fprintf(out, "  \"arch\": %u,\n  \"device\": ", swap_cuda_arch(t->cuda));
  json_string(out, swap_cuda_device_name(t->cuda));
  fprintf(out, ",\n  \"source\": \"%s\"\n", target_way(t));
}

int target_measure(target *t, target_profile *p, const char *weights,
                   uint32_t io) {
  (void)weights;
  (void)io;
  *p = (target_profile){.has_processor = 0};
  snprintf(p->machine, sizeof p->machine, "%s", t->device);
  snprintf(p->what, sizeof p->what, "on %s and the way that weights come in",
           t->device);
  if (swap_cuda_measure(t->cuda, &p->storage, &p->processor))
    return fail(EXIT_RUN, "%s", target_error(t));
  /* A driver may not tell the clocks. */
  p->has_processor =
      p->processor.flops_per_second > 0 && p->processor.bytes_per_second > 0;
  return 0;
}

int target_default_weights(char *path, size_t size) {
  return swap_posix_default_weights(path, size);
}
