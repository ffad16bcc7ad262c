/*===- pb.c - ONNX TensorProto files ------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The subset that test data uses: dims, data_type, name, and the elements as
|* raw_data or in a typed field. Read twice: once for the description, then for
|* the elements, so that a large tensor needs no second copy.
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <string.h>

enum { DIMS = 1, DATA_TYPE = 2, NAME = 8, RAW_DATA = 9, LOCATION = 14 };
enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static int damaged(const tensor_file *t) {
  return fail(EXIT_RUN, "%s: not an ONNX tensor, or damaged", t->in.path);
}

static int varint(tensor_file *t, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    uint8_t byte;
    const int status = reader_take(&t->in, &byte, 1);
    if (status)
      return status;
    if (shift < 64)
      *value |= (uint64_t)(byte & 127) << shift;
    if (!(byte & 128))
      return 0;
  }
  return damaged(t);
}

/* The next field's number, wire type, and value or length. */
static int field(tensor_file *t, uint32_t *number, uint32_t *wire,
                 uint64_t *value) {
  uint64_t key;
  int status = varint(t, &key);
  if (status)
    return status;
  *number = (uint32_t)(key >> 3);
  *wire = key & 7;
  if (!*number || key >> 32)
    return damaged(t);
  if (*wire == FIXED64 || *wire == FIXED32) {
    *value = *wire == FIXED64 ? 8 : 4;
    return 0;
  }
  if (*wire != VARINT && *wire != BYTES)
    return damaged(t);
  status = varint(t, value);
  if (!status && *wire == BYTES && *value > t->in.size - t->in.position)
    return fail(EXIT_RUN, "%s: truncated: a field of %llu bytes at byte %llu",
                t->in.path, (unsigned long long)*value,
                (unsigned long long)t->in.position);
  return status;
}

/* Leaves a field whose value is not wanted. */
static int pass(tensor_file *t, uint32_t wire, uint64_t value) {
  if (wire == VARINT)
    return 0;
  return value > t->in.size - t->in.position
             ? damaged(t)
             : reader_seek(&t->in, t->in.position + value);
}

static int add_dim(tensor_file *t, uint64_t dim) {
  if (t->rank == FILE_MAX_RANK)
    return damaged(t);
  t->dims[t->rank++] = (int64_t)dim;
  return 0;
}

static int packed_dims(tensor_file *t, uint64_t length) {
  const uint64_t end = t->in.position + length;
  int status = 0;
  while (!status && t->in.position < end) {
    uint64_t dim;
    status = varint(t, &dim);
    if (!status)
      status = add_dim(t, dim);
  }
  return status;
}

int pb_parse(tensor_file *t) {
  uint32_t number = 0, wire = 0, typed = 0;
  uint64_t value = 0, raw_bytes = 0, onnx = 0;
  int status = 0, external = 0;
  while (!status && t->in.position < t->in.size) {
    status = field(t, &number, &wire, &value);
    if (status)
      break;
    if (number == DIMS && wire == VARINT) {
      status = add_dim(t, value);
    } else if (number == DIMS && wire == BYTES) {
      status = packed_dims(t, value);
    } else if (number == DATA_TYPE && wire == VARINT) {
      onnx = value;
    } else if (number == NAME && wire == BYTES && value < sizeof t->name) {
      status = reader_take(&t->in, t->name, value);
      t->name[value] = 0;
    } else {
      if (number == RAW_DATA && wire == BYTES) {
        t->data = t->in.position;
        raw_bytes = value;
      } else if (number == LOCATION) {
        external = value != 0;
      } else if (number == 4 || number == 5 || number == 7 || number == 10 ||
                 number == 11) {
        typed = number;
      }
      status = pass(t, wire, value);
    }
  }
  if (status)
    return status;
  t->type = onnx > UINT32_MAX ? NULL : dtype_from_onnx((uint32_t)onnx);
  if (!t->type)
    return fail(EXIT_RUN, "%s: elements of ONNX type %llu are not supported",
                t->in.path, (unsigned long long)onnx);
  t->is_packed = dtype_bits(t->type->dtype) < 8;
  if (external)
    return fail(EXIT_RUN, "%s: external data is not supported here",
                t->in.path);
  uint64_t elements = 1;
  for (uint32_t i = 0; i < t->rank; ++i)
    if (__builtin_mul_overflow(elements, (uint64_t)t->dims[i], &elements))
      return damaged(t);
  if (!t->data && elements) { /* typed, or nothing: reading finds out */
    t->typed_field = typed && typed != t->type->field ? 0 : t->type->field;
    return t->typed_field ? 0 : damaged(t);
  }
  uint64_t bytes;
  if (__builtin_mul_overflow(elements, (uint64_t)t->type->bytes, &bytes) ||
      (t->is_packed ? (bytes * dtype_bits(t->type->dtype) + 7) / 8 : bytes) !=
          raw_bytes)
    return fail(EXIT_RUN, "%s: %s, but %llu bytes of elements", t->in.path,
                shape_text(t->type->name, t->rank, t->dims),
                (unsigned long long)raw_bytes);
  return 0;
}

/* Elements of `bytes` bytes from values that the typed field may widen. */
static void store(const tensor_file *t, void *data, uint64_t index,
                  uint64_t value) {
  memcpy((uint8_t *)data + index * t->type->bytes, &value,
         t->type->bytes); /* little-endian */
}

int pb_read_typed(tensor_file *t, void *data, uint64_t elements) {
  const uint32_t fixed = t->typed_field == 4 ? 4 : t->typed_field == 10 ? 8 : 0;
  for (uint64_t i = 0; i < elements;) {
    uint32_t number, wire;
    uint64_t value = 0;
    int status = 0;
    if (!t->typed_left) { /* between fields: find the next with elements */
      if (t->in.position == t->in.size)
        return fail(EXIT_RUN, "%s: fewer elements than its shape says",
                    t->in.path);
      status = field(t, &number, &wire, &value);
      if (!status && number == t->typed_field && wire == BYTES) {
        t->typed_left = value;
        continue;
      }
      if (!status && number == t->typed_field && wire == VARINT && !fixed) {
        store(t, data, i++, value);
        continue;
      }
      if (status || number != t->typed_field || value != fixed) {
        status = status ? status : pass(t, wire, value);
        if (status)
          return status;
        continue;
      }
      t->typed_left = fixed; /* one unpacked element */
    }
    const uint64_t before = t->in.position;
    status = fixed ? reader_take(&t->in, &value, fixed) : varint(t, &value);
    if (status)
      return status;
    if (t->in.position - before > t->typed_left)
      return damaged(t);
    t->typed_left -= t->in.position - before;
    store(t, data, i++, value);
  }
  return 0;
}
