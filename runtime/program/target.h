/*===- target.h - What the program runs its model on --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* All that the program's files know of a port. target_posix.c implements this
|* for libswap_program.a, target_cuda.c for libswap_program_cuda.a; which one a
|* program has is chosen by linking it.
|*
|* A budget pays for a plan's arena and for target_overhead. In the model's tables
|* budgets count both, sizes of arenas and what is in use of them only the first.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PROGRAM_TARGET_H
#define SWAP_PROGRAM_TARGET_H

#include <stdint.h>
#include <stdio.h>

#include "swap/measure.h"
#include "swap/runtime.h"

struct options;
struct swap_cuda;

typedef struct target target; /* an open model */

typedef struct target_settings {
  const char *weights;
  uint64_t budget; /* UINT64_MAX: no limit */
  const struct options *options;
  void (*event)(void *context, swap_event_kind kind, uint32_t index,
                uint64_t begin_ns, uint64_t end_ns);
  void *event_context;
} target_settings;

/* Kernels run on a GPU: events tell when a kernel ran and a unit's copy was
 * under way, and listening to them makes runs slower. */
extern const int target_is_gpu;

uint64_t target_overhead(void);

/* Looks at options that only the model can make sense of: 0 or an exit status,
 * after a message. */
int target_resolve(struct options *o, const swap_model *model);

/* Members of --describe that only this target has, each with a comma. */
void target_describe(FILE *out);

/* `*t` is set on failure too, for target_error; close it in every case. */
int target_open(target **t, const swap_model *model,
                const target_settings *settings);
int target_run(target *t, const void *const *inputs, void *const *outputs);
const char *target_error(const target *t);
void target_close(target *t); /* null is fine */

const swap_session *target_session(const target *t);
uint32_t target_threads(const target *t);
/* Where, and how weights come in: "uring", "host". */
const char *target_way(const target *t);
/* "NVIDIA H200 (sm_90)"; empty where the processor runs the model. */
const char *target_device(const target *t);

/* Memory of the target for an input or output, which spares a copy of it; null
 * where any will do. */
void *target_input(const target *t, uint32_t index);
void *target_output(const target *t, uint32_t index);

/* Whether runs read ahead for the next one, where that costs something. */
void target_ahead(target *t, int ahead);

/* Whether reads and compute take turns. On a GPU they do while events are
 * listened to. */
void target_serial(target *t, int serial);

/* Time of the kernels with no read beside them. Outputs are undefined then. A
 * swap_status. */
int target_compute(target *t, const void *const *inputs, void *const *outputs,
                   uint64_t *ns);

/* Bytes per second of the way that weights come in, with nothing beside it, 0
 * on an error; `cpu` becomes the processor's seconds per GiB, where that is
 * known. */
double target_read_rate(target *t, double *cpu);

/* Members of --stats that only this target has, the last ones. */
void target_stats(const target *t, FILE *out);

/* Sections `storage` and `processors` of --profile, and a sentence's object for
 * the summary: what was measured. An exit status, after a message. */
typedef struct target_profile {
  swap_storage_rates storage;
  swap_processor_rates processor;
  int has_processor;
  char machine[200]; /* empty: the processor */
  char what[4200];
} target_profile;
int target_measure(target *t, target_profile *p, const char *weights,
                   uint32_t io);

/* The path of the running executable + ".swap"; 0 if too long. */
int target_default_weights(char *path, size_t size);

#endif /* SWAP_PROGRAM_TARGET_H */
