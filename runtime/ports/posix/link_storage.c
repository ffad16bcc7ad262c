/*===- link_storage.c - What a session sees of a link -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Called by the client's thread. A ticket that has ended is its alone.
\*===----------------------------------------------------------------------===*/
#include "link_state.h"

#include <errno.h>

static int has_ended(const port_link_client *client, int64_t ticket) {
  return atomic_load_explicit(&client->ended[ticket], memory_order_acquire);
}

static int is_ticket(const port_link_client *client, int64_t ticket) {
  return ticket >= 0 && ticket < (int64_t)PORT_DEPTH &&
         client->file.tickets[ticket].busy;
}

/* Headers, tables, and rows above `begin_any`: few, and waited for here. */
static int link_read(void *context, uint64_t offset, void *buffer,
                     uint64_t length) {
  port_link_client *client = context;
  port_link *link = client->link;
  const int status =
      client->file.storage.read(&client->file, offset, buffer, length);
  if (status)
    return status;
  pthread_mutex_lock(&link->lock);
  link->read_bytes += length;
  client->bytes += length;
  pthread_mutex_unlock(&link->lock);
  return SWAP_OK;
}

static int64_t link_begin(void *context, uint64_t offset, void *buffer,
                          uint64_t length) {
  port_link_client *client = context;
  port_link *link = client->link;
  const uint64_t now = swap_posix_clock();
  int64_t number = SWAP_ERR_IO;
  pthread_mutex_lock(&link->lock);
  if (link->dead)
    client->file.last_error = EIO;
  else
    number = port_ticket_take(&client->file, offset, buffer, length);
  if (number >= 0) {
    /* Small pieces, however many: they are handed on a few at a time. */
    port_ticket *ticket = &client->file.tickets[number];
    ticket->each = PORT_PIECE_BYTES;
    ticket->pending = port_ticket_pieces(ticket);
    port_link_put(client, (uint32_t)number, now);
  }
  pthread_mutex_unlock(&link->lock);
  return number;
}

static void link_submit(void *context) {
  port_link *link = ((port_link_client *)context)->link;
  pthread_mutex_lock(&link->lock);
  link->backend->poll(link);
  pthread_mutex_unlock(&link->lock);
}

static void sleep_until_ended(port_link_client *client, int64_t ticket) {
  port_link *link = client->link;
  link->backend->poll(link);
  while (!has_ended(client, ticket))
    link->backend->sleep(link);
}

static int link_wait(void *context, int64_t ticket) {
  port_link_client *client = context;
  port_link *link = client->link;
  if (!is_ticket(client, ticket))
    return SWAP_ERR_ARGUMENT;
  if (!has_ended(client, ticket)) {
    pthread_mutex_lock(&link->lock);
    sleep_until_ended(client, ticket);
    pthread_mutex_unlock(&link->lock);
  }
  return port_ticket_end(&client->file, &client->file.tickets[ticket]);
}

static int link_done(void *context, int64_t ticket) {
  port_link_client *client = context;
  if (!is_ticket(client, ticket))
    return SWAP_ERR_ARGUMENT;
  if (!has_ended(client, ticket))
    port_link_poll(client->link);
  return has_ended(client, ticket);
}

static void link_cancel(void *context, int64_t ticket) {
  port_link_client *client = context;
  port_link *link = client->link;
  if (!is_ticket(client, ticket))
    return;
  pthread_mutex_lock(&link->lock);
  port_link_drop(client, (uint32_t)ticket);
  if (!has_ended(client, ticket)) /* the device writes to its buffer */
    sleep_until_ended(client, ticket);
  pthread_mutex_unlock(&link->lock);
  client->file.tickets[ticket].busy = 0;
}

void port_link_fill_storage(port_link_client *client) {
  client->storage = client->file.storage;
  client->storage.context = client;
  client->storage.read = link_read;
  client->storage.begin = link_begin;
  client->storage.begin_any = PORT_BOUNCE_BYTES - SWAP_BLOB_ALIGN;
  client->storage.submit = link_submit;
  client->storage.wait = link_wait;
  client->storage.done = link_done;
  client->storage.cancel = link_cancel;
}
