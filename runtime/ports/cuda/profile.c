/*===- profile.c - What a device profile says of a GPU ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Copies out of the registered blob into the arena, whose contents are gone
|* afterwards. Where weights come from storage, that is measured as for any
|* processor: the bus behind it is many times faster. Arithmetic and memory are
|* what the device's clocks allow, since they serve only kernels that no profile
|* has measured.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"
#include "median.h"
#include "swap/measure.h"

#include <string.h>

#define LEAST_BYTES 0x10000u
#define PASS_BYTES 0x4000000u
#define FEWEST_COPIES 8u
#define PASSES 7u
#define MEMORY_SHARE 0.9    /* of its peak that reads reach */
#define LAUNCH_SECONDS 2e-6 /* of a kernel in a graph */

static int copy(swap_cuda *h, uint64_t *at, uint64_t bytes) {
  if (*at + bytes > h->map_bytes)
    *at = 0;
  const int status =
      cuda_check(h, h->driver->copy_in(h->arena, h->map + *at, bytes, h->copies[0]),
                 "copying %llu bytes to the device", (unsigned long long)bytes);
  *at += bytes;
  return status;
}

static int copy_many(swap_cuda *h, uint64_t *at, uint64_t bytes, uint64_t count,
                     double *seconds) {
  const uint64_t begin = swap_posix_clock();
  int status = SWAP_OK;
  for (uint64_t i = 0; !status && i < count; ++i)
    status = copy(h, at, bytes);
  if (!status)
    status = cuda_check(h, h->driver->stream_sync(h->copies[0]),
                        "waiting for copies to the device");
  *seconds = (double)(swap_posix_clock() - begin) / 1e9;
  return status;
}

static int measure_size(swap_cuda *h, swap_read_rate *read) {
  const uint64_t whole = PASS_BYTES / read->bytes;
  const uint64_t count = whole > FEWEST_COPIES ? whole : FEWEST_COPIES;
  double many[PASSES], alone[PASSES];
  uint64_t at = 0;
  int status = copy_many(h, &at, read->bytes, count, many);
  for (uint32_t i = 0; !status && i < PASSES; ++i) {
    status = copy_many(h, &at, read->bytes, count, &many[i]);
    if (!status)
      status = copy_many(h, &at, read->bytes, 1, &alone[i]);
  }
  if (status)
    return status;
  read->bytes_per_second =
      (double)read->bytes * (double)count / median(many, PASSES);
  read->latency_seconds = median(alone, PASSES);
  return SWAP_OK;
}

static int measure_copies(swap_cuda *h, swap_storage_rates *link) {
  const uint64_t arena = h->session.plan->arena_bytes;
  const uint64_t most = arena < h->map_bytes ? arena : h->map_bytes;
  uint64_t bytes = most < LEAST_BYTES ? most : LEAST_BYTES;
  int status = SWAP_OK;
  cuda_abandon(h);
  h->loaded = 0;
  link->io = "host";
  for (; !status && bytes && bytes <= most && link->count < SWAP_READ_SIZES;
       bytes *= 4) {
    link->reads[link->count] = (swap_read_rate){.bytes = bytes};
    status = measure_size(h, &link->reads[link->count++]);
  }
  return !status && !link->count
             ? cuda_fail(h, SWAP_ERR_SHORT,
                         "the plan has no memory to measure copies to")
             : status;
}

static int measure_storage(swap_cuda *h, swap_storage_rates *link) {
  int error;
  const int status =
      swap_posix_measure_storage(link, h->path, SWAP_POSIX_AUTO, &error);
  if (status == SWAP_ERR_SHORT)
    return cuda_fail(h, status, "%s: too small to measure reads of it",
                     h->path);
  return status
             ? cuda_fail(h, status, "%s: %s", h->path,
                         error ? strerror(error) : swap_status_string(status))
             : SWAP_OK;
}

/* FMA units for float32 of a multiprocessor. */
static double get_units(uint32_t arch) { return arch < 86 ? 64 : 128; }

static double attribute(swap_cuda *h, int which) {
  int value = 0;
  return h->driver->device_attribute(&value, which, h->device) ? 0 : value;
}

int swap_cuda_measure(swap_cuda *h, swap_storage_rates *link,
                      swap_processor_rates *device) {
  memset(link, 0, sizeof *link);
  int status = h->ready_to_run
                   ? cuda_enter(h)
                   : cuda_fail(h, SWAP_ERR_STATE, "nothing is open");
  if (status)
    return status;
  device->flops_per_second = 2 * get_units(h->arch) *
                             attribute(h, CU_ATTRIBUTE_MULTIPROCESSORS) *
                             attribute(h, CU_ATTRIBUTE_CLOCK_KHZ) * 1e3;
  /* Two transfers a clock, of so many bits. */
  device->bytes_per_second = MEMORY_SHARE * 2 / 8 *
                             attribute(h, CU_ATTRIBUTE_MEMORY_CLOCK_KHZ) * 1e3 *
                             attribute(h, CU_ATTRIBUTE_MEMORY_BITS);
  device->call_seconds = LAUNCH_SECONDS;
  status = h->way == CUDA_WAY_COPY ? measure_copies(h, link)
                                   : measure_storage(h, link);
  cuda_leave(h);
  return status;
}
