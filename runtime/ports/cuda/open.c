/*===- open.c - Opening and closing a model -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdio.h>
#include <stdlib.h>

static int choose_path(swap_cuda *h) {
  const char *given = h->options.weights;
  if (given ? snprintf(h->path, sizeof h->path, "%s", given) <
                  (int)sizeof h->path
            : swap_posix_default_weights(h->path, sizeof h->path))
    return SWAP_OK;
  return cuda_fail(h, SWAP_ERR_ARGUMENT, "the path of the weights is too long");
}

/* What `part` takes of the device's memory is code's. */
static int count_code(swap_cuda *h, int (*part)(swap_cuda *)) {
  size_t before = 0, after = 0, total;
  int status = cuda_check(h, h->driver->memory_info(&before, &total),
                          "asking for free memory");
  if (!status)
    status = part(h);
  if (!status)
    status = cuda_check(h, h->driver->memory_info(&after, &total),
                        "asking for free memory");
  if (!status && after < before)
    h->code_bytes += before - after;
  return status;
}

static int open_host(swap_cuda *h) {
  int status = h->map_device ? SWAP_OK : cuda_map_open(h);
  return status ? status : cuda_units_place(h);
}

/* Where nobody asked for host memory and the driver refuses the mapping,
 * storage does as well. */
static int open_source(swap_cuda *h) {
  if (h->way == CUDA_WAY_FEED)
    return cuda_storage_open(h);
  int status = open_host(h);
  if (status != SWAP_ERR_DEVICE || h->options.source != SWAP_CUDA_AUTO ||
      h->way != CUDA_WAY_COPY)
    return status;
  if (!h->options.quiet)
    fprintf(stderr, "note: %s; weights are read from storage\n", h->error);
  cuda_map_close(h);
  h->way = CUDA_WAY_FEED;
  h->options.source = SWAP_CUDA_STORAGE; /* for plans to come */
  return cuda_storage_open(h);
}

int cuda_plan_open(swap_cuda *h) {
  int status = cuda_memory_open(h);
  if (!status)
    status = cuda_streams_open(h);
  if (!status)
    status = open_source(h);
  if (!status)
    status = count_code(h, cuda_graph_open);
  return status ? status : cuda_memory_check(h, "with the model open");
}

static int open_all(swap_cuda *h) {
  const int status = count_code(h, cuda_images_open);
  h->image_bytes = h->code_bytes;
  return status ? status : cuda_plan_open(h);
}

static int start(swap_cuda *h) {
  int status = choose_path(h);
  if (!status)
    status = cuda_device_open(h);
  if (!status)
    status = cuda_plan_choose(h);
  if (!status)
    status = cuda_plan_prepare(h);
  if (!status)
    status = cuda_enter(h);
  if (status)
    return status;
  status = open_all(h);
  cuda_leave(h);
  return status;
}

int swap_cuda_open(swap_cuda **handle, const swap_cuda_model *model,
                   const swap_cuda_options *options) {
  if (!handle)
    return SWAP_ERR_ARGUMENT;
  *handle = NULL;
  if (!model || !model->model)
    return SWAP_ERR_ARGUMENT;
  swap_cuda *h = *handle = calloc(1, sizeof **handle);
  if (!h)
    return SWAP_ERR_BUDGET;
  h->file.fd = -1;
  h->model = model;
  if (options)
    h->options = *options;
  h->session.failed_unit = h->session.failed_kernel = SWAP_CORE_NONE;
  const int status = start(h);
  h->ready_to_run = !status;
  return status;
}

void swap_cuda_close(swap_cuda *h) {
  if (!h)
    return;
  if (h->context) {
    const int entered = !cuda_enter(h);
    cuda_abandon(h);
    cuda_graph_close(h);
    cuda_storage_close(h);
    cuda_map_close(h);
    cuda_memory_close(h);
    cuda_streams_close(h);
    cuda_images_close(h);
    if (entered)
      cuda_leave(h);
    cuda_device_close(h);
  }
  cuda_plan_close(h);
  free(h);
}
