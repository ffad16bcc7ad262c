/*===- option.c - Options of a command line -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "option.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static int is_here(const option_table *table, const option *opt) {
  return !table->is_here || table->is_here(opt);
}

void options_help(const option_table *table) {
  for (size_t i = 0; i < table->count; ++i) {
    const option *opt = &table->options[i];
    char left[32];
    if (!is_here(table, opt))
      continue;
    snprintf(left, sizeof left, "--%s%s%s", opt->name, opt->value ? " " : "",
             opt->value ? opt->value : "");
    printf("  %-22s %s\n", left, opt->help);
  }
}

static int parse_count(const option *opt, const char *value, uint32_t *result) {
  char *end;
  errno = 0;
  const unsigned long number = strtoul(value, &end, 10);
  if (errno || *end || end == value || value[0] < '0' || value[0] > '9' ||
      number > 1000000000)
    return fail(EXIT_USAGE, "--%s: '%s' is not a count", opt->name, value);
  *result = (uint32_t)number;
  return 0;
}

static int parse_number(const option *opt, const char *value, double *result) {
  char *end;
  *result = strtod(value, &end);
  if (*end || end == value || !isfinite(*result) || *result < 0)
    return fail(EXIT_USAGE, "--%s: '%s' is not a number of zero or more",
                opt->name, value);
  return 0;
}

static int parse_choice(const option *opt, const char *value,
                        uint32_t *result) {
  char all[128];
  size_t at = 0;
  for (uint32_t i = 0; opt->choices[i]; ++i) {
    if (strcmp(value, opt->choices[i]) == 0) {
      *result = i;
      return 0;
    }
    at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "",
                           opt->choices[i]);
  }
  return fail(EXIT_USAGE, "--%s: '%s' is none of %s", opt->name, value, all);
}

static int apply(void *fields, const option *opt, const char *value) {
  void *field = (char *)fields + opt->field;
  switch (opt->kind) {
  case OPTION_FLAG:
    *(int *)field = 1;
    return 0;
  case OPTION_TEXT:
    if (!*value)
      return fail(EXIT_USAGE, "--%s needs a value", opt->name);
    *(const char **)field = value;
    return 0;
  case OPTION_COUNT:
    return parse_count(opt, value, field);
  case OPTION_NUMBER:
    return parse_number(opt, value, field);
  case OPTION_CHOICE:
    return parse_choice(opt, value, field);
  default:
    return opt->parse(fields, opt->name, value);
  }
}

static const option *find(const option_table *table, const char *name,
                          size_t length) {
  const option *found = NULL;
  for (size_t i = 0; i < table->count; ++i) {
    const option *opt = &table->options[i];
    if (strlen(opt->name) == length && strncmp(opt->name, name, length) == 0 &&
        (!found || is_here(table, opt)))
      found = opt;
  }
  return found;
}

int options_parse(const option_table *table, void *fields, int argc,
                  char **argv) {
  for (int i = 1; i < argc; ++i) {
    if (strncmp(argv[i], "--", 2) != 0)
      return fail(EXIT_USAGE,
                  "unexpected argument '%s'; --help lists the options",
                  argv[i]);
    const char *text = argv[i] + 2;
    const size_t length = strcspn(text, "=");
    const option *opt = find(table, text, length);
    if (opt && !is_here(table, opt))
      return table->refuse(opt);
    if (!opt)
      return fail(EXIT_USAGE, "unknown option '%s'; --help lists the options",
                  argv[i]);
    const char *value = text[length] ? text + length + 1 : NULL;
    if (opt->kind == OPTION_FLAG && value)
      return fail(EXIT_USAGE, "--%s takes no value", opt->name);
    if (opt->kind != OPTION_FLAG && !value &&
        !(value = i + 1 < argc ? argv[++i] : NULL))
      return fail(EXIT_USAGE, "--%s needs a value", opt->name);
    const int status = apply(fields, opt, value);
    if (status)
      return status;
  }
  return 0;
}
