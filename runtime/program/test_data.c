/*===- test_data.c - Comparison with ONNX test data ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* DIR holds input_N.pb and output_N.pb, or folders test_data_set_N that do.
|* Expected outputs are read and compared a piece at a time.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE 2048u

/* A file's tensor is meant by name where that names one, else by its number. */
static uint32_t find(const swap_tensor *list, uint32_t count, const char *name,
                     uint32_t number) {
  for (uint32_t i = 0; name[0] && i < count; ++i)
    if (strcmp(list[i].name, name) == 0)
      return i;
  return number;
}

static int load_input(tensors *t, const char *path, uint32_t number,
                      uint8_t *have) {
  tensor_file file;
  if (number >= t->model->input_count)
    return fail(EXIT_RUN, "%s: the model has only %u inputs", path,
                t->model->input_count);
  int status = tensor_file_open(&file, path, 0);
  if (status)
    return status;
  const uint32_t input =
      find(t->model->inputs, t->model->input_count, file.name, number);
  tensor_file_close(&file);
  if (have[input]++)
    return fail(EXIT_RUN, "%s: another file holds input '%s' already", path,
                t->model->inputs[input].name);
  return tensors_load_file(t, input, path);
}

static int close_enough(double got, double expected, const options *o) {
  if (got == expected || (isnan(got) && isnan(expected)))
    return 1;
  if (isinf(got) || isinf(expected))
    return 0;
  return fabs(got - expected) <= o->atol + o->rtol * fabs(expected);
}

/* An element for a message; whole where a double would round it. */
static void value_text(char text[32], const swap_tensor *tensor,
                       const void *data, uint64_t index) {
  const uint64_t *wide = data;
  if (tensor->dtype == SWAP_I64)
    snprintf(text, 32, "%lld", (long long)wide[index]);
  else if (tensor->dtype == SWAP_U64)
    snprintf(text, 32, "%llu", (unsigned long long)wide[index]);
  else
    snprintf(text, 32, "%.9g", value_get(tensor->dtype, data, index));
}

static int compare(tensor_file *file, const swap_tensor *tensor,
                   const void *data, const options *o) {
  const int real = dtype_is_real(tensor->dtype);
  uint64_t piece[PIECE], wrong = 0, first = 0;
  double worst = 0;
  char got[32], expected[32];
  for (uint64_t done = 0; done < file->elements; done += PIECE) {
    const uint64_t left = file->elements - done,
                   count = left < PIECE ? left : PIECE;
    const int status = tensor_file_read(file, piece, count);
    if (status)
      return status;
    for (uint64_t i = 0; i < count; ++i) {
      const double g = value_get(tensor->dtype, data, done + i);
      const double e = value_get(tensor->dtype, piece, i);
      /* A double does not hold every 64-bit integer. */
      const int same =
          real ? close_enough(g, e, o)
               : memcmp((const char *)data + (done + i) * file->type->bytes,
                        (const char *)piece + i * file->type->bytes,
                        file->type->bytes) == 0;
      if (!same && !wrong++) {
        first = done + i;
        value_text(got, tensor, data, first);
        value_text(expected, tensor, piece, i);
      }
      const double error = fabs(g - e);
      worst = error > worst ? error : worst;
    }
  }
  if (!wrong) {
    printf("%s: output '%s' matches, largest difference %.3g\n", file->in.path,
           tensor->name, worst);
    return 0;
  }
  return fail(EXIT_RUN,
              "%s: output '%s': %llu of %llu elements differ, the first at "
              "%llu: %s, expected %s; largest difference %.3g",
              file->in.path, tensor->name, (unsigned long long)wrong,
              (unsigned long long)file->elements, (unsigned long long)first,
              got, expected, worst);
}

static int check_output(const tensors *t, const char *path, uint32_t number,
                        const options *o) {
  tensor_file file;
  if (number >= t->model->output_count)
    return fail(EXIT_RUN, "%s: the model has only %u outputs", path,
                t->model->output_count);
  int status = tensor_file_open(&file, path, 0);
  if (status)
    return status;
  const uint32_t output =
      find(t->model->outputs, t->model->output_count, file.name, number);
  const swap_tensor *tensor = tensors_output(t, output);
  status = tensor_file_matches(&file, tensor, "output");
  if (!status)
    status = compare(&file, tensor, t->outputs[output], o);
  tensor_file_close(&file);
  return status;
}

static int exists(char *path, size_t size, const char *directory,
                  const char *format, uint32_t n) {
  const int prefix = snprintf(path, size, "%s/", directory);
  if (prefix < 0 || (size_t)prefix >= size)
    return 0;
  snprintf(path + prefix, size - (size_t)prefix, format, n);
  return access(path, F_OK) == 0;
}

static int load_inputs(tensors *t, const char *directory) {
  char path[4096];
  uint8_t *have = calloc(t->model->input_count + 1u, 1);
  int status = have ? 0 : fail(EXIT_RUN, "out of memory");
  uint32_t count = 0;
  for (; !status && exists(path, sizeof path, directory, "input_%u.pb", count);
       ++count)
    status = load_input(t, path, count, have);
  const uint32_t wanted = t->model->input_count -
                          (t->model->dynamic ? t->model->dynamic->size_count : 0);
  if (!status && count != wanted)
    status = fail(EXIT_RUN, "%s: it has %u inputs, the model %u", directory,
                  count, wanted);
  if (!status)
    status = tensors_settle(t);
  free(have);
  return status;
}

static int run_set(target *handle, tensors *t, const options *o,
                   const char *directory) {
  char path[4096];
  uint32_t count;
  int status = load_inputs(t, directory);
  target_ahead(handle, 0); /* files are compared before the next run */
  if (!status)
    status = run_once(handle, t);
  if (!status)
    tensors_crop(t);
  progress_end();
  if (status)
    return status;
  for (count = 0; exists(path, sizeof path, directory, "output_%u.pb", count);
       ++count) {
    const int one = check_output(t, path, count, o); /* all are reported */
    status = status ? status : one;
  }
  if (!status && count != t->model->output_count)
    return fail(EXIT_RUN, "%s: it has %u outputs to compare with, the model %u",
                directory, count, t->model->output_count);
  return status;
}

int run_test_data(target *handle, tensors *t, const options *o) {
  char path[4096];
  if (exists(path, sizeof path, o->test_data, "output_%u.pb", 0))
    return run_set(handle, t, o, o->test_data);
  int status = 0;
  uint32_t count = 0;
  for (; exists(path, sizeof path, o->test_data, "test_data_set_%u", count);
       ++count) {
    const int one = run_set(handle, t, o, path);
    status = status ? status : one;
  }
  return count ? status
               : fail(EXIT_RUN,
                      "%s: neither output_0.pb nor test_data_set_0 is there",
                      o->test_data);
}
