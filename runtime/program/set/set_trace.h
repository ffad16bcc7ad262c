/*===- set_trace.h - What is kept of a trace ----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_SET_TRACE_H
#define SWAP_SET_TRACE_H

#include <stdatomic.h>

#include "set_program.h"

#include <semaphore.h>

#define RING 32768u
#define NO_TASK UINT32_MAX
#define TRACE_LANES 64u

typedef struct trace_record {
  uint64_t begin_ns, end_ns;
  uint64_t job;
  uint64_t used, budget;
  uint32_t kind; /* swap_pool_event_kind */
  uint32_t index, lane;
  uint32_t task; /* of the set, or NO_TASK */
} trace_record;

struct set_trace {
  set_run *run;
  uint64_t start_ns;
  pthread_t writer;
  _Atomic int ending;
  sem_t half_full; /* the writer need not wait for its tick */
  _Atomic uint64_t dropped;
  _Atomic uint32_t head, tail;
  trace_record ring[RING];
  /* Who writes to the file has this lock. */
  pthread_mutex_t writing;
  output_file out;
  uint64_t reads; /* so far, for their names */
  uint64_t used, budget;
  int64_t waiting;
  uint8_t lanes[TRACE_LANES]; /* that have a name */
  struct trace_task {
    uint64_t job;              /* that computes ... */
    uint64_t begin_ns, end_ns; /* ... since then, and until then at least; 0: it
                                  does not */
    uint64_t started;          /* jobs, as far as it is known */
    uint64_t resident;         /* last written */
    int has_resident;
  } tasks[SWAP_POOL_MAX_TASKS];
};

/* trace_events.c; with the lock */
void trace_write_head(set_trace *t);
void trace_write(set_trace *t, const trace_record *r);
void trace_write_change(set_trace *t, const set_change *change);
void trace_write_resident(set_trace *t, uint32_t task, uint64_t at_ns);
void trace_write_tail(set_trace *t, uint64_t dropped);

#endif /* SWAP_SET_TRACE_H */
