/*===- times.c - Times, read and written --------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <stdlib.h>
#include <string.h>

#include "set_program.h"

#define LONGEST_NS 1e18 /* thirty years */

int time_parse(const char *text, uint64_t *ns) {
  static const struct {
    const char *suffix;
    double factor;
  } units[] = {{"ns", 1},  {"us", 1e3},   {"ms", 1e6},
               {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};
  const size_t digits = strspn(text, "0123456789.");
  char *end;
  const double number = strtod(text, &end);
  if (!digits || end != text + digits)
    return 0;
  end += strspn(end, " ");
  for (size_t i = 0; i < sizeof units / sizeof units[0]; ++i)
    if (strcmp(end, units[i].suffix) == 0) {
      const double result = number * units[i].factor;
      *ns = result < LONGEST_NS ? (uint64_t)(result + 0.5) : 0;
      return *ns > 0;
    }
  return 0;
}

double in_ms(uint64_t ns) { return (double)ns / 1e6; }

const char *time_text(uint64_t ns) {
  static char buffers[4][32];
  static unsigned next;
  char *text = buffers[next++ % 4];
  const double seconds = (double)ns / 1e9;
  if (ns >= 10 * NS_PER_S)
    snprintf(text, 32, "%.1f s", seconds);
  else if (ns >= NS_PER_S)
    snprintf(text, 32, "%.2f s", seconds);
  else if (ns >= 100 * NS_PER_MS)
    snprintf(text, 32, "%.0f ms", in_ms(ns));
  else if (ns >= NS_PER_MS)
    snprintf(text, 32, "%.1f ms", in_ms(ns));
  else
    snprintf(text, 32, "%.3f ms", in_ms(ns));
  return text;
}
