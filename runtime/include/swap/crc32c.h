/*===- swap/crc32c.h - Checksums of blob units --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* CRC-32C (Castagnoli, reflected 0x82F63B78), as blob units carry it. The
|* runtime and whoever writes a blob share this one implementation.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CRC32C_H
#define SWAP_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Continues `crc` (0 to start) over `length` bytes. The value of the nine bytes
 * "123456789" is 0xE3069283. */
uint32_t swap_crc32c(uint32_t crc, const void *data, size_t length);

/* The same in portable C, for processors without an instruction for it. */
uint32_t swap_crc32c_portable(uint32_t crc, const void *data, size_t length);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_CRC32C_H */
