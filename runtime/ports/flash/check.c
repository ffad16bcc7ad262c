/*===- check.c - Is what a slot holds a good blob? ----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "flash_port.h"

#include "swap/crc32c.h"

int swap_flash_check_header(const swap_flash_config *config,
                            const swap_blob_header *header) {
  if (header->magic != SWAP_BLOB_MAGIC ||
      header->version != SWAP_BLOB_VERSION ||
      header->header_bytes != sizeof(swap_blob_header) ||
      header->unit_stride != sizeof(swap_blob_unit) ||
      header->table_offset != SWAP_BLOB_ALIGN ||
      (header->blob_bytes & (SWAP_BLOB_ALIGN - 1)) != 0 ||
      header->blob_bytes <
          SWAP_BLOB_ALIGN +
              header->unit_count * (uint64_t)sizeof(swap_blob_unit))
    return SWAP_ERR_BLOB;
  return header->blob_bytes <= swap_flash_slot_bytes(config->partition_bytes,
                                                     config->erase_bytes)
             ? SWAP_OK
             : SWAP_ERR_SHORT;
}

int swap_flash_load_header(swap_flash *flash, uint32_t slot) {
  const swap_flash_config *config = flash->config;
  const uint8_t *bytes;
  int status = swap_flash_fetch(config, swap_flash_slot(config, slot),
                                sizeof flash->header, &bytes);
  if (!status) {
    memcpy(&flash->header, bytes, sizeof flash->header);
    status = swap_flash_check_header(config, &flash->header);
  }
  return status == SWAP_ERR_SHORT || status == SWAP_ERR_CHECKSUM
             ? (int)SWAP_ERR_BLOB
             : status;
}

/* One unit of the blob at `base`; its entry of the table is handed back. */
static int check_unit(const swap_flash_config *config, size_t base,
                      size_t blob_bytes, uint32_t unit,
                      swap_blob_unit *entry) {
  const uint8_t *bytes;
  int status = swap_flash_fetch(
      config, base + SWAP_BLOB_ALIGN + unit * sizeof *entry,
      sizeof *entry, &bytes);
  if (status)
    return status;
  memcpy(entry, bytes, sizeof *entry);
  if ((entry->offset & (SWAP_BLOB_ALIGN - 1)) != 0 ||
      entry->offset > blob_bytes || entry->length > blob_bytes - entry->offset)
    return SWAP_ERR_BLOB;
  /* Pieces begin at whole reads, for units and the buffer's size do. */
  const uint32_t chunk = swap_flash_chunk(config);
  size_t offset = base + (size_t)entry->offset, left = (size_t)entry->length;
  uint32_t crc = 0;
  while (left) {
    const uint32_t piece = left < chunk ? (uint32_t)left : chunk;
    status = swap_flash_fetch(config, offset, piece, &bytes);
    if (status)
      return status;
    crc = swap_crc32c(crc, bytes, piece);
    offset += piece;
    left -= piece;
  }
  return crc == entry->crc32c ? SWAP_OK : SWAP_ERR_CHECKSUM;
}

int swap_flash_check_units(const swap_flash *flash, uint32_t slot) {
  const swap_blob_header *header = &flash->header;
  swap_flash_sha256 sha;
  swap_flash_sha256_start(&sha);
  for (uint32_t unit = 0; unit < header->unit_count; ++unit) {
    swap_blob_unit entry;
    const int status =
        check_unit(flash->config, swap_flash_slot(flash->config, slot),
                   (size_t)header->blob_bytes, unit, &entry);
    if (status)
      return status;
    swap_flash_sha256_add(&sha, &entry, sizeof entry);
  }
  return swap_flash_sha256_is(&sha, header->hash) ? SWAP_OK
                                                  : SWAP_ERR_CHECKSUM;
}

int swap_flash_verify(swap_flash *flash, uint32_t unit) {
  swap_blob_unit entry;
  if (!flash)
    return SWAP_ERR_ARGUMENT;
  if (!flash->config || flash->active == SWAP_FLASH_NONE ||
      flash->update == FLASH_WRITING)
    return SWAP_ERR_STATE;
  if (unit >= flash->unit_count)
    return SWAP_ERR_INDEX;
  return check_unit(flash->config,
                    swap_flash_slot(flash->config, flash->active),
                    flash->blob_bytes, unit, &entry);
}
