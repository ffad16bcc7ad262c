/*===- uring.c - Direct reads through io_uring --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* All pieces of a read are submitted at once: nobody looks at the ring while a
|* kernel computes, and the device must not run dry meanwhile.
\*===----------------------------------------------------------------------===*/
#include "ring.h"

#include <stdlib.h>

struct port_uring {
  port_ring ring; /* an entry for every piece there can be */
  port_piece pieces[PORT_DEPTH][PORT_PIECES];
};

struct port_uring *port_uring_create(swap_file *file) {
  struct port_uring *uring = calloc(1, sizeof *uring);
  (void)file;
  if (uring && port_ring_open(&uring->ring, PORT_DEPTH * PORT_PIECES))
    return uring;
  free(uring);
  return NULL;
}

void port_uring_destroy(struct port_uring *uring) {
  port_ring_close(&uring->ring);
  free(uring);
}

void port_uring_register(struct port_uring *uring, const port_arena *arena) {
  port_ring_register(&uring->ring, arena);
}

void port_uring_unregister(struct port_uring *uring) {
  port_ring_unregister(&uring->ring);
}

int64_t port_uring_begin(void *context, uint64_t offset, void *buffer,
                         uint64_t length) {
  swap_file *file = context;
  struct port_uring *uring = file->uring;
  if (uring->ring.dead)
    return SWAP_ERR_IO;
  const int64_t taken = port_ticket_take(file, offset, buffer, length);
  if (taken < 0)
    return taken;
  port_ticket *ticket = &file->tickets[taken];
  for (uint32_t i = 0; i < ticket->pending; ++i) {
    port_piece *piece = &uring->pieces[taken][i];
    *piece = port_ticket_piece(ticket, i);
    port_ring_prepare(&uring->ring, file->fd, piece);
  }
  return taken; /* a submission costs as much for one read as for several */
}

void port_uring_submit(void *context) {
  swap_file *file = context;
  if (!file->uring->ring.dead)
    (void)io_uring_submit(&file->uring->ring.ring); /* or else wait submits */
}

int port_uring_wait(void *context, int64_t number) {
  swap_file *file = context;
  port_ring *ring = &file->uring->ring;
  if (number < 0 || number >= (int64_t)PORT_DEPTH ||
      !file->tickets[number].busy)
    return SWAP_ERR_ARGUMENT;
  port_ticket *ticket = &file->tickets[number];
  while (ticket->pending && !ring->dead) {
    struct io_uring_cqe *entry;
    if (io_uring_peek_cqe(&ring->ring, &entry) != 0) {
      const int rc = io_uring_submit_and_wait(&ring->ring, 1);
      if (rc < 0 && !port_ring_passes(-rc)) {
        port_ring_kill(ring);
        ticket->error = -rc;
      }
      continue;
    }
    port_piece *piece = io_uring_cqe_get_data(entry);
    if (port_piece_again(piece, entry->res))
      port_ring_prepare(ring, file->fd, piece);
    io_uring_cqe_seen(&ring->ring, entry);
  }
  if (ring->dead && ticket->pending && !ticket->error)
    ticket->error = EIO;
  return port_ticket_end(file, ticket);
}
