/*===- map.c - The blob read in place -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The whole file is mapped once; mapping a range asks for its pages ahead of
|* use, giving it back drops them from the page cache. Mapping a range that is
|* mapped costs a bit test, because every operand's address comes through here.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

static const void *map_range(void *context, uint64_t offset, uint64_t length) {
  swap_file *file = context;
  if (offset > file->size || length > file->size - offset)
    return NULL; /* a mapping past the end of the file would fault */
  const uint64_t page = offset / SWAP_BLOB_ALIGN;
  uint8_t *byte = &file->mapped_pages[page / 8];
  const uint8_t bit = (uint8_t)(1u << (page % 8));
  if (!(*byte & bit)) {
    *byte |= bit;
    madvise((void *)(uintptr_t)(file->mapping + offset), length, MADV_WILLNEED);
  }
  return file->mapping + offset;
}

static void unmap_range(void *context, uint64_t offset, uint64_t length) {
  swap_file *file = context;
  const uint64_t page = offset / SWAP_BLOB_ALIGN;
  const uint8_t bit = (uint8_t)(1u << (page % 8));
  if (offset > file->size || length > file->size - offset ||
      !(file->mapped_pages[page / 8] & bit))
    return;
  file->mapped_pages[page / 8] &= (uint8_t)~bit;
  madvise((void *)(uintptr_t)(file->mapping + offset), length, MADV_DONTNEED);
  posix_fadvise(file->fd, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
}

int port_map_open(swap_file *file) {
  if (!file->size)
    return 0; /* nothing to map; the header's read will say so */
  file->mapped_pages = calloc(file->size / SWAP_BLOB_ALIGN / 8 + 1, 1);
  if (!file->mapped_pages)
    return ENOMEM;
  void *mapping = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->fd, 0);
  if (mapping == MAP_FAILED)
    return errno;
  file->mapping = mapping;
  file->storage.map = map_range;
  file->storage.unmap = unmap_range;
  return 0;
}

void port_map_close(swap_file *file) {
  if (file->mapping)
    munmap((void *)(uintptr_t)file->mapping, file->size);
  free(file->mapped_pages);
}
