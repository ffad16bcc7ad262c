/*===- scatter.c - Elements to where indices say ------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

enum { REPLACE, ADD, MULTIPLY, SMALLEST, LARGEST };

#define COMBINE(type)                                                          \
  static inline void combine_##type(type *to, const type *from,                \
                                    ptrdiff_t count, int64_t reduction) {      \
    for (ptrdiff_t i = 0; i < count; ++i) {                                    \
      type a = to[i], b = from[i];                                             \
      bool isUnordered = a != a;                                               \
      switch (reduction) {                                                     \
      case ADD:                                                                \
        a = (type)(a + b);                                                     \
        break;                                                                 \
      case MULTIPLY:                                                           \
        a = (type)(a * b);                                                     \
        break;                                                                 \
      case SMALLEST:                                                           \
        a = a <= b || isUnordered ? a : b;                                     \
        break;                                                                 \
      default:                                                                 \
        a = a >= b || isUnordered ? a : b;                                     \
      }                                                                        \
      to[i] = a;                                                               \
    }                                                                          \
  }

COMBINE(float)
COMBINE(double)
COMBINE(int32_t)
COMBINE(uint32_t)
COMBINE(int64_t)
COMBINE(uint64_t)

static inline void combine(void *to, const void *from, ptrdiff_t count,
                           int64_t dtype, int64_t reduction) {
  /* Sums and products wrap, whatever the sign. */
  bool isOrdered = reduction == SMALLEST || reduction == LARGEST;
  if (reduction == REPLACE)
    copy_bytes(to, from, count * element_bytes(dtype));
  else if (dtype == SWAP_F32)
    combine_float(to, from, count, reduction);
  else if (dtype == SWAP_F64)
    combine_double(to, from, count, reduction);
  else if (dtype == SWAP_I32 && isOrdered)
    combine_int32_t(to, from, count, reduction);
  else if (dtype == SWAP_I32 || dtype == SWAP_U32)
    combine_uint32_t(to, from, count, reduction);
  else if (dtype == SWAP_I64 && isOrdered)
    combine_int64_t(to, from, count, reduction);
  else
    combine_uint64_t(to, from, count, reduction);
}

/* (data, positions of int64, updates) -> (result), or without data, which is 0:
 * slice p[i] of the result is combined with slice i of the updates, in their
 * order; a position outside is passed over. An item has its own part of all
 * operands. Constants: dtype (with a reduction: F32, F64, or integers of 32 and
 * 64 bits), reduction, has data; of one item: slices of the data, positions,
 * elements of a slice. The result may take the memory of the data. */
void swap_routine_scatter(void *const *operands, const int64_t *constants,
                          int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  const int64_t dtype = constants[0], reduction = constants[1];
  const ptrdiff_t slices = (ptrdiff_t)constants[3];
  const ptrdiff_t count = (ptrdiff_t)constants[4];
  const ptrdiff_t elements = (ptrdiff_t)constants[5];
  const ptrdiff_t bytes = elements * element_bytes(dtype);
  const char *data = constants[2] ? operands[0] : NULL;
  void *const *rest = operands + (constants[2] ? 1 : 0);
  const int64_t *positions = rest[0];
  const char *updates = rest[1];
  char *result = rest[2];
  for (ptrdiff_t item = (ptrdiff_t)begin; item < (ptrdiff_t)end; ++item) {
    char *to = result + item * slices * bytes;
    if (!data)
      clear_bytes(to, slices * bytes);
    else if (data != result)
      copy_bytes(to, data + item * slices * bytes, slices * bytes);
    for (ptrdiff_t i = item * count; i < (item + 1) * count; ++i)
      if (positions[i] >= 0 && positions[i] < slices)
        combine(to + (ptrdiff_t)positions[i] * bytes, updates + i * bytes,
                elements, dtype, reduction);
  }
}
