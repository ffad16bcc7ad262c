/*===- sizes.c - Sizes, read and written --------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int size_parse(const char *text, uint64_t whole, uint64_t fixed, uint64_t min,
               uint64_t max, uint64_t *bytes) {
  static const struct {
    const char *suffix;
    double factor;
  } units[] = {{"", 1},
               {"KiB", 1024},
               {"MiB", 1048576},
               {"GiB", 1073741824.0},
               {"TiB", 1099511627776.0}};
  if (strcmp(text, "min") == 0 || strcmp(text, "max") == 0) {
    *bytes = text[1] == 'i' ? min : max;
    return 1;
  }
  /* strtod alone would take signs, spaces, hexadecimal, infinities. */
  const size_t digits = strspn(text, "0123456789.");
  char *end;
  const double number = strtod(text, &end);
  if (!digits || end != text + digits)
    return 0;
  double result = -1;
  if (strcmp(end, "%") == 0)
    result = number / 100.0 * (double)(whole - fixed) + (double)fixed;
  for (size_t i = 0; i < sizeof units / sizeof units[0]; ++i)
    if (strcmp(end, units[i].suffix) == 0)
      result = number * units[i].factor;
  if (!*end && memchr(text, '.', digits))
    return 0; /* no part of a byte, as in swapc */
  if (!(result >= 0) || result >= 9.2e18)
    return 0;
  *bytes = (uint64_t)(result + 0.5);
  return 1;
}

const char *size_text(uint64_t bytes) {
  static char buffers[4][32];
  static unsigned next;
  char *text = buffers[next++ % 4];
  if (bytes >= UINT64_C(1) << 30)
    snprintf(text, 32, "%.2f GiB", (double)bytes / 1073741824.0);
  else if (bytes >= 1u << 20)
    snprintf(text, 32, "%.1f MiB", (double)bytes / 1048576.0);
  else if (bytes >= 1024)
    snprintf(text, 32, "%.1f KiB", (double)bytes / 1024.0);
  else
    snprintf(text, 32, "%llu bytes", (unsigned long long)bytes);
  return text;
}

uint64_t smallest_arena(const swap_model *model) {
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < model->plan_count; ++i)
    if (model->plans[i].arena_bytes < least)
      least = model->plans[i].arena_bytes;
  return least;
}
