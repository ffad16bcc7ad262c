/*===- program.h - What the files of one model's program share -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* As in common.h, what can fail prints a message and returns an exit status.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PROGRAM_H
#define SWAP_PROGRAM_H

#include "common.h"
#include "target.h"

typedef struct options {
  const char **inputs; /* NAME=FILE */
  uint32_t input_count;
  const char **dims; /* NAME=N */
  uint32_t dim_count;
  const char *output_dir;
  const char *budget;
  const char *weights;
  const char *stats;
  const char *trace;
  const char *profile;
  const char *test_data;
  uint32_t threads;
  uint32_t iterations;
  uint32_t warmup;
  uint32_t io;
  const char *host_budget; /* as given; target_resolve reads it */
  uint64_t host_bytes;
  uint32_t device;
  uint32_t source;
  int check_memory;
  int no_graph;
  int kernels;
  double rtol;
  double atol;
  int random;
  int describe;
  int help;
  int version;
} options;

/* args.c */
int wants_kernels(const options *o); /* whether each kernel's time is measured */
int args_parse(options *o, int argc, char **argv);
void args_help(void);

/* overhead.c: the part of a budget that an arena, or what is in use of one,
 * takes. */
uint64_t with_overhead(uint64_t bytes);

/* named_tensors.c: of the options. */
int tensors_load(tensors *t, const options *o);
/* Moves to the target's own memory for them, where it has some; back to it
 * before they are freed, and before it is closed. */
void tensors_move(tensors *t, const target *handle);
void tensors_return(tensors *t);
/* Makes the folder of the outputs; fails where two would be one file. */
int tensors_place(const tensors *t, const char *directory);
int tensors_save(const tensors *t, const char *directory);

/* summary.c */
void summary_outputs(const tensors *t);

/* describe.c */
int describe(const swap_model *model, const char *weights);

/* stats.c */
typedef struct sample {
  uint64_t total_ns;
  uint64_t compute_ns;
  uint64_t stall_ns;
} sample;
#define CALIBRATIONS 3u
#define RATES 2u
typedef struct stats {
  sample *samples;
  uint32_t count;
  uint64_t cold_ns;               /* of the first run */
  uint64_t compute[CALIBRATIONS]; /* undisturbed, of some runs */
  uint32_t calibrations;
  double rates[RATES]; /* bytes per second */
  uint32_t rate_count; /* 0: nothing is streamed */
  double read_cpu;     /* seconds per GiB */
  struct kernel_times *kernels; /* null: not wanted */
} stats;
void stats_sort(stats *s);
double stats_median_ms(const stats *s);
double stats_bound_ms(const stats *s, const target *handle);
void stats_write(const stats *s, const target *handle, FILE *out);
void stats_say(const stats *s, const target *handle);

/* trace.c: Chrome trace events; and progress, which looks at the same events.
 */
typedef struct trace trace;
trace *trace_open(const char *path, const swap_model *model);
/* Whose events follow; it stays open until the last of them. */
void trace_attach(trace *t, const swap_session *session);
void trace_event(void *context, swap_event_kind kind, uint32_t index,
                 uint64_t begin_ns, uint64_t end_ns);
int trace_close(trace *t);

/* progress.c */
uint64_t program_clock(void); /* monotonic nanoseconds */
void progress_start(const swap_model *model, uint64_t budget);
void progress(const char *what, uint64_t done, uint64_t total);

/* kernel_times.c: the time of each kernel in the timed runs. */
typedef struct kernel_times kernel_times;
kernel_times *kernel_times_new(const swap_model *model, uint32_t runs);
void kernel_times_free(kernel_times *k); /* null is fine */
void kernel_times_event(kernel_times *k, swap_event_kind kind, uint32_t index,
                        uint64_t begin_ns, uint64_t end_ns);
void kernel_times_end_run(kernel_times *k);
/* A member of --stats; a table to read. */
void kernel_times_write(kernel_times *k, const swap_plan *plan, FILE *out);
void kernel_times_print(kernel_times *k, const swap_plan *plan, FILE *out);
/* run.c */
int run_once(target *handle, const tensors *t);
/* `*recording` is what the observer of the session's events has to call
 * kernel_times_event with while it is not null. */
int run_model(target *handle, const tensors *t, const options *o,
              kernel_times **recording);
/* profile.c: tiles that a call computes, and the end of the kernel's grid as
 * far as it shows. */
uint64_t call_tiles(const swap_step *call, uint64_t *end);
/* profile.c: the time of each kernel, for swapc --profile. */
typedef struct profile profile;
void profile_event(profile *p, swap_event_kind kind, uint64_t begin_ns,
                   uint64_t end_ns);
/* Runs the model and writes o->profile. `*recording` is what the observer of
 * the session's events has to call profile_event with while it is not null. */
int run_profile(target *handle, const tensors *t, const options *o,
                const char *weights, profile **recording);
/* profile_file.c: the parts of the file, see docs/profile.md. */
/* Null: the machine is its processor. */
void profile_write_head(FILE *out, const char *machine);
void profile_write_storage(FILE *out, const swap_storage_rates *rates,
                           const char *path);
void profile_write_processor(FILE *out, const swap_processor_rates *rates,
                             uint32_t threads);
/* target_posix.c */
int profile_measure_storage(swap_storage_rates *rates, const char *path,
                            uint32_t io);
/* test_data.c */
int run_test_data(target *handle, tensors *t, const options *o);

#endif /* SWAP_PROGRAM_H */
