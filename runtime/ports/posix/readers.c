/*===- readers.c - Reads by threads -------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* For systems without io_uring, and for buffered reads. Two threads, so that a
|* device sees a second request while the first returns. Pieces are taken in
|* order of the reads' beginnings.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <stdlib.h>

#define STACK_BYTES 0x40000

struct port_readers {
  swap_file *file;
  pthread_mutex_t lock;
  pthread_cond_t work;
  pthread_cond_t done;
  pthread_t threads[PORT_READERS];
  uint32_t thread_count;
  int stop;
  uint32_t queue[PORT_DEPTH]; /* tickets with pieces nobody has taken, a ring */
  uint32_t first;
  uint32_t count;
  uint32_t taken; /* pieces taken of the first of them */
};

static void *reader(void *context) {
  struct port_readers *readers = context;
  pthread_mutex_lock(&readers->lock);
  for (;;) {
    while (!readers->count && !readers->stop)
      pthread_cond_wait(&readers->work, &readers->lock);
    if (!readers->count)
      break;
    port_ticket *ticket =
        &readers->file->tickets[readers->queue[readers->first]];
    const port_piece piece = port_ticket_piece(ticket, readers->taken++);
    if (readers->taken == port_ticket_pieces(ticket)) {
      readers->first = (readers->first + 1) % PORT_DEPTH;
      readers->count -= 1;
      readers->taken = 0;
    }
    pthread_mutex_unlock(&readers->lock);
    const int error = port_piece_read(&piece, readers->file->fd);
    pthread_mutex_lock(&readers->lock);
    port_piece_done(&piece, error);
    if (!ticket->pending)
      pthread_cond_signal(&readers->done);
  }
  pthread_mutex_unlock(&readers->lock);
  return NULL;
}

uint32_t port_readers_start(pthread_t *threads, uint32_t count,
                            void *(*main)(void *context), void *context) {
  uint32_t started = 0;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  while (started < count &&
         pthread_create(&threads[started], &attributes, main, context) == 0)
    started += 1;
  pthread_attr_destroy(&attributes);
  return started;
}

struct port_readers *port_readers_create(swap_file *file) {
  struct port_readers *readers = calloc(1, sizeof *readers);
  if (!readers)
    return NULL;
  readers->file = file;
  pthread_mutex_init(&readers->lock, NULL);
  pthread_cond_init(&readers->work, NULL);
  pthread_cond_init(&readers->done, NULL);
  readers->thread_count =
      port_readers_start(readers->threads, PORT_READERS, reader, readers);
  if (!readers->thread_count) {
    port_readers_destroy(readers);
    return NULL;
  }
  return readers;
}

void port_readers_destroy(struct port_readers *readers) {
  pthread_mutex_lock(&readers->lock);
  readers->stop = 1;
  pthread_cond_broadcast(&readers->work);
  pthread_mutex_unlock(&readers->lock);
  for (uint32_t i = 0; i < readers->thread_count; ++i)
    pthread_join(readers->threads[i], NULL);
  pthread_cond_destroy(&readers->done);
  pthread_cond_destroy(&readers->work);
  pthread_mutex_destroy(&readers->lock);
  free(readers);
}

int64_t port_readers_begin(void *context, uint64_t offset, void *buffer,
                           uint64_t length) {
  swap_file *file = context;
  struct port_readers *readers = file->readers;
  pthread_mutex_lock(&readers->lock);
  const int64_t ticket = port_ticket_take(file, offset, buffer, length);
  if (ticket >= 0) {
    readers->queue[(readers->first + readers->count) % PORT_DEPTH] =
        (uint32_t)ticket;
    readers->count += 1;
    pthread_cond_broadcast(&readers->work);
  }
  pthread_mutex_unlock(&readers->lock);
  return ticket;
}

int port_readers_wait(void *context, int64_t number) {
  swap_file *file = context;
  struct port_readers *readers = file->readers;
  if (number < 0 || number >= (int64_t)PORT_DEPTH)
    return SWAP_ERR_ARGUMENT;
  port_ticket *ticket = &file->tickets[number];
  pthread_mutex_lock(&readers->lock);
  const uint32_t busy = ticket->busy;
  while (busy && ticket->pending)
    pthread_cond_wait(&readers->done, &readers->lock);
  pthread_mutex_unlock(&readers->lock);
  return busy ? port_ticket_end(file, ticket) : SWAP_ERR_ARGUMENT;
}
