/*===- homes.c - Units that stay, at their place in the blob ------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Addresses cost nothing: each model has as many as its blob is long, and pages
|* come into being where a unit is read to. No two units share a page, so what a
|* unit takes and gives back does not depend on the others.
|*
|* Small pages: of a huge one all is in use as long as a part is, and units that
|* stay are rarely neighbours (docs/runtime.md has the figures).
\*===----------------------------------------------------------------------===*/
#include "shared_memory.h"

#include <stdlib.h>
#include <sys/mman.h>

static uint64_t unit_bytes(const swap_model *model, uint32_t unit) {
  const uint64_t length = model->units[unit].length;
  return (length + SWAP_BLOB_ALIGN - 1) / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
}

/* Units are whole pages of the blob, one behind the other. */
static int are_apart(const swap_model *model) {
  uint64_t end = 0;
  for (uint32_t i = 0; i < model->unit_count; ++i) {
    const swap_blob_unit *unit = &model->units[i];
    if (unit->offset % SWAP_BLOB_ALIGN || unit->offset < end ||
        unit->offset > model->blob_bytes ||
        unit->length > model->blob_bytes - unit->offset)
      return 0;
    end = unit->offset + unit_bytes(model, i);
  }
  return 1;
}

static int has_home(const swap_plan *plan, uint32_t unit) {
  return plan && plan->resident[unit] &&
         plan->slots[unit] != SWAP_SLOT_IN_PLACE;
}

int port_homes_reserve(port_homes *homes, port_account *account,
                       const swap_model *model) {
  *homes = (port_homes){.account = account};
  if (!are_apart(model))
    return 0;
  uint8_t *flags = calloc((size_t)model->unit_count * 2 + 1, 1);
  if (!flags || !port_arena_reserve(&homes->addresses, model->blob_bytes)) {
    free(flags);
    return 0;
  }
  /* Before the first page: the system is not to fill up what lies between. */
  if (homes->addresses.reserved)
    madvise(homes->addresses.base, homes->addresses.reserved, MADV_NOHUGEPAGE);
  homes->model = model;
  homes->base = homes->addresses.base;
  homes->present = flags;
  homes->taken = flags + model->unit_count;
  return 1;
}

void port_homes_shrink(port_homes *homes, const swap_plan *plan) {
  const swap_model *model = homes->model;
  uint64_t from = 0, to = 0, given = 0; /* neighbours go back together */
  for (uint32_t i = 0; i < model->unit_count; ++i) {
    if (!homes->taken[i] || has_home(plan, i))
      continue;
    const uint64_t offset = model->units[i].offset;
    const uint64_t bytes = unit_bytes(model, i);
    homes->taken[i] = homes->present[i] = 0;
    if (offset != to) {
      if (to > from)
        madvise(homes->base + from, to - from, MADV_DONTNEED);
      from = offset;
    }
    to = offset + bytes;
    given += bytes;
  }
  if (to > from)
    madvise(homes->base + from, to - from, MADV_DONTNEED);
  homes->bytes -= given;
  port_account_give(homes->account, given);
}

uint64_t port_homes_missing(const port_homes *homes, const swap_plan *plan) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < homes->model->unit_count; ++i)
    if (!homes->taken[i] && has_home(plan, i))
      bytes += unit_bytes(homes->model, i);
  return bytes;
}

int port_homes_grow(port_homes *homes, const swap_plan *plan) {
  const uint64_t missing = port_homes_missing(homes, plan);
  if (!port_account_take(homes->account, missing))
    return 0;
  for (uint32_t i = 0; i < homes->model->unit_count; ++i)
    if (has_home(plan, i))
      homes->taken[i] = 1;
  homes->bytes += missing;
  return 1;
}

void port_homes_release(port_homes *homes) {
  port_arena_release(&homes->addresses);
  free(homes->present);
  if (homes->account)
    port_account_give(homes->account, homes->bytes);
  *homes = (port_homes){.account = NULL};
}
