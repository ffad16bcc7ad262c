/*===- measure_processor.c - Arithmetic, memory and calls ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Through the thread pool that runs kernels too. Vectors of the compiler's, of
|* the width that kernels have: on x86 that of AVX2 where the processor has it,
|* though the runtime itself is compiled for any.
\*===----------------------------------------------------------------------===*/
#include "median.h"
#include "port.h"
#include "swap/measure.h"

#include <string.h>

#define ROUNDS 9u
#define CHAINS                                                                 \
  10u /* independent multiply-adds: they hide each other's latency */
#define STEPS 200000u
#define BYTES_A_THREAD 0x2000000u /* 32 MiB: no cache holds it for long */
#define CALL_STEPS                                                             \
  2000u /* of a task that starts on all threads before it ends */
#define CALLS 200u

typedef float vector __attribute__((vector_size(32)));

typedef struct job {
  const uint8_t *memory;
  uint32_t steps;
  float sink[64];
  void (*work)(struct job *job, uint64_t index);
} job;

#pragma STDC FP_CONTRACT ON

static inline __attribute__((always_inline)) void multiply_add(job *j,
                                                               uint64_t index) {
  vector sums[CHAINS], factor, term;
  memset(sums, 0, sizeof sums);
  for (uint32_t i = 0; i < 8; ++i) {
    factor[i] = 0.5f;
    term[i] = 1.0f;
  }
  for (uint32_t step = 0; step < j->steps; ++step) {
#pragma GCC unroll 10
    for (uint32_t i = 0; i < CHAINS; ++i)
      sums[i] = sums[i] * factor + term;
  }
  float all = 0;
  for (uint32_t i = 0; i < CHAINS; ++i)
    all += sums[i][i % 8];
  j->sink[index % 64] = all;
}

static inline __attribute__((always_inline)) void add_up(job *j,
                                                         uint64_t index) {
  vector sums[4];
  memset(sums, 0, sizeof sums);
  const vector *values =
      (const vector *)(const void *)(j->memory + index * BYTES_A_THREAD);
  for (uint64_t i = 0; i < BYTES_A_THREAD / sizeof(vector); i += 4) {
#pragma GCC unroll 4
    for (uint32_t k = 0; k < 4; ++k)
      sums[k] += values[i + k];
  }
  float all = 0;
  for (uint32_t k = 0; k < 4; ++k)
    all += sums[k][k];
  j->sink[index % 64] = all;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void multiply_add_avx2(job *j,
                                                                  uint64_t i) {
  multiply_add(j, i);
}
__attribute__((target("avx2,fma"))) static void add_up_avx2(job *j,
                                                            uint64_t i) {
  add_up(j, i);
}
static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
#define multiply_add_avx2 multiply_add_any
#define add_up_avx2 add_up_any
static int has_avx2(void) { return 0; }
#endif

static void multiply_add_any(job *j, uint64_t i) { multiply_add(j, i); }
static void add_up_any(job *j, uint64_t i) { add_up(j, i); }

static void task(void *context, uint64_t index, uint32_t thread) {
  job *j = context;
  (void)thread;
  j->work(j, index);
}

/* One call: a task for each thread. */
static void call(const swap_executor *executor, job *j, uint32_t threads) {
  if (executor->threads > 1)
    executor->parallel(executor->context, task, j, threads);
  else
    task(j, 0, 0);
}

static double seconds(const swap_executor *executor, job *j, uint32_t threads,
                      uint32_t calls) {
  double rounds[ROUNDS];
  for (uint32_t round = 0; round < ROUNDS; ++round) {
    const uint64_t begin = swap_posix_clock();
    for (uint32_t i = 0; i < calls; ++i)
      call(executor, j, threads);
    rounds[round] = (double)(swap_posix_clock() - begin) / 1e9 / calls;
  }
  return median(rounds, ROUNDS);
}

int swap_posix_measure_processor(swap_processor_rates *rates,
                                 uint32_t threads) {
  const uint64_t bytes = (uint64_t)threads * BYTES_A_THREAD;
  port_threads *pool = port_threads_create(threads);
  port_arena arena = {.base = NULL};
  if (!pool || !threads || !port_arena_reserve(&arena, bytes) ||
      !port_arena_resize(&arena, bytes, UINT64_MAX)) {
    port_threads_destroy(pool);
    port_arena_release(&arena);
    return SWAP_ERR_BUDGET;
  }
  uint8_t *memory = arena.base;
  memset(memory, 0, bytes);
  const swap_executor *executor = port_threads_executor(pool);
  job j = {.memory = memory, .steps = STEPS};
  j.work = has_avx2() ? multiply_add_avx2 : multiply_add_any;
  rates->flops_per_second =
      2.0 * 8 * CHAINS * STEPS * threads / seconds(executor, &j, threads, 4);
  j.steps = CALL_STEPS;
  const double all = seconds(executor, &j, threads, CALLS);
  const double one =
      2.0 * 8 * CHAINS * CALL_STEPS * threads / rates->flops_per_second;
  rates->call_seconds = all > one ? all - one : 0;
  j.work = has_avx2() ? add_up_avx2 : add_up_any;
  rates->bytes_per_second = (double)bytes / seconds(executor, &j, threads, 1);
  port_threads_destroy(pool);
  port_arena_release(&arena);
  return SWAP_OK;
}
