/*===- start.c - From the reset's end to main --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The same on every processor: the entry code of cortex-m.c, armv7-a.c,
|* aarch64.c or riscv.c has set the stack and switched the FPU on.
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "start.h"

#include <string.h>

extern int main(void);

/* Of the linker script. */
extern char board_data_begin[], board_data_end[], board_data_image[];
extern char board_bss_begin[], board_bss_end[];
extern uint32_t board_stack_limit[], board_stack_top[];

#define PAINT 0x5AFEC0DEu

void board_paint_stack(void) {
  /* What is below this frame, but for a red zone and an interrupt's frame. */
  volatile uint32_t *end = (uint32_t *)(void *)((char *)__builtin_frame_address(0) - 256);
  for (volatile uint32_t *word = board_stack_limit; word < end; word++)
    *word = PAINT;
}

size_t board_stack_used(void) {
  const volatile uint32_t *word = board_stack_limit;
  while (word < board_stack_top && *word == PAINT)
    word++;
  return (size_t)(board_stack_top - word) * sizeof *word;
}

void board_start(void) {
  if ((uintptr_t)board_data_begin != (uintptr_t)board_data_image)
    memcpy(board_data_begin, board_data_image, (size_t)(board_data_end - board_data_begin));
  memset(board_bss_begin, 0, (size_t)(board_bss_end - board_bss_begin));
  board_paint_stack();
  board_exit(main());
}

void board_fault(const char *kind, uintptr_t address, uintptr_t cause) {
  board_print("board: %s at 0x%lx, cause 0x%lx\n", kind, (unsigned long)address, (unsigned long)cause);
  board_exit(70);
}
