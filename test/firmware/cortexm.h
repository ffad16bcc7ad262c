/*===- cortexm.h - The runner's system calls on a bare Cortex-M ----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Semihosting: the emulator opens, reads and writes files for the program.
\*===----------------------------------------------------------------------===*/

enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_READ = 6, SYS_GET_CMDLINE = 0x15, SYS_EXIT = 0x18 };
static long call(long number, long argument) {
  register long r0 __asm__("r0") = number, r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void run_all(const char *const *arguments, long count);
extern unsigned char stack_top[], bss_begin[], bss_end[];

static long open_path(const char *path, int writes) {
  long length = 0;
  while (path[length])
    ++length;
  long block[3] = {(long)path, writes ? 5 : 1, length};
  return call(SYS_OPEN, (long)block);
}

static long move(long file, void *data, size_t bytes, int writes) {
  long block[3] = {file, (long)data, (long)bytes};
  return (long)bytes - call(writes ? SYS_WRITE : SYS_READ, (long)block);
}

static void put(const char *text, size_t length) {
  /* The console; errors go there too. */
  static const char console[] = ":tt";
  static long file;
  long block[3] = {(long)console, 8, 3};
  if (!file)
    file = call(SYS_OPEN, (long)block);
  move(file, (void *)(size_t)text, length, 1);
}

static void leave(int status) {
  for (;;)
    call(SYS_EXIT, status ? 0x20023 : 0x20026);
}

void reset(void);
void reset(void) {
  static char line[1024];
  static const char *arguments[8];
  long count = 0, block[2] = {(long)line, sizeof line};
  for (unsigned char *at = bss_begin; at < bss_end; ++at)
    *(volatile unsigned char *)at = 0;
#ifdef __ARM_FP
  *(volatile unsigned *)0xE000ED88u |= 0xFu << 20; /* CPACR: the FPU is on */
  __asm__ volatile("dsb\nisb");
#endif
  call(SYS_GET_CMDLINE, (long)block);
  for (char *at = line; *at && count < 8; ++count) {
    arguments[count] = at;
    while (*at && *at != ' ')
      ++at;
    if (*at)
      *at++ = 0;
  }
  run_all(arguments, count);
}

static void fault(void) {
  put("fault\n", 6);
  leave(1);
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, reset, fault, fault, fault, fault, fault, fault};
