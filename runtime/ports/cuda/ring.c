/*===- ring.c - From storage through pinned memory to the device --*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "feeder.h"
#include "swap/crc32c.h"

#include <stdio.h>

int feeder_fail(cuda_feeder *f, int status, uint32_t unit, uint64_t offset) {
  pthread_mutex_lock(&f->lock);
  if (!f->status) {
    f->status = status;
    f->failed_unit = unit;
    f->failed_offset = offset;
    f->system = f->file.last_error;
  }
  pthread_mutex_unlock(&f->lock);
  return status;
}

int feeder_check(cuda_feeder *f, cu_result result, const char *what,
                 uint32_t unit) {
  if (result == CU_OK)
    return SWAP_OK;
  const char *why = NULL;
  if (f->h->driver->error_string(result, &why) != CU_OK || !why)
    why = "no explanation";
  pthread_mutex_lock(&f->lock);
  if (!f->status)
    snprintf(f->error, sizeof f->error, "%s unit %u: CUDA error %d: %s", what,
             (unsigned)unit, result, why);
  pthread_mutex_unlock(&f->lock);
  return feeder_fail(f, SWAP_ERR_DEVICE, unit, 0);
}

static cu_event event_of(const cuda_feeder *f, uint64_t piece) {
  return f->copied_events[piece % FEEDER_PIECES];
}

/* Pieces whose copies are done give their memory back. */
static void release(cuda_feeder *f) {
  while (f->free < f->copy &&
         (!f->ring ||
          f->h->driver->event_query(event_of(f, f->free)) == CU_OK))
    f->free += 1;
}

int ring_make_room(cuda_feeder *f) {
  const feeder_piece *oldest = &f->pieces[f->free % FEEDER_PIECES];
  if (f->free == f->copy)
    return SWAP_OK;
  const int status =
      !f->ring ? SWAP_OK
               : feeder_check(f, f->h->driver->event_sync(event_of(f, f->free)),
                              "copying", oldest->unit);
  f->free += 1;
  return status;
}

/* Room for the next piece: a range of the ring behind the last one. */
static uint8_t *take_room(cuda_feeder *f, uint64_t bytes) {
  if (f->end - f->free == FEEDER_PIECES)
    return NULL;
  if (f->free == f->end)
    f->write_at = 0;
  const uint64_t start =
      f->free == f->end
          ? f->ring_bytes
          : (uint64_t)(f->pieces[f->free % FEEDER_PIECES].to - f->ring);
  /* Never up to the start itself, which would look empty. */
  if (f->free != f->end && f->write_at > start) {
    if (f->ring_bytes - f->write_at < bytes) {
      if (bytes >= start)
        return NULL;
      f->write_at = 0;
    }
  } else if (f->free != f->end && start - f->write_at <= bytes) {
    return NULL;
  }
  uint8_t *room = f->ring + f->write_at;
  f->write_at += bytes;
  return room;
}

/* Where memory is shared: the slot, once its kernels are done. */
static uint8_t *take_slot(cuda_feeder *f, feeder_item item, int *status) {
  const swap_cuda *h = f->h;
  if (f->end - f->free >= FEEDER_LEAST_PIECES)
    return NULL;
  if (item.step != SWAP_CORE_NONE) {
    cu_event event = f->slots_free[item.step];
    cu_result result = h->driver->event_query(event);
    if (result == CU_NOT_READY && f->end != f->copy)
      return NULL; /* others are under way */
    if (result)
      *status = feeder_check(f, h->driver->event_sync(event),
                             "waiting for the slot of", item.unit);
  }
  return (uint8_t *)h->arena_host + h->session.plan->slots[item.unit];
}

/* Where memory is shared, no copy tells when a unit comes in: the host's view
 * of it goes to the idle copy stream. */
static int mark_read(cuda_feeder *f, feeder_item item, int end) {
  const swap_cuda *h = f->h;
  if (f->ring || !h->marks || item.step == SWAP_CORE_NONE)
    return SWAP_OK;
  return feeder_check(
      f, h->driver->event_record(h->marks[2 * item.step + 1 + (end != 0)],
                                 h->copies[0], 0),
      "timing", item.unit);
}

static int begin_piece(cuda_feeder *f, feeder_item item, int *full) {
  const swap_blob_unit *entry = &f->h->model->model->units[item.unit];
  const swap_storage *storage = &f->file.storage;
  const uint64_t left = swap_core_pages(entry->length) - f->read_at;
  const uint64_t bytes = left < f->piece_bytes ? left : f->piece_bytes;
  int status = SWAP_OK;
  uint8_t *to = f->ring ? take_room(f, bytes) : take_slot(f, item, &status);
  *full = !to;
  if (!to || status)
    return status;
  status = mark_read(f, item, 0);
  if (status)
    return status;
  const uint64_t offset = entry->offset + f->read_at;
  int64_t ticket = -1;
  if (storage->begin) {
    ticket = storage->begin(storage->context, offset, to, bytes);
    status = ticket >= 0 ? SWAP_OK : (int)ticket;
  } else {
    status = swap_core_status(
        storage->read(storage->context, offset, to, bytes));
  }
  if (status)
    return feeder_fail(f, status, item.unit, offset);
  f->pieces[f->end++ % FEEDER_PIECES] = (feeder_piece){
      .item = f->read_item, .unit = item.unit, .at = f->read_at, .bytes = bytes, .to = to,
      .ticket = ticket};
  f->read_at += bytes;
  if (left == bytes) {
    f->read_item += 1;
    f->read_at = 0;
  }
  return SWAP_OK;
}

