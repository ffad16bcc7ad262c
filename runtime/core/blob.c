/*===- blob.c - Is this the blob the model was compiled with? -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The header's hash says whose blob it is. The hash covers the unit table, and
|* the executable carries that table too, so comparing the stored table with it
|* byte for byte proves as much as hashing would, without SHA-256 in the core.
|*
|* The arena, not in use yet, takes whole pages, which every geometry allows.
|* Without an arena, exact ranges are read, which needs a storage without one.
\*===----------------------------------------------------------------------===*/
#include "core.h"

#if UINTPTR_MAX > 0xFFFFFFFFu
#define SMALL_BYTES 960u
#else
#define SMALL_BYTES 96u /* the stack is small too */
#endif
#define MOST_BYTES 65536u

/* A part of the blob in memory: [from, to). */
typedef struct window {
  swap_session *session;
  uint8_t *bytes;
  size_t room; /* whole pages */
  size_t page;
  size_t from;
  size_t to;
} window;

/* `length` bytes at `offset`, of which the bytes up to `end` are wanted too. */
static const uint8_t *look(window *w, size_t offset, size_t length, size_t end,
                           int *status) {
  if (offset < w->from || offset + length > w->to) {
    w->from = offset & ~(w->page - 1);
    w->to = (end + (w->page - 1)) & ~(w->page - 1);
    if (w->to - w->from > w->room)
      w->to = w->from + w->room;
    *status = swap_core_read(w->session, w->from, w->bytes, w->to - w->from);
    if (*status)
      swap_core_fail(w->session, *status, SWAP_CORE_NONE, offset);
  }
  return w->bytes + (offset - w->from);
}

static int check_header(window *w) {
  const swap_model *model = w->session->model;
  swap_blob_header own = {.magic = SWAP_BLOB_MAGIC,
                          .version = SWAP_BLOB_VERSION,
                          .header_bytes = sizeof own,
                          .blob_bytes = model->blob_bytes,
                          .table_offset = SWAP_BLOB_ALIGN,
                          .unit_count = model->unit_count,
                          .unit_stride = sizeof(swap_blob_unit)};
  int status = SWAP_OK;
  memcpy(own.hash, model->blob_hash, SWAP_HASH_BYTES);
  const uint8_t *header = look(w, 0, sizeof own, sizeof own, &status);
  if (status || memcmp(header, &own, sizeof own) == 0)
    return status;
  /* Up to there it says what the rest means. */
  status = memcmp(header, &own, offsetof(swap_blob_header, blob_bytes))
               ? SWAP_ERR_BLOB
               : SWAP_ERR_HASH;
  return swap_core_fail(w->session, status, SWAP_CORE_NONE, 0);
}

static int check_table(window *w) {
  const swap_model *model = w->session->model;
  const size_t end =
      SWAP_BLOB_ALIGN + (size_t)model->unit_count * sizeof(swap_blob_unit);
  size_t offset = SWAP_BLOB_ALIGN;
  int status = SWAP_OK;
  for (uint32_t i = 0; i < model->unit_count; ++i) {
    const uint8_t *entry = look(w, offset, sizeof *model->units, end, &status);
    if (status)
      return status;
    if (memcmp(entry, &model->units[i], sizeof *model->units) != 0)
      return swap_core_fail(w->session, SWAP_ERR_CHECKSUM, i, offset);
    offset += sizeof *model->units;
  }
  return SWAP_OK;
}

int swap_core_check_blob(swap_session *session) {
  const swap_model *model = session->model;
  const swap_storage *storage = session->config.storage;
  uint8_t small[SMALL_BYTES];
  window w = {.session = session, .bytes = small, .room = SMALL_BYTES, .page = 1};
  /* Two pages hold a header or a table's entry, wherever it begins. */
  if (session->config.arena &&
      (size_t)session->config.arena_bytes >= 2 * model->page_bytes) {
    w.bytes = session->config.arena;
    w.page = model->page_bytes;
    w.room = (size_t)session->config.arena_bytes & ~(w.page - 1);
    if (w.room > MOST_BYTES)
      w.room = MOST_BYTES;
  } else if (storage->read_bytes > 1 || storage->buffer_align > 1) {
    return SWAP_ERR_GEOMETRY;
  }
  int status = check_header(&w);
  if (!status)
    status = check_table(&w);
  /* A truncated blob is found now, not in the middle of a run. */
  w.to = 0;
  if (!status)
    look(&w, (size_t)model->blob_bytes - 1, 1, (size_t)model->blob_bytes,
         &status);
  return status;
}
