/*===- swap/cuda.h - Running models on an NVIDIA GPU --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What generated code provides for a GPU, and a port that runs it in three
|* calls. The driver (libcuda.so.1) is loaded when a model is opened; nothing
|* else of CUDA is needed.
|*
|*   swap_cuda *handle;
|*   if (swap_cuda_open(&handle, &swap_cuda_instance, NULL) ||
|*       swap_cuda_run(handle, inputs, outputs))
|*     fprintf(stderr, "%s\n", swap_cuda_error(handle));
|*   swap_cuda_close(handle);
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CUDA_H
#define SWAP_CUDA_H

#include "swap/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SWAP_CUDA_ABI_VERSION 2u

/* ---- What generated code provides (all constant data) ------------------- */

/* How kernel i of the model is launched: a grid of (tiles, splits, 1) blocks of
 * `threads` threads, with `shared_bytes` of dynamic shared memory. Its one
 * parameter is a buffer of 64-bit words: the device addresses of the step's
 * operands, the address of the plan's scratch area, tile_begin, tile_end, width,
 * stride. Block x computes tile tile_begin + x / width * stride + x % width. Of
 * a whole launch width and stride are tile_end - tile_begin, the number of
 * tiles; of a band (`aux` of its step is not 0) width is the tiles that it has
 * of each panel, and stride is `aux`. Launches of one stream follow each
 * other. */
typedef struct swap_cuda_kernel {
  const char *symbol; /* in the images */
  uint32_t threads;
  uint32_t splits;
  uint32_t shared_bytes;
} swap_cuda_kernel;

/* Code of kernels [first_kernel, first_kernel + kernel_count) for one
 * architecture: `arch` is 90 for sm_90 or compute_90. A cubin runs on GPUs of
 * the same major version and at least its minor one, PTX (`ptx` nonzero, ends in
 * a zero byte) on all newer ones. Images of the same arch and ptx follow each
 * other and hold each kernel once, in ascending order; architectures ascend,
 * cubins come before PTX. The first image of each (first_kernel 0) also has
 * swap_rows_i32 and swap_rows_i64 where the model looks rows up: parameters
 * are table, indices, result, rows of the table, bytes of a row, count (64-bit
 * words) and the address of a 64-bit word that receives 1 + the position of an
 * index outside the table. One block of 256 threads brings one row. */
typedef struct swap_cuda_image {
  uint32_t arch;
  uint32_t ptx;
  uint32_t first_kernel;
  uint32_t kernel_count;
  uint64_t bytes;
  const void *data; /* 64-byte aligned */
} swap_cuda_image;

typedef struct swap_cuda_model {
  uint32_t abi_version; /* SWAP_CUDA_ABI_VERSION */
  uint32_t image_count;
  const swap_model *model; /* its kernels' fn are null */
  const swap_cuda_kernel *kernels; /* model->kernel_count of them */
  const swap_cuda_image *images;
  uint64_t overhead_bytes; /* device memory that code and graph may take: a
                              budget is this and the plan's arena */
} swap_cuda_model;

/* ---- The port ----------------------------------------------------------- */

typedef struct swap_cuda swap_cuda;

/* Where weights wait for their turn. */
typedef enum swap_cuda_source {
  SWAP_CUDA_AUTO = 0, /* host memory where the host budget allows */
  SWAP_CUDA_HOST,     /* the blob mapped and registered: DMA reads it */
  SWAP_CUDA_STORAGE   /* O_DIRECT into a ring of pinned buffers, then DMA */
} swap_cuda_source;

/* Takes device and host for one memory, as on an integrated GPU (where this is
 * so without the flag): the arena is host memory that the device addresses. */
#define SWAP_CUDA_FLAG_SHARED 0x100u

