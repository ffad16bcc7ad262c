/*===- update.c - A new blob, and the switch to it ----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The header, which makes a slot valid, is programmed after all else has been
|* read back. A record of the switch is appended to the block that has the last
|* one; when that is full, to the other block after its erasure, while the full
|* one still has the record that counts.
\*===----------------------------------------------------------------------===*/
#include "flash_port.h"

#include "swap/crc32c.h"

int swap_flash_begin(swap_flash *flash, const uint8_t *hash) {
  if (!flash)
    return SWAP_ERR_ARGUMENT;
  if (!flash->config)
    return SWAP_ERR_STATE;
  flash->update = FLASH_WRITING;
  flash->written = 0;
  flash->hash = hash;
  return SWAP_OK;
}

/* The header is all there, and nothing was erased for it yet. */
static int accept_header(swap_flash *flash) {
  memcpy(&flash->header, flash->config->buffer, sizeof flash->header);
  const int status = swap_flash_check_header(flash->config, &flash->header);
  if (status)
    return status;
  return flash->hash && memcmp(flash->header.hash, flash->hash,
                               SWAP_HASH_BYTES) != 0
             ? SWAP_ERR_HASH
             : SWAP_OK;
}

/* Programs the last `count` bytes, which the buffer holds. */
static int flush(swap_flash *flash, uint32_t count) {
  const swap_flash_config *config = flash->config;
  const size_t offset = flash->written - count;
  const size_t at = swap_flash_slot(config, swap_flash_other(flash)) + offset;
  const uint32_t skipped = offset ? 0 : swap_flash_head_bytes(config);
  int status = SWAP_OK;
  if ((offset & (config->erase_bytes - 1)) == 0)
    status = swap_flash_status(config->erase(config->context, at));
  if (!status && count > skipped)
    status = swap_flash_status(config->prog(config->context, at + skipped,
                                            (uint8_t *)config->buffer + skipped,
                                            count - skipped));
  return status;
}

static int write_some(swap_flash *flash, const uint8_t *data, size_t length) {
  const uint32_t chunk = swap_flash_chunk(flash->config);
  while (length) {
    const uint32_t fill = (uint32_t)flash->written & (chunk - 1);
    const int in_header = flash->written < sizeof(swap_blob_header);
    const uint32_t room =
        (in_header ? (uint32_t)sizeof(swap_blob_header) : chunk) - fill;
    const uint32_t piece = length < room ? (uint32_t)length : room;
    if (!in_header && length > (size_t)flash->header.blob_bytes - flash->written)
      return SWAP_ERR_ARGUMENT;
    memcpy((uint8_t *)flash->config->buffer + fill, data, piece);
    flash->written += piece;
    data += piece;
    length -= piece;
    int status = SWAP_OK;
    if (flash->written == sizeof(swap_blob_header))
      status = accept_header(flash);
    else if (fill + piece == chunk)
      status = flush(flash, chunk);
    if (status)
      return status;
  }
  return SWAP_OK;
}

int swap_flash_write(swap_flash *flash, const void *data, size_t length) {
  if (!flash || (!data && length))
    return SWAP_ERR_ARGUMENT;
  if (!flash->config || flash->update != FLASH_WRITING)
    return SWAP_ERR_STATE;
  const int status = write_some(flash, data, length);
  if (status)
    flash->update = FLASH_IDLE;
  return status;
}

/* Programs `count` bytes of the buffer and reads the first `length` of them
 * back, to compare with `bytes`. */
static int program(const swap_flash_config *config, size_t offset,
                   uint32_t count, const void *bytes, uint32_t length) {
  const uint8_t *back;
  int status = swap_flash_status(
      config->prog(config->context, offset, config->buffer, count));
  if (!status)
    status = swap_flash_sync(config);
  if (!status)
    status = swap_flash_fetch(config, offset, length, &back);
  if (!status && memcmp(back, bytes, length) != 0)
    status = SWAP_ERR_IO;
  return status;
}

int swap_flash_finish(swap_flash *flash) {
  if (!flash)
    return SWAP_ERR_ARGUMENT;
  if (!flash->config || flash->update != FLASH_WRITING)
    return SWAP_ERR_STATE;
  if (flash->written < sizeof(swap_blob_header) ||
      flash->written < (size_t)flash->header.blob_bytes)
    return SWAP_ERR_SHORT;
  const swap_flash_config *config = flash->config;
  const uint32_t slot = swap_flash_other(flash);
  const uint32_t head = swap_flash_head_bytes(config);
  const uint32_t fill =
      (uint32_t)flash->written & (swap_flash_chunk(config) - 1);
  flash->update = FLASH_IDLE;
  int status = fill ? flush(flash, fill) : (int)SWAP_OK;
  if (!status)
    status = swap_flash_sync(config);
  if (!status)
    status = swap_flash_check_units(flash, slot);
  if (status)
    return status;
  memset(config->buffer, 0, head);
  memcpy(config->buffer, &flash->header, sizeof flash->header);
  status = program(config, swap_flash_slot(config, slot), head, &flash->header,
                   sizeof flash->header);
  if (!status)
    flash->update = FLASH_VERIFIED;
  return status;
}

/* Appends the record that makes `slot` the active one. */
static int record_switch(swap_flash *flash, uint32_t slot) {
  const swap_flash_config *config = flash->config;
  const uint32_t stride = swap_flash_record_bytes(config->prog_bytes);
  uint32_t block = flash->block, at = flash->next;
  int status = SWAP_OK;
  if (at < config->erase_bytes) {
    flash->next = at + stride; /* Spent, whatever comes of it. */
  } else {
    block ^= 1;
    at = 0;
    status = swap_flash_status(config->erase(
        config->context, block * (size_t)config->erase_bytes));
  }
  if (status)
    return status;
  swap_flash_record record;
  memset(&record, 0, sizeof record);
  record.magic = SWAP_FLASH_MAGIC;
  record.version = SWAP_FLASH_VERSION;
  while (config->erase_bytes >> record.erase_log2 != 1)
    ++record.erase_log2;
  record.slot = (uint8_t)slot;
  record.sequence = ++flash->sequence;
  record.header_crc32c = swap_crc32c(0, &flash->header, sizeof flash->header);
  record.blob_bytes = flash->header.blob_bytes;
  record.crc32c = swap_crc32c(0, &record, offsetof(swap_flash_record, crc32c));
  memset(config->buffer, 0xFF, stride);
  memcpy(config->buffer, &record, sizeof record);
  status = program(config, block * (size_t)config->erase_bytes + at, stride,
                   &record, sizeof record);
  if (status)
    return status;
  flash->block = block;
  flash->next = at + stride;
  return SWAP_OK;
}

int swap_flash_switch(swap_flash *flash) {
  if (!flash)
    return SWAP_ERR_ARGUMENT;
  if (!flash->config || flash->update == FLASH_WRITING)
    return SWAP_ERR_STATE;
  const uint32_t slot = swap_flash_other(flash);
  int status = SWAP_OK;
  if (flash->update != FLASH_VERIFIED) {
    status = swap_flash_load_header(flash, slot);
    if (!status)
      status = swap_flash_check_units(flash, slot);
  }
  if (!status)
    status = record_switch(flash, slot);
  if (!status)
    swap_flash_activate(flash, slot);
  return status;
}
