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

/* Spends a ticket whose bytes nobody wants. */
static void drop(const swap_storage *storage, int32_t ticket) {
  if (storage->cancel)
    storage->cancel(storage->context, ticket);
  else
    (void)storage->wait(storage->context, ticket);
}

/* Whether a wait would take time: SWAP_PENDING. The timeout counts from when the
 * read was first asked about. A status means that the ticket is spent. */
static int ask(swap_session *session, int32_t ticket) {
  const swap_storage *storage = session->config.storage;
  const uint64_t limit = session->config.timeout_ns;
  /* The time first: a read that ended meanwhile is not late. */
  const uint64_t now = swap_core_now(session);
  int done = storage->done(storage->context, ticket);
  if (!done) {
    if (session->awaited != ticket) {
      session->awaited = ticket;
      session->awaited_ns = now;
    }
    if (!limit || now - session->awaited_ns < limit)
      return SWAP_PENDING;
    done = SWAP_ERR_TIMEOUT;
  }
  session->awaited = SWAP_CORE_NO_TICKET;
  if (done > 0)
    return SWAP_OK;
  drop(storage, ticket);
  return done;
}

int swap_core_wait(swap_session *session, int32_t ticket) {
  const swap_storage *storage = session->config.storage;
  int status = SWAP_OK;
  if (session->config.timeout_ns) {
    swap_core_submit(session); /* asking does not make reads go */
    do
      status = ask(session, ticket);
    while (status > 0);
  }
  return status ? status
                : swap_core_status(storage->wait(storage->context, ticket));
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
  if (ticket >= 0 && session->polls)
    status = ask(session, ticket);
  if (status > 0)
    return status;
  session->in_flight[position].ticket = SWAP_CORE_ARRIVED;
  if (ticket >= 0 && !status)
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

void swap_core_drain(swap_session *session, uint32_t kind) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i) {
    const int32_t ticket = session->in_flight[i].ticket;
    if (kind != SWAP_CORE_ALL && session->in_flight[i].kind != kind)
      session->in_flight[left++] = session->in_flight[i];
    else if (ticket >= 0)
      drop(session->config.storage, ticket);
  }
  session->in_flight_count = left;
  session->awaited = SWAP_CORE_NO_TICKET;
}
