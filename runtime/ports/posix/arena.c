/*===- arena.c - The memory of a plan -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Anonymous pages, taken as they are touched. Direct reads into huge pages run
|* at more than twice the rate of reads into scattered small ones, at half the
|* processor time (docs/runtime.md). An arena ends inside a huge page, though,
|* and what lies behind its end is not in the budget. So that page is touched
|* first, while the rest is not in use yet; MADV_FREE of its end splits it into
|* small pages, which stay next to each other; then its end goes back.
|*
|* Addresses are reserved for the model's largest plan, so that a plan can be
|* exchanged for another without moving.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <sys/mman.h>

static uint64_t up(uint64_t bytes, uint64_t to) {
  return (bytes + to - 1) / to * to;
}

static uint8_t *map_at(void *address, uint64_t bytes, int flags) {
  uint8_t *start =
      mmap(address, bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  return start == MAP_FAILED ? NULL : start;
}

int port_arena_reserve(port_arena *arena, uint64_t bytes) {
  *arena = (port_arena){.base = NULL};
  if (bytes > SIZE_MAX / 2)
    return 0;
  const uint64_t kept = up(bytes, PORT_HUGE_BYTES);
  uint8_t *start = map_at(NULL, kept + PORT_HUGE_BYTES, 0);
  if (!start)
    return 0;
  /* More addresses than needed: keep the part that starts aligned. */
  const uint64_t before =
      (PORT_HUGE_BYTES - (uintptr_t)start % PORT_HUGE_BYTES) % PORT_HUGE_BYTES;
  if (before)
    munmap(start, before);
  munmap(start + before + kept, PORT_HUGE_BYTES - before);
  arena->base = start + before;
  arena->reserved = kept;
  return 1;
}

uint64_t port_arena_huge_bytes(const port_arena *arena) {
  return arena->bytes / PORT_HUGE_BYTES * PORT_HUGE_BYTES;
}

/* Gives pages back, and the addresses behind the whole huge pages never get a
 * huge page again, neither by a fault nor by the system's own collapsing. */
static void give_back(port_arena *arena) {
  const uint64_t end = up(arena->bytes, SWAP_BLOB_ALIGN);
  const uint64_t whole = port_arena_huge_bytes(arena);
  const uint64_t split = up(end, PORT_HUGE_BYTES);
  if (split > end) {
    /* Splitting would replace pages of zeros by the shared one. */
    for (uint64_t at = whole; at < end; at += SWAP_BLOB_ALIGN)
      *(volatile uint8_t *)(arena->base + at) = 1;
    madvise(arena->base + end, split - end, MADV_FREE);
    madvise(arena->base + end, split - end, MADV_DONTNEED);
  }
  if (arena->reserved > split)
    madvise(arena->base + split, arena->reserved - split, MADV_DONTNEED);
  if (arena->reserved > whole)
    madvise(arena->base + whole, arena->reserved - whole, MADV_NOHUGEPAGE);
}

int port_arena_resize(port_arena *arena, uint64_t bytes, uint64_t allowed) {
  const int grows = bytes > arena->bytes;
  if (bytes > arena->reserved)
    return 0;
  if (grows && allowed >= PORT_HUGE_BYTES &&
      map_at(arena->base, arena->reserved, MAP_FIXED)) {
    /* New pages: where small ones were, no huge page would come. */
    arena->bytes = 0;
    const uint64_t whole = bytes / PORT_HUGE_BYTES * PORT_HUGE_BYTES;
    madvise(arena->base, up(bytes, PORT_HUGE_BYTES), MADV_HUGEPAGE);
    if (bytes > whole)
      *(volatile uint8_t *)(arena->base + whole) = 0;
  }
  arena->bytes = bytes;
  give_back(arena);
  return 1;
}

void port_arena_release(port_arena *arena) {
  if (arena->base)
    munmap(arena->base, arena->reserved);
  *arena = (port_arena){.base = NULL};
}
