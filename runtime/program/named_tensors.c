/*===- named_tensors.c - Inputs and outputs of the options --------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <stdlib.h>
#include <string.h>

static void move(void **data, void *to, uint64_t bytes) {
  if (!to)
    return;
  memcpy(to, *data, bytes);
  free(*data);
  *data = to;
}

void tensors_move(tensors *t, const target *handle) {
  for (uint32_t i = 0; i < t->model->input_count; ++i)
    move(&t->inputs[i], target_input(handle, i), t->model->inputs[i].bytes);
  for (uint32_t i = 0; i < t->model->output_count; ++i)
    move(&t->outputs[i], target_output(handle, i), t->model->outputs[i].bytes);
  t->owner = handle;
}

void tensors_return(tensors *t) {
  for (uint32_t i = 0; t->owner && i < t->model->input_count; ++i)
    if (t->inputs[i] == target_input(t->owner, i))
      t->inputs[i] = NULL;
  for (uint32_t i = 0; t->owner && i < t->model->output_count; ++i)
    if (t->outputs[i] == target_output(t->owner, i))
      t->outputs[i] = NULL;
  t->owner = NULL;
}

static int name_missing(const tensors *t, const uint8_t *have) {
  fail(EXIT_USAGE, "inputs are missing (or --random):");
  for (uint32_t i = 0; i < t->model->input_count; ++i) {
    const swap_tensor *tensor = &t->model->inputs[i];
    if (!have[i] && !tensors_is_size(t->model, i))
      fprintf(stderr, "  --input %s=FILE.npy  %s\n", tensor->name,
              shape_text(dtype_find(tensor->dtype)->name, tensor->rank,
                         tensor->dims));
  }
  return EXIT_USAGE;
}

static int unknown_input(const tensors *t, const char *text) {
  fail(EXIT_USAGE,
       "the model has no input '%.*s'; it has:", (int)strcspn(text, "="), text);
  for (uint32_t i = 0; i < t->model->input_count; ++i)
    if (!tensors_is_size(t->model, i))
      fprintf(stderr, "  %s\n", t->model->inputs[i].name);
  return EXIT_USAGE;
}

/* The input that NAME=FILE means; the longest name, as names may hold '='. */
static uint32_t find_input(const tensors *t, const char *text) {
  uint32_t found = t->model->input_count;
  size_t longest = 0;
  for (uint32_t i = 0; i < t->model->input_count; ++i) {
    const char *name = t->model->inputs[i].name;
    const size_t length = strlen(name);
    if (tensors_is_size(t->model, i))
      continue;
    if (strncmp(name, text, length) == 0 && text[length] == '=' &&
        length >= longest) {
      found = i;
      longest = length;
    }
  }
  return found;
}

static int load_named(tensors *t, const char *text, uint8_t *have) {
  const uint32_t input = find_input(t, text);
  if (input == t->model->input_count)
    return unknown_input(t, text);
  const char *name = t->model->inputs[input].name;
  const char *path = text + strlen(name) + 1;
  if (!*path)
    return fail(EXIT_USAGE, "--input: '%s' is not of the form NAME=FILE", text);
  if (have[input])
    return fail(EXIT_USAGE, "--input: '%s' is given twice", name);
  have[input] = 1;
  return tensors_load_file(t, input, path);
}

int tensors_load(tensors *t, const options *o) {
  uint8_t *have = calloc(t->model->input_count + 1u, 1);
  int status = have ? 0 : fail(EXIT_RUN, "out of memory");
  for (uint32_t k = 0; !status && k < o->input_count; ++k)
    status = load_named(t, o->inputs[k], have);
  for (uint32_t i = 0; !status && i < t->model->input_count; ++i) {
    if (tensors_is_size(t->model, i))
      continue;
    if (!have[i] && !o->random && !o->profile)
      status = name_missing(t, have);
    else if (!have[i])
      tensors_make_up(t, i);
  }
  free(have);
  for (uint32_t k = 0; !status && k < o->dim_count; ++k)
    status = tensors_want_size(t, o->dims[k]);
  return status ? status : tensors_settle(t);
}

int tensors_place(const tensors *t, const char *directory) {
  char path[4096], other[4096];
  const swap_tensor *outputs = t->model->outputs;
  for (uint32_t i = 0; i < t->model->output_count; ++i) {
    if (!npy_path(path, directory, &outputs[i]))
      return fail(EXIT_RUN, "%s: the path is too long", directory);
    for (uint32_t k = 0; k < i; ++k)
      if (npy_path(other, directory, &outputs[k]) && strcmp(path, other) == 0)
        return fail(EXIT_RUN,
                    "outputs '%s' and '%s' would both be %s; rename one in the "
                    "model",
                    outputs[k].name, outputs[i].name, path);
  }
  return output_directory(directory);
}

int tensors_save(const tensors *t, const char *directory) {
  int status = 0;
  for (uint32_t i = 0; !status && i < t->model->output_count; ++i)
    status = npy_write(directory, tensors_output(t, i), t->outputs[i]);
  return status;
}
