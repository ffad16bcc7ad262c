/*===- measure_storage.c - Reads by size, alone and side by side --*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Sizes take turns, and medians count, so that a machine with neighbours gives
|* figures that belong together. Reads follow each other through the file, as
|* those of a plan do.
\*===----------------------------------------------------------------------===*/
#include "median.h"
#include "port.h"
#include "swap/measure.h"

#include <string.h>

#define MOST_READS 8u /* under way at once: what plans have too */
#define BUFFER_BYTES 0x1000000u
#define ROUNDS 5u
#define ROUND_NS UINT64_C(60000000)
#define LONE_READS 4u /* of a size, a round */
#define BESIDE_READS 8u
#define BESIDE_BYTES 0x100000u
#define BESIDE_ROUNDS 15u

typedef struct probe {
  swap_file file;
  uint8_t *buffer;
  uint64_t next; /* offset of the next read */
} probe;

static double seconds_since(uint64_t begin) {
  return (double)(swap_posix_clock() - begin) / 1e9;
}

static int64_t begin_read(probe *p, uint32_t slot, uint64_t bytes) {
  swap_storage *storage = &p->file.storage;
  if (p->next + bytes > p->file.size)
    p->next = 0;
  const uint64_t offset = p->next;
  p->next += bytes;
  uint8_t *to = p->buffer + slot * bytes;
  if (storage->begin)
    return storage->begin(storage->context, offset, to, bytes);
  const int status = storage->read(storage->context, offset, to, bytes);
  return status ? status : 0;
}

static int end_read(probe *p, int64_t ticket) {
  swap_storage *storage = &p->file.storage;
  return storage->begin ? storage->wait(storage->context, ticket) : SWAP_OK;
}

/* Seconds of one read alone and of starting it. */
static int read_alone(probe *p, uint64_t bytes, double *total, double *start) {
  const uint64_t begin = swap_posix_clock();
  const int64_t ticket = begin_read(p, 0, bytes);
  *start = seconds_since(begin);
  if (ticket < 0)
    return (int)ticket;
  const int status = end_read(p, ticket);
  *total = seconds_since(begin);
  return status;
}

/* Bytes a second with as many reads under way as the buffer holds. */
static int read_many(probe *p, uint64_t bytes, double *rate) {
  int64_t tickets[MOST_READS];
  const uint64_t fit = BUFFER_BYTES / bytes;
  const uint32_t most = fit < MOST_READS ? (uint32_t)fit : MOST_READS;
  uint64_t begun = 0, ended = 0, counted = 0, from = 0, until = 0;
  int status = SWAP_OK, more = 1;
  while (more || ended < begun) {
    if (more && begun - ended < most) {
      const uint32_t slot = (uint32_t)(begun % most);
      tickets[slot] = begin_read(p, slot, bytes);
      if (tickets[slot] < 0)
        status = (int)tickets[slot];
      else
        ++begun;
    } else {
      const int late = end_read(p, tickets[ended++ % most]);
      status = status ? status : late;
      const uint64_t now = swap_posix_clock();
      if (ended == most) /* the pipe is full from here on */
        from = now;
      if (ended > most && more) {
        ++counted;
        until = now;
      }
      more = more && !(from && now - from >= ROUND_NS && counted >= most);
    }
    more = more && !status;
  }
  *rate = counted && until > from
              ? (double)(counted * bytes) * 1e9 / (double)(until - from)
              : 0;
  return status;
}

static int measure_sizes(probe *p, swap_storage_rates *rates) {
  double rate[SWAP_READ_SIZES][ROUNDS];
  double alone[SWAP_READ_SIZES][ROUNDS * LONE_READS];
  double start[SWAP_READ_SIZES][ROUNDS * LONE_READS];
  int status = SWAP_OK;
  for (uint32_t round = 0; !status && round < ROUNDS; ++round)
    for (uint32_t size = 0; !status && size < rates->count; ++size) {
      const uint64_t bytes = rates->reads[size].bytes;
      for (uint32_t i = round * LONE_READS;
           !status && i < (round + 1) * LONE_READS; ++i)
        status = read_alone(p, bytes, &alone[size][i], &start[size][i]);
      if (!status)
        status = read_many(p, bytes, &rate[size][round]);
    }
  for (uint32_t size = 0; !status && size < rates->count; ++size) {
    swap_read_rate *read = &rates->reads[size];
    read->bytes_per_second = median(rate[size], ROUNDS);
    read->latency_seconds = median(alone[size], ROUNDS * LONE_READS);
    read->start_seconds = median(start[size], ROUNDS * LONE_READS);
  }
  return status;
}

