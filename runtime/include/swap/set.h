/*===- swap/set.h - A set of tasks in one program -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What `swapc run SET.yaml` compiles a set into, beside its models: constant
|* data that libswap_set.a, the main() of such a program, carries out. Times are
|* nanoseconds, texts are as in the file.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_SET_H
#define SWAP_SET_H

#include "swap/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SWAP_SET_ABI_VERSION 2u

typedef enum swap_arrivals {
  SWAP_ARRIVE_PERIODIC = 0,
  SWAP_ARRIVE_POISSON, /* `period_ns` on average */
  SWAP_ARRIVE_BACK_TO_BACK /* the next when the one before has ended */
} swap_arrivals;

typedef struct swap_set_input {
  const char *name;
  const char *path; /* of an .npy or .pb file, absolute */
} swap_set_input;

typedef struct swap_set_task {
  const char *name;
  const swap_model *model; /* tasks may share one */
  const char *weights;     /* file name, beside the program */
  uint64_t period_ns;
  uint64_t deadline_ns; /* 0: none */
  uint64_t phase_ns;    /* of the first job */
  uint64_t jitter_ns;   /* a job comes up to so much late */
  uint32_t arrivals;    /* swap_arrivals */
  uint32_t priority;
  uint32_t depth;       /* 0: the default */
  uint32_t starts;      /* 1: there from the beginning; 0: an event adds it */
  uint32_t input_count; /* others are random, the same each time */
  uint32_t reserved;
  const swap_set_input *inputs;
  const struct swap_cuda_model *cuda; /* what a GPU runs; null: the processor
                                         runs the model. Of all tasks alike */
} swap_set_task;

typedef enum swap_set_event_kind {
  SWAP_SET_BUDGET = 0, /* `text` is the new budget */
  SWAP_SET_ADD,        /* `task` comes */
  SWAP_SET_REMOVE,     /* `task` goes */
  SWAP_SET_PERIOD,     /* `task` has period `value`; a deadline that is the
                          period stays it */
  SWAP_SET_DEADLINE,
  SWAP_SET_PRIORITY
} swap_set_event_kind;

typedef struct swap_set_event {
  uint64_t at_ns; /* from the beginning; in ascending order */
  uint32_t kind;
  uint32_t task;
  uint64_t value;
  const char *text;
} swap_set_event;

typedef struct swap_set {
  uint32_t abi_version; /* SWAP_SET_ABI_VERSION */
  uint32_t task_count;
  uint32_t event_count;
  uint32_t threads;     /* 0: as many as are online */
  uint32_t lanes;       /* 0: the default */
  uint32_t io;          /* swap_posix_io */
  uint64_t duration_ns; /* 0: until it is interrupted */
  const char *name;
  const char *budget;   /* a size; percentages are of what all models of the set
                           need together */
  const swap_set_task *tasks;
  const swap_set_event *events;
} swap_set;

extern const swap_set swap_set_instance;

#ifdef __cplusplus
}
#endif
#endif /* SWAP_SET_H */
