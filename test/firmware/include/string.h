/* All of <string.h> that the runtime's core uses, for compilers without libc. */
#ifndef SWAP_TEST_STRING_H
#define SWAP_TEST_STRING_H
#include <stddef.h>
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
#endif
