/*===- two-models.c - Two models take turns in one arena ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* One says which digit an image shows, the other whether its line closes a loop.
|* Each is compiled for a part of its weights.   swapc ... --budget 25%, and min
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "digits.h"
#include "digits_images.h" /* images, and digits_check */
#include "loops.h"

extern const unsigned char digits_blob[], loops_blob[]; /* in flash */
static const swap_memory flash[] = {{digits_blob, DIGITS_BLOB_BYTES}, {loops_blob, LOOPS_BLOB_BYTES}};
static union {
  _Alignas(DIGITS_ARENA_ALIGN) unsigned char digits[DIGITS_ARENA_BYTES];
  _Alignas(LOOPS_ARENA_ALIGN) unsigned char loops[LOOPS_ARENA_BYTES];
} arena;
static _Alignas(SWAP_BUFFER_ALIGN) float scores[DIGITS_OUTPUT_0_ELEMENTS];
static _Alignas(SWAP_BUFFER_ALIGN) float loop[LOOPS_OUTPUT_0_ELEMENTS];
static swap_session digits, loops;

int main(void) {
  const swap_storage storage[] = {swap_memory_copied(&flash[0]), swap_memory_copied(&flash[1])};
  swap_config config = {.arena = &arena, .arena_bytes = sizeof arena, .storage = &storage[0], .flags = SWAP_FLAG_NO_AHEAD};
  int right = 0, status = swap_open(&digits, &digits_model, digits_model.plans, &config);
  config.storage = &storage[1];
  if (!status)
    status = swap_open(&loops, &loops_model, loops_model.plans, &config);
  for (int i = 0; !status && i < DIGITS_IMAGES; i++) {
    const void *inputs[] = {digits_images[i]};
    void *outputs[] = {scores}, *loop_outputs[] = {loop};
    status = swap_run(&digits, inputs, outputs);
    right += digits_check(i, scores);
    swap_evict(&digits); /* the arena is the other model's now */
    if (!status)
      status = swap_run(&loops, inputs, loop_outputs);
    swap_evict(&loops);
    board_print("%s ", loop[0] > 0 ? " loop," : ",");
  }
  board_print("%d of %d right\n%s", right, DIGITS_IMAGES, status ? swap_status_string(status) : "");
  return status != SWAP_OK;
}
