/*===- fault.c - Goes where there is no memory -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "board.h"

int main(void) {
  board_print("before\n");
  board_print("%u\n", *(volatile unsigned *)0xF0000000u);
  board_print("after\n");
  return 0;
}
