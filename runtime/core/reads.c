/*===- reads.c - Reads under way ----------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A ticket is marked as spent before it is waited for: whatever `wait` answers,
|* its buffer is no longer written to, and nobody asks for it again.
\*===----------------------------------------------------------------------===*/
#include "core.h"

void swap_core_submit(swap_session *session) {
  if (session->unsubmitted)
    session->config.storage->submit(session->config.storage->context);
  session->unsubmitted = 0;
}

int swap_core_wait(swap_session *session, int32_t ticket) {
  const swap_storage *storage = session->config.storage;
  const uint64_t limit = session->config.timeout_ns;
  if (limit) {
    swap_core_submit(session); /* asking does not make reads go */
    const uint64_t begin = swap_core_now(session);
    int done, late;
    do { /* the time first: a read that ended meanwhile is not late */
      late = swap_core_now(session) - begin >= limit;
      done = storage->done(storage->context, ticket);
    } while (!done && !late);
    if (done <= 0) {
      storage->cancel(storage->context, ticket);
      return done ? done : SWAP_ERR_TIMEOUT;
    }
  }
  return swap_core_status(storage->wait(storage->context, ticket));
}

int swap_core_has_ticket(const swap_session *session) {
  const swap_storage *storage = session->config.storage;
  uint32_t begun = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    begun += session->in_flight[i].ticket >= 0;
  return !storage->begin || begun < storage->depth;
}

int swap_core_settle(swap_session *session, uint32_t position) {
  const uint32_t unit = session->in_flight[position].unit;
  const int32_t ticket = session->in_flight[position].ticket;
  int status = SWAP_OK;
  session->in_flight[position].ticket = SWAP_CORE_ARRIVED;
  if (ticket >= 0)
    status = swap_core_wait(session, ticket);
  else if (ticket == SWAP_CORE_MAPPED &&
           !swap_core_unit_base(session, unit)) /* waits for its bytes */
    status = SWAP_ERR_IO;
  return status ? swap_core_fail_unit(session, status, unit) : SWAP_OK;
}

int swap_core_ticket(swap_session *session, size_t offset, void *buffer,
                     size_t length, int32_t *ticket) {
  const swap_storage *storage = session->config.storage;
  for (uint32_t oldest = 0; !swap_core_has_ticket(session); ++oldest)
    if (session->in_flight[oldest].ticket >= 0) {
      const int status = swap_core_settle(session, oldest);
      if (status)
        return status;
    }
  const int64_t begun =
      storage->begin(storage->context, offset, buffer, length);
  session->unsubmitted = storage->submit != NULL;
  if (begun < INT32_MIN)
    return SWAP_ERR_IO;
  if (begun > INT32_MAX) { /* no ticket, but the read goes on */
    (void)storage->wait(storage->context, begun);
    return SWAP_ERR_IO;
  }
  *ticket = (int32_t)begun;
  return begun < 0 ? (int)begun : SWAP_OK;
}

int swap_core_read(swap_session *session, size_t offset, void *buffer,
                   size_t length) {
  const swap_storage *storage = session->config.storage;
  const uint32_t mask = session->model->page_bytes - 1;
  int32_t ticket;
  /* `read` cannot be given up, so by ticket where a timeout wants that. */
  if (!session->config.timeout_ns ||
      (length > storage->begin_any &&
       ((offset | length | (uintptr_t)buffer) & mask)))
    return swap_core_status(
        storage->read(storage->context, offset, buffer, length));
  const int status = swap_core_ticket(session, offset, buffer, length, &ticket);
  return status ? status : swap_core_wait(session, ticket);
}

void swap_core_drain(swap_session *session) {
  const swap_storage *storage = session->config.storage;
  for (uint32_t i = 0; i < session->in_flight_count; ++i) {
    const int32_t ticket = session->in_flight[i].ticket;
    if (ticket < 0)
      continue;
    if (storage->cancel) /* nobody wants the bytes */
      storage->cancel(storage->context, ticket);
    else
      (void)storage->wait(storage->context, ticket);
  }
  session->in_flight_count = 0;
}
