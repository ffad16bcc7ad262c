/*===- open.c - The three calls -----------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "handle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t swap_posix_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int swap_posix_default_weights(char *path, size_t size) {
  static const char suffix[] = ".swap";
  if (size < sizeof suffix)
    return 0;
  const ssize_t length = readlink("/proc/self/exe", path, size - sizeof suffix);
  if (length < 0 || (size_t)length == size - sizeof suffix)
    return 0;
  memcpy(path + length, suffix, sizeof suffix);
  return 1;
}

static uint32_t choose_threads(const swap_plan *plan, uint32_t wanted) {
  const uint32_t most = plan->threads ? plan->threads : 1;
  if (!wanted) {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    wanted = online > 0 && online < UINT32_MAX ? (uint32_t)online : 1;
  }
  return wanted < most ? wanted : most;
}

static int open_file(swap_posix *h, const swap_model *model,
                     const swap_posix_options *options) {
  if (options->weights ? snprintf(h->path, sizeof h->path, "%s",
                                  options->weights) >= (int)sizeof h->path
                       : !swap_posix_default_weights(h->path, sizeof h->path)) {
    snprintf(h->error, sizeof h->error, "the path of the weights is too long");
    return SWAP_ERR_ARGUMENT;
  }
  const int status = port_file_open(&h->file, h->path, options->io);
  if (status) {
    port_describe(h, status);
    return status;
  }
  h->file_open = 1;
  if (h->file.io == SWAP_POSIX_BUFFERED && options->io != SWAP_POSIX_BUFFERED &&
      !options->quiet)
    fprintf(stderr,
            "note: %s: the file system refuses direct I/O; weights are copied "
            "through the page "
            "cache\n",
            h->path);
  if (h->file.size && h->file.size < model->blob_bytes) {
    snprintf(h->error, sizeof h->error,
             "%s: truncated: it has %llu bytes, the model's weights have %llu",
             h->path, (unsigned long long)h->file.size,
             (unsigned long long)model->blob_bytes);
    return SWAP_ERR_SHORT;
  }
  return SWAP_OK;
}

static int start(swap_posix *h, const swap_model *model,
                 const swap_posix_options *options) {
  const swap_plan *plan = swap_choose_plan(
      model, options->budget_bytes ? options->budget_bytes : UINT64_MAX);
  if (model->abi_version != SWAP_ABI_VERSION || !plan) {
    const int status =
        plan || !model->plan_count ? SWAP_ERR_ABI : SWAP_ERR_BUDGET;
    port_describe(h, status);
    return status;
  }
  int status = open_file(h, model, options);
  if (status)
    return status;
  h->pool = port_pool_create(choose_threads(plan, options->threads));
  h->arena_bytes = plan->arena_bytes;
  h->arena = plan->arena_bytes ? port_arena_map(plan->arena_bytes) : NULL;
  if (!h->pool || (plan->arena_bytes && !h->arena)) {
    snprintf(h->error, sizeof h->error,
             "the system does not provide %llu bytes of memory",
             (unsigned long long)plan->arena_bytes);
    return SWAP_ERR_BUDGET;
  }
  const swap_config config = {.arena = h->arena,
                              .arena_bytes = plan->arena_bytes,
                              .storage = &h->file.storage,
                              .executor = port_pool_executor(h->pool),
                              .clock = swap_posix_clock,
                              .event = options->event,
                              .event_context = options->event_context,
                              .flags = options->flags};
  status = swap_open(&h->session, model, plan, &config);
  if (status)
    port_describe(h, status);
  return status;
}

int swap_posix_open(swap_posix **handle, const swap_model *model,
                    const swap_posix_options *options) {
  static const swap_posix_options defaults;
  if (!handle)
    return SWAP_ERR_ARGUMENT;
  *handle = NULL;
  if (!model)
    return SWAP_ERR_ARGUMENT;
  *handle = calloc(1, sizeof **handle);
  if (!*handle)
    return SWAP_ERR_BUDGET;
  (*handle)->file.fd = -1;
  return start(*handle, model, options ? options : &defaults);
}

int swap_posix_run(swap_posix *h, const void *const *inputs,
                   void *const *outputs) {
  if (!h)
    return SWAP_ERR_ARGUMENT;
  const int status = swap_run(&h->session, inputs, outputs);
  if (status)
    port_describe(h, status);
  return status;
}

void swap_posix_close(swap_posix *h) {
  if (!h)
    return;
  swap_close(&h->session);
  if (h->file_open)
    port_file_close(&h->file);
  port_pool_destroy(h->pool);
  port_arena_unmap(h->arena, h->arena_bytes);
  free(h);
}

const swap_session *swap_posix_session(const swap_posix *h) {
  return &h->session;
}

uint32_t swap_posix_threads(const swap_posix *h) {
  return h->pool ? port_pool_executor(h->pool)->threads : 1;
}

const char *swap_posix_io_name(const swap_posix *h) {
  return port_io_name(h->file.io);
}

void swap_posix_serial(swap_posix *h, int serial) {
  if (serial)
    h->session.config.flags |= SWAP_FLAG_SERIAL;
  else
    h->session.config.flags &= ~SWAP_FLAG_SERIAL;
}
