/*===- handle.h - What a swap_posix holds -------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_HANDLE_H
#define SWAP_HANDLE_H

#include "port.h"

struct swap_posix {
  swap_session session;
  swap_file file;
  int file_open;
  port_pool *pool;
  void *arena;
  uint64_t arena_bytes;
  char path[4096];
  char error[5120];
};

/* error.c: puts a sentence on what just failed into `error`. */
void port_describe(swap_posix *h, int status);

#endif /* SWAP_HANDLE_H */