/* All zero is a good default. */
typedef struct swap_cuda_options {
  const char *weights;        /* null: the running executable's path + ".swap" */
  uint64_t budget_bytes;      /* of device memory; 0: the plan that streams least */
  uint64_t host_budget_bytes; /* of pinned host memory for weights; 0: no limit */
  uint32_t device;            /* number of the GPU */
  uint32_t source;            /* swap_cuda_source */
  uint32_t flags;             /* SWAP_FLAG_*, SWAP_CUDA_FLAG_* */
  int check_memory; /* launch one by one, and compare after each kernel what the
                       device has in use with the budget (cuMemGetInfo) */
  int no_graph;     /* launch one by one */
  void (*event)(void *context, swap_event_kind kind, uint32_t index,
                uint64_t begin_ns, uint64_t end_ns); /* implies no_graph */
  void *event_context;
  int quiet; /* no notes on stderr */
} swap_cuda_options;

/* Opens the device, loads the code, takes the memory of the best plan, opens
 * the blob, makes the graph: no allocation afterwards. On failure too `*handle`
 * is set, so that swap_cuda_error can tell what failed; close it in every
 * case. */
int swap_cuda_open(swap_cuda **handle, const swap_cuda_model *model,
                   const swap_cuda_options *options);

/* Loads the resident weights now; the first run does it otherwise. */
int swap_cuda_load(swap_cuda *handle);

/* One inference; returns when the outputs are there. Tensors are dense and
 * row-major. Those at the addresses of swap_cuda_input and swap_cuda_output are
 * used where they are, others are copied through these. */
int swap_cuda_run(swap_cuda *handle, const void *const *inputs, void *const *outputs);

/* Another budget, between two runs, by the thread that runs the handle: chooses
 * the plan as swap_cuda_open does. The memory of the old one goes back first;
 * resident weights come in with the next run. Code, tensors and the weights'
 * registration stay. SWAP_ERR_BUDGET: no plan fits, the old one stays. After an
 * error of the device the old plan stays too, if its memory can be had again;
 * else runs are SWAP_ERR_STATE until this call succeeds. */
int swap_cuda_set_budget(swap_cuda *handle, uint64_t budget_bytes);

/* Pinned host memory of the handle for the model's i-th input or output. */
void *swap_cuda_input(const swap_cuda *handle, uint32_t index);
void *swap_cuda_output(const swap_cuda *handle, uint32_t index);

/* Null is fine. */
void swap_cuda_close(swap_cuda *handle);

/* What the last failed call failed of: the driver's error, the kernel's name,
 * file, unit and offset. */
const char *swap_cuda_error(const swap_cuda *handle);

/* The session, for its plan and counters. compute_ns is the time of the
 * kernels with no copy beside them (measured by swap_cuda_compute), stall_ns
 * what the run took beyond that. */
const swap_session *swap_cuda_session(const swap_cuda *handle);

/* Name of the GPU, and its architecture (90). */
const char *swap_cuda_device_name(const swap_cuda *handle);
uint32_t swap_cuda_arch(const swap_cuda *handle);
/* "host", "storage" or "shared": where weights come from. */
const char *swap_cuda_source_name(const swap_cuda *handle);
/* Device memory in use beyond the bare context, now, at most what the budget
 * allows; and pinned host memory that holds weights. */
uint64_t swap_cuda_device_bytes(const swap_cuda *handle);
uint64_t swap_cuda_host_bytes(const swap_cuda *handle);

/* Whether runs read ahead for the next one (nonzero, as at first). */
void swap_cuda_ahead(swap_cuda *handle, int ahead);

/* For measurements. Bytes per second of the way that weights come in, with
 * nothing beside it: pinned host memory to the device in copies of 32 MiB, or
 * O_DIRECT reads of the blob into the pinned ring; 0 on an error. Seconds of
 * all kernels of the plan with every unit taken as present, launched as in a
 * run (its results are not those of a run); negative on an error. */
double swap_cuda_link_rate(swap_cuda *handle);
double swap_cuda_compute(swap_cuda *handle);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_CUDA_H */
