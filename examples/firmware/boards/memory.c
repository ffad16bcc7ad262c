/*===- memory.c - memcpy and the like ----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* All that a compiled model needs of a C library; on 32-bit Arm compilers call
|* these functions by the names of its run-time ABI as well. Words where both sides are
|* aligned, else bytes. Compiled with -fno-tree-loop-distribute-patterns, or the
|* compiler would make a call of memcpy out of memcpy.
\*===----------------------------------------------------------------------===*/
#include <string.h>

#include <stdint.h>

typedef uintptr_t __attribute__((may_alias)) word;

static int aligned(const void *a, const void *b) {
  return (((uintptr_t)a | (uintptr_t)b) & (sizeof(word) - 1)) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (aligned(t, f))
    for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
      *(word *)(void *)t = *(const word *)(const void *)f;
      t += sizeof(word);
      f += sizeof(word);
    }
  while (bytes--)
    *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t <= f)
    while (bytes--)
      *t++ = *f++;
  else
    while (bytes--)
      t[bytes] = f[bytes];
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  unsigned char *t = to;
  const word pattern = (word)-1 / 255 * (unsigned char)value;
  if (aligned(t, t))
    for (; bytes >= sizeof(word); bytes -= sizeof(word), t += sizeof(word))
      *(word *)(void *)t = pattern;
  while (bytes--)
    *t++ = (unsigned char)value;
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const unsigned char *x = a, *y = b;
  for (; bytes; bytes--, x++, y++)
    if (*x != *y)
      return *x < *y ? -1 : 1;
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

#if defined(__arm__)
#define ALIAS(name, of) __typeof__(of) name __attribute__((alias(#of)))
ALIAS(__aeabi_memcpy, memcpy);
ALIAS(__aeabi_memcpy4, memcpy);
ALIAS(__aeabi_memcpy8, memcpy);
ALIAS(__aeabi_memmove, memmove);
ALIAS(__aeabi_memmove4, memmove);
ALIAS(__aeabi_memmove8, memmove);

/* The value comes last. */
void __aeabi_memset(void *to, size_t bytes, int value) { memset(to, value, bytes); }
ALIAS(__aeabi_memset4, __aeabi_memset);
ALIAS(__aeabi_memset8, __aeabi_memset);
void __aeabi_memclr(void *to, size_t bytes) { memset(to, 0, bytes); }
ALIAS(__aeabi_memclr4, __aeabi_memclr);
ALIAS(__aeabi_memclr8, __aeabi_memclr);
#endif
