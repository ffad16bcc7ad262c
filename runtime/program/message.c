/*===- message.c - Messages on stderr -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <stdarg.h>
#include <string.h>

static const char *name = "swap";

void program_name(const char *argv0) {
  const char *slash = strrchr(argv0, '/');
  name = slash ? slash + 1 : argv0;
}

static void print(const char *kind, const char *format, va_list arguments) {
  progress_end();
  fprintf(stderr, "%s: %s", name, kind);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
}

int fail(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print("error: ", format, arguments);
  va_end(arguments);
  return status;
}

void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print("", format, arguments);
  va_end(arguments);
}
