/*===- aarch64.c - Entry, faults and clock of a Cortex-A in EL1 --*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The MMU is switched on with a flat map, since with it off all memory is device
|* memory, where an unaligned access is a fault: 4 blocks of 1 GiB, of which the
|* first holds the devices of qemu's `virt`.
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "start.h"

__attribute__((aligned(4096), used)) static const uint64_t board_map[512] = {
    0x00000000u | 0x405, /* device: attribute 1 */
    0x40000000u | 0x701, /* normal, inner shareable: attribute 0 */
    0x80000000u | 0x701, 0xC0000000u | 0x701};

__asm__(".section .vectors, \"ax\"\n"
        ".globl board_reset\n"
        "board_reset:\n"
        "  ldr x0, =board_stack_top\n"
        "  mov sp, x0\n"
        "  ldr x0, =board_traps\n"
        "  msr vbar_el1, x0\n"
        "  mov x0, #(3 << 20)\n" /* FPU and SIMD */
        "  msr cpacr_el1, x0\n"
        "  ldr x0, =0x00ff\n" /* attribute 0: write-back; 1: device */
        "  msr mair_el1, x0\n"
        "  ldr x0, =0x803520\n" /* 32 bits of address, pages of 4 KiB, no TTBR1 */
        "  msr tcr_el1, x0\n"
        "  ldr x0, =board_map\n"
        "  msr ttbr0_el1, x0\n"
        "  tlbi vmalle1\n"
        "  dsb sy\n"
        "  isb\n"
        "  mrs x0, sctlr_el1\n"
        "  ldr x1, =0x1005\n" /* MMU, data and instruction caches */
        "  orr x0, x0, x1\n"
        "  msr sctlr_el1, x0\n"
        "  isb\n"
        "  b board_start\n"
        "  .ltorg\n"
        "  .balign 2048\n"
        "board_traps:\n"
        "  .rept 16\n"
        "  mrs x0, elr_el1\n"
        "  mrs x1, esr_el1\n"
        "  b board_trap\n"
        "  .balign 128\n"
        "  .endr\n");

__attribute__((used)) void board_trap(uintptr_t address, uintptr_t cause) { board_fault("trap", address, cause); }

uint64_t board_nanoseconds(void) {
  uint64_t now, hz;
  __asm__ volatile("isb\nmrs %0, cntvct_el0\nmrs %1, cntfrq_el0" : "=r"(now), "=r"(hz));
  return now / hz * 1000000000 + now % hz * 1000000000 / hz;
}
