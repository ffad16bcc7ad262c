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
  const uint8_t *indices;
  uint32_t wide; /* they have 8 bytes, not 4 */
  uint32_t count;
  uint32_t row_bytes;
  uint32_t table_rows;
  size_t most; /* bytes of a range */
} gather;

/* Where in the table row number `position` begins; 0 if nowhere. */
static int row_at(const gather *g, uint32_t position, size_t *offset) {
  int32_t row, high;
  memcpy(&row, g->indices + ((size_t)position << (2 + g->wide)), 4);
  high = row >> 31;
  if (g->wide)
    memcpy(&high, g->indices + (size_t)position * 8 + 4, 4);
  const int inside = high == row >> 31; /* no table has more rows: check.c */
  if (row < 0) /* counts from the end */
    row += (int32_t)g->table_rows;
  *offset = (size_t)(uint32_t)row * g->row_bytes;
  return inside && (uint32_t)row < g->table_rows;
}

/* Rows [position, *end) that lie next to each other, as one range. */
static size_t find_range(const gather *g, uint32_t position, size_t offset,
                         uint32_t *end) {
  size_t bytes = g->row_bytes, next;
  for (*end = position + 1;
       *end < g->count && bytes + g->row_bytes <= g->most &&
       row_at(g, *end, &next) && next == offset + bytes;
       ++*end)
    bytes += g->row_bytes;
  return bytes;
}

/* Reads a range, at once or by ticket. */
static int fetch(swap_session *session, uint32_t unit, size_t offset,
                 void *destination, size_t length) {
  const swap_storage *storage = session->config.storage;
  const int status =
      !storage->begin || length > storage->begin_any ||
              swap_core_serial(session)
          ? swap_core_read(session, offset, destination, length)
          : swap_core_begin_rows(session, unit, offset, destination, length);
  if (!status)
    session->counters.streamed_bytes += length;
  return status;
}

int swap_core_rows(swap_session *session, const swap_step *step,
                   const void *indices, void *destination) {
  const uint32_t unit = step->index;
  const swap_blob_unit *entry = &session->model->units[unit];
  const swap_storage *storage = session->config.storage;
  uint64_t rows;
  swap_core_divide(entry->length, entry->row_bytes, &rows);
  gather g = {.indices = indices,
              .wide = step->aux == SWAP_I64,
              .count = (uint32_t)step->tile_end,
              .row_bytes = entry->row_bytes,
              .table_rows = (uint32_t)rows,
              .most = SIZE_MAX};
  if (storage && storage->begin_any >= g.row_bytes)
    g.most = (size_t)storage->begin_any; /* no more than `begin` takes */

  if (session->model->dynamic)
    g.count = session->model->dynamic->sizing->cut_rows(session, step);
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
  size_t failed = 0;
  for (uint32_t end; !status && session->row < g.count;) {
    size_t offset;
    if (!row_at(&g, session->row, &offset)) {
      status = SWAP_ERR_INDEX;
      failed = session->row; /* what helps here is which index was wrong */
      break;
    }
    const size_t bytes = find_range(&g, session->row, offset, &end);
    uint8_t *to = (uint8_t *)destination + (size_t)session->row * g.row_bytes;
    failed = (size_t)entry->offset + offset;
    if (table)
      memcpy(to, table + offset, bytes);
    else
      status = fetch(session, unit, failed, to, bytes);
    if (!status)
      session->row = end;
  }
  if (!status)
    status = swap_core_finish_kind(session, SWAP_CORE_ROWS);
  else if (session->failed_unit == SWAP_CORE_NONE)
    swap_core_fail(session, status, unit, failed);
  if (status > 0) /* to go on from here */
    return status;
  session->row = 0;
  if (status) /* the destination must be quiet */
    swap_core_drain(session, SWAP_CORE_ALL);
  return status;
}
