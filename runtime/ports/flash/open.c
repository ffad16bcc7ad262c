/*===- open.c - Which slot is active? -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "flash_port.h"

#include "swap/crc32c.h"

static int check_config(const swap_flash_config *config) {
  if (!config || !config->storage || !config->storage->read || !config->prog ||
      !config->erase || !config->buffer)
    return SWAP_ERR_ARGUMENT;
  const uint32_t erase = config->erase_bytes, prog = config->prog_bytes;
  const uint32_t buffer = config->buffer_bytes;
  const uint32_t read = config->storage->read_bytes;
  const uint32_t align = config->storage->buffer_align;
  const uint32_t chunk = swap_flash_chunk(config);
  /* Powers of two, and multiples of them. */
  const size_t wrong =
      (erase & (erase - 1)) | (prog & (prog - 1)) | (buffer & (buffer - 1)) |
      (read & (read - 1)) | (align & (align - 1)) |
      (config->partition_bytes & (erase - 1)) |
      (align ? (uintptr_t)config->buffer & (align - 1) : 0);
  return wrong || chunk < SWAP_FLASH_MIN_BYTES || chunk < prog ||
                 chunk / 2 < read || !prog || prog > SWAP_BLOB_ALIGN ||
                 read > SWAP_BLOB_ALIGN || config->partition_bytes / 4 < erase
             ? SWAP_ERR_GEOMETRY
             : SWAP_OK;
}

static int is_valid(const swap_flash_config *config,
                    const swap_flash_record *record) {
  return record->magic == SWAP_FLASH_MAGIC &&
         record->version == SWAP_FLASH_VERSION && record->slot < 2 &&
         record->erase_log2 < 32 &&
         config->erase_bytes == UINT32_C(1) << record->erase_log2 &&
         record->crc32c ==
             swap_crc32c(0, record, offsetof(swap_flash_record, crc32c));
}

static int is_newer(const swap_flash_record *a, uint32_t sequence) {
  return (int32_t)(a->sequence - sequence) > 0;
}

/* Reads all records: the newest of each slot, and where the next one goes. */
static int scan(swap_flash *flash, swap_flash_record newest[2]) {
  const swap_flash_config *config = flash->config;
  const uint32_t stride = swap_flash_record_bytes(config->prog_bytes);
  uint32_t found = 0, end[2] = {0, 0};
  flash->block = 1; /* None: as if the second block were full. */
  flash->next = config->erase_bytes;
  for (uint32_t block = 0; block < 2; ++block)
    for (uint32_t at = 0; at < config->erase_bytes; at += stride) {
      const uint8_t *bytes;
      swap_flash_record record;
      const int status = swap_flash_fetch(
          config, block * (size_t)config->erase_bytes + at, stride, &bytes);
      if (status && status != SWAP_ERR_CHECKSUM)
        return status;
      uint32_t i = 0;
      while (!status && i < stride && bytes[i] == 0xFF)
        ++i;
      if (i == stride)
        continue;
      end[block] = at + stride; /* Whatever it is, it is not erased. */
      if (status)
        continue;
      memcpy(&record, bytes, sizeof record);
      if (!is_valid(config, &record))
        continue;
      if (!newest[record.slot].magic ||
          is_newer(&record, newest[record.slot].sequence))
        newest[record.slot] = record;
      if (!found || is_newer(&record, flash->sequence)) {
        found = 1;
        flash->sequence = record.sequence;
        flash->block = block;
      }
    }
  if (found)
    flash->next = end[flash->block];
  return SWAP_OK;
}

void swap_flash_activate(swap_flash *flash, uint32_t slot) {
  flash->active = slot;
  flash->unit_count = flash->header.unit_count;
  flash->blob_bytes = (size_t)flash->header.blob_bytes;
  flash->update = FLASH_IDLE;
}

/* Whether `record` speaks of the header that its slot has. */
static int load_recorded(swap_flash *flash, const swap_flash_record *record) {
  if (!record->magic)
    return SWAP_ERR_BLOB;
  const int status = swap_flash_load_header(flash, record->slot);
  if (status)
    return status;
  return record->blob_bytes == flash->header.blob_bytes &&
                 record->header_crc32c ==
                     swap_crc32c(0, &flash->header, sizeof flash->header)
             ? SWAP_OK
             : SWAP_ERR_BLOB;
}

static int find_active(swap_flash *flash) {
  swap_flash_record newest[2];
  memset(newest, 0, sizeof newest);
  int status = scan(flash, newest);
  if (status)
    return status;
  uint32_t slot = newest[1].magic && newest[1].sequence == flash->sequence;
  status = load_recorded(flash, &newest[slot]);
  if (status == SWAP_ERR_BLOB) {
    /* The active blob's header is damaged. The blob before may have been
     * overwritten in part since: all of it must be good. */
    slot ^= 1;
    status = load_recorded(flash, &newest[slot]);
    if (!status)
      status = swap_flash_check_units(flash, slot);
    if (swap_flash_is_damage(status))
      return SWAP_ERR_BLOB;
  }
  if (!status)
    swap_flash_activate(flash, slot);
  return status;
}

int swap_flash_open(swap_flash *flash, const swap_flash_config *config) {
  if (!flash)
    return SWAP_ERR_ARGUMENT;
  memset(flash, 0, sizeof *flash);
  flash->active = SWAP_FLASH_NONE;
  int status = check_config(config);
  if (status)
    return status;
  flash->config = config;
  status = find_active(flash);
  if (status && status != SWAP_ERR_BLOB)
    flash->config = NULL;
  return status;
}
