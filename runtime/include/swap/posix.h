/*===- swap/posix.h - Running models on a POSIX system ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Files, threads and memory for `swap_session`, in three calls:
|*
|*   swap_posix *handle;
|*   if (swap_posix_open(&handle, &swap_model_instance, NULL) ||
|*       swap_posix_run(handle, inputs, outputs))
|*     fprintf(stderr, "%s\n", swap_posix_error(handle));
|*   swap_posix_close(handle);
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_POSIX_H
#define SWAP_POSIX_H

#include "swap/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct swap_posix swap_posix;

/* How weights come in. */
typedef enum swap_posix_io {
  SWAP_POSIX_AUTO = 0, /* the first of the next two that works */
  SWAP_POSIX_URING,    /* O_DIRECT through io_uring */
  SWAP_POSIX_THREAD,   /* O_DIRECT by reader threads */
  SWAP_POSIX_MAP,      /* the page cache, read in place */
  SWAP_POSIX_BUFFERED  /* copied out of the page cache, and counted as such */
} swap_posix_io;

/* All zero is a good default. */
typedef struct swap_posix_options {
  const char *weights;   /* null: the running executable's path + ".swap" */
  uint64_t budget_bytes; /* 0: the plan that streams least */
  uint32_t threads;      /* 0: as many as the plan may use and are online */
  uint32_t io;           /* swap_posix_io */
  uint32_t flags;        /* SWAP_FLAG_* */
  void (*event)(void *context, swap_event_kind kind, uint32_t index,
                uint64_t begin_ns, uint64_t end_ns);
  void *event_context;
  int quiet; /* no notes on stderr */
} swap_posix_options;

/* Opens the model's blob, takes the memory of the best plan and starts threads.
 * Resident weights come in during the first run. On failure too `*handle` is set, so that
 * swap_posix_error can tell what failed; close it in every case. */
int swap_posix_open(swap_posix **handle, const swap_model *model,
                    const swap_posix_options *options);

/* Loads the resident weights now; see swap_load. */
int swap_posix_load(swap_posix *handle);

/* Changes the memory to use (0: without limit) from any thread, also while
 * another one is inside swap_posix_run: it waits for that run and goes before
 * the next. When it returns, what is above the new plan's need has gone back to
 * the system. SWAP_ERR_BUDGET: no plan is that small; the old one stays. Not to
 * be called from an event. */
int swap_posix_set_budget(swap_posix *handle, uint64_t budget_bytes);

/* See swap_run. Tensors are SWAP_BUFFER_ALIGN-aligned. */
int swap_posix_run(swap_posix *handle, const void *const *inputs,
                   void *const *outputs);

/* Null is fine. */
void swap_posix_close(swap_posix *handle);

/* What the last failed call failed of: file, unit, offset and system error. */
const char *swap_posix_error(const swap_posix *handle);

/* The session, for its plan and counters. */
const swap_session *swap_posix_session(const swap_posix *handle);
uint32_t swap_posix_threads(const swap_posix *handle);
/* "uring", "thread", "map" or "buffered": what an automatic choice became. */
const char *swap_posix_io_name(const swap_posix *handle);

/* Whether runs read ahead for the next one (nonzero, as at first), which wastes
 * reads where none follows. */
void swap_posix_ahead(swap_posix *handle, int ahead);

/* For measurements: reads each unit only when it is waited for (nonzero), so
 * that compute runs undisturbed. And the bytes per second that the plan's reads
 * come in at, one after the other as often as 0.3 s allow, with nothing else
 * going on (where it streams nothing: large reads of up to `bytes` of the blob);
 * 0 on an error. And the processor time of those, in seconds per GiB. */
void swap_posix_serial(swap_posix *handle, int serial);
double swap_posix_read_rate(swap_posix *handle, uint64_t bytes);
double swap_posix_read_cpu(const swap_posix *handle);

/* The path of the running executable + ".swap" into `path`; 0 if too long. */
int swap_posix_default_weights(char *path, size_t size);

/* Monotonic nanoseconds. */
uint64_t swap_posix_clock(void);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_POSIX_H */
