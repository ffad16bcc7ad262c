/*===- digits-dma.c - Weights that arrive while kernels compute --*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Reads begin, and a DMA carries them out beside the computation. One that does
|* not end within a second is an error of the run.   swapc ... --budget 25%
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "digits.h"
#include "digits_images.h" /* images, and digits_check */
#include "dma.h"
#include <string.h>

extern const unsigned char digits_blob[]; /* digits.swap in flash */
static _Alignas(DIGITS_ARENA_ALIGN) unsigned char arena[DIGITS_ARENA_BYTES];
static swap_session session;
static _Alignas(SWAP_BUFFER_ALIGN) float scores[DIGITS_OUTPUT_0_ELEMENTS];

static int flash_read(void *context, uint64_t offset, void *buffer, uint64_t bytes) {
  memcpy(buffer, (const unsigned char *)context + offset, (size_t)bytes);
  return SWAP_OK;
}
static int64_t flash_begin(void *context, uint64_t offset, void *buffer, uint64_t bytes) {
  return dma_start(buffer, (const unsigned char *)context + offset, (size_t)bytes);
}
static int flash_done(void *context, int64_t ticket) { return (void)context, dma_done((int)ticket); }
static void flash_cancel(void *context, int64_t ticket) { (void)context, dma_stop((int)ticket); }
static int flash_wait(void *context, int64_t ticket) {
  while (!flash_done(context, ticket)) {}
  return dma_stop((int)ticket), SWAP_OK;
}

int main(void) {
  const swap_storage storage = {.context = (void *)(uintptr_t)digits_blob, .depth = DMA_CHANNELS, .read = flash_read,
                                .begin = flash_begin, .wait = flash_wait, .done = flash_done, .cancel = flash_cancel};
  const swap_config config = {.arena = arena, .arena_bytes = sizeof arena, .storage = &storage,
                              .clock = board_nanoseconds, .timeout_ns = 1000000000};
  int right = 0, status = swap_open(&session, &digits_model, digits_model.plans, &config);
  for (int i = 0; !status && i < DIGITS_IMAGES; i++) {
    const void *inputs[] = {digits_images[i]};
    void *outputs[] = {scores};
    status = swap_run(&session, inputs, outputs);
    right += digits_check(i, scores);
  }
  swap_close(&session);
  board_print(": %d of %d right\n%s", right, DIGITS_IMAGES, status ? swap_status_string(status) : "");
  return status != SWAP_OK;
}
