/*===- linux.h - The runner's system calls under Linux ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#if defined(__arm__)
enum { SYS_READ = 3, SYS_WRITE = 4, SYS_EXIT = 1, SYS_OPENAT = 322 };
static long call(long number, long a, long b, long c, long d) {
  register long r7 __asm__("r7") = number;
  register long r0 __asm__("r0") = a, r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c, r3 __asm__("r3") = d;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3) : "memory");
  return r0;
}
__asm__(".globl _start\n.type _start, %function\n.thumb_func\n_start: mov r0, sp\nbl start\n");
#elif defined(__aarch64__)
enum { SYS_READ = 63, SYS_WRITE = 64, SYS_EXIT = 93, SYS_OPENAT = 56 };
static long call(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a, x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c, x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
__asm__(".globl _start\n_start: mov x0, sp\nbl start\n");
#elif defined(__riscv)
enum { SYS_READ = 63, SYS_WRITE = 64, SYS_EXIT = 93, SYS_OPENAT = 56 };
static long call(long number, long a, long b, long c, long d) {
  register long a7 __asm__("a7") = number;
  register long a0 __asm__("a0") = a, a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c, a3 __asm__("a3") = d;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
  return a0;
}
__asm__(".globl _start\n_start: mv a0, sp\nandi sp, sp, -16\ncall start\n");
#elif defined(__x86_64__)
enum { SYS_READ = 0, SYS_WRITE = 1, SYS_EXIT = 60, SYS_OPENAT = 257 };
static long call(long number, long a, long b, long c, long d) {
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return number;
}
__asm__(".globl _start\n_start: mov %rsp, %rdi\nand $-16, %rsp\ncall start\n");
#endif

enum { AT_FDCWD = -100, O_RDONLY = 0, O_WRONLY_CREAT_TRUNC = 01 | 0100 | 01000 };

static void run_all(const char *const *arguments, long count);
__attribute__((used)) void start(const long *stack) {
  run_all((const char *const *)(stack + 1), stack[0]);
}

static void put(const char *text, size_t length) { call(SYS_WRITE, 2, (long)text, (long)length, 0); }

static void leave(int status) {
  for (;;)
    call(SYS_EXIT, status, 0, 0, 0);
}

/* Negative where it fails. */
static long open_path(const char *path, int writes) {
  return call(SYS_OPENAT, AT_FDCWD, (long)path, writes ? O_WRONLY_CREAT_TRUNC : O_RDONLY, 0644);
}

/* Bytes that were moved. */
static long move(long file, void *data, size_t bytes, int writes) {
  return call(writes ? SYS_WRITE : SYS_READ, file, (long)data, (long)bytes, 0);
}
