/*===- tensor_file.c - A tensor in an .npy or .pb file ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <string.h>

static int count_elements(tensor_file *t) {
  t->elements = 1;
  for (uint32_t i = 0; i < t->rank; ++i) {
    if (t->dims[i] < 0 ||
        (t->dims[i] && t->elements > INT64_MAX / 16 / (uint64_t)t->dims[i]))
      return fail(EXIT_RUN, "%s: its shape makes no sense", t->in.path);
    t->elements *= (uint64_t)t->dims[i];
  }
  return 0;
}

int tensor_file_open(tensor_file *t, const char *path, uint32_t wanted_dtype) {
  const size_t length = strlen(path);
  const int is_pb = length > 3 && strcmp(path + length - 3, ".pb") == 0;
  memset(t, 0, sizeof *t);
  int status = reader_open(&t->in, path);
  if (status)
    return status;
  status = is_pb ? pb_parse(t) : npy_parse(t, wanted_dtype);
  if (!status)
    status = count_elements(t);
  if (!status && !is_pb && t->elements * t->type->bytes != t->in.size - t->data)
    status = fail(EXIT_RUN, "%s: %s needs %llu bytes, the file holds %llu",
                  path, shape_text(t->type->name, t->rank, t->dims),
                  (unsigned long long)(t->elements * t->type->bytes),
                  (unsigned long long)(t->in.size - t->data));
  if (!status)
    status = reader_seek(&t->in, t->data);
  if (status)
    tensor_file_close(t);
  return status;
}

int tensor_file_matches(const tensor_file *t, const swap_tensor *tensor,
                        const char *what) {
  const dtype_info *type = dtype_find(tensor->dtype);
  int same = t->type == type && t->rank == tensor->rank;
  for (uint32_t i = 0; same && i < t->rank; ++i)
    same = t->dims[i] == tensor->dims[i];
  if (same)
    return 0;
  return fail(EXIT_RUN, "%s: it holds %s, but %s '%s' is %s", t->in.path,
              shape_text(t->type->name, t->rank, t->dims), what, tensor->name,
              shape_text(type->name, tensor->rank, tensor->dims));
}

int tensor_file_read(tensor_file *t, void *data, uint64_t elements) {
  const unsigned bits = dtype_bits(t->type->dtype);
  const uint64_t stored = t->is_packed ? (elements * bits + 7) / 8 : elements;
  const int status = t->typed_field
                         ? pb_read_typed(t, data, stored)
                         : reader_take(&t->in, data, stored * t->type->bytes);
  uint8_t *bytes = data;
  if (!status && t->is_packed) /* from the end: nothing is overwritten unread */
    for (uint64_t i = elements; i-- > 0;)
      bytes[i] = bytes[i * bits / 8] >> (i * bits % 8) & ((1u << bits) - 1);
  if (!status && t->type->dtype == SWAP_BOOL)
    for (uint64_t i = 0; i < elements; ++i)
      bytes[i] = bytes[i] != 0; /* kernels count on 0 and 1 */
  if (!status && t->type->dtype > SWAP_BOOL &&
      !dtype_fit(t->type->dtype, bytes, elements))
    return fail(EXIT_RUN, "%s: it holds a number outside the range of %s",
                t->in.path, t->type->name);
  return status;
}

void tensor_file_close(tensor_file *t) { reader_close(&t->in); }
