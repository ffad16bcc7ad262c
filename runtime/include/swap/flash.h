/*===- swap/flash.h - A blob in flash, and safe updates of it -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A flash partition holds two slots for blobs and a switch that says which one
|* is active. An update fills the other slot, is verified unit by unit, and then
|* moves the switch; power may fail at any byte of that, and the next open finds
|* the old blob or the new one, whole. docs/blob.md specifies every byte.
|*
|* The caller owns the state, the buffer and the flash driver, in the manner of
|* littlefs; nothing here allocates or keeps globals. Calls block and are not
|* reentrant. Errors are negative `swap_status` values, those of the driver's
|* functions are handed on. Sizes and offsets are bytes, offsets from the start
|* of the partition unless said otherwise.
|*
|*     swap_flash_open(&flash, &config);
|*     swap_flash_storage(&flash, &blob, &storage);   // then swap_open, swap_run
|*
|*     swap_flash_begin(&flash, NEW_model.blob_hash); // an update
|*     while (receive(data, &length)) swap_flash_write(&flash, data, length);
|*     swap_flash_finish(&flash);
|*     swap_flash_switch(&flash);                     // once more: back again
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_FLASH_H
#define SWAP_FLASH_H

#include "swap/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The bytes of a partition -------------------------------------------- */

#define SWAP_FLASH_MAGIC 0x31575346u /* 'F' 'S' 'W' '1' */
#define SWAP_FLASH_VERSION 1u
#define SWAP_FLASH_NONE 2u /* in place of a slot's number */
#define SWAP_FLASH_MIN_BYTES 128u /* of a buffer and of an erase block */

/* One state of the switch. The first two erase blocks of the partition hold
 * records, one after the other from the start of a block, each at the next
 * multiple of swap_flash_record_bytes; the valid one with the highest sequence
 * number counts. */
typedef struct swap_flash_record {
  uint32_t magic;         /* SWAP_FLASH_MAGIC */
  uint16_t version;       /* SWAP_FLASH_VERSION; a reader ignores any other */
  uint8_t erase_log2;     /* of the erase block's size */
  uint8_t slot;           /* the active one: 0 or 1 */
  uint32_t sequence;      /* grows by one; compared modulo 2^32 */
  uint32_t header_crc32c; /* of that slot's swap_blob_header */
  uint64_t blob_bytes;    /* of that slot's blob */
  uint32_t reserved;      /* 0 */
  uint32_t crc32c;        /* of the bytes before */
} swap_flash_record;

static inline uint32_t swap_flash_record_bytes(uint32_t prog_bytes) {
  const uint32_t bytes = sizeof(swap_flash_record);
  return prog_bytes > bytes ? prog_bytes : bytes;
}

/* Both slots have this size: half of what two erase blocks leave, in whole
 * erase blocks. The sizes are as in swap_flash_config. */
static inline size_t swap_flash_slot_bytes(size_t partition_bytes, uint32_t erase_bytes) {
  const size_t block = erase_bytes;
  return (partition_bytes / 2 - block) & ~(block - 1);
}

static inline size_t swap_flash_slot_offset(size_t partition_bytes, uint32_t erase_bytes,
                                            uint32_t slot) {
  const size_t block = erase_bytes;
  return 2 * block +
         (slot ? swap_flash_slot_bytes(partition_bytes, erase_bytes) : 0);
}

/* ---- What the caller provides -------------------------------------------- */

/* The partition and its driver. Outlives the state that was opened with it, and
 * so does all that it points at. Callbacks return SWAP_OK or a negative status. */
typedef struct swap_flash_config {
  /* Reads the partition: offset 0 is its first byte. `read` is needed; what else
   * it has (begin and wait, map, geometry) serves the blob too. A `read` that
   * finds bytes damaged, as flash with ECC may after a power cut, returns
   * SWAP_ERR_CHECKSUM: in the switch that only makes a record invalid. */
  const swap_storage *storage;
  void *context; /* of the three functions below */
  /* Programs `length` bytes, a multiple of prog_bytes, at a multiple of it,
   * inside one erase block, where all is erased. `data` is `buffer`, or a place in
   * it at a multiple of SWAP_FLASH_MIN_BYTES. */
  int (*prog)(void *context, size_t offset, const void *data, uint32_t length);
  /* Erases the block at `offset`, a multiple of erase_bytes, to bytes of 0xFF. */
  int (*erase)(void *context, size_t offset);
  /* What was programmed is in the flash when it returns. Optional: null. */
  int (*sync)(void *context);
  size_t partition_bytes; /* a multiple of erase_bytes, at least four of them */
  uint32_t erase_bytes;     /* a power of two from SWAP_FLASH_MIN_BYTES up */
  uint32_t prog_bytes;      /* a power of two up to 4096 and to buffer_bytes */
  /* Bytes to work with: a power of two of at least SWAP_FLASH_MIN_BYTES and twice
   * storage->read_bytes; a larger one makes updates and verification faster, up to
   * erase_bytes. Aligned to storage->buffer_align. Used inside calls only, but
   * from begin to finish it holds what was not programmed yet. */
  void *buffer;
  uint32_t buffer_bytes;
} swap_flash_config;

