/*===- bits.c - A model by every plan and every storage ----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Prints for each the checksum of all scores, the time of a run and whether the
|* stack was within the bound that swapc printed; writes the scores to the
|* file that the command line names.
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "digits.h"
#include "digits_images.h"
#include "swap/crc32c.h"

#include <string.h>

#if defined(__arm__) && __ARM_ARCH_PROFILE == 'M'
#include "dma.h"
#define INTERRUPTS(state) __asm__ volatile("cpsi" state " i" ::: "memory")
#else
#define INTERRUPTS(state) (void)0
#endif

extern const unsigned char digits_blob[];
static const swap_memory flash = {digits_blob, DIGITS_BLOB_BYTES};
static _Alignas(DIGITS_ARENA_ALIGN) unsigned char arena[DIGITS_ARENA_BYTES];
static _Alignas(SWAP_BUFFER_ALIGN) float scores[DIGITS_IMAGES][16];
static swap_session session;

static int flash_read(void *context, uint64_t offset, void *buffer,
                      uint64_t bytes) {
  (void)context;
  memcpy(buffer, digits_blob + offset, (size_t)bytes);
  return SWAP_OK;
}

#ifdef DMA_CHANNELS
static int64_t dma_begin(void *context, uint64_t offset, void *buffer,
                         uint64_t bytes) {
  (void)context;
  return dma_start(buffer, digits_blob + offset, (size_t)bytes);
}
static int dma_wait(void *context, int64_t ticket) {
  (void)context;
  while (!dma_done((int)ticket))
    ;
  dma_stop((int)ticket);
  return SWAP_OK;
}
#endif

static int in_place(const swap_plan *plan) {
  for (uint32_t i = 0; i < digits_model.unit_count; i++)
    if (plan->slots[i] == SWAP_SLOT_IN_PLACE)
      return 1;
  return 0;
}

__attribute__((noinline)) static int run_one(int i) {
  const void *inputs[] = {digits_images[i]};
  void *outputs[] = {scores[i]};
  return swap_run(&session, inputs, outputs);
}

/* Stack below run_one's frame, or a little more; interrupts would use it too.
 */
static size_t stack_of_run(int *status) {
  INTERRUPTS("d");
  board_paint_stack();
  const size_t before = board_stack_used();
  *status = run_one(0);
  const size_t after = board_stack_used();
  INTERRUPTS("e");
  return after - before + 256; /* board_paint_stack leaves so much unpainted */
}

static int measure(const swap_plan *plan, const char *name,
                   const swap_storage *storage) {
  const swap_config config = {
      .arena = arena, .arena_bytes = sizeof arena, .storage = storage};
  memset(scores, 0, sizeof scores);
  int status = swap_open(&session, &digits_model, plan, &config);
  for (int i = 0; !status && i < DIGITS_IMAGES; i++)
    status = run_one(i);
  const uint32_t crc = swap_crc32c(0, scores, sizeof scores);
  const uint64_t start = board_nanoseconds();
  if (!status)
    status = run_one(0);
  const uint64_t spent = board_nanoseconds() - start;
  size_t stack = 0;
  if (!status && storage->depth == 0) /* the DMA needs interrupts */
    stack = stack_of_run(&status);
  swap_close(&session);
  board_print("plan %lu KiB, %s: crc %x, %s\n",
              (unsigned long)(plan->arena_bytes >> 10), name, (unsigned)crc,
              swap_status_string(status));
  board_print("  %lu us, stack %lu of %lu: %s\n", (unsigned long)(spent / 1000),
              (unsigned long)stack, (unsigned long)STACK_BYTES,
              stack <= STACK_BYTES ? "within" : "EXCEEDED");
  return status;
}

int main(void) {
  const swap_storage storages[] = {
      swap_memory_mapped(&flash),
      swap_memory_copied(&flash),
      {.read = flash_read},
#ifdef DMA_CHANNELS
      {.depth = DMA_CHANNELS,
       .read = flash_read,
       .begin = dma_begin,
       .wait = dma_wait},
#endif
  };
  static const char *const names[] = {"mapped", "copied", "read", "dma"};
  int status = 0;
  for (uint32_t p = 0; !status && p < digits_model.plan_count; p++)
    for (size_t s = 0; !status && s < sizeof storages / sizeof *storages; s++)
      if (storages[s].map || !in_place(&digits_model.plans[p]))
        status = measure(&digits_model.plans[p], names[s], &storages[s]);
  if (!status && board_command_line()[0]) {
    const int file = board_file_open(board_command_line(), 'w');
    for (int i = 0; i < DIGITS_IMAGES; i++)
      status |= board_file_write(file, scores[i], DIGITS_OUTPUT_0_BYTES) !=
                (long)DIGITS_OUTPUT_0_BYTES;
    board_file_close(file);
  }
  return status != 0;
}
