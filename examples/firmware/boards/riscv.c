/*===- riscv.c - Entry, faults and clock of RISC-V in M-mode -----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "start.h"

/* mstatus.FS = initial, so that the FPU, where there is one, may be used. */
__asm__(".section .vectors, \"ax\"\n"
        ".globl board_reset\n"
        "board_reset:\n"
        ".option push\n.option norelax\n"
        "  la gp, __global_pointer$\n"
        ".option pop\n"
        "  la sp, board_stack_top\n"
        "  la t0, board_trap\n"
        "  csrw mtvec, t0\n"
        "  li t0, 0x2000\n"
        "  csrs mstatus, t0\n"
        "  j board_start\n");

__attribute__((aligned(64), used)) void board_trap(void) {
  uintptr_t address, cause;
  __asm__ volatile("csrr %0, mepc\ncsrr %1, mcause" : "=r"(address), "=r"(cause));
  board_fault("trap", address, cause);
}

/* Of a processor of 1 GHz, as the emulator's with -icount shift=0. */
uint64_t board_nanoseconds(void) {
#if __riscv_xlen == 64
  uint64_t now;
  __asm__ volatile("csrr %0, mcycle" : "=r"(now));
  return now;
#else
  uint32_t high, low, again;
  do
    __asm__ volatile("csrr %0, mcycleh\ncsrr %1, mcycle\ncsrr %2, mcycleh"
                     : "=r"(high), "=r"(low), "=r"(again));
  while (high != again);
  return (uint64_t)high << 32 | low;
#endif
}
