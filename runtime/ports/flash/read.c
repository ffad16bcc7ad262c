/*===- read.c - Small reads of a flash partition ------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "flash_port.h"

int swap_flash_fetch(const swap_flash_config *config, size_t offset,
                     uint32_t length, const uint8_t **bytes) {
  const swap_storage *storage = config->storage;
  const uint32_t mask = storage->read_bytes ? storage->read_bytes - 1 : 0;
  const uint32_t before = (uint32_t)offset & mask;
  uint8_t *buffer = config->buffer;
  *bytes = buffer + before;
  return swap_flash_status(storage->read(storage->context, offset - before,
                                         buffer,
                                         (before + length + mask) & ~mask));
}

int swap_flash_sync(const swap_flash_config *config) {
  return config->sync ? swap_flash_status(config->sync(config->context))
                      : (int)SWAP_OK;
}
