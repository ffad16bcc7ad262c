/*===- start.h - Between a processor's entry code and start.c -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#ifndef BOARD_START_H
#define BOARD_START_H

#include <stdint.h>

/* Fills .data and .bss, paints the stack, calls main and exits. */
_Noreturn void board_start(void);

/* Says what happened and exits with 70. */
_Noreturn void board_fault(const char *kind, uintptr_t address, uintptr_t cause);

/* Called by the timer's interrupt of a Cortex-M, each 2500 cycles; weak. */
void board_tick(void);

#endif
