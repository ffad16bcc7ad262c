/*===- option.h - Options of a command line -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* --NAME, --NAME VALUE or --NAME=VALUE, into fields of a struct that a table
|* describes.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PROGRAM_OPTION_H
#define SWAP_PROGRAM_OPTION_H

#include <stddef.h>
#include <stdint.h>

typedef enum option_kind {
  OPTION_FLAG,   /* int, becomes 1 */
  OPTION_TEXT,   /* const char *, not empty */
  OPTION_COUNT,  /* uint32_t */
  OPTION_NUMBER, /* double, zero or more */
  OPTION_CHOICE, /* uint32_t: the position of the value in `choices` */
  OPTION_OWN     /* `parse` reads it: 0, or an exit status after a message */
} option_kind;

typedef struct option {
  const char *name;
  option_kind kind;
  size_t field;      /* offset in the struct */
  const char *value; /* for the help; null: none */
  const char *help;
  int where;                  /* of the table's owner, for `is_here` */
  const char *const *choices; /* null at the end */
  int (*parse)(void *fields, const char *name, const char *value);
} option;

typedef struct option_table {
  const option *options;
  size_t count;
  /* Both null: every option is this program's. Else one name may be there
   * several times, and `refuse` says why one is not. */
  int (*is_here)(const option *opt);
  int (*refuse)(const option *opt);
} option_table;

/* 0, or EXIT_USAGE after a message. */
int options_parse(const option_table *table, void *fields, int argc,
                  char **argv);
/* A line for each option, to stdout. */
void options_help(const option_table *table);

#endif /* SWAP_PROGRAM_OPTION_H */
