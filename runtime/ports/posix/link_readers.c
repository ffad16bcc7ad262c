/*===- link_readers.c - A link through threads --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* For systems without io_uring, and for buffered reads. Each thread takes the
|* next piece when it has read one, so no more are at the device than threads.
\*===----------------------------------------------------------------------===*/
#include "link_state.h"

#include <stdlib.h>

typedef struct readers_state {
  pthread_cond_t work;
  pthread_t threads[PORT_READERS];
  uint32_t count;
  int go; /* reads were submitted, not only begun */
  int stop;
} readers_state;

static void *reader(void *context) {
  port_link *link = context;
  readers_state *r = link->state;
  pthread_mutex_lock(&link->lock);
  while (!r->stop) {
    port_link_client *client;
    port_piece piece;
    if (!r->go ||
        !port_link_take(link, swap_posix_clock(), &client, &piece)) {
      r->go = r->go && link->queued;
      pthread_cond_wait(&r->work, &link->lock);
      continue;
    }
    const int fd = client->file.fd;
    pthread_mutex_unlock(&link->lock);
    const int error = port_piece_read(&piece, fd);
    pthread_mutex_lock(&link->lock);
    port_piece_done(&piece, error);
    port_link_completed(client, piece.ticket, piece.bytes);
    if (link->queued) /* there may be room for the other one */
      pthread_cond_signal(&r->work);
  }
  pthread_mutex_unlock(&link->lock);
  return NULL;
}

static void readers_poll(port_link *link) {
  readers_state *r = link->state;
  if (link->stale && link->queued) {
    r->go = 1;
    pthread_cond_broadcast(&r->work);
  }
  link->stale = 0;
}

static void readers_sleep(port_link *link) {
  pthread_cond_wait(&link->changed, &link->lock);
}

/* Who wakes broadcasts `changed`. */
static void readers_wake(port_link *link) { (void)link; }

static void readers_close(port_link *link) {
  readers_state *r = link->state;
  pthread_mutex_lock(&link->lock);
  r->stop = 1;
  pthread_cond_broadcast(&r->work);
  pthread_mutex_unlock(&link->lock);
  for (uint32_t i = 0; i < r->count; ++i)
    pthread_join(r->threads[i], NULL);
  pthread_cond_destroy(&r->work);
  free(r);
}

int port_link_readers_open(port_link *link) {
  static const port_link_backend backend = {SWAP_POSIX_THREAD, readers_poll,
                                            readers_sleep, readers_wake,
                                            readers_close};
  readers_state *r = calloc(1, sizeof *r);
  if (!r)
    return 0;
  pthread_cond_init(&r->work, NULL);
  link->state = r;
  link->backend = &backend;
  r->count = port_readers_start(r->threads, PORT_READERS, reader, link);
  if (r->count)
    return 1;
  readers_close(link);
  return 0;
}
