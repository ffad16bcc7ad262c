/*===- flash_port.h - What the flash port's files share -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* No header of a C library is needed, and only these of its functions.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORTS_FLASH_PORT_H
#define SWAP_PORTS_FLASH_PORT_H

#include "swap/flash.h"

#include "../../core/libc.h"

/* swap_flash.update */
enum { FLASH_IDLE, FLASH_WRITING, FLASH_VERIFIED };

/* Bytes of the slot that are programmed last, with the blob's header in them. */
static inline uint32_t swap_flash_head_bytes(const swap_flash_config *config) {
  return config->prog_bytes > SWAP_FLASH_MIN_BYTES ? config->prog_bytes
                                                   : SWAP_FLASH_MIN_BYTES;
}

/* How much of the buffer is used: never more than an erase block. */
static inline uint32_t swap_flash_chunk(const swap_flash_config *config) {
  return config->buffer_bytes < config->erase_bytes ? config->buffer_bytes
                                                    : config->erase_bytes;
}

static inline size_t swap_flash_slot(const swap_flash_config *config,
                                     uint32_t slot) {
  return swap_flash_slot_offset(config->partition_bytes, config->erase_bytes,
                                slot);
}

/* The slot that an update writes. */
static inline uint32_t swap_flash_other(const swap_flash *flash) {
  return flash->active == 0 ? 1 : 0;
}

/* Callbacks may only return SWAP_OK or a negative status. */
static inline int swap_flash_status(int returned) {
  return returned > 0 ? (int)SWAP_ERR_IO : returned;
}

/* Whether a status says that bytes are wrong, not that the driver failed. */
static inline int swap_flash_is_damage(int status) {
  return status == SWAP_ERR_BLOB || status == SWAP_ERR_HASH ||
         status == SWAP_ERR_CHECKSUM;
}

/* read.c: through the buffer, in the geometry of the storage. */
int swap_flash_fetch(const swap_flash_config *config, size_t offset,
                     uint32_t length, const uint8_t **bytes);
int swap_flash_sync(const swap_flash_config *config);

/* check.c. A header's fields, and that the blob fits a slot: SWAP_ERR_BLOB,
 * SWAP_ERR_SHORT. */
int swap_flash_check_header(const swap_flash_config *config,
                            const swap_blob_header *header);
/* Reads a slot's header into flash->header and checks it. */
int swap_flash_load_header(swap_flash *flash, uint32_t slot);
/* The table's hash and every unit of a slot whose header flash->header is. */
int swap_flash_check_units(const swap_flash *flash, uint32_t slot);
/* The blob of flash->header becomes the active one. */
void swap_flash_activate(swap_flash *flash, uint32_t slot);

/* sha256.c */
typedef struct swap_flash_sha256 {
  uint32_t state[8];
  uint32_t block[16]; /* as bytes until it is full */
  uint64_t length;
} swap_flash_sha256;
void swap_flash_sha256_start(swap_flash_sha256 *sha);
void swap_flash_sha256_add(swap_flash_sha256 *sha, const void *data,
                           size_t length);
/* Whether the digest of all that was added is `expected`. */
int swap_flash_sha256_is(swap_flash_sha256 *sha, const uint8_t *expected);

#endif /* SWAP_PORTS_FLASH_PORT_H */
