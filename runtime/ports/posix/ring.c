/*===- ring.c - An io_uring that reads pieces ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "ring.h"

#define BUFFER_BYTES (UINT64_C(1) << 30) /* the kernel's limit for one */
#define MAX_BUFFERS 256u

int port_ring_open(port_ring *ring, unsigned entries) {
  ring->dead = 0;
  ring->registered = NULL;
  return io_uring_queue_init(entries, &ring->ring, 0) == 0;
}

void port_ring_close(port_ring *ring) {
  if (!ring->dead)
    io_uring_queue_exit(&ring->ring);
}

void port_ring_kill(port_ring *ring) {
  port_ring_close(ring);
  ring->dead = 1;
}

/* A buffer is one kind of pages only, so that the kernel sees huge ones as
 * such: gigabytes of them, and one for the small pages at the arena's end. */
void port_ring_register(port_ring *ring, const port_arena *arena) {
  struct iovec buffers[MAX_BUFFERS];
  const uint64_t huge = port_arena_huge_bytes(arena);
  unsigned count = 0;
  if (ring->dead || !arena->bytes || huge / BUFFER_BYTES + 2 > MAX_BUFFERS)
    return;
  for (uint64_t at = 0; at < huge; at += BUFFER_BYTES)
    buffers[count++] = (struct iovec){
        arena->base + at, huge - at < BUFFER_BYTES ? huge - at : BUFFER_BYTES};
  if (arena->bytes > huge)
    buffers[count++] =
        (struct iovec){arena->base + huge, arena->bytes - huge};
  if (io_uring_register_buffers(&ring->ring, buffers, count) != 0)
    return; /* over RLIMIT_MEMLOCK, or an old kernel: plain reads */
  ring->registered = arena->base;
  ring->huge = huge;
  ring->bytes = arena->bytes;
}

void port_ring_unregister(port_ring *ring) {
  if (ring->registered && !ring->dead)
    io_uring_unregister_buffers(&ring->ring);
  ring->registered = NULL;
}

/* The registered buffer that a range lies in, -1 if in none as a whole. */
static int buffer_of(const port_ring *ring, const uint8_t *to, uint64_t bytes) {
  const uint64_t at = (uint64_t)((uintptr_t)to - (uintptr_t)ring->registered);
  if (!ring->registered || at >= ring->bytes || bytes > ring->bytes - at)
    return -1;
  if (at >= ring->huge)
    return (int)((ring->huge + BUFFER_BYTES - 1) / BUFFER_BYTES);
  if (at + bytes > ring->huge ||
      at / BUFFER_BYTES != (at + bytes - 1) / BUFFER_BYTES)
    return -1;
  return (int)(at / BUFFER_BYTES);
}

void port_ring_prepare(port_ring *ring, int fd, port_piece *piece) {
  struct io_uring_sqe *entry = io_uring_get_sqe(&ring->ring);
  const uint64_t most = 0x40000000; /* a request's length is 32 bits */
  const unsigned bytes =
      (unsigned)(piece->bytes < most ? piece->bytes : most);
  const int buffer = buffer_of(ring, piece->to, bytes);
  if (buffer >= 0)
    io_uring_prep_read_fixed(entry, fd, piece->to, bytes, piece->from, buffer);
  else
    io_uring_prep_read(entry, fd, piece->to, bytes, piece->from);
  io_uring_sqe_set_data(entry, piece);
}
