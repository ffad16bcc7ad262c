/*===- storage.c - The active slot as a session's storage ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Everything is the partition's, moved by the slot's offset, which is a multiple
|* of an erase block and so of what the partition's geometry asks for.
\*===----------------------------------------------------------------------===*/
#include "flash_port.h"

static int is_inside(const swap_flash_blob *blob, uint64_t offset,
                     uint64_t length) {
  return offset <= blob->bytes && length <= blob->bytes - offset;
}

static int blob_read(void *context, uint64_t offset, void *buffer,
                     uint64_t length) {
  const swap_flash_blob *blob = context;
  if (!is_inside(blob, offset, length))
    return SWAP_ERR_SHORT;
  return blob->storage->read(blob->storage->context, blob->offset + offset,
                             buffer, length);
}

static int64_t blob_begin(void *context, uint64_t offset, void *buffer,
                          uint64_t length) {
  const swap_flash_blob *blob = context;
  if (!is_inside(blob, offset, length))
    return SWAP_ERR_SHORT;
  return blob->storage->begin(blob->storage->context, blob->offset + offset,
                              buffer, length);
}

static int blob_wait(void *context, int64_t ticket) {
  const swap_flash_blob *blob = context;
  return blob->storage->wait(blob->storage->context, ticket);
}

static const void *blob_map(void *context, uint64_t offset, uint64_t length) {
  const swap_flash_blob *blob = context;
  if (!is_inside(blob, offset, length))
    return NULL;
  return blob->storage->map(blob->storage->context, blob->offset + offset,
                            length);
}

static int blob_done(void *context, int64_t ticket) {
  const swap_flash_blob *blob = context;
  return blob->storage->done(blob->storage->context, ticket);
}

static void blob_cancel(void *context, int64_t ticket) {
  const swap_flash_blob *blob = context;
  blob->storage->cancel(blob->storage->context, ticket);
}

int swap_flash_storage(const swap_flash *flash, swap_flash_blob *blob,
                       swap_storage *storage) {
  if (!flash || !blob || !storage)
    return SWAP_ERR_ARGUMENT;
  if (!flash->config || flash->active == SWAP_FLASH_NONE)
    return SWAP_ERR_STATE;
  blob->storage = flash->config->storage;
  blob->offset = swap_flash_slot(flash->config, flash->active);
  blob->bytes = flash->blob_bytes;
  *storage = *blob->storage; /* Geometry and depth stay. */
  storage->context = blob;
  storage->read = blob_read;
  storage->begin = storage->begin ? blob_begin : NULL;
  storage->wait = storage->wait ? blob_wait : NULL;
  storage->map = storage->map ? blob_map : NULL;
  storage->unmap = NULL; /* Flash stays where it is. */
  storage->submit = NULL; /* Waiting does as well. */
  storage->done = storage->done ? blob_done : NULL;
  storage->cancel = storage->cancel ? blob_cancel : NULL;
  return SWAP_OK;
}
