/*===- load.c - Resident units on their first way in --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A first inference computes as soon as its first unit is there, so resident
|* units come in beside it. The blob holds units in the order of their use: of
|* all that is wanted and not begun, resident or streamed, the one with the
|* smallest number goes first. `next_resident` is all that has to be remembered.
\*===----------------------------------------------------------------------===*/
#include "core.h"

/* Whether a unit stays and is not there; with `homes` it may have stayed since
 * another plan or an earlier session. */
static int is_missing(const swap_session *session, uint32_t unit) {
  return swap_core_stays(session, unit) && session->model->units[unit].length &&
         !(swap_core_homes(&session->config) && session->config.present[unit]);
}

/* Of what is not begun. (Only swap_fill begins what comes behind it.) */
static uint32_t next_resident(swap_session *session) {
  while (session->next_resident < session->model->unit_count &&
         (!is_missing(session, session->next_resident) ||
          (swap_core_homes(&session->config) &&
           swap_core_find(session, session->next_resident) <
               session->in_flight_count)))
    session->next_resident += 1;
  return session->next_resident;
}

void swap_core_load_reset(swap_session *session) {
  session->next_resident = 0;
  session->counters.loaded_bytes = 0;
  session->loading = next_resident(session) < session->model->unit_count;
}

void swap_core_load_again(swap_session *session) {
  if (!swap_core_homes(&session->config))
    return;
  session->next_resident = 0;
  session->loading = 0;
  for (uint32_t unit = 0; unit < session->model->unit_count; ++unit)
    session->loading |= (uint32_t)is_missing(session, unit);
}

/* The listed read to begin next, in_flight_count if a resident unit comes
 * before it or there is none. */
static uint32_t next_deferred(swap_session *session) {
  const uint32_t units = session->model->unit_count;
  uint32_t least = next_resident(session);
  uint32_t best = session->in_flight_count;
  if (!swap_core_overlaps(session))
    return best; /* those are read when they are waited for */
  for (uint32_t i = 0; i < session->in_flight_count; ++i) {
    /* What the next run needs comes after all that this one does. */
    const uint32_t order =
        session->in_flight[i].unit +
        (session->in_flight[i].kind == SWAP_CORE_AHEAD ? units : 0);
    if (session->in_flight[i].ticket == SWAP_CORE_DEFERRED &&
        (order < least || (least == units && best == session->in_flight_count))) {
      least = order;
      best = i;
    }
  }
  return best;
}

/* Begins the one read that is needed first; `left` says if there was any. */
static int load_next(swap_session *session, int *left) {
  const uint32_t position = next_deferred(session);
  const uint32_t unit = session->next_resident;
  *left = 1;
  if (position < session->in_flight_count)
    return swap_core_begin_deferred(session, position);
  *left = unit < session->model->unit_count;
  if (!*left)
    return SWAP_OK;
  const int status = swap_core_begin(session, unit, SWAP_CORE_UNIT);
  if (status)
    return status;
  session->next_resident += 1;
  session->counters.loaded_bytes += swap_core_unit_bytes(session->model, unit);
  return SWAP_OK;
}

/* Bytes of units on their way. */
static uint64_t begun_bytes(const swap_session *session) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    if (session->in_flight[i].ticket >= 0 ||
        session->in_flight[i].ticket == SWAP_CORE_MAPPED)
      bytes += session->model->units[session->in_flight[i].unit].length;
  return bytes;
}

int swap_core_load_some(swap_session *session, uint64_t bytes) {
  int status = SWAP_OK, left = swap_core_overlaps(session);
  while (!status && left && session->in_flight_count < SWAP_MAX_READS &&
         swap_core_has_ticket(session) &&
         begun_bytes(session) < bytes)
    status = load_next(session, &left);
  return status;
}

static int is_deferred(const swap_session *session, uint32_t unit) {
  const uint32_t position = swap_core_find(session, unit);
  return position < session->in_flight_count &&
         session->in_flight[position].ticket == SWAP_CORE_DEFERRED;
}

int swap_core_load_unit(swap_session *session, uint32_t unit) {
  int status = SWAP_OK, left = 1;
  while (!status && left &&
         (swap_core_stays(session, unit)
              ? is_missing(session, unit) && unit >= next_resident(session)
              : swap_core_overlaps(session) && is_deferred(session, unit)))
    status = load_next(session, &left);
  return status ? status : swap_core_finish(session, unit);
}

int swap_core_load_rest(swap_session *session) {
  int status = SWAP_OK, left = 1;
  while (!status && left)
    status = load_next(session, &left);
  if (!status)
    status = swap_core_finish_kind(session, SWAP_CORE_UNIT);
  if (!status)
    session->loading = 0;
  return status;
}

void swap_core_forget(swap_session *session, int all) {
  const swap_storage *storage = session->config.storage;
  swap_core_drain(session, SWAP_CORE_ALL);
  session->started = 0; /* it cannot go on without */
  session->primed = 0;
  session->ahead_bytes = 0;
  for (uint32_t unit = 0; swap_core_maps(session) && storage->unmap &&
                          unit < session->model->unit_count;
       ++unit) {
    const swap_blob_unit *entry = &session->model->units[unit];
    if (entry->length && (all || !swap_core_stays(session, unit)))
      storage->unmap(storage->context, entry->offset, entry->length);
  }
  if (all || session->loading) /* some may be missing, or wrong */
    swap_core_load_reset(session);
}

int swap_load(swap_session *session) {
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!swap_core_rests(session))
    return SWAP_ERR_STATE;
  swap_core_load_again(session);
  if (!session->loading)
    return SWAP_OK;
  session->failed_unit = SWAP_CORE_NONE;
  const int status = swap_core_load_rest(session);
  if (status)
    swap_core_forget(session, 0);
  session->status = status;
  return status;
}
