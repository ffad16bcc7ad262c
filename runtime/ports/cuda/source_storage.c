/*===- source_storage.c - Weights on storage ----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The feeder brings units in through its ring. What the host budget holds
|* beside the ring stays in pinned memory: a fixed set, spread over the cycle of
|* accesses so that the disk works all the time. Units that the plan reads in
|* place belong to it in any case.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"
#include "swap/crc32c.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RING_BYTES (UINT64_C(64) << 20)
#define READS 8u /* of pinned units under way */

/* Bytes of the pinned units, and of those that the feeder brings. */
static void count_units(const swap_cuda *h, uint64_t *in_place, uint64_t *fed) {
  const swap_model *model = h->model->model;
  *in_place = *fed = 0;
  for (uint32_t i = 0; i < model->unit_count; ++i) {
    const uint64_t slot = h->session.plan->slots[i];
    const uint64_t bytes = swap_core_pages(model->units[i].length);
    *in_place += slot == SWAP_SLOT_IN_PLACE ? bytes : 0;
    *fed += slot < SWAP_SLOT_IN_PLACE ? bytes : 0;
  }
}

uint64_t cuda_ring_bytes(const swap_cuda *h) {
  const uint64_t budget = h->options.host_budget_bytes;
  uint64_t in_place, fed;
  count_units(h, &in_place, &fed);
  const uint64_t taken = in_place + h->staging_bytes;
  uint64_t bytes = fed < RING_BYTES ? (fed < CUDA_LEAST_RING ? CUDA_LEAST_RING : fed) : RING_BYTES;
  if (budget && bytes > (budget > taken ? budget - taken : 0))
    bytes = budget > taken ? budget - taken : 0;
  return bytes & ~(uint64_t)(SWAP_BLOB_ALIGN - 1);
}

/* Marks with 1 in `chosen` what stays in pinned memory; its bytes. */
static uint64_t choose_pinned(const swap_cuda *h, uint8_t **chosen) {
  const swap_model *model = h->model->model;
  const uint64_t budget = h->options.host_budget_bytes;
  static uint8_t mark;
  uint64_t total, in_place, used = 0, seen = 0, taken = 0;
  count_units(h, &in_place, &total);
  used = in_place + h->staging_bytes + cuda_ring_bytes(h);
  const uint64_t room = !h->shared && budget > used ? budget - used : 0;
  for (uint32_t i = 0; i < model->unit_count; ++i) {
    const uint64_t bytes = swap_core_pages(model->units[i].length);
    if (h->session.plan->slots[i] == SWAP_SLOT_IN_PLACE) {
      chosen[i] = &mark;
    } else if (cuda_streams(h, i) &&
               h->session.plan->slots[i] < SWAP_SLOT_IN_PLACE) {
      seen += bytes;
      /* taken / seen stays at room / streamed, or everything fits */
      if (taken + bytes <= room &&
          (room >= h->unit_bytes ||
           (double)(taken + bytes) * (double)h->unit_bytes <=
               (double)seen * (double)room)) {
        chosen[i] = &mark;
        taken += bytes;
      }
    }
  }
  return in_place + taken;
}

static int take_pinned(swap_cuda *h) {
  const swap_model *model = h->model->model;
  h->pinned_bytes = choose_pinned(h, h->pinned);
  if (!h->pinned_bytes) {
    memset(h->pinned, 0, model->unit_count * sizeof *h->pinned);
    return SWAP_OK;
  }
  const int status =
      cuda_host_take(h, h->pinned_bytes, "weights", &h->pinned_block);
  uint8_t *at = h->pinned_block;
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (h->pinned[i]) {
      h->pinned[i] = at;
      at += swap_core_pages(model->units[i].length);
    }
  return status;
}