/* A fixed amount of arithmetic on what fits into a core's own cache. */
static double compute(float *values, uint32_t count, uint32_t times) {
  const uint64_t begin = swap_posix_clock();
  for (uint32_t k = 0; k < times; ++k)
    for (uint32_t i = 0; i < count; ++i)
      values[i] = values[i] * 0.5f + 1.0f;
  __asm__ volatile("" : : "r"(values) : "memory");
  return seconds_since(begin);
}

/* What compute beside reads takes longer than alone, by the bytes read. */
static int measure_beside(probe *p, swap_storage_rates *rates) {
  /* Behind what the reads use. */
  float *values = (float *)(void *)(p->buffer + BESIDE_READS * BESIDE_BYTES);
  const uint32_t count = 0x8000;
  const uint64_t bytes =
      p->file.size < BESIDE_BYTES ? rates->reads[0].bytes : BESIDE_BYTES;
  double with[BESIDE_ROUNDS], without[BESIDE_ROUNDS], rate = 0;
  for (uint32_t size = 0; size < rates->count; ++size)
    if (rates->reads[size].bytes <= bytes)
      rate = rates->reads[size].bytes_per_second;
  const double once = compute(values, count, 20) / 20;
  /* Long enough for the reads to end meanwhile. */
  const double needed = rate ? 2 * BESIDE_READS * (double)bytes / rate : 0.01;
  const uint32_t times = (uint32_t)(needed < 0.1 ? needed / once : 0.1 / once);
  int status = SWAP_OK;
  for (uint32_t round = 0; !status && round < BESIDE_ROUNDS; ++round) {
    int64_t tickets[BESIDE_READS];
    uint32_t begun = 0;
    without[round] = compute(values, count, times);
    while (!status && begun < BESIDE_READS) {
      tickets[begun] = begin_read(p, begun, bytes);
      if (tickets[begun] < 0)
        status = (int)tickets[begun];
      else
        ++begun;
    }
    with[round] = compute(values, count, times);
    for (uint32_t i = 0; i < begun; ++i) {
      const int late = end_read(p, tickets[i]);
      status = status ? status : late;
    }
  }
  if (status)
    return status;
  const double lost =
      median(with, BESIDE_ROUNDS) - median(without, BESIDE_ROUNDS);
  rates->compute_seconds_per_byte =
      lost > 0 ? lost / (double)(BESIDE_READS * bytes) : 0;
  return SWAP_OK;
}

int swap_posix_measure_storage(swap_storage_rates *rates, const char *path,
                               swap_posix_io io, int *error) {
  probe p = {.buffer = NULL};
  port_arena arena = {.base = NULL};
  memset(rates, 0, sizeof *rates);
  *error = 0;
  int status = port_file_open(&p.file, path, (uint32_t)io);
  if (status) {
    *error = p.file.last_error;
    return status;
  }
  for (uint64_t bytes = 0x4000; rates->count < SWAP_READ_SIZES; bytes *= 4)
    if (bytes * 4 <= p.file.size)
      rates->reads[rates->count++].bytes = bytes;
    else
      break;
  if (!rates->count)
    status = SWAP_ERR_SHORT;
  else if (!port_arena_reserve(&arena, BUFFER_BYTES) ||
           !port_arena_resize(&arena, BUFFER_BYTES, UINT64_MAX))
    status = SWAP_ERR_BUDGET;
  if (!status) {
    p.buffer = arena.base;
    memset(p.buffer, 0, BUFFER_BYTES); /* the system's time, not the device's */
    status = measure_sizes(&p, rates);
  }
  if (!status && p.file.storage.begin)
    status = measure_beside(&p, rates);
  if (status)
    *error = p.file.last_error;
  rates->io = port_io_name(p.file.io);
  port_file_close(&p.file);
  port_arena_release(&arena);
  return status;
}
