/*===- cuda_handle.h - What the files of the CUDA port share ------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A handle is used by one thread at a time. The context is the device's primary
|* one; it is current only inside the calls.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CUDA_HANDLE_H
#define SWAP_CUDA_HANDLE_H

#include "core.h"
#include "driver.h"
#include "port.h"
#include "swap/cuda.h"

typedef struct cuda_feeder cuda_feeder;

#define CUDA_LEAST_RING (8u * SWAP_BLOB_ALIGN)

/* How units come to the kernels. */
typedef enum cuda_way {
  CUDA_WAY_COPY, /* registered blob, copied into slots or read in place */
  CUDA_WAY_FEED, /* storage, through a feeder */
  CUDA_WAY_PLACE /* shared memory: the registered blob, all units in place */
} cuda_way;

struct swap_cuda {
  swap_session session; /* its plan and counters; swap_open is not used */
  const swap_cuda_model *model;
  swap_cuda_options options;
  char path[4096];

  const cuda_driver *driver;
  cu_device device;
  cu_context context; /* null: not retained */
  char name[128];
  uint32_t arch;
  int shared; /* device and host have one memory */
  uint64_t bare_free; /* device memory with the bare context */
  uint64_t code_bytes; /* of it, taken by code and graphs ... */
  uint64_t image_bytes; /* ... and by code alone */
  uint64_t budget;     /* of device memory, UINT64_MAX: none */

  cu_module *modules; /* the images of the architecture chosen */
  uint32_t module_count;
  cu_function *functions; /* of the model's kernels */
  cu_function rows[2];    /* swap_rows_i32, _i64 */

  cu_address arena;
  void *arena_host;  /* where memory is shared */
  uint8_t *tensors;  /* pinned: inputs, outputs, error words of lookups */
  cu_address tensors_device;
  uint64_t *tensor_at;  /* of inputs, then outputs, in `tensors` */
  uint64_t lookups_at;  /* ... and of the words, one per step */
  cu_address *units;    /* where kernels find each unit */

  cuda_way way;
  uint8_t *map; /* the blob; null: not mapped */
  uint64_t map_bytes;
  cu_address map_device; /* 0: not registered */
  swap_storage map_storage;
  swap_file file; /* for headers, rows and pinned units of a fed model */
  int file_open;
  cuda_feeder *feeder;
  uint8_t **pinned; /* units held in host memory for good, or null */
  uint8_t *pinned_block;
  uint64_t pinned_bytes;
  uint8_t *staging; /* pinned: rows and row numbers on their way */
  uint64_t staging_bytes;

  cu_stream compute, copy, second; /* `second`: every other graph's */
  cu_event kernels_done;
  cu_event copies_done;
  cu_event outputs[2];
  cu_event *ready;    /* per unit: it is in its slot */
  cu_event *ahead[2]; /* per unit: it is, for the next run */
  cu_event *marks;    /* two per step, and one; where steps are reported */
  uint32_t *groups;   /* per step: units that one copy brings; 0: an earlier */
  uint32_t *announced; /* per unit copied ahead: the one whose event tells */
  uint8_t *before;    /* per unit: the run before has begun its copy */
  uint8_t *awaited;   /* per unit: kernels wait for its `ahead` event already */
  cu_exec execs[2];
  int graph_primed, graph_ahead;

  int ready_to_run; /* it was opened without an error */
  int cyclic;       /* the plan reads ahead */
  int wants_ahead;
  int primed;
  uint32_t parity;      /* which of `ahead` the run before recorded */
  int loaded;           /* resident and pinned units are in, all verified */
  uint64_t unit_bytes;  /* streamed per run */
  uint64_t in_place_bytes; /* read by kernels over the bus per run */
  uint64_t row_bytes;   /* looked up per run */
  uint64_t kernels_ns;  /* that swap_cuda_compute measured last */
  char error[5120];
};

