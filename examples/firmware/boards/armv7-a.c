/*===- armv7-a.c - Entry, faults and clock of an ARMv7-A ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The MMU is switched on with a flat map of sections of 1 MiB, since with it off
|* an unaligned access is a fault. The first GiB of qemu's `virt` is devices.
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "start.h"

/* Not in .bss, which is cleared later. */
__attribute__((aligned(16384), section(".noinit"), used)) static uint32_t board_map[4096];

__asm__(".section .vectors, \"ax\"\n"
        ".arm\n"
        ".globl board_reset\n"
        "board_reset:\n"
        "  ldr sp, =board_stack_top\n"
        "  ldr r0, =board_traps\n"
        "  mcr p15, 0, r0, c12, c0, 0\n" /* VBAR */
        "  mrc p15, 0, r0, c1, c0, 2\n"
        "  orr r0, r0, #(0xF << 20)\n" /* coprocessors 10 and 11: the FPU */
        "  mcr p15, 0, r0, c1, c0, 2\n"
        "  isb\n"
        "  mov r0, #0x40000000\n"
        "  vmsr fpexc, r0\n"
        "  ldr r0, =board_map\n"
        "  mov r1, #0\n"
        "  ldr r2, =0x00c02\n"          /* device, read and write */
        "1: orr r3, r2, r1, lsl #20\n"
        "  cmp r1, #1024\n"
        "  orrhs r3, r3, #0x1000\n" /* normal, write-back */
        "  orrhs r3, r3, #0x000c\n"
        "  str r3, [r0, r1, lsl #2]\n"
        "  add r1, r1, #1\n"
        "  cmp r1, #4096\n"
        "  bne 1b\n"
        "  mcr p15, 0, r0, c2, c0, 0\n" /* TTBR0 */
        "  mov r0, #0\n"
        "  mcr p15, 0, r0, c2, c0, 2\n" /* TTBCR */
        "  mov r0, #1\n"
        "  mcr p15, 0, r0, c3, c0, 0\n" /* domain 0: permissions are checked */
        "  mcr p15, 0, r0, c8, c7, 0\n" /* TLB */
        "  dsb\n"
        "  isb\n"
        "  mrc p15, 0, r0, c1, c0, 0\n"
        "  ldr r1, =0x1805\n" /* MMU, caches, branch prediction */
        "  orr r0, r0, r1\n"
        "  mcr p15, 0, r0, c1, c0, 0\n"
        "  isb\n"
        "  b board_start\n"
        "  .ltorg\n"
        "  .balign 32\n"
        "board_traps:\n"
        "  .rept 8\n"
        "  b board_trap_entry\n"
        "  .endr\n"
        "board_trap_entry:\n"
        "  sub r0, lr, #8\n"
        "  mrc p15, 0, r1, c5, c0, 0\n" /* DFSR */
        "  ldr sp, =board_stack_top\n"
        "  b board_trap\n"
        "  .ltorg\n");

__attribute__((used)) void board_trap(uintptr_t address, uintptr_t cause) { board_fault("trap", address, cause); }

uint64_t board_nanoseconds(void) {
  uint64_t now;
  uint32_t hz;
  __asm__ volatile("isb\nmrrc p15, 1, %Q0, %R0, c14\nmrc p15, 0, %1, c14, c0, 0" : "=r"(now), "=r"(hz));
  return now / hz * 1000000000 + now % hz * 1000000000 / hz;
}
