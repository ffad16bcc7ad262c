/* flash-image PARTITION ERASE_BYTES COMMAND...: the flash port on an image.
 *   active     prints the active slot, after verifying every unit
 *   switch     makes the other slot the active one
 *   FILE       updates the other slot with this blob and switches to it
 *   FILE@HASH  the same, for a blob that must have the hash of blob HASH */
#include "swap/flash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t image[1 << 20], data[1 << 20], buffer[512];
static size_t image_bytes;
static uint32_t erase_bytes;

static int read_image(void *context, uint64_t offset, void *to,
                      uint64_t length) {
  memcpy(to, image + offset, length);
  return SWAP_OK;
}

static int program(void *context, size_t offset, const void *from,
                   uint32_t length) {
  for (uint32_t i = 0; i < length; ++i)
    image[offset + i] &= ((const uint8_t *)from)[i];
  return SWAP_OK;
}

static int erase(void *context, size_t offset) {
  memset(image + offset, 0xFF, erase_bytes);
  return SWAP_OK;
}

static size_t read_file(const char *path, uint8_t *to) {
  FILE *file = fopen(path, "rb");
  if (!file)
    exit(2);
  size_t length = fread(to, 1, sizeof image, file);
  fclose(file);
  return length;
}

static int update(swap_flash *flash, char *blob) {
  uint8_t hash[SWAP_HASH_BYTES];
  char *model = strchr(blob, '@');
  if (model) {
    *model = 0;
    read_file(model + 1, data);
    memcpy(hash, data + offsetof(swap_blob_header, hash), sizeof hash);
  }
  size_t length = read_file(blob, data);
  int status = swap_flash_begin(flash, model ? hash : NULL);
  for (size_t at = 0; !status && at < length; at += 1000)
    status = swap_flash_write(flash, data + at,
                              length - at < 1000 ? length - at : 1000);
  if (!status)
    status = swap_flash_finish(flash);
  return status ? status : swap_flash_switch(flash);
}

static int print_active(swap_flash *flash) {
  int status = SWAP_OK;
  for (uint32_t unit = 0; !status && unit < flash->unit_count; ++unit)
    status = swap_flash_verify(flash, unit);
  printf("slot %u, %u units, %lu bytes\n", flash->active, flash->unit_count,
         (unsigned long)flash->blob_bytes);
  return status;
}

int main(int argc, char **argv) {
  image_bytes = read_file(argv[1], image);
  erase_bytes = (uint32_t)atoi(argv[2]);
  swap_storage storage = {.read = read_image};
  swap_flash_config config = {.storage = &storage,
                              .prog = program,
                              .erase = erase,
                              .partition_bytes = image_bytes,
                              .erase_bytes = erase_bytes,
                              .prog_bytes = 16,
                              .buffer = buffer,
                              .buffer_bytes = sizeof buffer};
  swap_flash flash;
  int status = swap_flash_open(&flash, &config);
  for (int i = 3; i < argc && !status; ++i)
    status = !strcmp(argv[i], "active")   ? print_active(&flash)
             : !strcmp(argv[i], "switch") ? swap_flash_switch(&flash)
                                          : update(&flash, argv[i]);
  FILE *file = fopen(argv[1], "wb");
  if (!file || fwrite(image, 1, image_bytes, file) != image_bytes ||
      fclose(file))
    return 2;
  printf("status %d\n", status);
  return 0;
}
