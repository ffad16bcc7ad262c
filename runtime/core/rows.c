/*===- rows.c - Rows of an embedding table, one by one ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* An inference touches a few rows of a table of thousands, so only those are
|* read. A unit's checksum covers the whole table: rows that come straight from
|* storage are not verified, those of a resident table were when it came in. Rows that
|* follow each other (positions 0, 1, 2, ...) are read as one range.
\*===----------------------------------------------------------------------===*/
#include "core.h"

#include <string.h>

typedef struct gather {
  swap_session *session;
  const swap_step *step;
  const void *indices;
  uint64_t table_rows;
  uint64_t row_bytes;
  int64_t tickets[SWAP_CORE_MAX_READS]; /* a ring */
  uint32_t first;
  uint32_t count;
} gather;

/* Row number `position`, counted from the table's start, into `row`. */
static int row_at(const gather *g, uint64_t position, uint64_t *row) {
  int64_t index;
  if (g->step->aux == SWAP_I64) {
    memcpy(&index, (const uint8_t *)g->indices + position * 8, 8);
  } else {
    int32_t narrow;
    memcpy(&narrow, (const uint8_t *)g->indices + position * 4, 4);
    index = narrow;
  }
  if (index < 0 && index >= -(int64_t)g->table_rows)
    index += (int64_t)g->table_rows;
  *row = (uint64_t)index;
  return index >= 0 && *row < g->table_rows;
}

static int wait_oldest(gather *g) {
  const swap_storage *storage = g->session->config.storage;
  const int64_t ticket = g->tickets[g->first];
  g->first = (g->first + 1) % SWAP_CORE_MAX_READS;
  g->count -= 1;
  return swap_core_status(storage->wait(storage->context, ticket));
}

/* Reads a range, at once or by ticket; leaves room for the units under way. */
static int fetch(gather *g, uint64_t offset, void *destination,
                 uint64_t length) {
  swap_session *session = g->session;
  const swap_storage *storage = session->config.storage;
  session->counters.streamed_bytes += length;
  if (!storage->begin || length > storage->begin_any ||
      (session->config.flags & SWAP_FLAG_SERIAL))
    return swap_core_status(
        storage->read(storage->context, offset, destination, length));
  const uint32_t depth = swap_core_depth(session);
  uint64_t bytes;
  while (g->count + swap_core_begun(session, &bytes) >= depth) {
    const int status =
        g->count ? wait_oldest(g) : swap_core_finish_oldest(session);
    if (status)
      return status;
  }
  const int64_t ticket =
      storage->begin(storage->context, offset, destination, length);
  if (ticket < 0)
    return ticket < INT32_MIN ? SWAP_ERR_IO : (int)ticket;
  g->tickets[(g->first + g->count) % SWAP_CORE_MAX_READS] = ticket;
  g->count += 1;
  return SWAP_OK;
}

/* Rows [position, ...) that lie next to each other in the table, as one. The
 * run ends before it needs more than `begin` takes. */
static int next_range(gather *g, uint64_t position, uint64_t *row,
                      uint64_t *rows) {
  if (!row_at(g, position, row))
    return 0;
  const swap_storage *storage = g->session->config.storage;
  const uint64_t most = storage && storage->begin_any >= g->row_bytes
                            ? storage->begin_any / g->row_bytes
                            : UINT64_MAX;
  uint64_t following;
  for (*rows = 1; *rows < most && position + *rows < g->step->tile_end;
       *rows += 1) {
    if (!row_at(g, position + *rows, &following) || following != *row + *rows)
      break;
  }
  return 1;
}

int swap_core_rows(swap_session *session, const swap_step *step,
                   const void *indices, void *destination) {
  const uint32_t unit = step->index;
  const swap_blob_unit *entry = &session->model->units[unit];
  gather g = {.session = session, .step = step, .indices = indices};
  g.row_bytes = entry->row_bytes;
  g.table_rows = entry->length / entry->row_bytes;

  const uint8_t *resident = NULL;
  if (session->plan->resident[unit] &&
      !(resident = swap_core_unit_base(session, unit)))
    return swap_core_fail(session, SWAP_ERR_IO, unit, entry->offset);
  /* Units in flight may fail while rows make room; that error names them. */
  session->failed_unit = SWAP_CORE_NONE;
  int status = SWAP_OK;
  uint64_t offset = entry->offset;
  for (uint64_t position = 0, row, rows; !status && position < step->tile_end;
       position += rows) {
    if (!next_range(&g, position, &row, &rows)) {
      status = SWAP_ERR_INDEX;
      offset = position; /* what helps here is which index was wrong */
      break;
    }
    uint8_t *to = (uint8_t *)destination + position * g.row_bytes;
    offset = entry->offset + row * g.row_bytes;
    if (resident)
      memcpy(to, resident + row * g.row_bytes, rows * g.row_bytes);
    else
      status = fetch(&g, offset, to, rows * g.row_bytes);
  }
  while (g.count) { /* the destination must be quiet, whatever happened */
    const int late = wait_oldest(&g);
    status = status ? status : late;
  }
  if (status && session->failed_unit == SWAP_CORE_NONE)
    swap_core_fail(session, status, unit, offset);
  return status;
}
