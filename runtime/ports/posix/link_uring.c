/*===- link_uring.c - A link through io_uring ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Completions count up an eventfd, and a thread that sleeps in the kernel does so
|* there: it wakes up even if another thread took the completion in between. One
|* does that at a time, the others wait for it.
\*===----------------------------------------------------------------------===*/
#include "link_state.h"
#include "ring.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Pieces at the device: those of 64 KiB make 32 MiB. */
#define ENTRIES 512u

typedef struct entry {
  port_piece piece; /* first: it is what completions name */
  port_link_client *client;
  uint64_t bytes; /* of the piece as it was */
  struct entry *next;
} entry;

typedef struct uring_state {
  port_ring ring;
  int event;
  int asleep; /* somebody is, in the kernel */
  entry *free;
  entry entries[ENTRIES];
} uring_state;

static void uring_wake(port_link *link) {
  const uring_state *u = link->state;
  const uint64_t one = 1;
  if (u->asleep)
    (void)!write(u->event, &one, sizeof one);
}

static void take_completions(uring_state *u) {
  struct io_uring_cqe *cqe;
  while (io_uring_cq_ready(&u->ring.ring) &&
         io_uring_peek_cqe(&u->ring.ring, &cqe) == 0) {
    entry *e = io_uring_cqe_get_data(cqe);
    const int again = port_piece_again(&e->piece, cqe->res);
    io_uring_cqe_seen(&u->ring.ring, cqe);
    if (again) {
      port_ring_prepare(&u->ring, e->client->file.fd, &e->piece);
      continue;
    }
    port_link_completed(e->client, e->piece.ticket, e->bytes);
    e->next = u->free;
    u->free = e;
  }
}

static void hand_on(port_link *link, uring_state *u) {
  const uint64_t now = swap_posix_clock();
  while (u->free && port_link_take(link, now, &u->free->client,
                                   &u->free->piece)) {
    entry *e = u->free;
    u->free = e->next;
    e->bytes = e->piece.bytes;
    port_ring_prepare(&u->ring, e->client->file.fd, &e->piece);
  }
  link->stale = 0;
}

static void uring_poll(port_link *link) {
  uring_state *u = link->state;
  if (link->dead)
    return;
  take_completions(u);
  if (link->stale)
    hand_on(link, u);
  if (!io_uring_sq_ready(&u->ring.ring))
    return;
  const int rc = io_uring_submit(&u->ring.ring);
  if (rc < 0 && !port_ring_passes(-rc)) {
    port_ring_kill(&u->ring);
    port_link_failed(link);
    uring_wake(link);
  }
}

static void uring_sleep(port_link *link) {
  uring_state *u = link->state;
  if (u->asleep) {
    pthread_cond_wait(&link->changed, &link->lock);
    return;
  }
  /* What the kernel did not take yet, it does not complete. */
  const int refused = io_uring_sq_ready(&u->ring.ring) != 0;
  uint64_t count;
  u->asleep = 1;
  pthread_mutex_unlock(&link->lock);
  if (refused)
    usleep(100);
  else
    (void)!read(u->event, &count, sizeof count);
  pthread_mutex_lock(&link->lock);
  u->asleep = 0;
  uring_poll(link);
  pthread_cond_broadcast(&link->changed); /* somebody else may have to sleep */
}

static void uring_close(port_link *link) {
  uring_state *u = link->state;
  port_ring_close(&u->ring);
  close(u->event);
  free(u);
}

int port_link_uring_open(port_link *link) {
  static const port_link_backend backend = {SWAP_POSIX_URING, uring_poll,
                                            uring_sleep, uring_wake,
                                            uring_close};
  uring_state *u = calloc(1, sizeof *u);
  if (!u)
    return 0;
  u->event = eventfd(0, EFD_CLOEXEC);
  const int open = u->event >= 0 && port_ring_open(&u->ring, ENTRIES);
  if (!open || io_uring_register_eventfd(&u->ring.ring, u->event) != 0) {
    if (open)
      port_ring_close(&u->ring);
    if (u->event >= 0)
      close(u->event);
    free(u);
    return 0;
  }
  for (uint32_t i = 0; i < ENTRIES; ++i) {
    u->entries[i].next = u->free;
    u->free = &u->entries[i];
  }
  link->state = u;
  link->backend = &backend;
  return 1;
}
