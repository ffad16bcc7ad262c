/*===- runner.c - Any compiled model under a user-mode emulator ---*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* runner BLOB INPUTS OUTPUTS: runs MODEL (a macro) at each of its plans, once
|* with storage that copies and once with storage that maps, twice each. INPUTS
|* are the input tensors one after another; OUTPUTS gets those of each run. No
|* libc, so that any compiler for the instruction set links it: system calls of
|* Linux, or semihosting on a Cortex-M. The exit status is 1 after a message.
\*===----------------------------------------------------------------------===*/
#include "swap/runtime.h"

#include <stddef.h>

extern const swap_model MODEL;

#ifdef SWAP_TEST_CORTEXM
#include "cortexm.h"
#else
#include "linux.h"
#endif

/* ---- The little libc that is needed ---------------------------------------- */

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    ((volatile unsigned char *)to)[i] = ((const unsigned char *)from)[i];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    ((volatile unsigned char *)to)[i] = (unsigned char)value;
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const unsigned char *x = a, *y = b;
  for (size_t i = 0; i < bytes; ++i)
    if (x[i] != y[i])
      return x[i] - y[i];
  return 0;
}

#if defined(__arm__)
/* The same by the names of Arm's ABI. */
#define NAMES(aligned)                                                                             \
  void __aeabi_memcpy##aligned(void *to, const void *from, size_t bytes) {                         \
    memcpy(to, from, bytes);                                                                       \
  }                                                                                                \
  void __aeabi_memset##aligned(void *to, size_t bytes, int value) {                                \
    memset(to, value, bytes);                                                                      \
  }                                                                                                \
  void __aeabi_memclr##aligned(void *to, size_t bytes) { memset(to, 0, bytes); }
void __aeabi_memcpy(void *, const void *, size_t), __aeabi_memcpy4(void *, const void *, size_t),
    __aeabi_memcpy8(void *, const void *, size_t), __aeabi_memset(void *, size_t, int),
    __aeabi_memset4(void *, size_t, int), __aeabi_memset8(void *, size_t, int),
    __aeabi_memclr(void *, size_t), __aeabi_memclr4(void *, size_t), __aeabi_memclr8(void *, size_t);
NAMES()
NAMES(4)
NAMES(8)
#endif

static size_t length_of(const char *text) {
  size_t length = 0;
  while (text[length])
    ++length;
  return length;
}

static void fail(const char *what, const char *why) {
  const char *parts[] = {what, ": ", why, "\n"};
  for (int i = 0; i < 4; ++i)
    put(parts[i], length_of(parts[i]));
  leave(1);
}

/* ---- Memory and files ------------------------------------------------------ */

#ifndef HEAP
#define HEAP (96u << 20)
#endif
enum { GUARD = 64 };
static unsigned char heap[HEAP] __attribute__((aligned(4096)));
static size_t used;

/* Aligned to `align`, with a guard of a known pattern behind it. */
static unsigned char *take(uint64_t bytes, size_t align) {
  size_t begin = (used + align - 1) & ~(align - 1);
  if (bytes > HEAP || begin > HEAP - GUARD - (size_t)bytes)
    fail("runner", "out of memory");
  used = begin + (size_t)bytes + GUARD;
  memset(heap + begin + (size_t)bytes, 0xC3, GUARD);
  return heap + begin;
}

static void check_guard(const unsigned char *begin, uint64_t bytes, const char *what) {
  for (int i = 0; i < GUARD; ++i)
    if (begin[(size_t)bytes + (size_t)i] != 0xC3)
      fail(what, "written behind its end");
}

static long open_file(const char *path, int writes) {
  long file = open_path(path, writes);
  if (file < 0)
    fail(path, "cannot be opened");
  return file;
}

static void transfer(long file, void *data, uint64_t bytes, int writes, const char *what) {
  unsigned char *at = data;
  while (bytes) {
    long done = move(file, at, (size_t)bytes, writes);
    if (done <= 0)
      fail(what, "read or write failed");
    at += done;
    bytes -= (uint64_t)done;
  }
}

/* ---- Storage --------------------------------------------------------------- */

static int read_memory(void *context, uint64_t offset, void *buffer, uint64_t length) {
  memcpy(buffer, (const unsigned char *)context + (size_t)offset, (size_t)length);
  return SWAP_OK;
}

static const void *map_memory(void *context, uint64_t offset, uint64_t length) {
  (void)length;
  return (const unsigned char *)context + (size_t)offset;
}

static void unmap_memory(void *context, uint64_t offset, uint64_t length) {
  (void)context, (void)offset, (void)length;
}

/* ---- Runs ------------------------------------------------------------------ */

enum { MAX_TENSORS = 512, RUNS = 2 };
static unsigned char *inputs[MAX_TENSORS], *outputs[MAX_TENSORS];
static swap_session session;

static void check(int status, const char *what) {
  if (status)
    fail(what, swap_status_string(status));
}

static int needs_map(const swap_model *model, const swap_plan *plan) {
  for (uint32_t i = 0; i < model->unit_count; ++i)
    if (plan->slots[i] == SWAP_SLOT_IN_PLACE)
      return 1;
  return 0;
}

static void run_plan(const swap_model *model, const swap_plan *plan, const swap_storage *storage, long file) {
  size_t before = used;
  size_t align = model->page_bytes > 64 ? model->page_bytes : 64;
  unsigned char *arena = take(plan->arena_bytes, align);
  swap_config config = {.arena = arena, .arena_bytes = plan->arena_bytes, .storage = storage};
  check(swap_open(&session, model, plan, &config), "swap_open");
  for (int run = 0; run < RUNS; ++run) {
    for (uint32_t i = 0; i < model->output_count; ++i)
      memset(outputs[i], 0xA5, (size_t)model->outputs[i].bytes);
    check(swap_run(&session, (const void *const *)inputs, (void *const *)outputs), "swap_run");
    check_guard(arena, plan->arena_bytes, "arena");
    for (uint32_t i = 0; i < model->output_count; ++i) {
      check_guard(outputs[i], model->outputs[i].bytes, model->outputs[i].name);
      transfer(file, outputs[i], model->outputs[i].bytes, 1, "outputs");
    }
  }
  swap_close(&session);
  used = before;
}

static void run_all(const char *const *arguments, long count) {
  const swap_model *model = &MODEL;
  if (count != 4 || model->input_count > MAX_TENSORS || model->output_count > MAX_TENSORS)
    fail("runner", "wrong arguments, or too many tensors");
  unsigned char *blob = take(model->blob_bytes, 4096);
  transfer(open_file(arguments[1], 0), blob, model->blob_bytes, 0, arguments[1]);
  long file = open_file(arguments[2], 0);
  for (uint32_t i = 0; i < model->input_count; ++i) {
    inputs[i] = take(model->inputs[i].bytes, SWAP_BUFFER_ALIGN);
    transfer(file, inputs[i], model->inputs[i].bytes, 0, model->inputs[i].name);
  }
  for (uint32_t i = 0; i < model->output_count; ++i)
    outputs[i] = take(model->outputs[i].bytes, SWAP_BUFFER_ALIGN);
  swap_storage copied = {.context = blob, .depth = 1, .read = read_memory};
  swap_storage mapped = {.context = blob, .depth = 1, .read = read_memory, .map = map_memory, .unmap = unmap_memory};
  file = open_file(arguments[3], 1);
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    if (!needs_map(model, &model->plans[i]))
      run_plan(model, &model->plans[i], &copied, file);
    run_plan(model, &model->plans[i], &mapped, file);
  }
  leave(0);
}