static int open_file(swap_cuda *h) {
  const swap_model *model = h->model->model;
  h->session.failed_unit = SWAP_CORE_NONE;
  int status = port_file_open(&h->file, h->path, SWAP_POSIX_AUTO);
  if (status)
    return cuda_fail(h, status, "%s: %s", h->path,
                     h->file.last_error == EINVAL
                         ? "not a regular file"
                         : strerror(h->file.last_error));
  h->file_open = 1;
  if (h->file.io == SWAP_POSIX_BUFFERED && !h->options.quiet)
    fprintf(stderr,
            "note: %s: the file system refuses direct I/O; weights are copied "
            "through the page cache\n",
            h->path);
  if (h->file.size && h->file.size < model->blob_bytes)
    return cuda_fail(
        h, SWAP_ERR_SHORT,
        "%s: truncated: it has %llu bytes, the model's weights have %llu",
        h->path, (unsigned long long)h->file.size,
        (unsigned long long)model->blob_bytes);
  h->session.config.storage = &h->file.storage;
  status = swap_core_check_blob(&h->session);
  return status ? cuda_describe(h, status, h->file.last_error) : SWAP_OK;
}

int cuda_storage_open(swap_cuda *h) {
  int status = open_file(h);
  if (!status)
    status = cuda_staging_open(h);
  if (!status)
    status = take_pinned(h);
  if (!status)
    status = cuda_units_place(h);
  return status ? status : cuda_feeder_open(h, &h->feeder);
}

void cuda_storage_close(swap_cuda *h) {
  cuda_feeder_close(h->feeder);
  h->feeder = NULL;
  if (h->file_open)
    port_file_close(&h->file);
  h->file_open = 0;
  cuda_host_give(h->driver, h->pinned_block);
  cuda_host_give(h->driver, h->staging);
  h->pinned_block = h->staging = NULL;
  h->pinned_bytes = h->staging_bytes = 0;
}

static int finish_pinned(swap_cuda *h, uint32_t unit, int64_t ticket) {
  const swap_storage *storage = &h->file.storage;
  const swap_blob_unit *entry = &h->model->model->units[unit];
  int status = SWAP_OK;
  if (ticket >= 0)
    status = swap_core_status(storage->wait(storage->context, ticket));
  if (!status && !(h->options.flags & SWAP_FLAG_NO_VERIFY) &&
      swap_crc32c(0, h->pinned[unit], entry->length) != entry->crc32c)
    status = SWAP_ERR_CHECKSUM;
  return status ? swap_core_fail(&h->session, status, unit, entry->offset)
                : SWAP_OK;
}

static int load_pinned(swap_cuda *h) {
  const swap_model *model = h->model->model;
  const swap_storage *storage = &h->file.storage;
  uint32_t units[READS];
  int64_t tickets[READS];
  uint32_t begun = 0, waited = 0;
  int status = SWAP_OK;
  for (uint32_t i = 0; i <= model->unit_count; ++i) {
    const int last = i == model->unit_count;
    while (waited < begun && (last || status || begun - waited == READS)) {
      const int late = finish_pinned(h, units[waited % READS],
                                     tickets[waited % READS]);
      status = status ? status : late;
      waited += 1;
    }
    if (last || status || !h->pinned[i] || !model->units[i].length)
      continue;
    const uint64_t bytes = swap_core_pages(model->units[i].length);
    int64_t ticket = -1;
    if (storage->begin)
      ticket = storage->begin(storage->context, model->units[i].offset,
                              h->pinned[i], bytes);
    if (storage->submit)
      storage->submit(storage->context);
    status = storage->begin ? (ticket < 0 ? (int)ticket : SWAP_OK)
                            : storage->read(storage->context,
                                            model->units[i].offset,
                                            h->pinned[i], bytes);
    if (status) {
      swap_core_fail(&h->session, status, i, model->units[i].offset);
      continue;
    }
    units[begun % READS] = i;
    tickets[begun++ % READS] = ticket;
  }
  return status ? cuda_describe(h, status, h->file.last_error) : SWAP_OK;
}

int cuda_storage_load(swap_cuda *h) {
  const swap_model *model = h->model->model;
  const uint8_t *resident = h->session.plan->resident;
  int status = h->session.verified ? SWAP_OK : load_pinned(h);
  for (uint32_t i = 0; !status && i < model->unit_count; ++i)
    if (resident[i] && model->units[i].length) {
      status = cuda_feeder_request(h->feeder, i, SWAP_CORE_NONE);
      h->session.counters.loaded_bytes +=
          swap_core_pages(model->units[i].length);
    }
  for (uint32_t i = 0; !status && i < model->unit_count; ++i)
    if (resident[i] && model->units[i].length)
      status = cuda_feeder_await(h->feeder, i);
  return status ? status
                : cuda_check(h, h->driver->stream_sync(h->copy),
                             "copying resident units");
}
