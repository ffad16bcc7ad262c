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

uint32_t port_choose_threads(const swap_plan *plan, uint32_t wanted) {
  const uint32_t most = plan->threads ? plan->threads : 1;
  if (!wanted) {
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    wanted = online > 0 && online < UINT32_MAX ? (uint32_t)online : 1;
  }
  return wanted < most ? wanted : most;
}

static int reads_in_place(const swap_model *model, const swap_plan *plan) {
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (plan->slots[i] == SWAP_SLOT_IN_PLACE)
      return 1;
  return 0;
}

static int open_file(swap_posix *h, const swap_model *model,
                     const swap_plan *plan, const swap_posix_options *options) {
  if (options->weights ? snprintf(h->path, sizeof h->path, "%s",
                                  options->weights) >= (int)sizeof h->path
                       : !swap_posix_default_weights(h->path, sizeof h->path)) {
    snprintf(h->error, sizeof h->error, "the path of the weights is too long");
    return SWAP_ERR_ARGUMENT;
  }
  uint32_t io = options->io;
  if (io == SWAP_POSIX_AUTO && reads_in_place(model, plan))
    io = SWAP_POSIX_MAP;
  /* Slots of firmware are closer together than direct I/O can write. */
  if (model->page_bytes < SWAP_BLOB_ALIGN) {
    if (io == SWAP_POSIX_URING || io == SWAP_POSIX_THREAD) {
      snprintf(h->error, sizeof h->error,
               "the model was compiled with pages of %u bytes, direct I/O needs "
               "%u: use buffered or mapped weights",
               (unsigned)model->page_bytes, SWAP_BLOB_ALIGN);
      return SWAP_ERR_GEOMETRY;
    }
    if (io == SWAP_POSIX_AUTO)
      io = SWAP_POSIX_BUFFERED;
  }
  const int status = port_file_open(&h->file, h->path, io);
  if (status) {
    port_describe(h, status);
    return status;
  }
  h->file_open = 1;
  h->quiet = options->quiet;
  if (h->file.io == SWAP_POSIX_BUFFERED && io != SWAP_POSIX_BUFFERED &&
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

/* Addresses for every plan if there are so many, else for this one. While it is
 * taken, an arena of less than a huge page takes a whole one. */
static int take_memory(swap_posix *h, const swap_model *model,
                       const swap_plan *plan) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < model->plan_count; ++i)
    if (model->plans[i].arena_bytes > most)
      most = model->plans[i].arena_bytes;
  if (!most)
    return 1;
  return (port_arena_reserve(&h->arena, most) ||
          port_arena_reserve(&h->arena, plan->arena_bytes)) &&
         port_arena_resize(&h->arena, plan->arena_bytes, UINT64_MAX);
}

/* Mapped weights are read in place where a plan was made for it. A plan that
 * needs this decides how weights come in, where nobody else does. */
const swap_plan *port_choose_plan(const swap_model *model, uint64_t bytes,
                                  uint32_t io) {
  const swap_plan *mapped =
      io == SWAP_POSIX_MAP ? swap_mapped_plan(model, bytes) : NULL;
  return mapped ? mapped : swap_choose_plan(model, bytes);
}

static int start(swap_posix *h, const swap_model *model,
                 const swap_posix_options *given) {
  swap_posix_options chosen = *given;
  const swap_posix_options *options = &chosen;
  const uint64_t budget =
      options->budget_bytes ? options->budget_bytes : UINT64_MAX;
  const swap_plan *plan = port_choose_plan(model, budget, options->io);
  if (plan && plan == swap_mapped_plan(model, budget)) {
    if (options->io != SWAP_POSIX_AUTO && options->io != SWAP_POSIX_MAP) {
      snprintf(h->error, sizeof h->error,
               "in this budget kernels read the weights in place, which needs "
               "them mapped (io map)");
      return SWAP_ERR_GEOMETRY;
    }
    chosen.io = SWAP_POSIX_MAP;
  }
  if (model->abi_version != SWAP_ABI_VERSION || !plan) {
    const int status =
        plan || !model->plan_count ? SWAP_ERR_ABI : SWAP_ERR_BUDGET;
    port_describe(h, status);
    return status;
  }
  int status = open_file(h, model, plan, options);
  if (status)
    return status;
  h->threads_wanted = options->threads;
  h->threads = port_threads_create(port_choose_threads(plan, options->threads));
  if (!h->threads || !take_memory(h, model, plan)) {
    snprintf(h->error, sizeof h->error,
             "the system does not provide %llu bytes of memory",
             (unsigned long long)plan->arena_bytes);
    return SWAP_ERR_BUDGET;
  }
  const swap_config config = {.arena = h->arena.base,
                              .arena_bytes = plan->arena_bytes,
                              .storage = &h->file.storage,
                              .executor = port_threads_executor(h->threads),
                              .clock = swap_posix_clock,
                              .event = options->event,
                              .event_context = options->event_context,
                              .flags = options->flags};
  status = swap_open(&h->session, model, plan, &config);
  if (status)
    port_describe(h, status);
  else
    port_threads_serve(h->threads, &h->session);
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
  pthread_mutex_init(&(*handle)->lock, NULL);
  pthread_cond_init(&(*handle)->changed, NULL);
  return start(*handle, model, options ? options : &defaults);
}

static void note_refusal(swap_posix *h) {
  if (h->file.refused && !h->refusal_noted && !h->quiet)
    fprintf(stderr,
            "note: %s: the file system refuses direct I/O after all; weights "
            "are copied through the page cache\n",
            h->path);
  h->refusal_noted = h->file.refused;
}

int swap_posix_run(swap_posix *h, const void *const *inputs,
                   void *const *outputs) {
  if (!h)
    return SWAP_ERR_ARGUMENT;
  port_run_begin(h);
  /* A first run takes the arena's pages beside its computing. */
  if (!h->registered && h->session.counters.runs > h->runs_before)
    port_register(h);
  if (h->threads)
    port_threads_begin(h->threads);
  const int status = swap_run(&h->session, inputs, outputs);
  note_refusal(h);
  if (status)
    port_describe(h, status);
  port_run_end(h);
  return status;
}

void swap_posix_close(swap_posix *h) {
  if (!h)
    return;
  swap_close(&h->session);
  if (h->file_open)
    port_file_close(&h->file);
  port_threads_destroy(h->threads);
  port_arena_release(&h->arena);
  pthread_cond_destroy(&h->changed);
  pthread_mutex_destroy(&h->lock);
  free(h);
}

const swap_session *swap_posix_session(const swap_posix *h) {
  return &h->session;
}

uint32_t swap_posix_threads(const swap_posix *h) {
  return h->threads ? port_threads_executor(h->threads)->threads : 1;
}

const char *swap_posix_io_name(const swap_posix *h) {
  return port_io_name(h->file.io);
}
