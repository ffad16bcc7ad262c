/*===- swap/measure.h - What a device profile is made of ----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* How fast storage and processors of this machine are, as the runtime uses
|* them. `swap-profile` and a generated program's --profile write it down;
|* docs/profile.md explains the file.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_MEASURE_H
#define SWAP_MEASURE_H

#include "swap/posix.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SWAP_READ_SIZES 5u /* each four times the one before: of storage 16 KiB to
                              4 MiB, of a bus 64 KiB to 16 MiB */

typedef struct swap_read_rate {
  uint64_t bytes;            /* of one read */
  double bytes_per_second;   /* several under way */
  double latency_seconds;    /* of one alone, from its start to its end */
  double start_seconds;      /* of the processor, to start one */
} swap_read_rate;

typedef struct swap_storage_rates {
  const char *io; /* "uring" and so on, see swap_posix_io_name */
  uint32_t count; /* sizes measured; those that the file is too small for are not */
  swap_read_rate reads[SWAP_READ_SIZES];
  /* What compute loses for every byte that comes in beside it. */
  double compute_seconds_per_byte;
} swap_storage_rates;

/* Reads `path`, a file of at least 64 KiB, for about three seconds. Returns
 * SWAP_OK, or a status with the system's error, or 0, in `error`. */
int swap_posix_measure_storage(swap_storage_rates *rates, const char *path,
                               swap_posix_io io, int *error);

typedef struct swap_processor_rates {
  double flops_per_second; /* float32 multiply-adds count two */
  double bytes_per_second; /* read from memory */
  double call_seconds;     /* to hand a call's tiles to the threads and back */
} swap_processor_rates;

/* Computes with `threads` threads for about a second. Returns SWAP_OK, or
 * SWAP_ERR_BUDGET where memory or threads are lacking. */
int swap_posix_measure_processor(swap_processor_rates *rates, uint32_t threads);

/* The same of an open model's GPU (swap/cuda.h): the way that its weights come
 * in, and what its clocks and its memory's width allow at most. Returns SWAP_OK,
 * or a status that swap_cuda_error explains. */
struct swap_cuda;
int swap_cuda_measure(struct swap_cuda *handle, swap_storage_rates *link,
                      swap_processor_rates *device);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_MEASURE_H */
