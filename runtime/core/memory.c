/*===- memory.c - A blob that the processor addresses -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "core.h"

static const void *address(void *context, uint64_t offset, uint64_t length) {
  const swap_memory *memory = context;
  return swap_core_inside(offset, length, memory->bytes)
             ? (const uint8_t *)memory->blob + (size_t)offset
             : NULL;
}

/* The first read is that of the header: a blob that kernels cannot use where it
 * lies is refused when a session is opened. */
static int copy(void *context, uint64_t offset, void *buffer, uint64_t length) {
  const swap_memory *memory = context;
  const void *from = address(context, offset, length);
  if (!memory->blob || (uintptr_t)memory->blob % SWAP_BUFFER_ALIGN)
    return SWAP_ERR_ARGUMENT;
  if (!from)
    return SWAP_ERR_SHORT;
  memcpy(buffer, from, (size_t)length);
  return SWAP_OK;
}

swap_storage swap_memory_copied(const swap_memory *memory) {
  return (swap_storage){.context = (void *)(uintptr_t)memory, .read = copy};
}

swap_storage swap_memory_mapped(const swap_memory *memory) {
  return (swap_storage){
      .context = (void *)(uintptr_t)memory, .read = copy, .map = address};
}
