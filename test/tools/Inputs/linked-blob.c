/* A program of no library that reads the blob that was linked into it. Its exit
 * code is 0 where the checksums of all units are right. */
#include "swap/blob.h"
#include "swap/crc32c.h"

extern const unsigned char the_blob[], the_blob_end[];

#if !__STDC_HOSTED__
void *memcpy(void *to, const void *from, __SIZE_TYPE__ length) {
  for (__SIZE_TYPE__ i = 0; i < length; ++i)
    ((volatile unsigned char *)to)[i] = ((const unsigned char *)from)[i];
  return to;
}
#endif

static int check(void) {
  const swap_blob_header *header = (const swap_blob_header *)the_blob;
  const swap_blob_unit *units =
      (const swap_blob_unit *)(the_blob + SWAP_BLOB_ALIGN);
  if ((uintptr_t)the_blob % SWAP_BLOB_ALIGN)
    return 2;
  if (header->magic != SWAP_BLOB_MAGIC ||
      header->blob_bytes != (uintptr_t)(the_blob_end - the_blob))
    return 3;
  for (uint32_t i = 0; i < header->unit_count; ++i)
    if (swap_crc32c(0, the_blob + units[i].offset, (uint32_t)units[i].length) !=
        units[i].crc32c)
      return 4;
  return header->unit_count == 3 ? 0 : 5;
}

#if __STDC_HOSTED__
int main(void) { return check(); }
#else
/* exit of Linux, for qemu's user mode. */
__attribute__((noreturn)) void _start(void) {
  const long code = check();
#if defined(__riscv)
  __asm__ volatile("mv a0, %0\n li a7, 93\n ecall" ::"r"(code) : "a0", "a7");
#else
  __asm__ volatile("mov r0, %0\n movs r7, #1\n svc #0" ::"r"(code) : "r0");
#endif
  __builtin_unreachable();
}
#endif
