/*===- sized.c - Dimensions whose size a run says -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Sizes follow from the shapes of the input files; what no file says is what
|* --dim says, or else the most that the program was compiled for.
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <stdlib.h>
#include <string.h>

#define UNKNOWN 0 /* a size is at least 1 */

int tensors_is_size(const swap_model *model, uint32_t input) {
  for (uint32_t i = 0; model->dynamic && i < model->dynamic->size_count; ++i)
    if (model->dynamic->sizes[i].input == input)
      return 1;
  return 0;
}

/* Copies of the model's tensors, with dimensions of their own. */
static swap_tensor *copy(const swap_tensor *tensors, uint32_t count) {
  swap_tensor *copies = calloc(count + 1u, sizeof *copies);
  for (uint32_t i = 0; copies && i < count; ++i) {
    int64_t *dims = calloc(tensors[i].rank + 1u, sizeof *dims);
    copies[i] = tensors[i];
    copies[i].dims = dims;
    if (!dims) {
      while (i-- > 0)
        free((void *)(uintptr_t)copies[i].dims);
      free(copies);
      return NULL;
    }
    if (tensors[i].rank)
      memcpy(dims, tensors[i].dims, tensors[i].rank * sizeof *dims);
  }
  return copies;
}

static void release(swap_tensor *copies, uint32_t count) {
  for (uint32_t i = 0; copies && i < count; ++i)
    free((void *)(uintptr_t)copies[i].dims);
  free(copies);
}

int sized_allocate(tensors *t) {
  const swap_model *model = t->model;
  if (!model->dynamic)
    return 1;
  t->sizes = calloc(model->dynamic->size_count + 1u, sizeof *t->sizes);
  t->wanted = calloc(model->dynamic->size_count + 1u, sizeof *t->wanted);
  t->is_given = calloc(model->input_count + 1u, 1);
  t->given = copy(model->inputs, model->input_count);
  t->made = copy(model->outputs, model->output_count);
  return t->sizes && t->wanted && t->is_given && t->given && t->made;
}

void sized_free(tensors *t) {
  free(t->sizes);
  free(t->wanted);
  free(t->is_given);
  release(t->given, t->model->input_count);
  release(t->made, t->model->output_count);
}

const swap_tensor *tensors_output(const tensors *t, uint32_t output) {
  return t->made ? &t->made[output] : &t->model->outputs[output];
}

int tensors_want_size(tensors *t, const char *text) {
  const swap_dynamic *dynamic = t->model->dynamic;
  for (uint32_t i = 0; dynamic && i < dynamic->size_count; ++i) {
    const swap_size *size = &dynamic->sizes[i];
    const size_t length = strlen(size->name);
    char *end;
    if (strncmp(text, size->name, length) != 0 || text[length] != '=')
      continue;
    const long long value = strtoll(text + length + 1, &end, 10);
    if (!text[length + 1] || *end || value < size->least || value > size->most)
      return fail(EXIT_USAGE, "--dim: '%s': %s is %lld to %lld in this program",
                  text, size->name, (long long)size->least,
                  (long long)size->most);
    if (t->wanted[i])
      return fail(EXIT_USAGE, "--dim: '%s' is given twice", size->name);
    t->wanted[i] = value;
    return 0;
  }
  fail(EXIT_USAGE, "--dim: '%s' does not name a dimension whose size a run "
                   "says; there are:",
       text);
  for (uint32_t i = 0; dynamic && i < dynamic->size_count; ++i)
    fprintf(stderr, "  %s, %lld to %lld\n", dynamic->sizes[i].name,
            (long long)dynamic->sizes[i].least,
            (long long)dynamic->sizes[i].most);
  if (!dynamic)
    fprintf(stderr, "  none: compile with --dim 'NAME<=N'\n");
  return EXIT_USAGE;
}

/* Whether a dimension of an input depends on sizes. */
static int is_sized(const swap_model *model, uint32_t input, uint32_t dim) {
  for (uint32_t i = 0; i < model->dynamic->extent_count; ++i)
    if (model->dynamic->extents[i].tensor == input &&
        model->dynamic->extents[i].dim == dim)
      return 1;
  return 0;
}