int ring_read(cuda_feeder *f, int *progress, int *full) {
  const swap_storage *storage = &f->file.storage;
  feeder_item item;
  int status = SWAP_OK;
  *progress = *full = 0;
  release(f);
  while (!status && !*full && feeder_item_at(f, f->read_item, &item)) {
    if (f->h->pinned[item.unit]) {
      f->read_item += 1;
      continue;
    }
    status = begin_piece(f, item, full);
    *progress |= !*full;
  }
  if (*progress && storage->submit)
    storage->submit(storage->context);
  return status;
}

/* The checksum of a unit, piece by piece, the first time that it comes in. */
static int verify(cuda_feeder *f, const feeder_piece *piece, uint32_t unit) {
  const swap_blob_unit *entry = &f->h->model->model->units[unit];
  if (f->verified[unit] || (f->h->options.flags & SWAP_FLAG_NO_VERIFY))
    return SWAP_OK;
  const uint64_t left = entry->length - piece->at;
  f->crc = swap_crc32c(piece->at ? f->crc : 0, piece->to,
                       left < piece->bytes ? left : piece->bytes);
  if (left > piece->bytes)
    return SWAP_OK;
  if (f->crc != entry->crc32c)
    return feeder_fail(f, SWAP_ERR_CHECKSUM, unit, entry->offset);
  f->verified[unit] = 1;
  return SWAP_OK;
}

/* Copies to the slot, behind the kernels that used it. */
static int copy(cuda_feeder *f, feeder_item item, const uint8_t *from,
                uint64_t at, uint64_t bytes, int last) {
  const swap_cuda *h = f->h;
  const cuda_driver *d = h->driver;
  cu_result result = CU_OK;
  const int marked = h->marks && item.step != SWAP_CORE_NONE;
  if (!at && item.step != SWAP_CORE_NONE)
    result = d->stream_wait(h->copies[0], f->slots_free[item.step], 0);
  if (!result && !at && marked)
    result = d->event_record(h->marks[2 * item.step + 1], h->copies[0], 0);
  if (!result)
    result = d->copy_in(h->units[item.unit] + at, from, bytes, h->copies[0]);
  if (!result && last && marked)
    result = d->event_record(h->marks[2 * item.step + 2], h->copies[0], 0);
  if (!result && last && h->ready[item.unit])
    result = d->event_record(h->ready[item.unit], h->copies[0], 0);
  return feeder_check(f, result, "copying", item.unit);
}

int ring_feed(cuda_feeder *f, uint64_t number, feeder_item item,
              int *complete) {
  const swap_storage *storage = &f->file.storage;
  const swap_blob_unit *entry = &f->h->model->model->units[item.unit];
  const uint64_t length = swap_core_pages(entry->length);
  *complete = 1;
  if (f->h->pinned[item.unit])
    return copy(f, item, f->h->pinned[item.unit], 0, length, 1);
  *complete = 0;
  if (f->copy == f->end || f->pieces[f->copy % FEEDER_PIECES].item != number)
    return ring_make_room(f); /* it could not be begun yet */
  feeder_piece *piece = &f->pieces[f->copy % FEEDER_PIECES];
  int status = SWAP_OK;
  if (piece->ticket >= 0) {
    status = swap_core_status(storage->wait(storage->context, piece->ticket));
    piece->ticket = -1;
  }
  if (status)
    return feeder_fail(f, status, item.unit, entry->offset + piece->at);
  *complete = piece->at + piece->bytes == length;
  status = verify(f, piece, item.unit);
  if (!status && *complete)
    status = mark_read(f, item, 1);
  if (!status && f->ring) {
    status = copy(f, item, piece->to, piece->at, piece->bytes, *complete);
    if (!status)
      status = feeder_check(f,
                            f->h->driver->event_record(event_of(f, f->copy),
                                                       f->h->copies[0], 0),
                            "copying", item.unit);
  }
  if (!status)
    f->copy += 1;
  return status;
}

void ring_forget(cuda_feeder *f, uint64_t item) {
  const swap_storage *storage = &f->file.storage;
  for (uint64_t i = f->copy; i < f->end; ++i) {
    feeder_piece *piece = &f->pieces[i % FEEDER_PIECES];
    if (piece->ticket >= 0)
      (void)storage->wait(storage->context, piece->ticket);
    piece->ticket = -1;
  }
  while (f->end > f->copy &&
         f->pieces[(f->end - 1) % FEEDER_PIECES].item >= item)
    f->end -= 1;
  if (f->end > f->free)
    f->write_at =
        f->ring ? (uint64_t)(f->pieces[(f->end - 1) % FEEDER_PIECES].to +
                             f->pieces[(f->end - 1) % FEEDER_PIECES].bytes -
                             f->ring)
                : 0;
  if (f->read_item > item) {
    f->read_item = item;
    f->read_at = 0;
  } else if (f->read_item == item) {
    f->read_at = 0;
  }
}
