/*===- rows.c - Rows of an embedding table, one by one ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* An inference touches a few rows of a table of thousands, so only those are
|* read. A unit's checksum covers the whole table: rows that come straight from
|* storage are not verified, those of a table in memory were when it came in.
|* Rows that follow each other (positions 0, 1, 2, ...) are read as one range.
\*===----------------------------------------------------------------------===*/
#include "core.h"

typedef struct gather {
  const swap_step *step;
  const uint8_t *indices;
  uint64_t table_bytes;
  uint64_t most; /* bytes of a range */
  uint32_t row_bytes;
} gather;

/* Where in the table row number `position` begins; 0 if nowhere. */
static int row_at(const gather *g, uint32_t position, uint64_t *offset) {
  int64_t index;
  if (g->step->aux == SWAP_I64) {
    memcpy(&index, g->indices + (size_t)position * 8, 8);
    if (index != (int32_t)index)
      return 0; /* no table has so many rows: check.c */
  } else {
    int32_t narrow;
    memcpy(&narrow, g->indices + (size_t)position * 4, 4);
    index = narrow;
  }
  index *= g->row_bytes;
  if (index < 0) /* counts from the end */
    index += (int64_t)g->table_bytes;
  *offset = (uint64_t)index;
  return *offset < g->table_bytes;
}

/* Rows [position, *end) that lie next to each other, as one range. */
static uint64_t find_range(const gather *g, uint32_t position, uint64_t offset,
                           uint32_t *end) {
  const uint32_t count = (uint32_t)g->step->tile_end;
  uint64_t bytes = g->row_bytes, next;
  for (*end = position + 1;
       *end < count && g->row_bytes <= g->most - bytes &&
       row_at(g, *end, &next) && next == offset + bytes;
       ++*end)
    bytes += g->row_bytes;
  return bytes;
}

/* Reads a range, at once or by ticket. */
static int fetch(swap_session *session, uint32_t unit, uint64_t offset,
                 void *destination, uint64_t length) {
  const swap_storage *storage = session->config.storage;
  session->counters.streamed_bytes += length;
  if (!storage->begin || length > storage->begin_any ||
      swap_core_serial(session))
    return swap_core_read(session, offset, destination, length);
  return swap_core_begin_rows(session, unit, offset, destination, length);
}

int swap_core_rows(swap_session *session, const swap_step *step,
                   const void *indices, void *destination) {
  const uint32_t unit = step->index;
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  uint8_t *to = destination;
  gather g = {.step = step,
              .indices = indices,
              .table_bytes = entry->length,
              .most = UINT64_MAX,
              .row_bytes = entry->row_bytes};
  if (storage && storage->begin_any >= g.row_bytes)
    g.most = storage->begin_any; /* no more than `begin` takes */

  const uint8_t *table = NULL;
  if (session->plan->resident[unit] ||
      (session->plan->slots[unit] == SWAP_SLOT_IN_PLACE &&
       swap_core_maps(session))) {
    table = swap_core_unit_base(session, unit);
    if (!table)
      return swap_core_fail_unit(session, SWAP_ERR_IO, unit);
  }
  /* Units in flight may fail while rows make room; that error names them. */
  session->failed_unit = SWAP_CORE_NONE;
  int status = SWAP_OK;
  uint64_t failed = 0;
  for (uint32_t position = 0, end; !status && position < step->tile_end;
       position = end) {
    uint64_t offset;
    if (!row_at(&g, position, &offset)) {
      status = SWAP_ERR_INDEX;
      failed = position; /* what helps here is which index was wrong */
      break;
    }
    const uint64_t bytes = find_range(&g, position, offset, &end);
    failed = entry->offset + offset;
    if (table)
      memcpy(to, table + (size_t)offset, (size_t)bytes);
    else
      status = fetch(session, unit, failed, to, bytes);
    to += (size_t)bytes;
  }
  if (!status)
    status = swap_core_finish_kind(session, SWAP_CORE_ROWS);
  else if (session->failed_unit == SWAP_CORE_NONE)
    swap_core_fail(session, status, unit, failed);
  if (status) /* the destination must be quiet */
    swap_core_drain(session);
  return status;
}
