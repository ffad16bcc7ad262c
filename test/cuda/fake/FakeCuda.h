//===- FakeCuda.h - A libcuda.so.1 without a GPU ----------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The subset of the driver API that runtime/ports/cuda uses, on host memory.
// Work on streams is remembered with the dependencies that were declared, and
// carried out when somebody waits for some of it, in an order that respects
// only those: a missing dependency gives wrong results. Memory is poisoned when
// it is taken and unmapped when it is freed. Host memory has another address
// on the device.
//
// A kernel NAME of a module is the function registered under that name, else
//
//   extern "C" void NAME_emulated(const void *params, unsigned grid_x,
//                                 unsigned grid_y, unsigned threads,
//                                 unsigned shared_bytes)
//
// of the shared object that SWAP_FAKE_CUDA_KERNELS names; it runs the whole
// grid. `params` is the buffer of kernel parameters.
//
// Programs choose by environment variables, read by cuInit:
//   SWAP_FAKE_CUDA_ORDER       fifo, lazy, copies, prompt, or the seed of a
//   random
//                              order
//   SWAP_FAKE_CUDA_ARCH        90
//   SWAP_FAKE_CUDA_MEMORY      bytes of the device
//   SWAP_FAKE_CUDA_INTEGRATED  1: memory is shared with the host
//   SWAP_FAKE_CUDA_FAIL        number of the call (from 0) that fails
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_TEST_FAKECUDA_H
#define SWAP_TEST_FAKECUDA_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*swap_fake_kernel)(const void *params, unsigned grid_x,
                                 unsigned grid_y, unsigned threads,
                                 unsigned shared_bytes);

enum swap_fake_order {
  SWAP_FAKE_FIFO,   /* as submitted */
  SWAP_FAKE_LAZY,   /* only what is waited for, kernels before copies */
  SWAP_FAKE_COPIES, /* copies as early as they may be */
  SWAP_FAKE_RANDOM,
  SWAP_FAKE_PROMPT /* at once, as an infinitely fast GPU would */
};

enum swap_fake_register {
  SWAP_FAKE_REGISTER_READ_ONLY, /* shared mappings, if read-only */
  SWAP_FAKE_REGISTER_PRIVATE,   /* private mappings */
  SWAP_FAKE_REGISTER_NONE
};

typedef struct swap_fake_config {
  int devices;
  int arch; /* 90 */
  int driver_version;
  int integrated;
  int registering; /* swap_fake_register */
  uint64_t memory_bytes;
  uint64_t code_bytes;  /* of the device's memory, per module */
  uint64_t graph_bytes; /* per executable graph */
  int order;            /* swap_fake_order */
  uint32_t seed;
  int fail_at; /* number of the call that fails, counted from 0; -1: none */
  int fail_code;
} swap_fake_config;

/* Since swap_fake_reset. */
typedef struct swap_fake_state {
  int calls;      /* that may fail */
  int live;       /* objects and memory that exist */
  int violations; /* memory freed under work, pageable memory copied, ... */
  int kernel_launches, graph_launches, copies, synchronizations;
  int allocations; /* of any kind */
  uint64_t copied_bytes;
  uint64_t device_bytes; /* in use, the context's excluded */
} swap_fake_state;

/* Sets everything back to a machine with one sm_90 and forgets kernels. */
void swap_fake_reset(void);
swap_fake_config *swap_fake_configure(void);
const swap_fake_state *swap_fake_look(void);
/* Of the state, while other threads use the driver. */
uint64_t swap_fake_device_bytes(void);
/* The n-th call from now on fails, counted from 0; and the end of that: whether
 * it came to it. */
void swap_fake_fail_in(int calls, int code);
int swap_fake_fail_end(void);
void swap_fake_register_kernel(const char *name, swap_fake_kernel kernel);

#ifdef __cplusplus
}
#endif
#endif // SWAP_TEST_FAKECUDA_H
