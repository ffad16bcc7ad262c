/*===- describe.c - What a program says about its model -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <inttypes.h>
#include <string.h>

/* Sizes that a run says: names of those that make a dimension shorter. */
static void sizes_json(const swap_model *model, uint32_t tensor,
                       uint32_t rank) {
  const swap_dynamic *dynamic = model->dynamic;
  const char *comma = "";
  for (uint32_t dim = 0; dynamic && dim < rank; ++dim)
    for (uint32_t i = 0; i < dynamic->extent_count; ++i)
      if (dynamic->extents[i].tensor == tensor &&
          dynamic->extents[i].dim == dim) {
        printf("%s{\"dim\": %u, \"size\": ", *comma ? ", " : ", \"sizes\": [",
               (unsigned)dim);
        json_string(stdout, dynamic->sizes[dynamic->extents[i].size].name);
        printf(", \"scale\": %" PRId64 "}", dynamic->extents[i].scale);
        comma = ", ";
      }
  printf("%s", *comma ? "]" : "");
}

static void tensors_json(const swap_model *model, const char *key,
                         const swap_tensor *tensors, uint32_t count,
                         uint32_t first) {
  printf("  \"%s\": [", key);
  for (uint32_t i = 0; i < count; ++i) {
    if (first + i < model->input_count && tensors_is_size(model, i))
      continue; /* the last ones */
    printf("%s\n    {\"name\": ", i ? "," : "");
    json_string(stdout, tensors[i].name);
    printf(", \"dtype\": \"%s\", \"shape\": [",
           dtype_find(tensors[i].dtype)->name);
    for (uint32_t k = 0; k < tensors[i].rank; ++k)
      printf("%s%" PRId64, k ? ", " : "", tensors[i].dims[k]);
    printf("], \"bytes\": %" PRIu64, tensors[i].bytes);
    sizes_json(model, first + i, tensors[i].rank);
    printf("}");
  }
  printf("%s],\n", count ? "\n  " : "");
}

int describe(const swap_model *model, const char *weights) {
  printf("{\n  \"name\": ");
  json_string(stdout, model->name);
  printf(",\n  \"blob\": ");
  json_string(stdout, weights);
  printf(",\n  \"blob_bytes\": %" PRIu64 ",\n  \"hash\": \"",
         model->blob_bytes);
  for (uint32_t i = 0; i < SWAP_HASH_BYTES; ++i)
    printf("%02x", model->blob_hash[i]);
  printf("\",\n");
  tensors_json(model, "inputs", model->inputs, model->input_count, 0);
  tensors_json(model, "outputs", model->outputs, model->output_count,
               model->input_count);
  if (model->dynamic) {
    printf("  \"sizes\": [");
    for (uint32_t i = 0; i < model->dynamic->size_count; ++i) {
      printf("%s\n    {\"name\": ", i ? "," : "");
      json_string(stdout, model->dynamic->sizes[i].name);
      printf(", \"least\": %" PRId64 ", \"most\": %" PRId64 "}",
             model->dynamic->sizes[i].least, model->dynamic->sizes[i].most);
    }
    printf("\n  ],\n");
  }
  printf("  \"budgets\": [");
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    const swap_plan *plan = &model->plans[i];
    printf("%s\n    {\"budget_bytes\": %" PRIu64 ", \"arena_bytes\": %" PRIu64
           ", \"peak_bytes\": %" PRIu64 ", \"resident_bytes\": %" PRIu64
           ", \"streamed_bytes\": %" PRIu64 ", \"threads\": %u}",
           i ? "," : "", plan->budget_bytes, plan->arena_bytes,
           with_overhead(plan->peak_bytes), plan->resident_bytes,
           plan->streamed_bytes, (unsigned)plan->threads);
  }
  printf("%s],\n", model->plan_count ? "\n  " : "");
  printf("  \"bounds\": {\"min_bytes\": %" PRIu64 ", \"max_bytes\": %" PRIu64
         "},\n",
         model->min_bytes, model->model_bytes);
  target_describe(stdout);
  printf("  \"weight_bytes\": %" PRIu64 ",\n  \"model_bytes\": %" PRIu64
         ",\n  \"min_bytes\": %" PRIu64 "\n}\n",
         model->weight_bytes, model->model_bytes, model->min_bytes);
  return 0;
}
