/*===- string.h - All of libc that the runtime may use ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Takes the place of libc's where the runtime is compiled for libraries: the
|* compiler may expand these, and anything else is an error.
\*===----------------------------------------------------------------------===*/
#ifndef SWAPC_FREESTANDING_STRING_H
#define SWAPC_FREESTANDING_STRING_H

#define memcpy __builtin_memcpy
#define memmove __builtin_memmove
#define memset __builtin_memset
#define memcmp __builtin_memcmp

#endif
