/*===- zone.c - Memory that runs share in time --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The zone is one arena (arena.c). A run has a stretch of it from its start to
|* its end; what lies behind the last stretch may change at any time. All of the
|* zone is counted, used by a stretch or not, and pages that were touched stay:
|* the next run finds them.
\*===----------------------------------------------------------------------===*/
#include "shared_memory.h"

#include <string.h>

static uint64_t pages(uint64_t bytes) {
  return (bytes + SWAP_BLOB_ALIGN - 1) / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
}

int port_zone_reserve(port_zone *zone, port_account *account, uint64_t bytes) {
  *zone = (port_zone){.account = account};
  return port_arena_reserve(&zone->arena, bytes);
}

static uint64_t in_use(const port_zone *zone) {
  const uint32_t count = zone->count;
  return count ? zone->stretches[count - 1].offset +
                     zone->stretches[count - 1].bytes
               : 0;
}

/* Counted before it is taken, what is needed only meanwhile too. Where the
 * budget has no room for that, the arena does without a huge page at its end. */
static int grow(port_zone *zone, uint64_t bytes, uint64_t keep) {
  const uint64_t most = port_arena_most(&zone->arena, keep, bytes);
  const uint64_t more = bytes - zone->arena.bytes;
  uint64_t meanwhile = most > bytes ? most - bytes : 0;
  if (!port_account_take(zone->account, more))
    return 0;
  if (!port_account_take(zone->account, meanwhile))
    meanwhile = 0;
  const int ok =
      port_arena_resize_keeping(&zone->arena, keep, bytes, bytes + meanwhile);
  port_account_give(zone->account, meanwhile + (ok ? 0 : more));
  return ok;
}

int port_zone_resize(port_zone *zone, uint64_t bytes) {
  const uint64_t keep = in_use(zone), before = zone->arena.bytes;
  if (bytes > zone->arena.reserved || pages(bytes) < keep)
    return 0;
  bytes = pages(bytes);
  if (bytes == before && !port_arena_is_scattered(&zone->arena, keep))
    return 1;
  if (bytes >= before)
    return grow(zone, bytes, keep);
  if (!port_arena_resize_keeping(&zone->arena, keep, bytes, bytes))
    return 0;
  port_account_give(zone->account, before - bytes);
  return 1;
}

void *port_zone_take(port_zone *zone, uint64_t bytes) {
  if (bytes > zone->arena.bytes)
    return NULL;
  /* No memory, and an address that no stretch has. */
  if (!bytes)
    return zone->arena.base + zone->arena.reserved;
  bytes = pages(bytes);
  uint32_t best = SWAP_ZONE_STRETCHES;
  uint64_t offset = 0, least = UINT64_MAX, end = 0;
  for (uint32_t i = 0; i <= zone->count; ++i) {
    const uint64_t to =
        i < zone->count ? zone->stretches[i].offset : zone->arena.bytes;
    const uint64_t gap = to - end;
    if (gap >= bytes && gap < least) {
      best = i;
      offset = end;
      least = gap;
    }
    if (i < zone->count)
      end = to + zone->stretches[i].bytes;
  }
  if (least == UINT64_MAX || zone->count == SWAP_ZONE_STRETCHES)
    return NULL;
  memmove(&zone->stretches[best + 1], &zone->stretches[best],
          (zone->count - best) * sizeof zone->stretches[0]);
  zone->stretches[best].offset = offset;
  zone->stretches[best].bytes = bytes;
  ++zone->count;
  return zone->arena.base + offset;
}

void port_zone_give(port_zone *zone, void *stretch) {
  for (uint32_t i = 0; i < zone->count; ++i) {
    if (zone->arena.base + zone->stretches[i].offset != (uint8_t *)stretch)
      continue;
    --zone->count;
    memmove(&zone->stretches[i], &zone->stretches[i + 1],
            (zone->count - i) * sizeof zone->stretches[0]);
    return;
  }
}

void port_zone_release(port_zone *zone) {
  const uint64_t bytes = zone->arena.bytes;
  port_arena_release(&zone->arena);
  if (zone->account)
    port_account_give(zone->account, bytes);
  *zone = (port_zone){.account = NULL};
}
