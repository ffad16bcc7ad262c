/*===- change_budget.c - A budget that changes while a model runs ---------===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*   change_budget WEIGHTS CHANGES
|*
|* Runs inferences in one thread while another changes the budget at random
|* among those that the model was compiled for. Every output must have the bits
|* of the first, and the process must never hold more memory than the budget in
|* force. Link with the library of `swapc --emit lib`, with -DMODEL and -DMODEL_HEADER.
\*===----------------------------------------------------------------------===*/
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include MODEL_HEADER
#include "swap/posix.h"

/* Threads' stacks, the ring, buffers of stdio; not of the arena. A sanitizer
 * takes memory for every byte there is, so that there only the bits count. */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLACK_BYTES (1ull << 40)
#else
#define SLACK_BYTES (2ull << 20)
#endif

static const swap_model *const model = &MODEL;
static swap_posix *handle;
static atomic_int done;
static atomic_long runs;

static void fail(const char *what, unsigned long long a, unsigned long long b) {
  fprintf(stderr, "change_budget: %s (%llu, %llu) %s\n", what, a, b,
          handle ? swap_posix_error(handle) : "");
  exit(1);
}

/* Anonymous memory of this process, bytes. */
static uint64_t held(void) {
  char line[256];
  unsigned long long kib = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "RssAnon: %llu kB", &kib) == 1)
      break;
  if (f)
    fclose(f);
  return kib << 10;
}

static void *tensor(uint64_t bytes, int seed) {
  const size_t room = (bytes + SWAP_BUFFER_ALIGN) / SWAP_BUFFER_ALIGN * SWAP_BUFFER_ALIGN;
  uint8_t *p = aligned_alloc(SWAP_BUFFER_ALIGN, room);
  if (!p)
    fail("no memory", bytes, 0);
  memset(p, seed, room); /* also takes the pages before the baseline is read */
  return p;
}

static void *infer(void *unused) {
  void *inputs[SWAP_MAX_OPERANDS], *outputs[SWAP_MAX_OPERANDS], *first[SWAP_MAX_OPERANDS];
  for (uint32_t i = 0; i < model->input_count; ++i)
    inputs[i] = tensor(model->inputs[i].bytes, 0);
  for (uint32_t i = 0; i < model->output_count; ++i) {
    outputs[i] = tensor(model->outputs[i].bytes, 1);
    first[i] = tensor(model->outputs[i].bytes, 1);
  }
  atomic_store(&runs, 0);
  while (!atomic_load(&done)) {
    const long run = atomic_load(&runs);
    if (run < 0)
      continue; /* the baseline is being read */
    if (swap_posix_run(handle, (const void *const *)inputs, run ? outputs : first))
      fail("a run failed", (unsigned long long)run, 0);
    for (uint32_t i = 0; run && i < model->output_count; ++i)
      if (memcmp(outputs[i], first[i], model->outputs[i].bytes))
        fail("other bits: run, output", (unsigned long long)run, i);
    atomic_fetch_add(&runs, 1);
  }
  for (uint32_t i = 0; i < model->input_count; ++i)
    free(inputs[i]);
  for (uint32_t i = 0; i < model->output_count; ++i) {
    free(outputs[i]);
    free(first[i]);
  }
  return unused;
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  const int changes = atoi(argv[2]);
  const swap_posix_options options = {
      .weights = argv[1], .budget_bytes = model->plans[0].budget_bytes, .quiet = 1};
  if (swap_posix_open(&handle, model, &options))
    fail("open", 0, 0);
  pthread_t thread;
  atomic_store(&runs, -1);
  if (pthread_create(&thread, NULL, infer, NULL))
    fail("thread", 0, 0);
  while (atomic_load(&runs) < 1)
    ; /* tensors and the first plan's arena are there */
  const uint64_t base = held() - model->plans[0].arena_bytes;
  uint64_t state = 0x2545F4914F6CDD1Du, in_force = model->plans[0].budget_bytes, most = 0;
  for (int i = 0; i < changes; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    const uint64_t budget = model->plans[state % model->plan_count].budget_bytes;
    if (swap_posix_set_budget(handle, budget))
      fail("a budget was refused", budget, in_force);
    in_force = budget;
    const long before = atomic_load(&runs);
    do {
      const uint64_t now = held();
      const uint64_t used = now > base ? now - base : 0;
      if (used > in_force + SLACK_BYTES)
        fail("memory above the budget in force", used, in_force);
      if (used > most)
        most = used;
    } while (i % 8 == 0 && atomic_load(&runs) < before + 2);
  }
  atomic_store(&done, 1);
  pthread_join(thread, NULL);
  swap_posix_close(handle);
  printf("%d changes among %u budgets, %ld runs with the same bits, at most %.1f MiB held\n", changes,
         model->plan_count, atomic_load(&runs), (double)most / (1 << 20));
  return 0;
}
