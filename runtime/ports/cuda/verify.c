/*===- verify.c - Checksums of a blob in memory -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Once per handle, of everything: the copy engine reads the mapping without
|* looking at it. Units are shared out to threads, since one of them is slower
|* than the link.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"
#include "swap/crc32c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define MOST_THREADS 8u
#define BYTES_PER_THREAD (UINT64_C(8) << 20) /* fewer are done before it starts */

typedef struct checking {
  const swap_cuda *h;
  _Atomic uint32_t next;
  _Atomic uint32_t wrong; /* the first unit that differs, or unit_count */
} checking;

static void *check_units(void *context) {
  checking *c = context;
  const swap_model *model = c->h->model->model;
  uint32_t unit;
  while ((unit = atomic_fetch_add(&c->next, 1)) < atomic_load(&c->wrong)) {
    const swap_blob_unit *entry = &model->units[unit];
    if (swap_crc32c(0, c->h->map + entry->offset, entry->length) ==
        entry->crc32c)
      continue;
    uint32_t seen = atomic_load(&c->wrong);
    while (unit < seen &&
           !atomic_compare_exchange_weak(&c->wrong, &seen, unit)) {
    }
  }
  return NULL;
}

int cuda_verify(swap_cuda *h) {
  const swap_model *model = h->model->model;
  if (h->options.flags & SWAP_FLAG_NO_VERIFY)
    return SWAP_OK;
  checking c = {.h = h, .next = 0, .wrong = model->unit_count};
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  pthread_t threads[MOST_THREADS];
  uint32_t count = 0;
  while (count + 1 < MOST_THREADS && count + 1 < online &&
         (count + 1) * BYTES_PER_THREAD < h->map_bytes &&
         !pthread_create(&threads[count], NULL, check_units, &c))
    count += 1;
  check_units(&c);
  while (count)
    pthread_join(threads[--count], NULL);
  const uint32_t wrong = atomic_load(&c.wrong);
  if (wrong == model->unit_count)
    return SWAP_OK;
  swap_core_fail(&h->session, SWAP_ERR_CHECKSUM, wrong,
                 model->units[wrong].offset);
  return cuda_describe(h, SWAP_ERR_CHECKSUM, 0);
}
