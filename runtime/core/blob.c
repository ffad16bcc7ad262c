/*===- blob.c - Is this the blob the model was compiled with? -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The header's hash says whose blob it is. The hash covers the unit table, and
|* the executable carries that table too, so comparing the stored table with it
|* byte for byte proves as much as hashing would, without SHA-256 in the core.
\*===----------------------------------------------------------------------===*/
#include "core.h"

#include <string.h>

static int read_range(swap_session *session, uint64_t offset, void *buffer,
                      uint64_t length) {
  const swap_storage *storage = session->config.storage;
  const int status =
      swap_core_status(storage->read(storage->context, offset, buffer, length));
  return status ? swap_core_fail(session, status, SWAP_CORE_NONE, offset)
                : SWAP_OK;
}

static int check_header(swap_session *session) {
  const swap_model *model = session->model;
  swap_blob_header header;
  const int status = read_range(session, 0, &header, sizeof header);
  if (status)
    return status;
  if (header.magic != SWAP_BLOB_MAGIC || header.version != SWAP_BLOB_VERSION ||
      header.header_bytes != sizeof(swap_blob_header) ||
      header.unit_stride != sizeof(swap_blob_unit) ||
      header.table_offset != SWAP_BLOB_ALIGN)
    return swap_core_fail(session, SWAP_ERR_BLOB, SWAP_CORE_NONE, 0);
  if (memcmp(header.hash, model->blob_hash, SWAP_HASH_BYTES) != 0 ||
      header.unit_count != model->unit_count ||
      header.blob_bytes != model->blob_bytes)
    return swap_core_fail(session, SWAP_ERR_HASH, SWAP_CORE_NONE, 0);
  return SWAP_OK;
}

static int check_table(swap_session *session) {
  const swap_model *model = session->model;
  swap_blob_unit chunk[40];
  for (uint32_t first = 0; first < model->unit_count;) {
    uint32_t count = model->unit_count - first;
    if (count > sizeof chunk / sizeof chunk[0])
      count = sizeof chunk / sizeof chunk[0];
    const uint64_t offset =
        SWAP_BLOB_ALIGN + (uint64_t)first * sizeof(swap_blob_unit);
    const int status =
        read_range(session, offset, chunk, count * sizeof chunk[0]);
    if (status)
      return status;
    for (uint32_t i = 0; i < count; ++i)
      if (memcmp(&chunk[i], &model->units[first + i], sizeof chunk[0]) != 0)
        return swap_core_fail(session, SWAP_ERR_CHECKSUM, first + i,
                              offset + i * sizeof chunk[0]);
    first += count;
  }
  return SWAP_OK;
}

int swap_core_check_blob(swap_session *session) {
  uint8_t last;
  int status = check_header(session);
  if (!status)
    status = check_table(session);
  /* A truncated blob is found now, not in the middle of a run. */
  if (!status && session->model->blob_bytes)
    status = read_range(session, session->model->blob_bytes - 1, &last, 1);
  return status;
}
