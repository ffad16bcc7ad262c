/*===- feeder_open.c - A feeder's memory, and how fast it reads ---*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "feeder.h"

#include <stdlib.h>

#define LEAST_NS UINT64_C(300000000)

static int take_tables(cuda_feeder *f) {
  const swap_cuda *h = f->h;
  const size_t units = h->model->model->unit_count + 1u;
  const size_t steps = h->session.plan->step_count + 1u;
  f->capacity = units + steps + FEEDER_PIECES;
  f->items = calloc(f->capacity, sizeof *f->items);
  f->wanted = calloc(units, sizeof *f->wanted);
  f->begun = calloc(units, sizeof *f->begun);
  f->verified = calloc(units, sizeof *f->verified);
  f->slots_free = calloc(steps, sizeof *f->slots_free);
  return f->items && f->wanted && f->begun && f->verified && f->slots_free;
}

static int take_ring(cuda_feeder *f) {
  swap_cuda *h = f->h;
  int status = SWAP_OK;
  f->piece_bytes = UINT64_MAX; /* a whole unit */
  if (h->shared)
    return SWAP_OK;
  f->ring_bytes = cuda_ring_bytes(h);
  f->piece_bytes = f->ring_bytes / FEEDER_LEAST_PIECES &
                   ~(uint64_t)(SWAP_BLOB_ALIGN - 1);
  if (!f->piece_bytes)
    return cuda_fail(h, SWAP_ERR_BUDGET,
                     "%llu bytes of host memory leave no room to read weights "
                     "into; give at least %u KiB more",
                     (unsigned long long)h->options.host_budget_bytes,
                     CUDA_LEAST_RING / 1024);
  if (f->piece_bytes > FEEDER_PIECE_BYTES)
    f->piece_bytes = FEEDER_PIECE_BYTES;
  status = cuda_host_take(h, f->ring_bytes, "reading weights", &f->ring);
  for (uint32_t i = 0; !status && i < FEEDER_PIECES; ++i) {
    status = cuda_check(
        h, h->driver->event_create(&f->copied_events[i], CU_EVENT_UNTIMED),
        "making an event");
    if (status)
      f->copied_events[i] = NULL;
  }
  return status;
}

static int take_step_events(cuda_feeder *f) {
  swap_cuda *h = f->h;
  const swap_plan *plan = h->session.plan;
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < plan->step_count; ++i)
    if (plan->steps[i].op == SWAP_OP_IN &&
        cuda_streams(h, plan->steps[i].index)) {
      status = cuda_check(
          h, h->driver->event_create(&f->slots_free[i], CU_EVENT_UNTIMED),
          "making an event");
      if (status)
        f->slots_free[i] = NULL;
    }
  return status;
}

int cuda_feeder_open(swap_cuda *h, cuda_feeder **feeder) {
  cuda_feeder *f = *feeder = calloc(1, sizeof *f);
  if (!f)
    return cuda_fail(h, SWAP_ERR_BUDGET, "out of memory");
  f->h = h;
  f->flush = UINT64_MAX;
  f->beyond = h->wants_ahead;
  pthread_mutex_init(&f->lock, NULL);
  pthread_cond_init(&f->work, NULL);
  pthread_cond_init(&f->done, NULL);
  if (!take_tables(f))
    return cuda_fail(h, SWAP_ERR_BUDGET, "out of memory");
  int status = port_file_open(&f->file, h->path, SWAP_POSIX_AUTO);
  if (status) {
    h->session.failed_unit = SWAP_CORE_NONE;
    h->session.failed_offset = 0;
    return cuda_describe(h, status, f->file.last_error);
  }
  f->file_open = 1;
  status = take_ring(f);
  if (!status)
    status = take_step_events(f);
  if (!status && !feeder_start(f))
    status = cuda_fail(h, SWAP_ERR_BUDGET, "no thread to read weights with");
  return status;
}

void cuda_feeder_close(cuda_feeder *f) {
  if (!f)
    return;
  const cuda_driver *d = f->h->driver;
  feeder_stop(f);
  if (f->file_open)
    port_file_close(&f->file);
  for (uint32_t i = 0; i < FEEDER_PIECES; ++i)
    if (f->copied_events[i])
      d->event_destroy(f->copied_events[i]);
  for (uint32_t i = 0; f->slots_free && i < f->h->session.plan->step_count; ++i)
    if (f->slots_free[i])
      d->event_destroy(f->slots_free[i]);
  if (f->ring)
    cuda_host_give(d, f->ring);
  free(f->items);
  free(f->wanted);
  free(f->begun);
  free(f->verified);
  free(f->slots_free);
  pthread_cond_destroy(&f->done);
  pthread_cond_destroy(&f->work);
  pthread_mutex_destroy(&f->lock);
  free(f);
}

/* The blob from front to back, in full pieces, as many under way as fit. */
double cuda_feeder_rate(cuda_feeder *f) {
  const swap_storage *storage = &f->file.storage;
  const uint64_t end = f->h->model->model->blob_bytes;
  const uint64_t piece = f->ring ? f->piece_bytes : FEEDER_PIECE_BYTES;
  uint8_t *memory = f->ring ? f->ring : f->h->arena_host;
  const uint64_t room = f->ring ? f->ring_bytes : f->h->session.plan->arena_bytes;
  const uint64_t buffers = room / piece < FEEDER_PIECES ? room / piece
                                                        : FEEDER_PIECES;
  int64_t tickets[FEEDER_PIECES];
  uint64_t begun = 0, waited = 0, offset = 0, bytes = 0, elapsed = 0;
  int status = SWAP_OK;
  cuda_feeder_reset(f); /* the thread leaves the file alone */
  if (!storage->begin || !buffers || !end)
    return 0;
  const uint64_t start = swap_posix_clock();
  while (!status && (elapsed < LEAST_NS || waited < begun)) {
    while (elapsed < LEAST_NS && begun - waited < buffers && !status) {
      const uint64_t left = end - offset;
      const uint64_t length = left < piece ? left : piece;
      const int64_t ticket =
          storage->begin(storage->context, offset,
                         memory + begun % buffers * piece, length);
      status = ticket < 0 ? (int)ticket : SWAP_OK;
      tickets[begun % buffers] = ticket;
      begun += !status;
      bytes += length;
      offset = left == length ? 0 : offset + length;
    }
    if (storage->submit)
      storage->submit(storage->context);
    if (waited < begun) {
      const int late =
          storage->wait(storage->context, tickets[waited++ % buffers]);
      status = status ? status : late;
    }
    elapsed = swap_posix_clock() - start;
  }
  while (waited < begun)
    (void)storage->wait(storage->context, tickets[waited++ % buffers]);
  return status ? 0 : (double)bytes * 1e9 / (double)elapsed;
}
