/*===- board.c - Uses all that a board offers --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "board.h"

#include <string.h>

static volatile float number = 1.5f;
static volatile int initialized = 42;
static volatile int zeroed[100];

/* Some hundred bytes of stack a level. */
__attribute__((noinline)) static int deep(int levels) {
  volatile char pad[256];
  pad[0] = (char)levels;
  return levels ? deep(levels - 1) + pad[0] : 0;
}

int main(void) {
  board_print("line '%s'\n", board_command_line());
  board_print("%d %ld %u %x %c %s%%\n", -5, -6L, 7u, 0xabcdefu, 'c', "100");

  _Alignas(8) char text[16];
  memcpy(text + 1, "abcdefgh", 8);
  number = number * 2.25f;
  board_print("unaligned %x, float %d, data %d, bss %d\n",
              *(volatile unsigned *)(void *)(text + 1), (int)(number * 1000),
              initialized, zeroed[99]);

  const uint64_t before = board_nanoseconds();
  for (volatile int i = 0; i < 1000000; i++)
    ;
  const uint64_t spent = board_nanoseconds() - before;
  board_print("time %s\n",
              spent > 3000000 && spent < 12000000 ? "passes" : "is wrong");

  const size_t little = board_stack_used();
  deep(10);
  const size_t much = board_stack_used();
  board_paint_stack();
  board_print("stack %s\n", much - little > 10 * 256 && much < 10 * 512 &&
                                    board_stack_used() < 1024
                                ? "is seen"
                                : "is not");

  char path[512], data[32] = {0};
  size_t length = strlen(board_command_line());
  memcpy(path, board_command_line(), length + 1);
  const int in = board_file_open(path, 'r');
  const long bytes = board_file_bytes(in);
  const long most = board_file_read(in, data, sizeof data - 1);
  board_file_seek(in, 6);
  const long rest = board_file_read(in, data, 4);
  board_file_close(in);
  memcpy(path + length, ".out", 5);
  const int out = board_file_open(path, 'w');
  const long written = board_file_write(out, data, sizeof data);
  board_file_close(out);
  board_print("file of %ld: %ld, %ld '%s', %ld\n", bytes, most, rest, data,
              written);
  board_print("no file: %d\n", board_file_open("/no/such/file", 'r') < 0);
  return 3;
}
