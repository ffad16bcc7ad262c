/*===- load.c - Weights that come in once -------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

/* The unit after the resident ones from `unit` on that are neighbours in the
 * blob and in the arena; counts their bytes. */
static uint32_t neighbours(const swap_cuda *h, uint32_t unit, uint64_t *bytes) {
  const swap_model *model = h->model->model;
  const swap_plan *plan = h->session.plan;
  const swap_blob_unit *units = model->units;
  *bytes = swap_core_pages(units[unit].length);
  uint32_t next = unit + 1;
  while (next < model->unit_count && plan->resident[next] &&
         units[next].offset == units[unit].offset + *bytes &&
         plan->slots[next] == plan->slots[unit] + *bytes)
    *bytes += swap_core_pages(units[next++].length);
  return next;
}

static int copy_residents(swap_cuda *h) {
  const swap_model *model = h->model->model;
  int status = SWAP_OK;
  uint64_t bytes;
  for (uint32_t i = 0, next; !status && i < model->unit_count; i = next) {
    next = i + 1;
    if (!h->session.plan->resident[i] || !model->units[i].length)
      continue;
    next = neighbours(h, i, &bytes);
    status = cuda_check(h,
                        h->driver->copy_in(h->units[i],
                                           h->map + model->units[i].offset,
                                           bytes, h->copies[0]),
                        "copying resident units from unit %u on", (unsigned)i);
    h->session.counters.loaded_bytes += bytes;
  }
  return status;
}

int cuda_load(swap_cuda *h) {
  int status = SWAP_OK;
  if (h->loaded)
    return SWAP_OK;
  h->session.counters.loaded_bytes = 0;
  if (h->feeder) {
    status = cuda_storage_load(h);
  } else {
    if (h->way == CUDA_WAY_COPY)
      status = copy_residents(h);
    if (!status && !h->session.verified) /* beside the copies */
      status = cuda_verify(h);
    const int copied =
        status ? SWAP_OK
               : cuda_check(h, h->driver->stream_sync(h->copies[0]),
                            "copying resident units");
    status = status ? status : copied;
  }
  if (status) {
    cuda_abandon(h);
    return status;
  }
  h->session.verified = h->loaded = 1;
  return SWAP_OK;
}

void cuda_abandon(swap_cuda *h) {
  cu_stream streams[] = {h->compute, h->second, h->copies[0], h->copies[1]};
  if (h->feeder)
    cuda_feeder_reset(h->feeder);
  for (size_t i = 0; i < sizeof streams / sizeof streams[0]; ++i)
    if (streams[i])
      (void)h->driver->stream_sync(streams[i]);
  h->primed = 0;
}
