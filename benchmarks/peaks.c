/*===- peaks.c - What this machine's cores can do --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Prints JSON: GFLOP/s of float32 fused multiply-adds in the widest vectors on
|* one core, GB/s read from memory on one thread and on as many as the argument
|* says together, GB/s read from the second-level cache. Each is the median of
|* some trials, as kernels are judged by medians.
\*===----------------------------------------------------------------------===*/
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
/* Enough to hide the latency of an FMA, few enough for 16 registers. */
#define CHAINS 12
#define MEMORY_BYTES (256u << 20)
#define HUGE_BYTES (2u << 20)
#define CACHE_BYTES (384u << 10)
#define MOST_THREADS 64

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef uint64_t words __attribute__((vector_size(LANES * 4)));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static volatile float sink;

#define TRIALS 9

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *rates) {
  qsort(rates, TRIALS, sizeof *rates, compare);
  return rates[TRIALS / 2];
}

static double fma_rate(void) {
  double rates[TRIALS];
  for (int trial = 0; trial < TRIALS; ++trial) {
    vec sums[CHAINS], factor = (vec){0} + 0.999f, term = (vec){0} + 1e-3f;
    for (int i = 0; i < CHAINS; ++i)
      sums[i] = (vec){0} + (float)i;
    const long steps = 1000000;
    const double start = now();
    for (long step = 0; step < steps; ++step) {
#pragma clang loop unroll(full)
      for (int i = 0; i < CHAINS; ++i)
        sums[i] = __builtin_elementwise_fma(sums[i], factor, term);
      /* Neither folded nor moved out of registers. */
      __asm__ volatile("" : "+x"(factor));
    }
    rates[trial] = 2.0 * LANES * CHAINS * (double)steps / (now() - start) / 1e9;
    for (int i = 0; i < CHAINS; ++i)
      sink += sums[i][0];
  }
  return median(rates);
}

typedef struct reader {
  const words *data;
  size_t bytes;
  long passes;
  pthread_barrier_t *start, *end;
  unsigned thread;
} reader;

static void read_all(const words *data, size_t bytes) {
  words sums[8] = {0};
  const size_t count = bytes / sizeof(words);
  for (size_t i = 0; i + 8 <= count; i += 8)
    for (int j = 0; j < 8; ++j)
      sums[j] |= data[i + j];
  words all = {0};
  for (int j = 0; j < 8; ++j)
    all |= sums[j];
  sink += (float)all[0];
}

static void *reader_main(void *context) {
  const reader *r = context;
  cpu_set_t own; /* or two threads may share a processor for a while */
  CPU_ZERO(&own);
  CPU_SET(r->thread, &own);
  pthread_setaffinity_np(pthread_self(), sizeof own, &own);
  for (int trial = 0; trial < TRIALS; ++trial) {
    pthread_barrier_wait(r->start);
    for (long pass = 0; pass < r->passes; ++pass)
      read_all(r->data, r->bytes);
    pthread_barrier_wait(r->end);
  }
  return NULL;
}

/* Each thread reads its share of `bytes`, `passes` times in a trial. */
static double read_rate(const char *data, size_t bytes, long passes,
                        unsigned threads) {
  pthread_barrier_t start, end;
  pthread_barrier_init(&start, NULL, threads + 1);
  pthread_barrier_init(&end, NULL, threads + 1);
  pthread_t ids[MOST_THREADS];
  reader readers[MOST_THREADS];
  for (unsigned i = 0; i < threads; ++i) {
    readers[i] = (reader){(const words *)(data + bytes / threads * i),
                          bytes / threads, passes, &start, &end, i};
    if (pthread_create(&ids[i], NULL, reader_main, &readers[i]) != 0)
      exit(1);
  }
  double rates[TRIALS];
  for (int trial = 0; trial < TRIALS; ++trial) {
    const double begin = now();
    pthread_barrier_wait(&start);
    pthread_barrier_wait(&end);
    rates[trial] = (double)bytes * (double)passes / (now() - begin) / 1e9;
  }
  for (unsigned i = 0; i < threads; ++i)
    pthread_join(ids[i], NULL);
  return median(rates);
}

int main(int argc, char **argv) {
  unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
  if (threads < 1 || threads > MOST_THREADS)
    return fprintf(stderr, "peaks: 1 to %d threads\n", MOST_THREADS), 2;
  char *data = aligned_alloc(HUGE_BYTES, MEMORY_BYTES);
  if (!data)
    return fprintf(stderr, "peaks: no memory\n"), 1;
  /* As the arena of a program: a fifth faster. */
  madvise(data, MEMORY_BYTES, MADV_HUGEPAGE);
  memset(data, 1, MEMORY_BYTES);
  printf("{\"gflops\": %.2f, \"read_1\": %.2f, \"read\": %.2f, \"cache\": "
         "%.2f}\n",
         fma_rate(), read_rate(data, MEMORY_BYTES, 1, 1),
         read_rate(data, MEMORY_BYTES, 1, threads),
         read_rate(data, CACHE_BYTES, 200, 1));
  free(data);
  return 0;
}
