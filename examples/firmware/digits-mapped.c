/*===- digits-mapped.c - Weights that stay in flash --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* For flash that the processor addresses: kernels read the weights where they
|* are. The arena holds activations only.   swapc ... --budget mapped
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "digits.h"
#include "digits_images.h" /* images, and digits_check */

extern const unsigned char digits_blob[]; /* digits.swap in flash */
static const swap_memory flash = {digits_blob, DIGITS_BLOB_BYTES};

static _Alignas(DIGITS_ARENA_ALIGN) unsigned char arena[DIGITS_ARENA_BYTES];
static swap_session session;
static _Alignas(SWAP_BUFFER_ALIGN) float scores[DIGITS_OUTPUT_0_ELEMENTS];

int main(void) {
  const swap_storage storage = swap_memory_mapped(&flash);
  const swap_config config = {.arena = arena, .arena_bytes = sizeof arena, .storage = &storage};
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