int sized_take(tensors *t, uint32_t input, const tensor_file *file) {
  const swap_tensor *bound = &t->model->inputs[input];
  int64_t *dims = (int64_t *)(uintptr_t)t->given[input].dims;
  if (file->rank != bound->rank)
    return tensor_file_matches(file, bound, "input");
  for (uint32_t i = 0; i < bound->rank; ++i)
    dims[i] = is_sized(t->model, input, i) ? file->dims[i] : bound->dims[i];
  const int status = tensor_file_matches(file, &t->given[input], "input");
  if (status)
    return status;
  for (uint32_t i = 0; i < bound->rank; ++i)
    if (dims[i] < 1 || dims[i] > bound->dims[i])
      return fail(EXIT_RUN, "%s: dimension %u is %lld, and 1 to %lld in this program",
                  file->in.path, i, (long long)dims[i],
                  (long long)bound->dims[i]);
  t->is_given[input] = 1;
  return 0;
}

/* The size that dimension `extent` of an input leads to where it is the only
 * one of it that is not known; a negative number is an exit status. */
static int64_t solve(const tensors *t, const swap_extent *extent) {
  const swap_dynamic *dynamic = t->model->dynamic;
  const swap_tensor *bound = &t->model->inputs[extent->tensor];
  int64_t less = bound->dims[extent->dim] - t->given[extent->tensor].dims[extent->dim];
  for (uint32_t i = 0; i < dynamic->extent_count; ++i) {
    const swap_extent *other = &dynamic->extents[i];
    if (other == extent || other->tensor != extent->tensor ||
        other->dim != extent->dim)
      continue;
    if (t->sizes[other->size] == UNKNOWN)
      return UNKNOWN;
    less -= other->scale *
            (dynamic->sizes[other->size].most - t->sizes[other->size]);
  }
  const swap_size *size = &dynamic->sizes[extent->size];
  const int64_t value = size->most - less / extent->scale;
  const int64_t known = t->sizes[extent->size];
  if (less % extent->scale != 0 || value < size->least || value > size->most)
    return -fail(EXIT_RUN,
                 "input '%s': dimension %u is %lld, which makes no size '%s' "
                 "of %lld to %lld",
                 bound->name, extent->dim,
                 (long long)t->given[extent->tensor].dims[extent->dim],
                 size->name, (long long)size->least, (long long)size->most);
  if (known != UNKNOWN && known != value)
    return -fail(EXIT_RUN,
                 "input '%s': dimension %u is %lld, so '%s' would be %lld, but "
                 "it is %lld for another input or --dim",
                 bound->name, extent->dim,
                 (long long)t->given[extent->tensor].dims[extent->dim],
                 size->name, (long long)value, (long long)known);
  return value;
}

/* Sizes from the files, as long as one leads to another. */
static int solve_all(tensors *t) {
  const swap_dynamic *dynamic = t->model->dynamic;
  for (int grown = 1; grown;) {
    grown = 0;
    for (uint32_t i = 0; i < dynamic->extent_count; ++i) {
      const swap_extent *extent = &dynamic->extents[i];
      if (extent->tensor >= t->model->input_count ||
          !t->is_given[extent->tensor])
        continue;
      const int64_t value = solve(t, extent);
      if (value < 0)
        return (int)-value;
      grown |= value != t->sizes[extent->size];
      t->sizes[extent->size] = value;
    }
  }
  return 0;
}

int tensors_settle(tensors *t) {
  const swap_model *model = t->model;
  const swap_dynamic *dynamic = model->dynamic;
  if (!dynamic)
    return 0;
  memcpy(t->sizes, t->wanted, dynamic->size_count * sizeof *t->sizes);
  int status = solve_all(t);
  for (uint32_t i = 0; !status && i < dynamic->size_count; ++i)
    if (t->sizes[i] == UNKNOWN) {
      t->sizes[i] = dynamic->sizes[i].most;
      status = solve_all(t); /* what it leaves for others */
    }
  if (status)
    return status;
  for (uint32_t i = 0; i < model->input_count; ++i)
    swap_spread(model, i, t->sizes, t->inputs[i], t->inputs[i]);
  for (uint32_t i = 0; i < dynamic->size_count; ++i)
    memcpy(t->inputs[dynamic->sizes[i].input], &t->sizes[i],
           sizeof t->sizes[i]);
  for (uint32_t i = 0; i < model->output_count; ++i)
    t->made[i].bytes =
        swap_sized(model, model->input_count + i, t->sizes,
                   (int64_t *)(uintptr_t)t->made[i].dims);
  memset(t->is_given, 0, model->input_count);
  return 0;
}

void tensors_crop(const tensors *t) {
  for (uint32_t i = 0; t->sizes && i < t->model->output_count; ++i)
    swap_crop(t->model, t->model->input_count + i, t->sizes, t->outputs[i],
              t->outputs[i]);
}
