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
|*
|* Reads may be under way to the part that is kept over a change of size, and the
|* device holds those pages: a huge page of which a part is kept is not split.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <sys/mman.h>

static uint64_t up(uint64_t bytes, uint64_t to) {
  return (bytes + to - 1) / to * to;
}

static uint64_t whole_huge(uint64_t bytes) {
  return bytes / PORT_HUGE_BYTES * PORT_HUGE_BYTES;
}

/* A process that locks all memory to come would take these pages here and now,
 * and could not give them back. So they are mapped without access at first. */
static uint8_t *map_at(void *address, uint64_t bytes, int flags) {
  uint8_t *start =
      mmap(address, bytes, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  if (start == MAP_FAILED)
    return NULL;
  munlock(start, bytes);
  if (!mprotect(start, bytes, PROT_READ | PROT_WRITE))
    return start;
  if (!(flags & MAP_FIXED))
    munmap(start, bytes);
  return NULL;
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

uint64_t port_arena_huge_bytes(const port_arena *arena) { return arena->huge; }

/* Gives pages back, and the addresses behind the whole huge pages never get a
 * huge page again, neither by a fault nor by the system's own collapsing. */
static void give_back(port_arena *arena, uint64_t keep) {
  const uint64_t end = up(arena->bytes, SWAP_BLOB_ALIGN);
  const uint64_t whole = whole_huge(arena->bytes);
  const uint64_t split = up(end, PORT_HUGE_BYTES);
  if (split > end) {
    /* Splitting would replace pages of zeros by the shared one. */
    for (uint64_t at = whole > keep ? whole : up(keep, SWAP_BLOB_ALIGN);
         at < end; at += SWAP_BLOB_ALIGN)
      *(volatile uint8_t *)(arena->base + at) = 1;
    madvise(arena->base + end, split - end, MADV_FREE);
    madvise(arena->base + end, split - end, MADV_DONTNEED);
  }
  if (arena->reserved > split)
    madvise(arena->base + split, arena->reserved - split, MADV_DONTNEED);
  if (arena->reserved > whole)
    madvise(arena->base + whole, arena->reserved - whole, MADV_NOHUGEPAGE);
}

/* From where on an arena can have new pages. */
static uint64_t fresh_from(uint64_t keep) { return up(keep, PORT_HUGE_BYTES); }

/* Whether it is to have some: it grows, or an earlier change left small pages
 * where huge ones could be. */
static int wants_fresh(const port_arena *arena, uint64_t keep, uint64_t bytes) {
  const uint64_t both = bytes < arena->bytes ? bytes : arena->bytes;
  return fresh_from(keep) < up(bytes, PORT_HUGE_BYTES) &&
         (bytes > arena->bytes || (arena->huge < whole_huge(both) &&
                                   fresh_from(keep) <= arena->huge));
}

int port_arena_is_scattered(const port_arena *arena, uint64_t keep) {
  return wants_fresh(arena, keep, arena->bytes);
}

uint64_t port_arena_most(const port_arena *arena, uint64_t keep,
                         uint64_t bytes) {
  const uint64_t kept =
      fresh_from(keep) < arena->bytes ? fresh_from(keep) : arena->bytes;
  return wants_fresh(arena, keep, bytes) && bytes > whole_huge(bytes) &&
                 kept + PORT_HUGE_BYTES > bytes
             ? kept + PORT_HUGE_BYTES
             : bytes;
}

int port_arena_resize_keeping(port_arena *arena, uint64_t keep, uint64_t bytes,
                              uint64_t allowed) {
  const uint64_t whole = whole_huge(bytes), from = fresh_from(keep);
  if (bytes > arena->reserved || keep > bytes)
    return 0;
  if (bytes < arena->bytes && bytes > whole && keep > whole &&
      arena->huge > whole)
    return 0;
  uint64_t huge = arena->huge < whole ? arena->huge : whole;
  /* New pages: where small ones were, no huge page would come. */
  if (wants_fresh(arena, keep, bytes) &&
      allowed >= port_arena_most(arena, keep, bytes) &&
      map_at(arena->base + from, arena->reserved - from, MAP_FIXED)) {
    madvise(arena->base + from, up(bytes, PORT_HUGE_BYTES) - from,
            MADV_HUGEPAGE);
    if (bytes > whole)
      *(volatile uint8_t *)(arena->base + whole) = 0;
    if (from <= arena->huge)
      huge = whole;
  }
  arena->bytes = bytes;
  arena->huge = huge;
  give_back(arena, keep);
  return 1;
}

int port_arena_resize(port_arena *arena, uint64_t bytes, uint64_t allowed) {
  return port_arena_resize_keeping(arena, 0, bytes, allowed);
}

void port_arena_release(port_arena *arena) {
  if (arena->base)
    munmap(arena->base, arena->reserved);
  *arena = (port_arena){.base = NULL};
}
