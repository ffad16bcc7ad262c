/*===- swap/blob.h - The bytes of a weight blob -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The one definition of the weight blob. The compiler's writer and the
|* runtime's reader both include it; docs/blob.md specifies every byte.
|*
|* All integers are little-endian. A blob is: the header (one page), the unit
|* table, padding to a page, then the units in execution order, each starting
|* on a page boundary. The hash covers the unit table, and the table carries
|* the checksum of each unit, so a hash identifies every weight byte.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_BLOB_H
#define SWAP_BLOB_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SWAP_BLOB_MAGIC UINT64_C(0x31304243504157D3) /* D3 'W' 'A' 'P' 'C' 'B' '0' '1' */
#define SWAP_BLOB_VERSION 1u
#define SWAP_BLOB_ALIGN 4096u
#define SWAP_HASH_BYTES 32u /* SHA-256 */

/* First bytes of the blob; zero-padded to SWAP_BLOB_ALIGN. */
typedef struct swap_blob_header {
  uint64_t magic;
  uint32_t version;      /* SWAP_BLOB_VERSION; a reader refuses any other */
  uint32_t header_bytes; /* sizeof(swap_blob_header) */
  uint64_t blob_bytes;   /* whole file, a multiple of SWAP_BLOB_ALIGN */
  uint64_t table_offset; /* SWAP_BLOB_ALIGN */
  uint32_t unit_count;
  uint32_t unit_stride; /* sizeof(swap_blob_unit) */
  uint8_t hash[SWAP_HASH_BYTES]; /* SHA-256 of the unit table's bytes */
} swap_blob_header;

/* One entry of the unit table. */
typedef struct swap_blob_unit {
  uint64_t offset;   /* from the start of the blob, multiple of SWAP_BLOB_ALIGN */
  uint64_t length;   /* payload bytes; zero padding follows up to the next page */
  uint32_t crc32c;   /* CRC-32C (Castagnoli) of the `length` payload bytes */
  uint32_t row_bytes; /* > 0: a row table, rows may be read one by one */
} swap_blob_unit;

#ifdef __cplusplus
static_assert(sizeof(swap_blob_header) == 72, "fixed layout");
static_assert(sizeof(swap_blob_unit) == 24, "fixed layout");
}
#elif __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(swap_blob_header) == 72, "fixed layout");
_Static_assert(sizeof(swap_blob_unit) == 24, "fixed layout");
#endif
#endif /* SWAP_BLOB_H */
