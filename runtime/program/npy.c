/*===- npy.c - numpy's array files --------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Versions 1 to 3: a magic, a length, and a Python dictionary with 'descr',
|* 'fortran_order' and 'shape' in any order. Anything else in it is refused.
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <stdlib.h>
#include <string.h>

#define MAX_HEADER 65535u

static const char *skip(const char *at) {
  while (*at == ' ' || *at == '\n' || *at == '\t')
    ++at;
  return at;
}

/* 'text' or "text" into `out`; the rest, or null. */
static const char *quoted(const char *at, char *out, size_t size) {
  const char quote = *at;
  size_t length = 0;
  if (quote != '\'' && quote != '"')
    return NULL;
  for (++at; *at && *at != quote; ++at) {
    if (length + 1 >= size)
      return NULL;
    out[length++] = *at;
  }
  out[length] = 0;
  return *at ? at + 1 : NULL;
}

static const char *shape(tensor_file *t, const char *at) {
  if (*at != '(')
    return NULL;
  for (at = skip(at + 1); *at != ')'; at = skip(at)) {
    char *end;
    const long long dim = strtoll(at, &end, 10);
    if (end == at || dim < 0 || t->rank == FILE_MAX_RANK)
      return NULL;
    t->dims[t->rank++] = dim;
    at = skip(*end == 'L' ? end + 1 : end);
    if (*at == ',')
      ++at;
    else if (*at != ')')
      return NULL;
  }
  return at + 1;
}

typedef struct header {
  char descr[32];
  int fortran;
  unsigned seen;
} header;

static const char *entry(tensor_file *t, header *h, const char *at) {
  char key[32];
  at = quoted(at, key, sizeof key);
  if (!at || *(at = skip(at)) != ':')
    return NULL;
  at = skip(at + 1);
  if (strcmp(key, "descr") == 0 && !(h->seen & 1)) {
    h->seen |= 1;
    return quoted(at, h->descr, sizeof h->descr);
  }
  if (strcmp(key, "fortran_order") == 0 && !(h->seen & 2)) {
    h->seen |= 2;
    h->fortran = strncmp(at, "True", 4) == 0;
    return h->fortran ? at + 4 : strncmp(at, "False", 5) == 0 ? at + 5 : NULL;
  }
  if (strcmp(key, "shape") == 0 && !(h->seen & 4)) {
    h->seen |= 4;
    return shape(t, at);
  }
  return NULL;
}

static int parse_dictionary(tensor_file *t, header *h, const char *text) {
  const char *at = skip(text);
  if (*at != '{')
    return 0;
  for (at = skip(at + 1); *at != '}'; at = skip(at)) {
    at = entry(t, h, at);
    if (!at)
      return 0;
    at = skip(at);
    if (*at == ',')
      ++at;
    else if (*at != '}')
      return 0;
  }
  return *skip(at + 1) == 0 && h->seen == 7;
}

int npy_parse(tensor_file *t, uint32_t wanted_dtype) {
  uint8_t start[12];
  if (t->in.size < 10)
    return fail(EXIT_RUN, "%s: not an .npy file", t->in.path);
  int status = reader_take(&t->in, start, 8);
  if (status)
    return status;
  if (memcmp(start, "\x93NUMPY", 6) != 0 || start[6] < 1 || start[6] > 3)
    return fail(EXIT_RUN, "%s: not an .npy file of version 1 to 3", t->in.path);
  const uint32_t width = start[6] == 1 ? 2 : 4;
  status = reader_take(&t->in, start + 8, width);
  if (status)
    return status;
  uint32_t length = start[8] | (uint32_t)start[9] << 8;
  if (width == 4)
    length |= (uint32_t)start[10] << 16 | (uint32_t)start[11] << 24;
  if (length > MAX_HEADER)
    return fail(EXIT_RUN, "%s: its header is too long", t->in.path);
  char *text = malloc(length + 1u);
  if (!text)
    return fail(EXIT_RUN, "out of memory");
  header h = {.seen = 0};
  status = reader_take(&t->in, text, length);
  text[status ? 0 : length] = 0;
  if (!status && (strlen(text) != length || !parse_dictionary(t, &h, text)))
    status = fail(EXIT_RUN, "%s: its header is damaged", t->in.path);
  free(text);
  if (status)
    return status;
  t->type = dtype_from_npy(h.descr, wanted_dtype);
  if (!t->type)
    return fail(EXIT_RUN, "%s: elements of type '%s' are not supported",
                t->in.path, h.descr);
  if (h.fortran && t->rank > 1)
    return fail(EXIT_RUN,
                "%s: in Fortran order; save numpy.ascontiguousarray of it",
                t->in.path);
  t->data = 8u + width + length;
  return 0;
}
