/*===- rate.c - How fast storage is when nothing else goes on -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The yardstick of `bound_ms`: what the plan reads in one run, in that order,
|* the same requests into the same slots, as many under way as the port takes,
|* with no kernel beside it. Where the plan reads no unit, the blob from front to
|* back in large reads. The median of some passes, since one may be disturbed.
\*===----------------------------------------------------------------------===*/
#include "handle.h"
#include "median.h"

#include <sys/resource.h>

#define BUFFERS 6u
#define BUFFER_BYTES 0x100000u
#define PASS_BYTES 0x1000000u /* a pass repeats what is less */
#define LEAST_NS UINT64_C(300000000)
#define ENOUGH_NS UINT64_C(1000000000)
#define PASSES 128u

/* A stream of requests without end, and those under way. */
typedef struct reading {
  swap_posix *h;
  uint8_t *buffers; /* null: units into their slots */
  uint64_t limit;   /* of the blob, for large reads */
  uint64_t next;    /* step, or offset */
  uint32_t depth;
  uint32_t first;
  uint32_t count;
  int64_t tickets[PORT_DEPTH];
  uint8_t *to[PORT_DEPTH]; /* where the reads under way write */
  uint64_t bytes[PORT_DEPTH];
} reading;

static int is_read(const swap_session *session, const swap_step *step) {
  return step->op == SWAP_OP_IN && !(step->aux & SWAP_IN_AHEAD) &&
         !session->plan->resident[step->index] &&
         session->model->units[step->index].length;
}

static uint64_t unit_bytes(const swap_session *session) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < session->plan->step_count; ++i)
    if (is_read(session, &session->plan->steps[i]))
      bytes += session->model->units[session->plan->steps[i].index].length;
  return bytes;
}

static int wait_oldest(reading *r) {
  const swap_storage *storage = &r->h->file.storage;
  const int64_t ticket = r->tickets[r->first];
  r->first = (r->first + 1) % PORT_DEPTH;
  r->count -= 1;
  return storage->wait(storage->context, ticket);
}

/* Whether a read under way writes there: then this one has to wait for it, as
 * in a run. That is how much the plan's memory can have under way at most. */
static int collides(const reading *r, const uint8_t *to, uint64_t length) {
  for (uint32_t i = 0; i < r->count; ++i) {
    const uint32_t at = (r->first + i) % PORT_DEPTH;
    if (to < r->to[at] + r->bytes[at] && r->to[at] < to + length)
      return 1;
  }
  return 0;
}

static int read_range(reading *r, uint64_t offset, uint8_t *to,
                      uint64_t length) {
  const swap_storage *storage = &r->h->file.storage;
  int status = SWAP_OK;
  if (storage->map) { /* asks for it, then waits for it */
    status = storage->map(storage->context, offset, length) &&
                     storage->map(storage->context, offset, length)
                 ? SWAP_OK
                 : SWAP_ERR_IO;
    storage->unmap(storage->context, offset, length);
    return status;
  }
  if (!storage->begin)
    return storage->read(storage->context, offset, to, length);
  while (!status && (r->count == r->depth || collides(r, to, length)))
    status = wait_oldest(r);
  if (status)
    return status;
  const int64_t ticket = storage->begin(storage->context, offset, to, length);
  if (ticket < 0)
    return SWAP_ERR_IO;
  const uint32_t last = (r->first + r->count++) % PORT_DEPTH;
  r->tickets[last] = ticket;
  r->to[last] = to;
  r->bytes[last] = length;
  return SWAP_OK;
}

