/*===- codewriter.c - A board that writes Python -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Continues the prompt on the command line, the likeliest byte each time, as
|* examples/codewriter/write.c does. A run takes a byte, its position and the
|* caches, and gives scores and new caches.   swapc ... --budget 25%
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "codewriter.h"

enum { TEXT = 80, CACHE = CODEWRITER_INPUT_2_ELEMENTS, BYTES = CODEWRITER_OUTPUT_0_ELEMENTS };
extern const unsigned char codewriter_blob[]; /* codewriter.swap, in slow memory */
static const swap_memory slow = {codewriter_blob, CODEWRITER_BLOB_BYTES};
static _Alignas(CODEWRITER_ARENA_ALIGN) unsigned char arena[CODEWRITER_ARENA_BYTES];
static _Alignas(SWAP_BUFFER_ALIGN) float keys[2][CACHE], values[2][CACHE], scores[BYTES];
static _Alignas(SWAP_BUFFER_ALIGN) int64_t byte;
static _Alignas(SWAP_BUFFER_ALIGN) int64_t position;
static swap_session session;

int main(void) {
  const char *prompt = board_command_line();
  const swap_storage storage = swap_memory_copied(&slow);
  const swap_config config = {.arena = arena, .arena_bytes = sizeof arena, .storage = &storage};
  int status = swap_open(&session, &codewriter_model, codewriter_model.plans, &config);
  for (; !status && position < TEXT; position++) {
    byte = 0;
    if (*prompt)
      byte = (unsigned char)*prompt++;
    else
      for (int i = 1; i < BYTES; i++)
        byte = scores[i] > scores[byte] ? i : byte;
    board_print("%c", (int)byte);
    const int now = position % 2, next = 1 - now;
    const void *inputs[] = {&byte, &position, keys[now], values[now]};
    void *outputs[] = {scores, keys[next], values[next]};
    status = swap_run(&session, inputs, outputs);
  }
  swap_close(&session);
  board_print("\n%s", status ? swap_status_string(status) : "");
  return status != SWAP_OK;
}
