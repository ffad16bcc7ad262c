/*===- summary.c - Outputs at a glance ----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <math.h>

#define FIRST 6u

/* One dimension larger than one: class scores and the like. */
static int is_vector(const swap_tensor *tensor) {
  uint32_t wide = 0;
  for (uint32_t i = 0; i < tensor->rank; ++i)
    wide += tensor->dims[i] > 1;
  return wide == 1;
}

static void summary_output(const swap_tensor *tensor, const void *data) {
  const uint64_t elements = tensor_elements(tensor);
  double least = INFINITY, most = -INFINITY, sum = 0;
  uint64_t best = 0;
  for (uint64_t i = 0; i < elements; ++i) {
    const double value = value_get(tensor->dtype, data, i);
    sum += value;
    least = value < least ? value : least;
    if (value > most) {
      most = value;
      best = i;
    }
  }
  printf(
      "%s: %s", tensor->name,
      shape_text(dtype_find(tensor->dtype)->name, tensor->rank, tensor->dims));
  if (elements)
    printf(" min %.6g max %.6g mean %.6g", least, most, sum / (double)elements);
  if (elements && elements <= 1024 && is_vector(tensor))
    printf(" argmax %llu", (unsigned long long)best);
  printf("\n ");
  for (uint64_t i = 0; i < elements && i < FIRST; ++i)
    printf(" %.6g", value_get(tensor->dtype, data, i));
  printf("%s\n", elements > FIRST ? " ..." : "");
}

void summary_outputs(const tensors *t) {
  for (uint32_t i = 0; i < t->model->output_count; ++i)
    summary_output(tensors_output(t, i), t->outputs[i]);
}