/* State of a partition; to be read: `active`, `unit_count`, `blob_bytes`. */
typedef struct swap_flash {
  const swap_flash_config *config;
  uint32_t active;     /* slot 0 or 1, or SWAP_FLASH_NONE */
  uint32_t unit_count; /* of the active blob */
  size_t blob_bytes;   /* of the active blob */
  uint32_t sequence;   /* of the last record */
  uint32_t block;      /* of the switch, that has it */
  uint32_t next;       /* free place in that block */
  uint32_t update;     /* private: what the other slot holds */
  size_t written;      /* of the update */
  const uint8_t *hash; /* that the update must have; may be null */
  swap_blob_header header; /* of the update; the last that is programmed */
} swap_flash;

/* A slot's blob as storage; fields are private. */
typedef struct swap_flash_blob {
  const swap_storage *storage; /* of the partition */
  size_t offset;
  size_t bytes;
} swap_flash_blob;

/* ---- Reading -------------------------------------------------------------- */

/* Finds the active slot: reads the switch, checks the newest record and the
 * header of its blob. Where that header is damaged and the other slot holds a
 * blob that was active and is good in every unit, that one is taken. Changes
 * nothing in the flash.
 * SWAP_ERR_ARGUMENT: `config` lacks something; SWAP_ERR_GEOMETRY: its sizes do
 * not fit each other, or this storage; SWAP_ERR_BLOB: no slot holds an active
 * blob (an empty partition): `flash` is open all the same, for an update. Any
 * other error is the driver's, and nothing is open. */
int swap_flash_open(swap_flash *flash, const swap_flash_config *config);

/* Storage of the active blob, for swap_open: with the geometry of the
 * partition's, and its begin and wait, done and cancel, and map. `blob` is filled and stays the caller's; both stay
 * valid, for the same blob, until its slot is written by an update: after a
 * switch, close the session before the next swap_flash_begin.
 * SWAP_ERR_STATE: no slot is active. */
int swap_flash_storage(const swap_flash *flash, swap_flash_blob *blob, swap_storage *storage);

/* Compares unit `unit` of the active blob with its checksum, reading through the
 * buffer. SWAP_ERR_CHECKSUM: the bytes differ; SWAP_ERR_BLOB: the unit table is
 * damaged; SWAP_ERR_INDEX: there is no such unit; SWAP_ERR_STATE: no slot is
 * active, or an update is under way. */
int swap_flash_verify(swap_flash *flash, uint32_t unit);

/* ---- Updating ------------------------------------------------------------- */

/* Begins an update of the other slot, in place of any that was under way. The
 * flash stays as it is until bytes come. `hash`: the SWAP_HASH_BYTES of the model
 * that the blob must belong to, kept until finish; or null for any blob. */
int swap_flash_begin(swap_flash *flash, const uint8_t *hash);

/* Writes the next `length` bytes of the blob, any number. Blocks of the slot are
 * erased as they are reached; nothing is before the blob's header was checked.
 * SWAP_ERR_BLOB: not a blob of this version; SWAP_ERR_HASH: of another model;
 * SWAP_ERR_SHORT: larger than the slot; SWAP_ERR_ARGUMENT: more bytes than the
 * blob has; SWAP_ERR_STATE: no update is under way. After an error the update is
 * over: begin again. The active blob serves reads all the time. */
int swap_flash_write(swap_flash *flash, const void *data, size_t length);

/* Ends the writing: reads all back, compares the unit table with the blob's hash
 * (SHA-256) and each unit with its checksum, then programs the header, which
 * makes the slot valid. SWAP_ERR_SHORT: bytes are missing, which may still be
 * written; SWAP_ERR_BLOB, SWAP_ERR_HASH or SWAP_ERR_CHECKSUM: what is in the
 * flash is not a good blob. After any other error than SWAP_ERR_SHORT the update
 * is over; the active blob is untouched in every case. */
int swap_flash_finish(swap_flash *flash);

/* Makes the other slot the active one: after finish, or, to go back to the blob
 * before, at any time. Without a finish in this state the other slot's blob is
 * verified first as finish does. SWAP_ERR_BLOB: the other slot holds none, and
 * the errors of finish; then the active slot stays. SWAP_ERR_IO: the record does
 * not read back as programmed; it may be tried again. */
int swap_flash_switch(swap_flash *flash);

/* ---- Without a partition -------------------------------------------------- */

/* Where `swap-blob append` puts a blob behind a raw image, which ends at
 * `image_end`: a symbol of the linker script, behind the initial values of .data.
 * `align` as given to the tool (4096 by default). For swap_memory. */
static inline const void *swap_appended_blob(const void *image_end, uint32_t align) {
  const uintptr_t mask = align - 1u;
#ifdef __cplusplus
  return reinterpret_cast<const void *>((reinterpret_cast<uintptr_t>(image_end) + mask) & ~mask);
#else
  return (const void *)(((uintptr_t)image_end + mask) & ~mask);
#endif
}

#ifdef __cplusplus
static_assert(sizeof(swap_flash_record) == 32, "fixed layout");
}
#elif __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(swap_flash_record) == 32, "fixed layout");
#endif
#endif /* SWAP_FLASH_H */
