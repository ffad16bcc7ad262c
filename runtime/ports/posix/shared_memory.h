/*===- shared_memory.h - One budget's memory ----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* An account counts every page that is taken from the system, and refuses what
|* would exceed the budget. Two kinds of memory draw on it:
|*
|* The zone: huge pages, in which each run that was started has a stretch.
|* Homes: per model as many addresses as its blob has bytes; a unit that stays is
|* at its offset in the blob, and only such units have pages.
|*
|* Not locked: the pool's lock is held by who calls.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORT_SHARED_MEMORY_H
#define SWAP_PORT_SHARED_MEMORY_H

#include "port.h"

typedef struct port_account {
  uint64_t budget; /* UINT64_MAX: none */
  uint64_t used;
  uint64_t peak;
  void (*changed)(void *context); /* may be null */
  void *context;
} port_account;

/* False, and nothing changed, where the budget does not allow it. */
int port_account_take(port_account *account, uint64_t bytes);
void port_account_give(port_account *account, uint64_t bytes);
/* False where more is in use. Resets the peak. */
int port_account_set_budget(port_account *account, uint64_t budget);

#define SWAP_ZONE_STRETCHES 16u /* runs that are started at once */

typedef struct port_zone {
  port_account *account;
  port_arena arena;
  struct { uint64_t offset, bytes; } stretches[SWAP_ZONE_STRETCHES];
  uint32_t count; /* of them, in ascending order of offset */
} port_zone;

/* Addresses for `bytes`; no memory yet. */
int port_zone_reserve(port_zone *zone, port_account *account, uint64_t bytes);
/* Another size, in whole pages; stretches in use stay as they are. False, and
 * nothing changed, where the budget, the addresses or a stretch in use does not
 * allow it: one behind the new end, or one in the huge page that the new end
 * would split. Small pages that a stretch was in the way of become huge with the
 * next call that finds it gone, of the same size too. The zone must not be
 * registered for reads, and reads be under way only to stretches in use. */
int port_zone_resize(port_zone *zone, uint64_t bytes);
/* A stretch, page aligned, best fit; null where there is none. Of no bytes: an
 * address that is not to be used. */
void *port_zone_take(port_zone *zone, uint64_t bytes);
void port_zone_give(port_zone *zone, void *stretch);
void port_zone_release(port_zone *zone);

typedef struct port_homes {
  port_account *account;
  const swap_model *model;
  uint8_t *base;    /* swap_config.homes */
  uint8_t *present; /* swap_config.present, unit_count bytes */
  uint8_t *taken;   /* per unit: it has pages, accounted for */
  uint64_t bytes;   /* of those */
  port_arena addresses;
} port_homes;

/* False where the system has not the addresses, or where units do not follow each
 * other in the blob. */
int port_homes_reserve(port_homes *homes, port_account *account,
                       const swap_model *model);
/* Gives back the pages of units that the plan does not keep resident; null: of
 * all. No read of theirs is under way. */
void port_homes_shrink(port_homes *homes, const swap_plan *plan);
/* Takes pages for all units that the plan keeps resident, each of which comes
 * into being when it is written to; false where the budget does not allow it, and
 * nothing changed then. */
int port_homes_grow(port_homes *homes, const swap_plan *plan);
/* Bytes that a plan would need beyond what is taken. */
uint64_t port_homes_missing(const port_homes *homes, const swap_plan *plan);
void port_homes_release(port_homes *homes);

#endif /* SWAP_PORT_SHARED_MEMORY_H */
