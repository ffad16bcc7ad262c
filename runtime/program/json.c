/*===- json.c - Strings in JSON -----------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

/* Bytes of the character at `c`, which a zero ends; 0 if it is not UTF-8. */
static int character_bytes(const unsigned char *c) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const int bytes = *c < 0x80   ? 1
                    : *c < 0xc2 ? 0
                    : *c < 0xe0 ? 2
                    : *c < 0xf0 ? 3
                    : *c < 0xf5 ? 4
                                : 0;
  uint32_t value = bytes > 1 ? *c & (0x7fu >> bytes) : *c;
  for (int i = 1; i < bytes; ++i) {
    if ((c[i] & 0xc0) != 0x80)
      return 0;
    value = value << 6 | (c[i] & 0x3fu);
  }
  const int is_surrogate = value >= 0xd800 && value < 0xe000;
  return bytes && value >= least[bytes] && value <= 0x10ffff && !is_surrogate
             ? bytes
             : 0;
}

void json_string(FILE *out, const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  fputc('"', out);
  while (*c) {
    const int bytes = character_bytes(c);
    if (!bytes)
      fputs("\\ufffd", out);
    else if (*c == '"' || *c == '\\')
      fprintf(out, "\\%c", *c);
    else if (*c < 0x20)
      fprintf(out, "\\u%04x", *c);
    else
      fwrite(c, 1, (size_t)bytes, out);
    c += bytes ? bytes : 1;
  }
  fputc('"', out);
}
