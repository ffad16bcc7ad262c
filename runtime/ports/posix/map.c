/*===- map.c - The blob read in place -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The whole file is mapped once. Mapping a range the first time asks for its
|* pages ahead of use; the second time, when it is waited for, makes them
|* present, so that kernels do not fault; giving it back drops them from the page
|* cache. Mapping a range that is there costs a test, because every operand's
|* address comes through here.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

enum { ABSENT, ASKED_FOR, PRESENT };

static uint32_t get_state(const swap_file *file, uint64_t page) {
  return file->mapped_pages[page / 4] >> (page % 4 * 2) & 3u;
}

static void set_state(swap_file *file, uint64_t page, uint32_t state) {
  uint8_t *byte = &file->mapped_pages[page / 4];
  const uint32_t shift = (uint32_t)(page % 4 * 2);
  *byte = (uint8_t)((*byte & ~(3u << shift)) | state << shift);
}

/* Where the system cannot populate (before Linux 5.14), kernels fault. */
static const void *map_range(void *context, uint64_t offset, uint64_t length) {
  swap_file *file = context;
  if (offset > file->size || length > file->size - offset)
    return NULL; /* a mapping past the end of the file would fault */
  const uint64_t page = offset / SWAP_BLOB_ALIGN;
  const uint32_t state = get_state(file, page);
  if (state != PRESENT) {
    madvise((void *)(uintptr_t)(file->mapping + offset), length,
            state == ABSENT ? MADV_WILLNEED : MADV_POPULATE_READ);
    set_state(file, page, state + 1);
  }
  return file->mapping + offset;
}

static void unmap_range(void *context, uint64_t offset, uint64_t length) {
  swap_file *file = context;
  const uint64_t page = offset / SWAP_BLOB_ALIGN;
  if (offset > file->size || length > file->size - offset ||
      get_state(file, page) == ABSENT)
    return;
  set_state(file, page, ABSENT);
  madvise((void *)(uintptr_t)(file->mapping + offset), length, MADV_DONTNEED);
  posix_fadvise(file->fd, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
}

int port_map_open(swap_file *file) {
  if (!file->size)
    return 0; /* nothing to map; the header's read will say so */
  file->mapped_pages = calloc(file->size / SWAP_BLOB_ALIGN / 4 + 1, 1);
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
