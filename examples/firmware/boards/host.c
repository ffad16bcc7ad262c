/*===- host.c - What the examples ask of a board, on this computer -*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#define _POSIX_C_SOURCE 200809L
#include "board.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FILES = 8 };
static FILE *files[FILES];

void board_write(const char *text) { fputs(text, stdout); }

void board_print(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vprintf(format, list);
  va_end(list);
}

void board_exit(int status) { exit(status); }

const char *board_command_line(void) {
  const char *line = getenv("BOARD_COMMAND_LINE");
  return line ? line : "";
}

int board_file_open(const char *path, char mode) {
  for (int i = 0; i < FILES; i++)
    if (!files[i])
      return (files[i] = fopen(path, mode == 'w' ? "wb" : "rb")) ? i : -1;
  return -1;
}

long board_file_bytes(int file) {
  const long at = ftell(files[file]);
  fseek(files[file], 0, SEEK_END);
  const long bytes = ftell(files[file]);
  fseek(files[file], at, SEEK_SET);
  return bytes;
}

int board_file_seek(int file, size_t offset) { return fseek(files[file], (long)offset, SEEK_SET); }

long board_file_read(int file, void *buffer, size_t bytes) { return (long)fread(buffer, 1, bytes, files[file]); }

long board_file_write(int file, const void *data, size_t bytes) {
  return (long)fwrite(data, 1, bytes, files[file]);
}

void board_file_close(int file) {
  fclose(files[file]);
  files[file] = NULL;
}

uint64_t board_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The system owns the stack. */
size_t board_stack_used(void) { return 0; }
void board_paint_stack(void) {}
