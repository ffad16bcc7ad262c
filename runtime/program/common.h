/*===- common.h - What the files of any program share -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Every function that can fail prints one message, prefixed with the program's
|* name, and returns 0 for success or an exit status.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PROGRAM_COMMON_H
#define SWAP_PROGRAM_COMMON_H

#include <stdint.h>
#include <stdio.h>

#include "swap/runtime.h"

struct target;

#define EXIT_RUN 1   /* a failed run */
#define EXIT_USAGE 2 /* wrong usage */

/* message.c */
void program_name(const char *argv0);
int fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What a program shows of its progress leaves the terminal; each has its own. */
void progress_end(void);

/* sizes.c: text into bytes. Percentages are of `whole` without its part `fixed`,
 * which comes on top; "min" and "max" are answered with those. Returns 0 for
 * what is not a size. */
int size_parse(const char *text, uint64_t whole, uint64_t fixed, uint64_t min,
               uint64_t max, uint64_t *bytes);
/* "93.4 MiB" into one of four static buffers. */
const char *size_text(uint64_t bytes);

/* Of the model's plans. */
uint64_t smallest_arena(const swap_model *model);

/* dtype.c */
typedef struct dtype_info {
  uint32_t dtype; /* swap_dtype */
  uint32_t bytes;
  const char *name;
  const char *npy; /* numpy's descr */
  uint32_t onnx;   /* TensorProto.DataType */
  uint32_t field;  /* TensorProto's field of typed values */
} dtype_info;
const dtype_info *dtype_find(uint32_t dtype);
const dtype_info *dtype_from_npy(const char *descr, uint32_t wanted);
const dtype_info *dtype_from_onnx(uint32_t onnx);
unsigned dtype_bits(uint32_t dtype);  /* of an element in a .pb file */
int dtype_is_real(uint32_t dtype);
/* Bytes of a file as kernels count on them: integers of fewer than 8 bits by
 * their value, as or without their sign. Returns 0 for one that does not fit. */
int dtype_fit(uint32_t dtype, uint8_t *bytes, uint64_t elements);
double value_get(uint32_t dtype, const void *data, uint64_t index);
void value_set(uint32_t dtype, void *data, uint64_t index, double value);
/* "float32[1, 3, 224]" into one of four static buffers. */
const char *shape_text(const char *dtype, uint32_t rank, const int64_t *dims);
uint64_t tensor_elements(const swap_tensor *tensor);

/* reader.c: a file read front to back with little memory. */
typedef struct reader {
  int fd;
  const char *path;
  uint64_t size;
  uint64_t position; /* of the next byte handed out */
  uint32_t have;
  uint32_t at;
  uint8_t buffer[8192];
} reader;
int reader_open(reader *r, const char *path);
void reader_close(reader *r);
int reader_seek(reader *r, uint64_t position);
/* 0 if all `length` bytes came; they are checked against the file's size. */
int reader_take(reader *r, void *data, uint64_t length);

/* tensor_file.c: a tensor in an .npy or .pb file, without its elements. */
#define FILE_MAX_RANK 32u
typedef struct tensor_file {
  reader in;
  const dtype_info *type;
  uint32_t rank;
  int64_t dims[FILE_MAX_RANK];
  uint64_t elements;
  char name[256];
  uint64_t data;        /* npy, raw pb: where the elements start */
  uint32_t typed_field; /* pb without raw_data */
  int is_packed;        /* pb: several elements a byte */
  uint64_t typed_left;  /* bytes left of the packed field being read */
} tensor_file;
int tensor_file_open(tensor_file *t, const char *path, uint32_t wanted_dtype);
int tensor_file_matches(const tensor_file *t, const swap_tensor *tensor,
                        const char *what);
/* The next elements; all but the last piece have a multiple of 4. */
int tensor_file_read(tensor_file *t, void *data, uint64_t elements);
void tensor_file_close(tensor_file *t);
int npy_parse(tensor_file *t, uint32_t wanted_dtype); /* npy.c */
int pb_parse(tensor_file *t);                         /* pb.c */
int pb_read_typed(tensor_file *t, void *data, uint64_t elements);

/* output_file.c: written beside its place, then renamed into it. */
typedef struct output_file {
  FILE *file;
  char path[4096];
  char temporary[4200];
} output_file;
int output_open(output_file *out, const char *path);
int output_commit(output_file *out);
/* From here on no output replaces this file, which is `what`. OUTPUT_KEPT at
 * most. */
#define OUTPUT_KEPT 66u
void output_keep(const char *path, const char *what);
void output_discard(output_file *out);
void output_remove_pending(void); /* for signal handlers */
int output_directory(const char *path);
/* DIRECTORY/<name>.npy into `path` of 4096 bytes; false where it is longer. */
int npy_path(char *path, const char *directory, const swap_tensor *tensor);
int npy_write(const char *directory, const swap_tensor *tensor,
              const void *data);

/* json.c: what is not UTF-8 is replaced */
void json_string(FILE *out, const char *text);

/* startup.c: what any main() begins with, and ends with: `status`, or that of a
 * standard output which could not be written. */
#define VERSION "0.1.0"
void program_start(int argc, char **argv);
int program_end(int status);

/* tensors.c: the model's inputs and outputs. */
typedef struct tensors {
  const swap_model *model;
  void **inputs;
  void **outputs;
  const struct target *owner; /* of some of them, or null */
  /* Null where the model's sizes are fixed. */
  int64_t *sizes;     /* of the run */
  int64_t *wanted;    /* by --dim; 0: not */
  uint8_t *is_given;  /* inputs that came from a file */
  swap_tensor *given; /* the inputs as they came */
  swap_tensor *made;  /* the outputs of the run */
} tensors;
int tensors_allocate(tensors *t, const swap_model *model);
void tensors_free(tensors *t);
int tensors_load_file(tensors *t, uint32_t input, const char *path);
/* The same each time. */
void tensors_make_up(tensors *t, uint32_t input);
/* Memory of one such list, or null. */
void **tensors_memory(const swap_tensor *tensors, uint32_t count);
void tensors_release(void **list, uint32_t count);


/* sized.c: sizes that a run says. */
int sized_allocate(tensors *t); /* 0: no memory */
void sized_free(tensors *t);
/* Notes the shape of an input's file, where it fits. */
int sized_take(tensors *t, uint32_t input, const tensor_file *file);
/* Whether an input is a size: it comes from no file. */
int tensors_is_size(const swap_model *model, uint32_t input);
/* NAME=N of --dim. */
int tensors_want_size(tensors *t, const char *text);
/* All inputs are there, dense: finds the sizes and puts each where kernels
 * expect it. */
int tensors_settle(tensors *t);
/* Makes the outputs of a run dense, once. */
void tensors_crop(const tensors *t);
/* An output as the run makes it. */
const swap_tensor *tensors_output(const tensors *t, uint32_t output);

#endif /* SWAP_PROGRAM_COMMON_H */
