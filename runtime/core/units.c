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
int swap_core_finish_at(swap_session *session, uint32_t position) {
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
  } else if (!swap_core_unit_base(session, unit)) { /* waits for its bytes */
    status = swap_core_fail(session, SWAP_ERR_IO, unit,
                            session->model->units[unit].offset);
  }
  return status ? status : verify(session, unit);
}

/* Of those begun: one that is not would be read out of order. */
int swap_core_finish_oldest(swap_session *session) {
  uint32_t oldest = 0;
  while (oldest < session->in_flight_count &&
         session->in_flight[oldest].ticket == SWAP_CORE_DEFERRED)
    ++oldest;
  if (oldest == session->in_flight_count)
    oldest = 0;
  return session->in_flight_count ? swap_core_finish_at(session, oldest)
                                  : SWAP_OK;
}

int swap_core_finish_all(swap_session *session) {
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < session->in_flight_count;)
    if (session->in_flight[i].ahead)
      ++i;
    else
      status = swap_core_finish_at(session, i);
  return status;
}

int swap_core_finish(swap_session *session, uint32_t unit) {
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    if (session->in_flight[i].unit == unit)
      return swap_core_finish_at(session, i);
  return SWAP_OK;
}

/* Takes the read up with the storage, which answers with a ticket. */
static int begin(swap_session *session, uint32_t unit, int64_t *ticket) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  *ticket = SWAP_CORE_MAPPED;
  if (swap_core_maps(session))
    return storage->map(storage->context, entry->offset, entry->length)
               ? SWAP_OK
               : swap_core_fail(session, SWAP_ERR_IO, unit, entry->offset);
  *ticket = storage->begin(storage->context, entry->offset,
                           (uint8_t *)session->config.arena +
                               session->plan->slots[unit],
                           swap_core_pages(entry->length));
  if (*ticket >= 0)
    return SWAP_OK;
  return swap_core_fail(session,
                        *ticket < INT32_MIN ? SWAP_ERR_IO : (int)*ticket, unit,
                        entry->offset);
}

/* Room for one more that is to be begun (or only listed). */
static int make_room(swap_session *session, int beginning) {
  uint64_t bytes;
  int status = SWAP_OK;
  while (!status &&
         (session->in_flight_count == SWAP_CORE_MAX_READS ||
          (beginning &&
           swap_core_begun(session, &bytes) >= swap_core_depth(session))))
    status = swap_core_finish_oldest(session);
  return status;
}

static void push(swap_session *session, uint32_t unit, uint32_t ahead,
                 int64_t ticket) {
  session->in_flight[session->in_flight_count].unit = unit;
  session->in_flight[session->in_flight_count].ahead = ahead;
  session->in_flight[session->in_flight_count].ticket = ticket;
  session->in_flight_count += 1;
}

int swap_core_begin(swap_session *session, uint32_t unit, uint32_t ahead) {
  int64_t ticket = SWAP_CORE_DEFERRED;
  int status;
  if (!swap_core_overlaps(session) && !swap_core_serial(session)) {
    status = read_now(session, unit);
    return status ? status : verify(session, unit);
  }
  status = make_room(session, swap_core_overlaps(session));
  if (!status && swap_core_overlaps(session))
    status = begin(session, unit, &ticket);
  if (!status)
    push(session, unit, ahead, ticket);
  return status;
}

int swap_core_begin_deferred(swap_session *session, uint32_t position) {
  const uint32_t unit = session->in_flight[position].unit;
  uint64_t bytes;
  int64_t ticket;
  if (swap_core_begun(session, &bytes) >= swap_core_depth(session)) {
    const int status = swap_core_finish_oldest(session);
    if (status)
      return status;
    for (position = 0; session->in_flight[position].unit != unit;)
      ++position; /* it has moved */
  }
  const int status = begin(session, unit, &ticket);
  if (!status)
    session->in_flight[position].ticket = ticket;
  return status;
}

int swap_core_start(swap_session *session, uint32_t unit, uint32_t ahead) {
  const swap_blob_unit *entry = &session->model->units[unit];
  if (!entry->length)
    return SWAP_OK;
  if (ahead)
    session->ahead_bytes += swap_core_pages(entry->length);
  else
    session->counters.streamed_bytes += swap_core_pages(entry->length);
  if (!session->loading || !swap_core_overlaps(session) ||
      swap_core_maps(session))
    return swap_core_begin(session, unit, ahead);
  /* Resident units that are used before it go first: load.c begins it. */
  const int status = make_room(session, 0);
  if (!status)
    push(session, unit, ahead, SWAP_CORE_DEFERRED);
  return status;
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
