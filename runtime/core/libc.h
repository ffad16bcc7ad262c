/*===- libc.h - All of a C library that firmware needs ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The core and the flash port call these and nothing else. Without a hosted
|* compiler there may be no header that declares them.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_LIBC_H
#define SWAP_LIBC_H

#if __STDC_HOSTED__
#include <string.h>
#else
#include <stddef.h>
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "blobs and what is beside them in flash are little-endian, and are read in place"
#endif

#endif /* SWAP_LIBC_H */
