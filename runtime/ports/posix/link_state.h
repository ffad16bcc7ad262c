/*===- link_state.h - What a link holds ---------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Everything but what is atomic is guarded by the link's lock. Nobody holds it
|* while asleep.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORT_LINK_STATE_H
#define SWAP_PORT_LINK_STATE_H

#include "link.h"

#include <stdatomic.h>

/* Who carries pieces out. All are called with the lock held. */
typedef struct port_link_backend {
  uint32_t io;
  /* Hands on what may be handed on, takes what is complete. */
  void (*poll)(port_link *link);
  /* Gives the lock away until something may have changed; some read is at the
   * device then. */
  void (*sleep)(port_link *link);
  void (*wake)(port_link *link);
  void (*close)(port_link *link);
} port_link_backend;

struct port_link {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* some read completed, or a sleeper left */
  _Atomic uint64_t events;
  const port_link_backend *backend;
  void *state; /* the backend's */
  int dead;    /* it failed; no read goes anywhere */
  int stale;   /* something was queued, completed or reordered since the last
                  attempt to hand reads on */
  uint32_t io; /* how files are opened */
  uint64_t leader_bytes;
  uint64_t others_bytes;
  uint64_t patience_ns;
  uint64_t order; /* of beginning, over all clients */
  uint32_t pieces; /* at the device */
  uint64_t in_flight; /* bytes there */
  uint64_t busy_since; /* when the first of them came */
  uint64_t busy_ns;    /* before that, with something there */
  _Atomic uint64_t queued; /* bytes that are not there yet */
  uint64_t read_bytes;
  uint64_t overtaken;
  port_link_client *clients;
};

struct port_link_client {
  port_link *link;
  port_link_client *next;
  swap_file file;
  swap_storage storage;
  pool_urgency urgency;
  int has_job; /* else it has no urgency */
  uint32_t queue[PORT_DEPTH]; /* tickets with pieces nobody has taken, a ring */
  uint32_t first;
  uint32_t count;
  uint32_t taken; /* pieces taken of the first of them */
  uint64_t since[PORT_DEPTH];
  uint64_t order[PORT_DEPTH];
  uint64_t overtaken; /* so were reads that are older than this one */
  _Atomic uint64_t bytes; /* of completed reads */
  _Atomic uint8_t ended[PORT_DEPTH]; /* not under way */
};

/* link_queue.c: takes the next piece out of the queue if it may go to the device
 * now. */
int port_link_take(port_link *link, uint64_t now, port_link_client **client,
                   port_piece *piece);
void port_link_put(port_link_client *client, uint32_t ticket, uint64_t now);
/* Takes a ticket out of the queue, as far as it is there. */
void port_link_drop(port_link_client *client, uint32_t ticket);
/* A piece of `bytes` is complete. */
void port_link_completed(port_link_client *client, const port_ticket *ticket,
                         uint64_t bytes);
/* The backend failed: nothing is under way any more. */
void port_link_failed(port_link *link);

/* link_storage.c */
void port_link_fill_storage(port_link_client *client);

/* Backends: false where the system lacks what they need. */
int port_link_uring_open(port_link *link);
int port_link_readers_open(port_link *link);

#endif /* SWAP_PORT_LINK_STATE_H */
