/*===- tensors.c - The model's inputs and outputs -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <stdlib.h>

void **tensors_memory(const swap_tensor *tensors, uint32_t count) {
  void **list = calloc(count ? count : 1, sizeof *list);
  for (uint32_t i = 0; list && i < count; ++i) {
    const uint64_t bytes = tensors[i].bytes ? tensors[i].bytes : 1;
    list[i] = aligned_alloc(SWAP_BUFFER_ALIGN, (bytes + SWAP_BUFFER_ALIGN - 1) /
                                                   SWAP_BUFFER_ALIGN *
                                                   SWAP_BUFFER_ALIGN);
    if (!list[i]) {
      tensors_release(list, i);
      return NULL;
    }
  }
  return list;
}

void tensors_release(void **list, uint32_t count) {
  for (uint32_t i = 0; list && i < count; ++i)
    free(list[i]);
  free(list);
}

int tensors_allocate(tensors *t, const swap_model *model) {
  *t =
      (tensors){.model = model,
                .inputs = tensors_memory(model->inputs, model->input_count),
                .outputs = tensors_memory(model->outputs, model->output_count)};
  return sized_allocate(t) && t->inputs && t->outputs
             ? 0
             : fail(EXIT_RUN, "out of memory for inputs and outputs");
}

void tensors_free(tensors *t) {
  if (t->model) {
    tensors_release(t->inputs, t->model->input_count);
    tensors_release(t->outputs, t->model->output_count);
    sized_free(t);
  }
  *t = (tensors){.model = NULL};
}

int tensors_load_file(tensors *t, uint32_t input, const char *path) {
  const swap_tensor *tensor = &t->model->inputs[input];
  tensor_file file;
  int status = tensor_file_open(&file, path, tensor->dtype);
  if (status)
    return status;
  status = t->given ? sized_take(t, input, &file)
                    : tensor_file_matches(&file, tensor, "input");
  if (!status)
    status = tensor_file_read(&file, t->inputs[input], file.elements);
  tensor_file_close(&file);
  return status;
}

/* Floats in [-1, 1), integers in [0, 100), truth values; the same each time. */
void tensors_make_up(tensors *t, uint32_t input) {
  const swap_tensor *tensor = &t->model->inputs[input];
  void *data = t->inputs[input];
  const uint64_t elements = tensor_elements(tensor);
  const int real = tensor->dtype >= SWAP_F32 && tensor->dtype <= SWAP_F64;
  uint64_t state = UINT64_C(0x9E3779B97F4A7C15) * (input + 1);
  for (uint64_t i = 0; i < elements; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    if (tensor->dtype > SWAP_BOOL) { /* not negative, and no NaN */
      const unsigned mask = (1u << dtype_bits(tensor->dtype)) - 1;
      ((uint8_t *)data)[i] = state >> 40 & 0x3f & mask;
      continue;
    }
    const double unit = (double)(state >> 40) / 16777216.0;
    value_set(tensor->dtype, data, i,
              real ? 2 * unit - 1
                   : (double)(state >> 33) -
                         100.0 * (double)((state >> 33) / 100));
  }
  (void)dtype_fit(tensor->dtype, data, elements);
  if (tensor->dtype == SWAP_BOOL)
    for (uint64_t i = 0; i < elements; ++i)
      ((uint8_t *)data)[i] &= 1;
}
