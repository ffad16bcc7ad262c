/*===- rate.c - How fast storage is when nothing else goes on -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The yardstick of `bound_ms`: the blob from front to back in large reads, as
|* many under way as keep the device busy. It has small buffers of its own, in
|* huge pages as the arena is, so it measures the device even where units are
|* tiny, and leaves resident weights alone.
\*===----------------------------------------------------------------------===*/
#include "handle.h"

#define BUFFERS 6u
#define BUFFER_BYTES 0x100000u

static int read_through(swap_posix *h, uint8_t *buffers, uint64_t bytes) {
  const swap_storage *storage = &h->file.storage;
  int64_t tickets[BUFFERS];
  uint64_t begun = 0, ended = 0;
  int status = SWAP_OK;
  for (uint64_t offset = 0; (!status && offset < bytes) || ended < begun;) {
    if (status || offset >= bytes || begun - ended == BUFFERS) {
      const int late =
          storage->wait(storage->context, tickets[ended++ % BUFFERS]);
      status = status ? status : late;
      continue;
    }
    const uint64_t left = bytes - offset;
    const uint64_t length = left < BUFFER_BYTES ? left : BUFFER_BYTES;
    uint8_t *to = buffers + begun % BUFFERS * BUFFER_BYTES;
    if (storage->begin) {
      const int64_t ticket =
          storage->begin(storage->context, offset, to, length);
      if (ticket < 0)
        status = SWAP_ERR_IO;
      else
        tickets[begun++ % BUFFERS] = ticket;
    } else {
      status = storage->read(storage->context, offset, to, length);
    }
    offset += length;
  }
  return status;
}

double swap_posix_read_rate(swap_posix *h, uint64_t bytes) {
  const uint64_t size = h->file.size / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
  if (bytes > size)
    bytes = size;
  bytes = (bytes + SWAP_BLOB_ALIGN - 1) / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
  uint8_t *buffers = bytes ? port_arena_map(BUFFERS * BUFFER_BYTES) : NULL;
  if (!buffers)
    return 0;
  /* Taking the buffers' pages from the system is not the device's time. */
  const uint64_t warm = (uint64_t)BUFFERS * BUFFER_BYTES;
  int status = read_through(h, buffers, warm < bytes ? warm : bytes);
  const uint64_t begin = swap_posix_clock();
  if (!status)
    status = read_through(h, buffers, bytes);
  const uint64_t end = swap_posix_clock();
  port_arena_unmap(buffers, BUFFERS * BUFFER_BYTES);
  return status || end == begin ? 0
                                : (double)bytes * 1e9 / (double)(end - begin);
}
