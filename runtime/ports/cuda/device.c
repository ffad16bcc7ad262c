/*===- device.c - The GPU and its context -------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The primary context, which other users of the GPU in the process share: a
|* second one would cost hundreds of MiB more.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <string.h>

static int look_up(swap_cuda *h) {
  const cuda_driver *d = h->driver;
  int count = 0, major = 0, minor = 0, integrated = 0;
  int status = cuda_check(h, d->device_count(&count), "counting GPUs");
  if (status)
    return status;
  if (h->options.device >= (uint32_t)count)
    return count ? cuda_fail(h, SWAP_ERR_DEVICE,
                             "there is no GPU number %u: this machine has %d, "
                             "numbered from 0",
                             (unsigned)h->options.device, count)
                 : cuda_fail(h, SWAP_ERR_DEVICE, "there is no NVIDIA GPU here");
  cu_result result = d->device_get(&h->device, (int)h->options.device);
  if (!result)
    result = d->device_name(h->name, (int)sizeof h->name, h->device);
  if (!result)
    result = d->device_attribute(&major, CU_ATTRIBUTE_MAJOR, h->device);
  if (!result)
    result = d->device_attribute(&minor, CU_ATTRIBUTE_MINOR, h->device);
  if (!result)
    result =
        d->device_attribute(&integrated, CU_ATTRIBUTE_INTEGRATED, h->device);
  h->arch = (uint32_t)(major * 10 + minor);
  h->shared = integrated || (h->options.flags & SWAP_CUDA_FLAG_SHARED);
  return cuda_check(h, result, "asking GPU %u for its properties",
                    (unsigned)h->options.device);
}

int cuda_device_open(swap_cuda *h) {
  h->driver = cuda_driver_get(h->error, sizeof h->error);
  if (!h->driver)
    return h->session.status = SWAP_ERR_DEVICE;
  int status = look_up(h);
  cu_context context = NULL;
  if (!status)
    status = cuda_check(h, h->driver->context_retain(&context, h->device),
                        "opening %s", h->name);
  if (status)
    return status;
  h->context = context;
  status = cuda_enter(h);
  if (status)
    return status;
  size_t total, free_bytes = 0;
  status = cuda_check(h, h->driver->memory_info(&free_bytes, &total),
                      "asking for free memory");
  h->bare_free = free_bytes;
  cuda_leave(h);
  return status;
}

void cuda_device_close(swap_cuda *h) {
  if (h->context)
    h->driver->context_release(h->device);
  h->context = NULL;
}

int cuda_enter(swap_cuda *h) {
  if (!h->context)
    return cuda_fail(h, SWAP_ERR_STATE, "the device is not open");
  return cuda_check(h, h->driver->context_push(h->context),
                    "making the context of %s current", h->name);
}

void cuda_leave(swap_cuda *h) {
  cu_context context;
  h->driver->context_pop(&context);
}

const char *swap_cuda_device_name(const swap_cuda *h) { return h->name; }
uint32_t swap_cuda_arch(const swap_cuda *h) { return h->arch; }
const swap_session *swap_cuda_session(const swap_cuda *h) {
  return &h->session;
}
