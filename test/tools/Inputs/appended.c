/* appended FLASH.BIN IMAGE_BYTES ALIGN: 0 if a blob is where firmware looks. */
#include "swap/flash.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  static unsigned char flash[1 << 20] __attribute__((aligned(4096)));
  FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;
  if (!file || !fread(flash, 1, sizeof flash, file))
    return 2;
  fclose(file);
  const swap_blob_header *header =
      swap_appended_blob(flash + atoi(argv[2]), (uint32_t)atoi(argv[3]));
  return header->magic == SWAP_BLOB_MAGIC ? 0 : 1;
}
