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
                          .direct = file->direct,
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
  const uint64_t share = (ticket->bytes / PORT_PIECES + mask) & ~mask;
  /* One page more per piece, so that rounding never makes one piece too many.
   */
  ticket->each =
      share < PORT_PIECE_BYTES ? PORT_PIECE_BYTES : share + SWAP_BLOB_ALIGN;
  ticket->pending = port_ticket_pieces(ticket);
  return free_one;
}

uint32_t port_ticket_pieces(const port_ticket *ticket) {
  return (uint32_t)((ticket->bytes + ticket->each - 1) / ticket->each);
}

port_piece port_ticket_piece(const port_ticket *ticket, uint32_t number) {
  const uint64_t start = number * ticket->each;
  const uint64_t left = ticket->bytes - start;
  const uint64_t wanted = ticket->skip + ticket->length - start;
  port_piece piece = {.ticket = (port_ticket *)ticket,
                      .from = ticket->from + start,
                      .bytes = left < ticket->each ? left : ticket->each,
                      .to = ticket->to + start};
  piece.needed = wanted < piece.bytes ? wanted : piece.bytes;
  return piece;
}

void port_piece_done(const port_piece *piece, int error) {
  if (error > 0 && !piece->ticket->error)
    piece->ticket->error = error;
  if (error < 0)
    piece->ticket->ended = 1;
  piece->ticket->pending -= 1;
}

int port_piece_again(port_piece *piece, int result) {
  /* Cancelled: the thread that asked for it has ended since. */
  if (result == -EINTR || result == -EAGAIN || result == -ECANCELED)
    return 1;
  if (result > 0 && (uint64_t)result < piece->needed) {
    if (!piece->ticket->direct || (uint64_t)result % SWAP_BLOB_ALIGN == 0) {
      piece->from += (uint64_t)result;
      piece->to += result;
      piece->bytes -= (uint64_t)result;
      piece->needed -= (uint64_t)result;
      return 1;
    }
    result = 0; /* a direct read that ends inside a page: the file's end */
  }
  port_piece_done(piece, result < 0 ? -result : result ? 0 : -1);
  return 0;
}

int port_piece_read(const port_piece *piece, int fd) {
  return port_pread(fd, piece->ticket->direct, piece->to, piece->bytes,
                    piece->needed, piece->from);
}

int port_ticket_end(swap_file *file, port_ticket *ticket) {
  ticket->busy = 0;
  if (ticket->error == EINVAL && (file->direct || file->refused)) {
    port_file_refused(file);
    const int error = port_pread(file->fd, 0, ticket->to, ticket->bytes,
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
