/*===- handle.h - What a swap_posix holds -------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_HANDLE_H
#define SWAP_HANDLE_H

#include "port.h"

#include <pthread.h>
#include <stdatomic.h>

/* `lock` is held by a run as long as it lasts, and by whoever changes
 * something between two runs. Runs let those who wait go first. */
struct swap_posix {
  swap_session session;
  swap_file file;
  int file_open;
  int quiet;
  int refusal_noted;
  port_threads *threads;
  uint32_t threads_wanted;
  port_arena arena;
  int registered;        /* it was tried for this plan */
  uint64_t runs_before;  /* this plan's */
  double read_cpu;       /* seconds per GiB, of the last measurement */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  _Atomic uint32_t changing; /* callers that wait for the lock */
  char path[4096];
  char error[5120];
};

/* error.c: puts a sentence on what just failed into `error`. */
void port_describe(swap_posix *h, int status);

/* open.c */
uint32_t port_choose_threads(const swap_plan *plan, uint32_t wanted);
const swap_plan *port_choose_plan(const swap_model *model, uint64_t bytes,
                                  uint32_t io); /* a swap_posix_io */

/* budget.c: between two runs; the arena's pages held by the kernel. */
void port_change_begin(swap_posix *h);
void port_change_end(swap_posix *h);
void port_run_begin(swap_posix *h);
void port_run_end(swap_posix *h);
void port_register(swap_posix *h);

#endif /* SWAP_HANDLE_H */
