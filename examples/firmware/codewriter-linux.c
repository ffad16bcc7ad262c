/*===- codewriter-linux.c - The same from a file of a small system -*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*   codewriter-linux codewriter.swap PROMPT
|*
|* No thread, no port: storage is one function around pread.
\*===----------------------------------------------------------------------===*/
#define _POSIX_C_SOURCE 200809L
#include "codewriter.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { TEXT = 80, CACHE = CODEWRITER_INPUT_2_ELEMENTS, BYTES = CODEWRITER_OUTPUT_0_ELEMENTS };
static _Alignas(CODEWRITER_ARENA_ALIGN) unsigned char arena[CODEWRITER_ARENA_BYTES];
static _Alignas(SWAP_BUFFER_ALIGN) float keys[2][CACHE], values[2][CACHE], scores[BYTES];
static _Alignas(SWAP_BUFFER_ALIGN) int64_t byte;
static _Alignas(SWAP_BUFFER_ALIGN) int64_t position;
static swap_session session;

static int file_read(void *context, uint64_t offset, void *buffer, uint64_t bytes) {
  const ssize_t got = pread(*(int *)context, buffer, bytes, (off_t)offset);
  return got == (ssize_t)bytes ? SWAP_OK : got < 0 ? SWAP_ERR_IO : SWAP_ERR_SHORT;
}

int main(int argc, char **argv) {
  int file = argc == 3 ? open(argv[1], O_RDONLY) : -1;
  const swap_storage storage = {.context = &file, .read = file_read};
  const swap_config config = {.arena = arena, .arena_bytes = sizeof arena, .storage = &storage};
  int status = swap_open(&session, &codewriter_model, codewriter_model.plans, &config);
  for (const char *prompt = argv[argc - 1]; !status && position < TEXT; position++) {
    byte = 0;
    if (*prompt)
      byte = (unsigned char)*prompt++;
    else
      for (int i = 1; i < BYTES; i++)
        byte = scores[i] > scores[byte] ? i : byte;
    putchar((int)byte);
    const int now = position % 2, next = 1 - now;
    const void *inputs[] = {&byte, &position, keys[now], values[now]};
    void *outputs[] = {scores, keys[next], values[next]};
    status = swap_run(&session, inputs, outputs);
  }
  swap_close(&session);
  printf("\n%s", status ? swap_status_string(status) : "");
  return status != SWAP_OK;
}
