/*===- cortex-m.c - Reset, faults and clock of Cortex-M ----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "start.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define CFSR REGISTER(0xE000ED28u)
#define CPACR REGISTER(0xE000ED88u)

extern uint32_t board_stack_top[];
enum { PERIOD = 2500 };
static volatile uint32_t ticks;

__attribute__((weak)) void board_tick(void) {}

void board_reset(void) {
#ifdef __ARM_FP
  CPACR |= 0xFu << 20; /* full access to the FPU, and to MVE */
  __asm__ volatile("dsb\nisb" ::: "memory");
#endif
  SYST_RVR = PERIOD - 1;
  SYST_CVR = 0;
  SYST_CSR = 7; /* on, with interrupt, at the processor's rate */
  board_start();
}

static void tick(void) {
  ticks++;
  board_tick();
}

uint64_t board_nanoseconds(void) {
  uint32_t before, now;
  do {
    before = ticks;
    now = PERIOD - 1 - SYST_CVR;
  } while (before != ticks);
  return ((uint64_t)before * PERIOD + now) * (1000000000 / BOARD_HZ);
}

__attribute__((used)) static void report(const uint32_t *frame) { board_fault("fault", frame[6], CFSR); }

__attribute__((naked)) static void fault(void) {
  __asm__ volatile("mrs r0, msp\nb %0" ::"i"(report));
}

typedef void (*handler)(void);
__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
    (handler)(uintptr_t)board_stack_top, board_reset, fault, fault, fault, fault, fault, fault,
    fault, fault, fault, fault, fault, fault, fault, tick};
