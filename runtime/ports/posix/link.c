/*===- link.c - One link for several models -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "link_state.h"

#include <errno.h>
#include <stdlib.h>

port_link *port_link_create(uint32_t io) {
  port_link *link = calloc(1, sizeof *link);
  if (!link)
    return NULL;
  pthread_mutex_init(&link->lock, NULL);
  pthread_cond_init(&link->changed, NULL);
  link->leader_bytes = PORT_LINK_LEADER_BYTES;
  link->others_bytes = PORT_LINK_OTHERS_BYTES;
  link->patience_ns = PORT_LINK_PATIENCE_NS;
  link->order = 1; /* 0: nothing was overtaken yet */
  link->io = io == SWAP_POSIX_BUFFERED ? io : SWAP_POSIX_THREAD;
  if (((io == SWAP_POSIX_AUTO || io == SWAP_POSIX_URING) &&
       port_link_uring_open(link)) ||
      port_link_readers_open(link))
    return link;
  pthread_cond_destroy(&link->changed);
  pthread_mutex_destroy(&link->lock);
  free(link);
  return NULL;
}

void port_link_destroy(port_link *link) {
  if (!link)
    return;
  link->backend->close(link);
  pthread_cond_destroy(&link->changed);
  pthread_mutex_destroy(&link->lock);
  free(link);
}

const char *port_link_io_name(const port_link *link) {
  return port_io_name(link->backend->io);
}

void port_link_set_bounds(port_link *link, uint64_t leader, uint64_t others) {
  pthread_mutex_lock(&link->lock);
  link->leader_bytes = leader;
  link->others_bytes = others;
  pthread_mutex_unlock(&link->lock);
}

void port_link_set_patience(port_link *link, uint64_t patience_ns) {
  pthread_mutex_lock(&link->lock);
  link->patience_ns = patience_ns;
  link->stale = 1;
  pthread_mutex_unlock(&link->lock);
}

/* ---- Clients ------------------------------------------------------------- */

int port_link_open(port_link *link, const char *path,
                   port_link_client **result) {
  *result = NULL;
  port_link_client *client = calloc(1, sizeof *client);
  if (!client) {
    errno = ENOMEM;
    return SWAP_ERR_IO;
  }
  const int status = port_file_open_bare(&client->file, path, link->io);
  if (status) {
    const int error = client->file.last_error;
    free(client);
    errno = error;
    return status;
  }
  if (client->file.io != SWAP_POSIX_BUFFERED)
    client->file.io = link->backend->io;
  client->link = link;
  port_link_fill_storage(client);
  for (uint32_t i = 0; i < PORT_DEPTH; ++i)
    atomic_init(&client->ended[i], 1);
  pthread_mutex_lock(&link->lock);
  client->next = link->clients;
  link->clients = client;
  pthread_mutex_unlock(&link->lock);
  *result = client;
  return SWAP_OK;
}

void port_link_close(port_link_client *client) {
  if (!client)
    return;
  port_link *link = client->link;
  pthread_mutex_lock(&link->lock);
  port_link_client **at = &link->clients;
  while (*at != client)
    at = &(*at)->next;
  *at = client->next;
  pthread_mutex_unlock(&link->lock);
  port_file_close(&client->file);
  free(client);
}

const swap_file *port_link_file(const port_link_client *client) {
  return &client->file;
}

const swap_storage *port_link_storage(port_link_client *client) {
  return &client->storage;
}

void port_link_set_urgency(port_link_client *client,
                           const pool_urgency *urgency) {
  pthread_mutex_lock(&client->link->lock);
  client->has_job = urgency != NULL;
  if (urgency)
    client->urgency = *urgency;
  client->link->stale = 1;
  pthread_mutex_unlock(&client->link->lock);
}

uint64_t port_link_client_bytes(const port_link_client *client) {
  return atomic_load_explicit(&client->bytes, memory_order_relaxed);
}

/* ---- All of them --------------------------------------------------------- */

void port_link_poll(port_link *link) {
  if (pthread_mutex_trylock(&link->lock) != 0)
    return; /* somebody else is at it */
  link->backend->poll(link);
  pthread_mutex_unlock(&link->lock);
}

typedef struct kernel {
  port_link *link;
  void (*task)(void *context, uint64_t index, uint32_t thread);
  void *context;
  uint64_t count;
  _Atomic uint64_t next; /* of the tiles that helpers take */
} kernel;

static void run_tile(void *context, uint64_t index, uint32_t thread) {
  const kernel *k = context;
  k->task(k->context, index, thread);
  /* Completions can wait, but the device must not. */
  if (!thread && atomic_load_explicit(&k->link->queued, memory_order_relaxed))
    port_link_poll(k->link);
}

/* A helper, whichever thread it runs on. */
static void help(void *context, uint64_t index, uint32_t thread) {
  kernel *k = context;
  uint64_t tile;
  (void)thread;
  while ((tile = atomic_fetch_add_explicit(&k->next, 1, memory_order_relaxed)) <
         k->count)
    run_tile(k, tile, (uint32_t)index);
}

void port_link_parallel(port_link *link, const swap_executor *executor,
                        uint32_t threads,
                        void (*task)(void *context, uint64_t index,
                                     uint32_t thread),
                        void *context, uint64_t count) {
  kernel k = {.link = link, .task = task, .context = context, .count = count};
  const int all = threads >= executor->threads;
  if (count == 1)
    run_tile(&k, 0, 0);
  if (count <= 1)
    return;
  executor->parallel(executor->context, all ? run_tile : help, &k,
                     all ? count : threads);
}

uint64_t port_link_events(port_link *link) {
  return atomic_load_explicit(&link->events, memory_order_acquire);
}

int port_link_wait_any(port_link *link, uint64_t seen) {
  int slept = 0;
  pthread_mutex_lock(&link->lock);
  link->backend->poll(link);
  while (port_link_events(link) == seen &&
         (link->pieces || link->queued)) {
    link->backend->sleep(link);
    slept = 1;
  }
  pthread_mutex_unlock(&link->lock);
  return slept;
}

void port_link_wake(port_link *link) {
  pthread_mutex_lock(&link->lock);
  atomic_fetch_add_explicit(&link->events, 1, memory_order_release);
  pthread_cond_broadcast(&link->changed);
  link->backend->wake(link);
  pthread_mutex_unlock(&link->lock);
}

void port_link_get_counters(port_link *link, port_link_counters *counters) {
  pthread_mutex_lock(&link->lock);
  *counters = (port_link_counters){.read_bytes = link->read_bytes,
                                   .queued_bytes = link->queued,
                                   .in_flight_bytes = link->in_flight,
                                   .overtaken = link->overtaken,
                                   .busy_ns = link->busy_ns};
  pthread_mutex_unlock(&link->lock);
}
