/*===- semihosting.c - Console, files and exit -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* "Semihosting for AArch32 and AArch64" and its RISC-V counterpart: a trap with
|* the number of an operation and the address of its arguments.
\*===----------------------------------------------------------------------===*/
#include "board.h"

#include <stdarg.h>
#include <string.h>

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_SEEK = 0x0A,
  SYS_FLEN = 0x0C,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20
};

static intptr_t trap(uintptr_t operation, const void *arguments) {
#if defined(__aarch64__)
  register uintptr_t result __asm__("x0") = operation;
  register const void *block __asm__("x1") = arguments;
  __asm__ volatile("hlt 0xf000" : "+r"(result) : "r"(block) : "memory");
#elif defined(__arm__)
  register uintptr_t result __asm__("r0") = operation;
  register const void *block __asm__("r1") = arguments;
#if __ARM_ARCH_PROFILE == 'M'
  __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(block) : "memory");
#elif defined(__thumb__)
  __asm__ volatile("svc 0xab" : "+r"(result) : "r"(block) : "memory", "lr");
#else
  __asm__ volatile("svc 0x123456" : "+r"(result) : "r"(block) : "memory", "lr");
#endif
#elif defined(__riscv)
  register uintptr_t result __asm__("a0") = operation;
  register const void *block __asm__("a1") = arguments;
  /* Three whole instructions in one page. */
  __asm__ volatile(".option push\n.option norvc\n.balign 16\n"
                   "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                   : "+r"(result)
                   : "r"(block)
                   : "memory");
#else
#error "no semihosting on this processor"
#endif
  return (intptr_t)result;
}

static int console = -1;

int board_file_open(const char *path, char mode) {
  /* 1 is "rb", 5 is "wb". */
  const uintptr_t block[] = {(uintptr_t)path, mode == 'w' ? 5 : 1, strlen(path)};
  return (int)trap(SYS_OPEN, block);
}

long board_file_bytes(int file) {
  const uintptr_t block[] = {(uintptr_t)file};
  return (long)trap(SYS_FLEN, block);
}

int board_file_seek(int file, size_t offset) {
  const uintptr_t block[] = {(uintptr_t)file, offset};
  return (int)trap(SYS_SEEK, block);
}

/* Both operations return how many bytes are left. */
static long transfer(uintptr_t operation, int file, const void *data, size_t bytes) {
  const uintptr_t block[] = {(uintptr_t)file, (uintptr_t)data, bytes};
  const uintptr_t left = (uintptr_t)trap(operation, block);
  return left > bytes ? -1 : (long)(bytes - left);
}

long board_file_read(int file, void *buffer, size_t bytes) {
  return transfer(SYS_READ, file, buffer, bytes);
}

long board_file_write(int file, const void *data, size_t bytes) {
  return transfer(SYS_WRITE, file, data, bytes);
}

void board_file_close(int file) {
  const uintptr_t block[] = {(uintptr_t)file};
  (void)trap(SYS_CLOSE, block);
}

static void put(const char *text, size_t bytes) {
  if (console < 0) {
    const uintptr_t block[] = {(uintptr_t) ":tt", 4, 3}; /* standard output */
    console = (int)trap(SYS_OPEN, block);
  }
  (void)board_file_write(console, text, bytes);
}

void board_write(const char *text) { put(text, strlen(text)); }

void board_exit(int status) {
  const uintptr_t block[] = {0x20026, (uintptr_t)status}; /* application exit */
  for (;;)
    (void)trap(SYS_EXIT_EXTENDED, block);
}

const char *board_command_line(void) {
  static char line[512];
  uintptr_t block[] = {(uintptr_t)line, sizeof line};
  const char *text = line;
  if (trap(SYS_GET_CMDLINE, block))
    return "";
  while (*text && *text != ' ')
    text++;
  return *text ? text + 1 : text;
}

static void put_number(unsigned long number, unsigned base, int negative) {
  char digits[24];
  size_t at = sizeof digits;
  do
    digits[--at] = "0123456789abcdef"[number % base];
  while (number /= base);
  if (negative)
    digits[--at] = '-';
  put(digits + at, sizeof digits - at);
}

void board_print(const char *format, ...) {
  va_list list;
  va_start(list, format);
  for (const char *at = format; *at;) {
    size_t plain = 0;
    while (at[plain] && at[plain] != '%')
      plain++;
    if (plain)
      put(at, plain);
    at += plain;
    if (!*at)
      break;
    at++;
    const int wide = *at == 'l';
    at += wide;
    if (*at == 's') {
      board_write(va_arg(list, const char *));
    } else if (*at == 'c') {
      const char c = (char)va_arg(list, int);
      put(&c, 1);
    } else if (*at == 'd') {
      const long n = wide ? va_arg(list, long) : va_arg(list, int);
      put_number(n < 0 ? 0 - (unsigned long)n : (unsigned long)n, 10, n < 0);
    } else if (*at == 'u' || *at == 'x') {
      const unsigned base = *at == 'x' ? 16 : 10;
      put_number(wide ? va_arg(list, unsigned long) : va_arg(list, unsigned), base, 0);
    } else {
      put(at, 1);
    }
    at += *at != 0;
  }
  va_end(list);
}
