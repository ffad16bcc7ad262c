/*===- measure.c - What the link and the kernels take by themselves -*- C -*-=*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Both overwrite the arena, so the next run loads again what is resident.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdlib.h>

#define COPY_BYTES (UINT64_C(32) << 20)
#define BATCH_BYTES (UINT64_C(256) << 20)
#define SAMPLES 128u
#define LEAST_SAMPLES 5u
#define LEAST_NS UINT64_C(300000000)
#define MOST_NS UINT64_C(3000000000) /* for the least samples, if there is one */

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of what `once` takes, in seconds; negative on an error. */
static double measure(swap_cuda *h, int (*once)(swap_cuda *, void *),
                      void *context) {
  double samples[SAMPLES];
  uint32_t count = 0;
  const uint64_t start = swap_posix_clock();
  int status = once(h, context); /* warms up */
  uint64_t at = swap_posix_clock();
  while (!status && count < SAMPLES &&
         (!count || at - start < (count < LEAST_SAMPLES ? MOST_NS : LEAST_NS))) {
    status = once(h, context);
    const uint64_t end = swap_posix_clock();
    samples[count++] = (double)(end - at) / 1e9;
    at = end;
  }
  if (status)
    return -1;
  qsort(samples, count, sizeof samples[0], compare);
  return samples[count / 2];
}

typedef struct copying {
  uint64_t each;   /* bytes of a copy */
  uint64_t offset; /* of the next, in the blob */
} copying;

static int copy_batch(swap_cuda *h, void *context) {
  copying *c = context;
  int status = SWAP_OK;
  for (uint64_t bytes = 0; !status && bytes < BATCH_BYTES; bytes += c->each) {
    if (c->offset + c->each > h->map_bytes)
      c->offset = 0;
    status = cuda_check(
        h,
        h->driver->copy_in(h->arena, h->map + c->offset, c->each, h->copies[0]),
        "copying to the device");
    c->offset += c->each;
  }
  return status ? status
                : cuda_check(h, h->driver->stream_sync(h->copies[0]),
                             "copying to the device");
}

static double copy_rate(swap_cuda *h) {
  copying c = {COPY_BYTES, 0};
  if (c.each > h->session.plan->arena_bytes)
    c.each = h->session.plan->arena_bytes;
  if (c.each > h->map_bytes)
    c.each = h->map_bytes;
  if (!c.each)
    return 0;
  const double seconds = measure(h, copy_batch, &c);
  const uint64_t copies = (BATCH_BYTES + c.each - 1) / c.each;
  return seconds > 0 ? (double)(copies * c.each) / seconds : 0;
}

double swap_cuda_link_rate(swap_cuda *h) {
  if (!h || !h->ready_to_run || cuda_enter(h))
    return 0;
  cuda_abandon(h);
  h->loaded = 0;
  const double rate = h->feeder ? cuda_feeder_rate(h->feeder) : copy_rate(h);
  cuda_leave(h);
  return rate;
}

static int launch_once(swap_cuda *h, void *exec) {
  const cuda_driver *d = h->driver;
  const int status =
      cuda_check(h, d->graph_launch(exec, h->compute), "launching the kernels");
  return status ? status
                : cuda_check(h, d->stream_sync(h->compute),
                             "running the kernels");
}

double swap_cuda_compute(swap_cuda *h) {
  static const cuda_walk walk = {.capturing = 1, .kernels_only = 1};
  cu_exec exec = NULL;
  if (!h || !h->ready_to_run || cuda_enter(h))
    return -1;
  cuda_abandon(h);
  double seconds = -1;
  if (!cuda_load(h) && !cuda_graph_make(h, &walk, &exec))
    seconds = measure(h, launch_once, exec);
  if (exec) {
    (void)h->driver->stream_sync(h->compute);
    h->driver->exec_destroy(exec);
  }
  if (seconds >= 0)
    h->kernels_ns = (uint64_t)(seconds * 1e9);
  cuda_leave(h);
  return seconds;
}
