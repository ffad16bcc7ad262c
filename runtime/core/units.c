/*===- units.c - Bringing units in and giving them back -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Reads under way form a first-in first-out list in the session. An entry
|* leaves the list before its read is waited for: whatever `wait` answers, that
|* ticket is spent and its buffer is no longer written to.
\*===----------------------------------------------------------------------===*/
#include "core.h"
#include "swap/crc32c.h"

const uint8_t *swap_core_unit_base(const swap_session *session, uint32_t unit) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  if (swap_core_maps(session))
    return storage->map(storage->context, entry->offset, entry->length);
  return (const uint8_t *)session->config.arena + session->plan->slots[unit];
}

static int verify(swap_session *session, uint32_t unit) {
  const swap_blob_unit *entry = &session->model->units[unit];
  if (session->verified || (session->config.flags & SWAP_FLAG_NO_VERIFY) ||
      !entry->length)
    return SWAP_OK;
  const uint8_t *base = swap_core_unit_base(session, unit);
  if (!base)
    return swap_core_fail(session, SWAP_ERR_IO, unit, entry->offset);
  if (swap_crc32c(0, base, entry->length) != entry->crc32c)
    return swap_core_fail(session, SWAP_ERR_CHECKSUM, unit, entry->offset);
  return SWAP_OK;
}

static int read_now(swap_session *session, uint32_t unit) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  uint8_t *slot = (uint8_t *)session->config.arena + session->plan->slots[unit];
  const int status = swap_core_status(storage->read(
      storage->context, entry->offset, slot, swap_core_pages(entry->length)));
  return status ? swap_core_fail(session, status, unit, entry->offset)
                : SWAP_OK;
}

/* Takes entry `position` off the list and completes it. */
static int finish_at(swap_session *session, uint32_t position) {
  const swap_storage *storage = session->config.storage;
  const uint32_t unit = session->in_flight[position].unit;
  const int64_t ticket = session->in_flight[position].ticket;
  session->in_flight_count -= 1;
  for (uint32_t i = position; i < session->in_flight_count; ++i)
    session->in_flight[i] = session->in_flight[i + 1];

  int status = SWAP_OK;
  if (ticket >= 0) {
    status = swap_core_status(storage->wait(storage->context, ticket));
    if (status)
      swap_core_fail(session, status, unit, session->model->units[unit].offset);
  } else if (ticket == SWAP_CORE_DEFERRED) {
    status = read_now(session, unit);
  }
  return status ? status : verify(session, unit);
}

int swap_core_finish_oldest(swap_session *session) {
  return session->in_flight_count ? finish_at(session, 0) : SWAP_OK;
}

int swap_core_finish_all(swap_session *session) {
  int status = SWAP_OK;
  while (!status && session->in_flight_count)
    status = finish_at(session, 0);
  return status;
}

int swap_core_finish(swap_session *session, uint32_t unit) {
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    if (session->in_flight[i].unit == unit)
      return finish_at(session, i);
  return SWAP_OK;
}

static void push(swap_session *session, uint32_t unit, int64_t ticket) {
  session->in_flight[session->in_flight_count].unit = unit;
  session->in_flight[session->in_flight_count].ticket = ticket;
  session->in_flight_count += 1;
}

int swap_core_start(swap_session *session, uint32_t unit) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  int status;
  if (!entry->length)
    return SWAP_OK;
  while (session->in_flight_count >= swap_core_depth(session))
    if ((status = finish_at(session, 0)))
      return status;
  session->counters.streamed_bytes += swap_core_pages(entry->length);
  if (swap_core_maps(session)) {
    if (!storage->map(storage->context, entry->offset, entry->length))
      return swap_core_fail(session, SWAP_ERR_IO, unit, entry->offset);
    push(session, unit, SWAP_CORE_MAPPED);
    return SWAP_OK;
  }
  if (session->config.flags & SWAP_FLAG_SERIAL) {
    push(session, unit, SWAP_CORE_DEFERRED);
    return SWAP_OK;
  }
  if (!storage->begin) {
    status = read_now(session, unit);
    return status ? status : verify(session, unit);
  }
  const int64_t ticket = storage->begin(storage->context, entry->offset,
                                        (uint8_t *)session->config.arena +
                                            session->plan->slots[unit],
                                        swap_core_pages(entry->length));
  if (ticket < 0)
    return swap_core_fail(session,
                          ticket < INT32_MIN ? SWAP_ERR_IO : (int)ticket, unit,
                          entry->offset);
  push(session, unit, ticket);
  return SWAP_OK;
}

int swap_core_release(swap_session *session, uint32_t unit) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  const int status =
      swap_core_finish(session, unit); /* the slot is reused next */
  if (swap_core_maps(session) && storage->unmap && entry->length)
    storage->unmap(storage->context, entry->offset, entry->length);
  return status;
}

void swap_core_drain(swap_session *session) {
  const swap_storage *storage = session->config.storage;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    if (session->in_flight[i].ticket >= 0)
      (void)storage->wait(storage->context, session->in_flight[i].ticket);
  session->in_flight_count = 0;
}
