/*===- verify.c - One unit against its checksum, on demand --------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "core.h"
#include "swap/crc32c.h"

static int checksum_mapped(swap_session *session, uint32_t unit,
                           uint32_t *crc) {
  const uint8_t *base = swap_core_unit_base(session, unit);
  if (!base)
    return SWAP_ERR_IO;
  *crc = swap_crc32c(0, base, (size_t)session->model->units[unit].length);
  /* One that is read ahead stays, and so does what is resident. */
  if (!swap_core_stays(session, unit) &&
      swap_core_find(session, unit) == session->in_flight_count)
    return swap_core_release(session, unit);
  return SWAP_OK;
}

static int checksum_read(swap_session *session, uint32_t unit, void *buffer,
                         uint64_t bytes, uint32_t *crc) {
  const swap_blob_unit *entry = &session->model->units[unit];
  const size_t mask = session->model->page_bytes - 1;
  size_t offset = (size_t)entry->offset, left = (size_t)entry->length;
  size_t part = (size_t)bytes & ~mask;
  int status = SWAP_OK;
  if (!buffer || ((uintptr_t)buffer & mask) || !part)
    return SWAP_ERR_ARGUMENT;
  for (; !status && left; left -= part, offset += part) {
    if (part > left)
      part = left; /* the last, so it may end inside a page */
    status = swap_core_read(session, offset, buffer, (part + mask) & ~mask);
    *crc = swap_crc32c(*crc, buffer, part);
  }
  return status;
}

int swap_verify(swap_session *session, uint32_t unit, void *buffer,
                uint64_t bytes) {
  uint32_t crc = 0;
  int status = SWAP_OK;
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!swap_core_rests(session))
    return SWAP_ERR_STATE;
  if (unit >= session->model->unit_count)
    return SWAP_ERR_ARGUMENT;
  if (!swap_core_maps(session))
    status = checksum_read(session, unit, buffer, bytes, &crc);
  else if ((size_t)session->model->units[unit].length)
    status = checksum_mapped(session, unit, &crc);
  if (!status && crc != session->model->units[unit].crc32c)
    status = SWAP_ERR_CHECKSUM;
  if (status) {
    swap_core_fail_unit(session, status, unit);
    swap_core_forget(session, 0); /* a read ahead may be what failed */
  }
  session->status = status;
  return status;
}
