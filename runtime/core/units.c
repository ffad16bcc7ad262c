/*===- units.c - Bringing units in and giving them back -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Reads under way form a first-in first-out list in the session. An entry stays
|* in it until somebody waits for its unit, which is verified then, even if the
|* read is over before because the storage could hold no more tickets.
\*===----------------------------------------------------------------------===*/
#include "core.h"
#include "swap/crc32c.h"

/* Where the caller, too, knows what is there. */
static int is_home(const swap_session *session, uint32_t unit) {
  return swap_core_homes(&session->config) && session->plan->resident[unit];
}

static uint8_t *slot(const swap_session *session, uint32_t unit) {
  if (is_home(session, unit))
    return swap_core_homes(&session->config) +
           (size_t)session->model->units[unit].offset;
  return (uint8_t *)session->config.arena + (size_t)session->plan->slots[unit];
}

const uint8_t *swap_core_unit_base(const swap_session *session, uint32_t unit) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  if (swap_core_maps(session))
    return storage->map(storage->context, entry->offset, entry->length);
  return slot(session, unit);
}

static int verify(swap_session *session, uint32_t unit) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const uint32_t flags = session->config.flags;
  if ((session->verified && !(flags & SWAP_FLAG_VERIFY_ALWAYS) &&
       !is_home(session, unit)) ||
      (flags & SWAP_FLAG_NO_VERIFY) || !(size_t)entry->length)
    return SWAP_OK;
  const uint8_t *base = swap_core_unit_base(session, unit);
  if (!base)
    return swap_core_fail_unit(session, SWAP_ERR_IO, unit);
  if (swap_crc32c(0, base, (size_t)entry->length) != entry->crc32c)
    return swap_core_fail_unit(session, SWAP_ERR_CHECKSUM, unit);
  return SWAP_OK;
}

/* What came in is compared with its checksum, and used. */
static int arrive(swap_session *session, uint32_t unit) {
  const int status = verify(session, unit);
  if (!status && is_home(session, unit))
    session->config.present[unit] = 1;
  return status;
}

static int read_now(swap_session *session, uint32_t unit) {
  const int status =
      swap_core_read(session, (size_t)session->model->units[unit].offset,
                     slot(session, unit), swap_core_unit_bytes(session->model, unit));
  return status ? swap_core_fail_unit(session, status, unit) : SWAP_OK;
}

/* Completes entry `position` and takes it off the list. */
static int finish_at(swap_session *session, uint32_t position) {
  const uint32_t unit = session->in_flight[position].unit;
  const uint32_t kind = session->in_flight[position].kind;
  const int status =
      session->in_flight[position].ticket == SWAP_CORE_DEFERRED
          ? read_now(session, unit)
          : swap_core_settle(session, position);
  if (status > 0)
    return status;
  session->in_flight_count -= 1;
  for (uint32_t i = position; i < session->in_flight_count; ++i)
    session->in_flight[i] = session->in_flight[i + 1];
  /* A unit's checksum says nothing about some rows of it. */
  return status || kind == SWAP_CORE_ROWS ? status : arrive(session, unit);
}

/* Room in the list for one more. The oldest of those begun makes it: one that
 * is not would be read out of order. */
static int make_room(swap_session *session) {
  uint32_t oldest = 0;
  if (session->in_flight_count < SWAP_MAX_READS)
    return SWAP_OK;
  while (oldest < SWAP_MAX_READS &&
         session->in_flight[oldest].ticket == SWAP_CORE_DEFERRED)
    ++oldest;
  return finish_at(session, oldest < SWAP_MAX_READS ? oldest : 0);
}

int swap_core_finish_kind(swap_session *session, uint32_t kind) {
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < session->in_flight_count;)
    if (session->in_flight[i].kind == kind)
      status = finish_at(session, i);
    else
      ++i;
  return status;
}

uint32_t swap_core_find(const swap_session *session, uint32_t unit) {
  uint32_t i = 0;
  while (i < session->in_flight_count && session->in_flight[i].unit != unit)
    ++i;
  return i;
}

int swap_core_finish(swap_session *session, uint32_t unit) {
  const uint32_t position = swap_core_find(session, unit);
  return position < session->in_flight_count ? finish_at(session, position)
                                             : SWAP_OK;
}

/* Takes the read up with the storage, which answers with a ticket. */
static int begin(swap_session *session, uint32_t unit, int32_t *ticket) {
  int status = SWAP_OK;
  if (!swap_core_maps(session)) {
    status = swap_core_ticket(session,
                              (size_t)session->model->units[unit].offset, slot(session, unit),
                              swap_core_unit_bytes(session->model, unit), ticket);
  } else {
    *ticket = SWAP_CORE_MAPPED;
    if (!swap_core_unit_base(session, unit))
      status = SWAP_ERR_IO;
  }
  return status ? swap_core_fail_unit(session, status, unit) : SWAP_OK;
}

static void push(swap_session *session, uint32_t unit, uint32_t kind,
                 int32_t ticket) {
  const uint32_t position = session->in_flight_count++;
  session->in_flight[position].unit = unit;
  session->in_flight[position].kind = kind;
  session->in_flight[position].ticket = ticket;
}

int swap_core_begin(swap_session *session, uint32_t unit, uint32_t kind) {
  const int overlaps = swap_core_overlaps(session);
  int32_t ticket = SWAP_CORE_DEFERRED;
  int status;
  if (!overlaps && !swap_core_serial(session)) {
    status = read_now(session, unit);
    return status ? status : arrive(session, unit);
  }
  status = make_room(session);
  if (!status && overlaps)
    status = begin(session, unit, &ticket);
  if (!status)
    push(session, unit, kind, ticket);
  return status;
}

int swap_core_begin_deferred(swap_session *session, uint32_t position) {
  return begin(session, session->in_flight[position].unit,
               &session->in_flight[position].ticket);
}

int swap_core_begin_rows(swap_session *session, uint32_t unit, size_t offset,
                         void *buffer, size_t length) {
  int32_t ticket;
  int status = make_room(session);
  if (!status)
    status = swap_core_ticket(session, offset, buffer, length, &ticket);
  if (!status)
    push(session, unit, SWAP_CORE_ROWS, ticket);
  return status;
}

int swap_core_start(swap_session *session, uint32_t unit, uint32_t kind) {
  const size_t bytes = swap_core_unit_bytes(session->model, unit);
  int status;
  if (!bytes)
    return SWAP_OK;
  if (!session->loading || !swap_core_overlaps(session) ||
      swap_core_maps(session)) {
    status = swap_core_begin(session, unit, kind);
  } else { /* resident units that are used before it go first: load.c begins it */
    status = make_room(session);
    if (!status)
      push(session, unit, kind, SWAP_CORE_DEFERRED);
  }
  if (!status)
    *(kind == SWAP_CORE_AHEAD ? &session->ahead_bytes
                              : &session->counters.streamed_bytes) += bytes;
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
