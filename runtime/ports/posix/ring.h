/*===- ring.h - An io_uring that reads pieces ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What the backend of one file (uring.c) and that of a link (link_uring.c) have
|* in common. Not locked.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORT_RING_H
#define SWAP_PORT_RING_H

#include "port.h"

#include <errno.h>
#include <liburing.h>

typedef struct port_ring {
  struct io_uring ring;
  int dead; /* the ring failed; nothing is trusted to it any more */
  const uint8_t *registered; /* the arena, if the kernel holds it */
  uint64_t huge;             /* its bytes in whole huge pages ... */
  uint64_t bytes;            /* ... and all */
} port_ring;

/* False where there is no io_uring: a container's seccomp, or an old kernel. */
int port_ring_open(port_ring *ring, unsigned entries);
void port_ring_close(port_ring *ring);

/* Closing it is the one way left to stop its reads. */
void port_ring_kill(port_ring *ring);

void port_ring_register(port_ring *ring, const port_arena *arena);
void port_ring_unregister(port_ring *ring);

/* Asks for a piece, with its address as the completion's data. There is an entry
 * for it; the kernel sees it with the next submission. */
void port_ring_prepare(port_ring *ring, int fd, port_piece *piece);

/* Whether an error of a submission passes. */
static inline int port_ring_passes(int error) {
  return error == EINTR || error == EAGAIN || error == EBUSY;
}

#endif /* SWAP_PORT_RING_H */
