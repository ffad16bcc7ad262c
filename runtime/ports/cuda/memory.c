/*===- memory.c - All memory of a handle --------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* One range of device memory for the plan, one of pinned host memory for the
|* tensors. What is in use is asked of the driver, so what other processes take
|* or free at the same time on this GPU counts as well.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <string.h>

/* The driver aligns small blocks to 512 bytes only, direct reads want a page:
 * the block's own address stands in front of what is handed out. */
int cuda_host_take(swap_cuda *h, uint64_t bytes, const char *what,
                   uint8_t **memory) {
  void *taken = NULL;
  const int status = cuda_check(
      h,
      h->driver->host_alloc(&taken, bytes + 2 * SWAP_BLOB_ALIGN,
                            CU_HOST_PORTABLE | CU_HOST_MAPPED),
      "taking %llu bytes of pinned host memory for %s",
      (unsigned long long)bytes, what);
  *memory = NULL;
  if (status)
    return status;
  const uintptr_t start = (uintptr_t)taken + sizeof taken;
  *memory = (uint8_t *)taken + sizeof taken +
            (SWAP_BLOB_ALIGN - start % SWAP_BLOB_ALIGN) % SWAP_BLOB_ALIGN;
  memcpy(*memory - sizeof taken, &taken, sizeof taken);
  return SWAP_OK;
}

void cuda_host_give(const cuda_driver *driver, void *memory) {
  void *taken;
  if (!memory)
    return;
  memcpy(&taken, (uint8_t *)memory - sizeof taken, sizeof taken);
  driver->host_free(taken);
}

static int take_arena(swap_cuda *h) {
  const uint64_t bytes = h->session.plan->arena_bytes;
  int status;
  if (!bytes)
    return SWAP_OK;
  if (h->shared) {
    uint8_t *memory;
    status = cuda_host_take(h, bytes, "the arena", &memory);
    h->arena_host = memory;
    if (!status)
      status = cuda_check(h, h->driver->host_address(&h->arena, memory, 0),
                          "mapping the arena");
    return status;
  }
  status = cuda_check(h, h->driver->memory_alloc(&h->arena, bytes),
                      "taking %llu bytes of device memory",
                      (unsigned long long)bytes);
  if (status)
    h->arena = 0;
  return status;
}

static int take_tensors(swap_cuda *h) {
  const swap_model *model = h->model->model;
  const uint64_t mask = 255; /* what kernels may count on */
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < model->input_count + model->output_count; ++i) {
    const swap_tensor *tensor = i < model->input_count
                                    ? &model->inputs[i]
                                    : &model->outputs[i - model->input_count];
    h->tensor_at[i] = bytes;
    bytes += (tensor->bytes + mask) & ~mask;
  }
  h->lookups_at = bytes;
  if (h->tensors) /* of the plan before; callers may know the addresses */
    return SWAP_OK;
  uint64_t steps = 0;
  for (uint32_t i = 0; i < model->plan_count; ++i)
    if (model->plans[i].step_count > steps)
      steps = model->plans[i].step_count;
  bytes += steps * sizeof(uint64_t);
  int status = cuda_host_take(h, bytes, "inputs and outputs", &h->tensors);
  if (!status)
    status = cuda_check(
        h, h->driver->host_address(&h->tensors_device, h->tensors, 0),
        "mapping inputs and outputs");
  return status;
}

int cuda_memory_open(swap_cuda *h) {
  const int status = take_arena(h);
  return status ? status : take_tensors(h);
}

int cuda_units_place(swap_cuda *h) {
  const swap_model *model = h->model->model;
  const uint64_t *slots = h->session.plan->slots;
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < model->unit_count; ++i) {
    const int in_slot =
        h->way != CUDA_WAY_PLACE && slots[i] < SWAP_SLOT_IN_PLACE;
    if (in_slot)
      h->units[i] = h->arena + slots[i];
    else if (h->map_device)
      h->units[i] = h->map_device + model->units[i].offset;
    else if (h->pinned[i])
      status =
          cuda_check(h, h->driver->host_address(&h->units[i], h->pinned[i], 0),
                     "mapping unit %u", (unsigned)i);
  }
  return status;
}

int cuda_used(swap_cuda *h, uint64_t *bytes) {
  size_t total, free_bytes = 0;
  const int status = cuda_check(h, h->driver->memory_info(&free_bytes, &total),
                                "asking for free memory");
  *bytes = h->shared ? h->session.plan->arena_bytes + h->code_bytes
           : free_bytes < h->bare_free ? h->bare_free - free_bytes
                                       : 0;
  return status;
}

int cuda_memory_check(swap_cuda *h, const char *when) {
  uint64_t used;
  const int status = cuda_used(h, &used);
  if (status || used <= h->budget)
    return status;
  return cuda_fail(
      h, SWAP_ERR_BUDGET,
      "%s %llu bytes of device memory are in use beyond the bare context, %llu "
      "of them the arena; the budget is %llu, and the program counts on %llu "
      "for code and graphs (does another process use this GPU?)",
      when, (unsigned long long)used,
      (unsigned long long)h->session.plan->arena_bytes,
      (unsigned long long)h->budget,
      (unsigned long long)h->model->overhead_bytes);
}

void cuda_arena_close(swap_cuda *h) {
  if (h->arena_host)
    cuda_host_give(h->driver, h->arena_host);
  else if (h->arena)
    h->driver->memory_free(h->arena);
  h->arena_host = NULL;
  h->arena = 0;
}

void cuda_memory_close(swap_cuda *h) {
  cuda_arena_close(h);
  cuda_host_give(h->driver, h->tensors);
  h->tensors = NULL;
}

uint64_t swap_cuda_device_bytes(const swap_cuda *handle) {
  swap_cuda *h = (swap_cuda *)(uintptr_t)handle; /* only its error changes */
  uint64_t used = 0;
  if (!h->context || !h->session.plan || cuda_enter(h))
    return 0;
  if (cuda_used(h, &used))
    used = 0;
  cuda_leave(h);
  return used;
}

uint64_t swap_cuda_host_bytes(const swap_cuda *h) {
  return (h->map ? h->map_bytes : 0) + h->pinned_bytes + h->staging_bytes +
         (h->feeder ? cuda_feeder_bytes(h->feeder) : 0);
}

void *swap_cuda_input(const swap_cuda *h, uint32_t index) {
  return h->tensors && index < h->model->model->input_count
             ? h->tensors + h->tensor_at[index]
             : NULL;
}

void *swap_cuda_output(const swap_cuda *h, uint32_t index) {
  return h->tensors && index < h->model->model->output_count
             ? h->tensors + h->tensor_at[h->model->model->input_count + index]
             : NULL;
}

const char *swap_cuda_source_name(const swap_cuda *h) {
  return h->shared                  ? "shared"
         : h->way == CUDA_WAY_FEED  ? "storage"
                                    : "host";
}