/* error.c */
int cuda_fail(swap_cuda *h, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* SWAP_OK, or SWAP_ERR_DEVICE with what the driver says of `result`. */
int cuda_check(swap_cuda *h, cu_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A sentence on a failure of the blob, from the session; returns `status`. */
int cuda_describe(swap_cuda *h, int status, int system);
const char *cuda_kernel_name(const swap_cuda *h, uint32_t kernel);

/* device.c */
int cuda_device_open(swap_cuda *h);
void cuda_device_close(swap_cuda *h);
int cuda_enter(swap_cuda *h);
void cuda_leave(swap_cuda *h);

/* images.c */
int cuda_images_open(swap_cuda *h);
/* Finds what the plan needs beside the model's kernels. */
int cuda_images_rows(swap_cuda *h);
void cuda_images_close(swap_cuda *h);

/* open.c: all that the plan takes, with the context current; the code is there
 * already, and after another plan also the tensors and the blob's mapping. */
int cuda_plan_open(swap_cuda *h);

/* plan.c: the way and the plan; what follows from the plan alone. */
int cuda_plan_choose(swap_cuda *h);
int cuda_plan_prepare(swap_cuda *h);
void cuda_plan_close(swap_cuda *h);
/* Whether the unit is brought in by every run. */
int cuda_streams(const swap_cuda *h, uint32_t unit);

/* memory.c */
int cuda_memory_open(swap_cuda *h);
int cuda_memory_check(swap_cuda *h, const char *when);
void cuda_memory_close(swap_cuda *h);
void cuda_arena_close(swap_cuda *h); /* not the tensors */
/* Pinned memory that the device addresses too. */
int cuda_host_take(swap_cuda *h, uint64_t bytes, const char *what,
                   uint8_t **memory);
void cuda_host_give(const cuda_driver *driver, void *memory);
int cuda_used(swap_cuda *h, uint64_t *bytes);
int cuda_units_place(swap_cuda *h);

/* source_host.c */
int cuda_map_open(swap_cuda *h);
void cuda_map_close(swap_cuda *h);
/* verify.c: checksums of all units of the mapping, by several threads. */
int cuda_verify(swap_cuda *h);

/* source_storage.c: the file and pinned units. */
int cuda_storage_open(swap_cuda *h);
void cuda_storage_close(swap_cuda *h);
int cuda_storage_load(swap_cuda *h);
/* Bytes for the ring; the rest of the host budget is for pinned units. */
uint64_t cuda_ring_bytes(const swap_cuda *h);
/* storage_rows.c: lookups in tables that stay on storage. */
uint64_t cuda_staging_bytes(const swap_cuda *h, const swap_plan *plan);
int cuda_staging_open(swap_cuda *h);
int cuda_storage_rows(swap_cuda *h, uint32_t step);

/* feeder.c: a thread that reads units into a ring of pinned buffers, and from
 * there to their slots as soon as these are free. */
int cuda_feeder_open(swap_cuda *h, cuda_feeder **feeder);
void cuda_feeder_close(cuda_feeder *f);
/* The unit may come in behind the kernels launched so far. `step` is that of
 * the plan, or SWAP_CORE_NONE. */
int cuda_feeder_request(cuda_feeder *f, uint32_t unit, uint32_t step);
/* Until the copy of the unit that was asked for last was begun. */
int cuda_feeder_await(cuda_feeder *f, uint32_t unit);
/* Forgets all requests, also failed ones; nothing is under way then. */
void cuda_feeder_reset(cuda_feeder *f);
void cuda_feeder_predict(cuda_feeder *f, int beyond);
uint64_t cuda_feeder_copied(cuda_feeder *f);
uint64_t cuda_feeder_bytes(const cuda_feeder *f);
double cuda_feeder_rate(cuda_feeder *f);

/* walk.c: the steps of a run as work on streams. */
typedef struct cuda_walk {
  int capturing;    /* into a graph */
  int kernels_only; /* with all units taken as present */
  int primed, ahead;
  uint32_t from, to; /* of `ahead` events */
} cuda_walk;
int cuda_walk_steps(swap_cuda *h, const cuda_walk *walk);
/* launch.c */
cu_address cuda_operand(const swap_cuda *h, const swap_operand *operand);
int cuda_launch(swap_cuda *h, const swap_step *step);
int cuda_launch_rows(swap_cuda *h, uint32_t step);
int cuda_lookups_check(swap_cuda *h);

/* streams.c: streams and events. */
int cuda_streams_open(swap_cuda *h);
void cuda_streams_close(swap_cuda *h);
/* graph.c */
int cuda_graph_make(swap_cuda *h, const cuda_walk *walk, cu_exec *exec);
int cuda_graph_open(swap_cuda *h);
void cuda_graph_close(swap_cuda *h);
/* The graph for such a run; null if it has to be walked. */
cu_exec cuda_graph_for(const swap_cuda *h, const cuda_walk *walk);

/* trace.c: marks around steps, reported after the run. */
int cuda_mark(swap_cuda *h, uint32_t step, int end, cu_stream stream);
int cuda_report(swap_cuda *h, uint64_t start_ns);

/* load.c */
int cuda_load(swap_cuda *h);
/* After an error, or where memory was overwritten: the next run starts anew. */
void cuda_abandon(swap_cuda *h);

#endif /* SWAP_CUDA_HANDLE_H */
