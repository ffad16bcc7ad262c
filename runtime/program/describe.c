/*===- describe.c - What a program says about its model -----------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <inttypes.h>
#include <string.h>

static void tensors_json(const char *key, const swap_tensor *tensors,
                         uint32_t count) {
  printf("  \"%s\": [", key);
  for (uint32_t i = 0; i < count; ++i) {
    printf("%s\n    {\"name\": ", i ? "," : "");
    json_string(stdout, tensors[i].name);
    printf(", \"dtype\": \"%s\", \"shape\": [",
           dtype_find(tensors[i].dtype)->name);
    for (uint32_t k = 0; k < tensors[i].rank; ++k)
      printf("%s%" PRId64, k ? ", " : "", tensors[i].dims[k]);
    printf("], \"bytes\": %" PRIu64 "}", tensors[i].bytes);
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
  tensors_json("inputs", model->inputs, model->input_count);
  tensors_json("outputs", model->outputs, model->output_count);
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