/* The next request of the stream; `bytes` grows by its length. */
static int read_next(reading *r, uint64_t *bytes) {
  const swap_session *session = &r->h->session;
  if (r->buffers) {
    const uint64_t left = r->limit - r->next;
    const uint64_t length = left < BUFFER_BYTES ? left : BUFFER_BYTES;
    const uint64_t at = r->next;
    r->next = left > length ? at + length : 0;
    *bytes += length;
    return read_range(r, at,
                      r->buffers + at / BUFFER_BYTES % BUFFERS * BUFFER_BYTES,
                      length);
  }
  const swap_step *step;
  do {
    step = &session->plan->steps[r->next];
    r->next = (r->next + 1) % session->plan->step_count;
  } while (!is_read(session, step));
  const swap_blob_unit *unit = &session->model->units[step->index];
  const uint64_t page = session->model->page_bytes;
  const uint64_t length = (unit->length + page - 1) / page * page;
  *bytes += length;
  return read_range(r, unit->offset,
                    r->h->arena.base + session->plan->slots[step->index],
                    length);
}

/* Reads `most` bytes or a little more. What is under way at the end is part of
 * the next pass, as what was at the beginning was of the one before. */
static int pass(reading *r, uint64_t most, uint64_t *bytes) {
  int status = SWAP_OK;
  for (*bytes = 0; !status && *bytes < most;)
    status = read_next(r, bytes);
  return status;
}

static uint64_t cpu_ns(const swap_posix *h) {
  struct rusage used;
  getrusage(h->file.readers ? RUSAGE_SELF : RUSAGE_THREAD, &used);
  return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) *
             UINT64_C(1000000000) +
         (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

static double measure(reading *r, uint64_t most) {
  double rates[PASSES];
  uint32_t count = 0;
  uint64_t bytes, total = 0, spent = 0;
  /* Taking pages from the system is not the device's time. */
  int status = pass(r, most < PASS_BYTES ? most : PASS_BYTES, &bytes);
  const uint64_t cpu = cpu_ns(r->h);
  while (!status && count < PASSES &&
         (spent < LEAST_NS || (count < 3 && spent < ENOUGH_NS))) {
    const uint64_t begin = swap_posix_clock();
    status = pass(r, most, &bytes);
    const uint64_t took = swap_posix_clock() - begin;
    rates[count++] = took ? (double)bytes * 1e9 / (double)took : 0;
    spent += took;
    total += bytes;
  }
  const uint64_t used = cpu_ns(r->h) - cpu;
  while (r->count) {
    const int late = wait_oldest(r);
    status = status ? status : late;
  }
  if (status || !count)
    return 0;
  r->h->read_cpu = (double)used / 1e9 / ((double)total / (1 << 30));
  return median(rates, count);
}

static double measure_blob(swap_posix *h, uint64_t bytes) {
  const uint64_t size = h->file.size / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
  port_arena buffers = {.base = NULL};
  reading r = {.h = h, .depth = BUFFERS, .limit = bytes < size ? bytes : size};
  r.limit = (r.limit + SWAP_BLOB_ALIGN - 1) / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
  double rate = 0;
  if (r.limit && port_arena_reserve(&buffers, BUFFERS * BUFFER_BYTES) &&
      port_arena_resize(&buffers, BUFFERS * BUFFER_BYTES, UINT64_MAX)) {
    r.buffers = buffers.base;
    rate = measure(&r, r.limit > PASS_BYTES ? r.limit : PASS_BYTES);
  }
  port_arena_release(&buffers);
  return rate;
}

double swap_posix_read_rate(swap_posix *h, uint64_t bytes) {
  port_change_begin(h);
  swap_drain(&h->session); /* its reads are about to be overwritten */
  port_register(h);
  const uint64_t each = unit_bytes(&h->session);
  reading r = {.h = h, .depth = PORT_DEPTH};
  uint64_t most = each > PASS_BYTES ? each : PASS_BYTES;
  if (most > bytes && bytes > PASS_BYTES)
    most = bytes;
  const double rate = each ? measure(&r, most) : measure_blob(h, bytes);
  port_change_end(h);
  return rate;
}

double swap_posix_read_cpu(const swap_posix *h) { return h->read_cpu; }
