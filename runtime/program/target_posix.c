/*===- target_posix.c - The program on processors -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A target is a swap_posix.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <string.h>

#include "swap/posix.h"

#define RATE_BYTES (UINT64_C(1) << 30)

const int target_is_gpu = 0;

static swap_posix *posix(const target *t) { return (swap_posix *)(uintptr_t)t; }

uint64_t target_overhead(void) { return 0; }

int target_resolve(options *o, const swap_model *model) {
  (void)o;
  (void)model;
  return 0;
}

void target_describe(FILE *out) { (void)out; }

int target_open(target **t, const swap_model *model,
                const target_settings *settings) {
  const swap_posix_options options = {.weights = settings->weights,
                                      .budget_bytes = settings->budget,
                                      .threads = settings->options->threads,
                                      .io = settings->options->io,
                                      .event = settings->event,
                                      .event_context = settings->event_context};
  swap_posix *handle = NULL;
  const int status = swap_posix_open(&handle, model, &options);
  *t = (target *)handle;
  return status;
}

int target_run(target *t, const void *const *inputs, void *const *outputs) {
  return swap_posix_run(posix(t), inputs, outputs);
}

const char *target_error(const target *t) { return swap_posix_error(posix(t)); }
void target_close(target *t) { swap_posix_close(posix(t)); }

const swap_session *target_session(const target *t) {
  return swap_posix_session(posix(t));
}

uint32_t target_threads(const target *t) {
  return swap_posix_threads(posix(t));
}

const char *target_way(const target *t) { return swap_posix_io_name(posix(t)); }

const char *target_device(const target *t) {
  (void)t;
  return "";
}

void *target_input(const target *t, uint32_t index) {
  (void)t;
  (void)index;
  return NULL;
}

void *target_output(const target *t, uint32_t index) {
  return target_input(t, index);
}

void target_ahead(target *t, int ahead) { swap_posix_ahead(posix(t), ahead); }
void target_serial(target *t, int serial) {
  swap_posix_serial(posix(t), serial);
}

int target_compute(target *t, const void *const *inputs, void *const *outputs,
                   uint64_t *ns) {
  target_serial(t, 1);
  const int status = target_run(t, inputs, outputs);
  target_serial(t, 0);
  *ns = target_session(t)->counters.compute_ns;
  return status;
}

double target_read_rate(target *t, double *cpu) {
  const double rate = swap_posix_read_rate(posix(t), RATE_BYTES);
  *cpu = swap_posix_read_cpu(posix(t));
  return rate;
}

void target_stats(const target *t, FILE *out) {
  fprintf(out, "  \"threads\": %u,\n  \"io\": \"%s\"\n", target_threads(t),
          target_way(t));
}

int target_measure(target *t, target_profile *p, const char *weights,
                   uint32_t io) {
  *p = (target_profile){.has_processor = 0};
  snprintf(p->what, sizeof p->what, "on %u threads and reads of %s",
           target_threads(t), weights);
  return profile_measure_storage(&p->storage, weights, io);
}

int target_default_weights(char *path, size_t size) {
  return swap_posix_default_weights(path, size);
}

int profile_measure_storage(swap_storage_rates *rates, const char *path,
                            uint32_t io) {
  int error;
  const int status =
      swap_posix_measure_storage(rates, path, (swap_posix_io)io, &error);
  if (status == SWAP_ERR_SHORT)
    return fail(EXIT_RUN, "%s: too small to measure reads of it", path);
  if (status)
    return fail(EXIT_RUN, "%s: %s", path,
                error ? strerror(error) : swap_status_string(status));
  return 0;
}
