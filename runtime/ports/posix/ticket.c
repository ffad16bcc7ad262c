/*===- ticket.c - Reads under way ---------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int64_t port_ticket_take(swap_file *file, uint64_t offset, void *buffer,
                         uint64_t length) {
  const uint64_t mask = SWAP_BLOB_ALIGN - 1;
  uint32_t free_one = 0;
  while (free_one < PORT_DEPTH && file->tickets[free_one].busy)
    ++free_one;
  if (free_one == PORT_DEPTH || !length || offset > INT64_MAX ||
      length > INT64_MAX - offset)
    return SWAP_ERR_ARGUMENT;
  port_ticket *ticket = &file->tickets[free_one];
  uint8_t *bounce = ticket->bounce;
  *ticket = (port_ticket){.busy = 1,
                          .from = offset,
                          .bytes = length,
                          .to = buffer,
                          .length = length,
                          .bounce = bounce};
  if (file->direct && ((offset | length | (uintptr_t)buffer) & mask)) {
    ticket->skip = offset & mask;
    ticket->from = offset - ticket->skip;
    ticket->bytes = (ticket->skip + length + mask) & ~mask;
    if (ticket->bytes > PORT_BOUNCE_BYTES) {
      ticket->busy = 0;
      return SWAP_ERR_GEOMETRY;
    }
    if (!bounce)
      ticket->bounce = bounce =
          aligned_alloc(SWAP_BLOB_ALIGN, PORT_BOUNCE_BYTES);
    if (!bounce) {
      ticket->busy = 0;
      return SWAP_ERR_IO;
    }
    ticket->target = buffer;
    ticket->to = bounce;
  }
  ticket->pending = port_ticket_pieces(ticket);
  return free_one;
}

uint64_t port_ticket_piece_bytes(const port_ticket *ticket) {
  const uint64_t mask = SWAP_BLOB_ALIGN - 1;
  const uint64_t share = (ticket->bytes / PORT_PIECES + mask) & ~mask;
  /* One page more per piece, so that rounding never makes one piece too many.
   */
  return share < PORT_PIECE_BYTES ? PORT_PIECE_BYTES : share + SWAP_BLOB_ALIGN;
}

uint32_t port_ticket_pieces(const port_ticket *ticket) {
  const uint64_t piece = port_ticket_piece_bytes(ticket);
  return (uint32_t)((ticket->bytes + piece - 1) / piece);
}

int port_ticket_end(swap_file *file, port_ticket *ticket) {
  ticket->busy = 0;
  if (ticket->error == EINVAL && (file->direct || file->refused)) {
    port_file_refused(file);
    const int error = port_pread(file, ticket->to, ticket->bytes,
                                 ticket->skip + ticket->length, ticket->from);
    ticket->error = error > 0 ? error : 0;
    ticket->ended = error < 0;
  }
  if (ticket->error || ticket->ended) {
    file->last_error = ticket->error;
    return ticket->error ? SWAP_ERR_IO : SWAP_ERR_SHORT;
  }
  if (ticket->target)
    memcpy(ticket->target, ticket->bounce + ticket->skip, ticket->length);
  if (ticket->target || !file->direct)
    file->copied += ticket->length;
  if (!file->direct)
    posix_fadvise(file->fd, (off_t)ticket->from, (off_t)ticket->bytes,
                  POSIX_FADV_DONTNEED);
  return SWAP_OK;
}
