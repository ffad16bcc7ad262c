/*===- tensors.c - Tensors of the sizes of a run ------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Tensors lie in memory as if all sizes were the most that they may be.
\*===----------------------------------------------------------------------===*/
#include "core.h"

static const swap_tensor *find(const swap_model *model, uint32_t tensor) {
  return tensor < model->input_count
             ? &model->inputs[tensor]
             : &model->outputs[tensor - model->input_count];
}

static int64_t sized_dim(const swap_model *model, uint32_t tensor, uint32_t dim,
                         const int64_t *sizes) {
  const swap_dynamic *dynamic = model->dynamic;
  int64_t length = find(model, tensor)->dims[dim];
  for (uint32_t i = 0; dynamic && i < dynamic->extent_count; ++i) {
    const swap_extent *extent = &dynamic->extents[i];
    if (extent->tensor == tensor && extent->dim == dim)
      length -= extent->scale *
                (dynamic->sizes[extent->size].most - sizes[extent->size]);
  }
  return length;
}

/* Pieces of a tensor that lie together both with and without what is outside. */
typedef struct pieces {
  const swap_model *model;
  const int64_t *sizes;
  uint32_t tensor;
  uint32_t outer; /* dimensions before the last that is shorter */
  size_t count;
  size_t bytes; /* of one */
  size_t whole; /* of the place of one */
} pieces;

static pieces cut_up(const swap_model *model, uint32_t tensor,
                     const int64_t *sizes) {
  const swap_tensor *t = find(model, tensor);
  pieces p = {model, sizes, tensor, 0, 1, (size_t)t->bytes, (size_t)t->bytes};
  uint32_t last = 0;
  size_t elements = 1;
  for (uint32_t i = 0; i < t->rank; ++i) {
    elements *= (size_t)t->dims[i];
    if (sized_dim(model, tensor, i, sizes) != t->dims[i])
      last = i;
  }
  if (!t->rank || !elements)
    return p;
  p.outer = last;
  p.whole = (size_t)t->bytes / elements;
  for (uint32_t i = last + 1; i < t->rank; ++i)
    p.whole *= (size_t)t->dims[i];
  p.bytes = p.whole * (size_t)sized_dim(model, tensor, last, sizes);
  p.whole *= (size_t)t->dims[last];
  for (uint32_t i = 0; i < last; ++i)
    p.count *= (size_t)sized_dim(model, tensor, i, sizes);
  return p;
}

/* Where a piece lies in the tensor. */
static size_t place(const pieces *p, size_t piece) {
  const swap_tensor *t = find(p->model, p->tensor);
  size_t offset = 0, stride = p->whole;
  for (uint32_t i = p->outer; i-- > 0;) {
    const size_t length = (size_t)sized_dim(p->model, p->tensor, i, p->sizes);
    offset += piece % length * stride;
    piece /= length;
    stride *= (size_t)t->dims[i];
  }
  return offset;
}

/* Bytes of one buffer, perhaps to a place that they overlap. */
static void move(uint8_t *to, const uint8_t *from, size_t bytes) {
  const uintptr_t a = (uintptr_t)to, b = (uintptr_t)from;
  if (a == b)
    return;
  if (a + bytes <= b || b + bytes <= a)
    memcpy(to, from, bytes);
  else if (a < b)
    for (size_t i = 0; i < bytes; ++i)
      to[i] = from[i];
  else
    for (size_t i = bytes; i-- > 0;)
      to[i] = from[i];
}

uint64_t swap_sized(const swap_model *model, uint32_t tensor,
                    const int64_t *sizes, int64_t *dims) {
  const swap_tensor *t = find(model, tensor);
  const pieces p = cut_up(model, tensor, sizes);
  for (uint32_t i = 0; i < t->rank; ++i)
    dims[i] = sized_dim(model, tensor, i, sizes);
  return (uint64_t)p.count * p.bytes;
}

void swap_spread(const swap_model *model, uint32_t tensor, const int64_t *sizes,
                 const void *dense, void *data) {
  const pieces p = cut_up(model, tensor, sizes);
  uint8_t *to = data;
  size_t end = (size_t)find(model, tensor)->bytes;
  /* From the end, so that nothing is overwritten before it has moved. */
  for (size_t i = p.count; i-- > 0;) {
    const size_t at = place(&p, i);
    move(to + at, (const uint8_t *)dense + i * p.bytes, p.bytes);
    memset(to + at + p.bytes, 0, end - at - p.bytes);
    end = at;
  }
}

void swap_crop(const swap_model *model, uint32_t tensor, const int64_t *sizes,
               const void *data, void *dense) {
  const pieces p = cut_up(model, tensor, sizes);
  for (size_t i = 0; i < p.count; ++i)
    move((uint8_t *)dense + i * p.bytes, (const uint8_t *)data + place(&p, i),
         p.bytes);
}
