/*===- uring.c - Direct reads through io_uring --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* All pieces of a read are submitted at once: nobody looks at the ring while a
|* kernel computes, and the device must not run dry meanwhile.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#define BUFFER_BYTES (UINT64_C(1) << 30) /* the kernel's limit for one */
#define MAX_BUFFERS 256u

typedef struct piece {
  uint32_t ticket;
  uint64_t from;
  uint64_t bytes;
  uint8_t *to;
  uint64_t end; /* bytes of this piece's range the caller cannot do without */
} piece;

struct port_uring {
  struct io_uring ring;
  int dead; /* the ring failed; nothing is trusted to it any more */
  const uint8_t *registered; /* the arena, if the kernel holds it */
  uint64_t huge;             /* its bytes in whole huge pages ... */
  uint64_t bytes;            /* ... and all */
  piece pieces[PORT_DEPTH][PORT_PIECES];
};

struct port_uring *port_uring_create(swap_file *file) {
  struct port_uring *uring = calloc(1, sizeof *uring);
  if (!uring)
    return NULL;
  if (io_uring_queue_init(PORT_DEPTH * PORT_PIECES, &uring->ring, 0) < 0) {
    free(uring); /* no io_uring here: a container's seccomp, or an old kernel */
    return NULL;
  }
  return uring;
}

void port_uring_destroy(struct port_uring *uring) {
  if (!uring->dead)
    io_uring_queue_exit(&uring->ring);
  free(uring);
}

/* A buffer is one kind of pages only, so that the kernel sees huge ones as
 * such: gigabytes of them, and one for the small pages at the arena's end. */
void port_uring_register(struct port_uring *uring, const port_arena *arena) {
  struct iovec buffers[MAX_BUFFERS];
  const uint64_t huge = port_arena_huge_bytes(arena);
  unsigned count = 0;
  if (uring->dead || !arena->bytes ||
      huge / BUFFER_BYTES + 2 > MAX_BUFFERS)
    return;
  for (uint64_t at = 0; at < huge; at += BUFFER_BYTES)
    buffers[count++] = (struct iovec){
        arena->base + at, huge - at < BUFFER_BYTES ? huge - at : BUFFER_BYTES};
  if (arena->bytes > huge)
    buffers[count++] =
        (struct iovec){arena->base + huge, arena->bytes - huge};
  if (io_uring_register_buffers(&uring->ring, buffers, count) != 0)
    return; /* over RLIMIT_MEMLOCK, or an old kernel: plain reads */
  uring->registered = arena->base;
  uring->huge = huge;
  uring->bytes = arena->bytes;
}

void port_uring_unregister(struct port_uring *uring) {
  if (uring->registered && !uring->dead)
    io_uring_unregister_buffers(&uring->ring);
  uring->registered = NULL;
}

/* The registered buffer that a range lies in, -1 if in none as a whole. */
static int buffer_of(const struct port_uring *uring, const uint8_t *to,
                     uint64_t bytes) {
  const uint64_t at = (uint64_t)((uintptr_t)to - (uintptr_t)uring->registered);
  if (!uring->registered || at >= uring->bytes || bytes > uring->bytes - at)
    return -1;
  if (at >= uring->huge)
    return (int)((uring->huge + BUFFER_BYTES - 1) / BUFFER_BYTES);
  if (at + bytes > uring->huge ||
      at / BUFFER_BYTES != (at + bytes - 1) / BUFFER_BYTES)
    return -1;
  return (int)(at / BUFFER_BYTES);
}

/* The queue has an entry for every piece there can be. */
static void prepare(swap_file *file, piece *p) {
  struct io_uring_sqe *entry = io_uring_get_sqe(&file->uring->ring);
  const uint64_t most = 0x40000000; /* a request's length is 32 bits */
  const unsigned bytes = (unsigned)(p->bytes < most ? p->bytes : most);
  const int buffer = buffer_of(file->uring, p->to, bytes);
  if (buffer >= 0)
    io_uring_prep_read_fixed(entry, file->fd, p->to, bytes, p->from, buffer);
  else
    io_uring_prep_read(entry, file->fd, p->to, bytes, p->from);
  io_uring_sqe_set_data(entry, p);
}

int64_t port_uring_begin(void *context, uint64_t offset, void *buffer,
                         uint64_t length) {
  swap_file *file = context;
  struct port_uring *uring = file->uring;
  if (uring->dead)
    return SWAP_ERR_IO;
  const int64_t taken = port_ticket_take(file, offset, buffer, length);
  if (taken < 0)
    return taken;
  port_ticket *ticket = &file->tickets[taken];
  const uint64_t each = port_ticket_piece_bytes(ticket);
  const uint64_t needed = ticket->skip + ticket->length;
  for (uint32_t i = 0; i < ticket->pending; ++i) {
    const uint64_t start = i * each;
    const uint64_t left = ticket->bytes - start;
    piece *p = &uring->pieces[taken][i];
    *p = (piece){.ticket = (uint32_t)taken,
                 .from = ticket->from + start,
                 .bytes = left < each ? left : each,
                 .to = ticket->to + start};
    p->end = needed - start < p->bytes ? needed - start : p->bytes;
    prepare(file, p);
  }
  (void)io_uring_submit(&uring->ring); /* what it refuses now, wait submits */
  return taken;
}

/* One completion: done, failed, or the rest has to be asked for again. */
static void complete(swap_file *file, piece *p, int result) {
  port_ticket *ticket = &file->tickets[p->ticket];
  /* Cancelled: the thread that asked for it has ended since. */
  if (result == -EINTR || result == -EAGAIN || result == -ECANCELED) {
    prepare(file, p);
    return;
  }
  if (result > 0 && (uint64_t)result < p->end) {
    if ((uint64_t)result % SWAP_BLOB_ALIGN == 0) {
      p->from += (uint64_t)result;
      p->to += result;
      p->bytes -= (uint64_t)result;
      p->end -= (uint64_t)result;
      prepare(file, p);
      return;
    }
    result = 0; /* ends inside a page: the end of the file */
  }
  if (result < 0 && !ticket->error)
    ticket->error = -result;
  if (result == 0)
    ticket->ended = 1;
  ticket->pending -= 1;
}

int port_uring_wait(void *context, int64_t number) {
  swap_file *file = context;
  struct port_uring *uring = file->uring;
  if (number < 0 || number >= (int64_t)PORT_DEPTH ||
      !file->tickets[number].busy)
    return SWAP_ERR_ARGUMENT;
  port_ticket *ticket = &file->tickets[number];
  while (ticket->pending && !uring->dead) {
    struct io_uring_cqe *entry;
    if (io_uring_peek_cqe(&uring->ring, &entry) != 0) {
      const int rc = io_uring_submit_and_wait(&uring->ring, 1);
      if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY) {
        /* Closing the ring is the one way left to stop its reads. */
        io_uring_queue_exit(&uring->ring);
        uring->dead = 1;
        ticket->error = -rc;
      }
      continue;
    }
    complete(file, io_uring_cqe_get_data(entry), entry->res);
    io_uring_cqe_seen(&uring->ring, entry);
  }
  if (uring->dead && ticket->pending && !ticket->error)
    ticket->error = EIO;
  return port_ticket_end(file, ticket);
}
