/*===- args.c - The command line ----------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "swap/posix.h"

typedef enum option_kind {
  FLAG,
  TEXT,
  COUNT,
  NUMBER,
  INPUT,
  IO,
  SOURCE
} option_kind;

/* What a program must run on to have an option. */
typedef enum option_target { ANY, CPU, GPU } option_target;

typedef struct option {
  const char *name;
  option_kind kind;
  size_t field;
  const char *value;
  const char *help;
  option_target target;
} option;

#define FIELD(name) offsetof(options, name)

static const option table[] = {
    {"input", INPUT, 0, "NAME=FILE",
     "an input, from an .npy or ONNX .pb file (repeatable)", ANY},
    {"random", FLAG, FIELD(random), NULL,
     "make up the inputs that are not given, always the same", ANY},
    {"output-dir", TEXT, FIELD(output_dir), "DIR",
     "write each output to DIR/<name>.npy", ANY},
    {"budget", TEXT, FIELD(budget), "SIZE",
     "memory to use: 96MiB, 1.5GiB, 4096, 40%, min, max", ANY},
    {"weights", TEXT, FIELD(weights), "FILE",
     "the weights (default: this program's path + .swap)", ANY},
    {"threads", COUNT, FIELD(threads), "N",
     "threads (default: as many as compiled for and online)", CPU},
    {"threads", COUNT, FIELD(threads), "1",
     "accepted for scripts: one thread serves the GPU", GPU},
    {"device", COUNT, FIELD(device), "N", "number of the GPU (default 0)", GPU},
    {"source", SOURCE, FIELD(source), "FROM",
     "where weights wait: auto, host or storage", GPU},
    {"host-budget", TEXT, FIELD(host_budget), "SIZE",
     "pinned host memory for weights; less than their file: from storage", GPU},
    {"iterations", COUNT, FIELD(iterations), "N", "timed runs (default 1)",
     ANY},
    {"warmup", COUNT, FIELD(warmup), "N",
     "runs before the timed ones (default 0)", ANY},
    {"stats", TEXT, FIELD(stats), "FILE",
     "write measurements as JSON; runs the model five times more", ANY},
    {"trace", TEXT, FIELD(trace), "FILE",
     "write a Chrome/Perfetto trace of the runs", ANY},
    {"profile", TEXT, FIELD(profile), "FILE",
     "measure kernels and storage for swapc --profile; makes up inputs", ANY},
    {"test-data", TEXT, FIELD(test_data), "DIR",
     "run input_N.pb of DIR, or of each DIR/test_data_set_N, and compare with "
     "output_N.pb",
     ANY},
    {"rtol", NUMBER, FIELD(rtol), "X",
     "relative tolerance of --test-data (default 1e-3)", ANY},
    {"atol", NUMBER, FIELD(atol), "X",
     "absolute tolerance of --test-data (default 1e-5)", ANY},
    {"io", IO, FIELD(io), "WAY", "auto, uring, thread, map or buffered", CPU},
    {"check-memory", FLAG, FIELD(check_memory), NULL,
     "compare the device's memory with the budget at every kernel", GPU},
    {"no-graph", FLAG, FIELD(no_graph), NULL,
     "launch kernels one by one, not as one graph", GPU},
    {"describe", FLAG, FIELD(describe), NULL,
     "print inputs, outputs and budgets as JSON", ANY},
    {"help", FLAG, FIELD(help), NULL, "print this", ANY},
    {"version", FLAG, FIELD(version), NULL, "print the version", ANY},
};

#define OPTIONS (sizeof table / sizeof table[0])

static int is_here(const option *opt) {
  return opt->target == ANY || (opt->target == GPU) == target_is_gpu;
}

void args_help(void) {
  printf("usage: PROGRAM [options]\n\nRuns a compiled model within a memory "
         "budget.\n\n");
  for (size_t i = 0; i < OPTIONS; ++i) {
    char left[32];
    if (!is_here(&table[i]))
      continue;
    snprintf(left, sizeof left, "--%s%s%s", table[i].name,
             table[i].value ? " " : "", table[i].value ? table[i].value : "");
    printf("  %-22s %s\n", left, table[i].help);
  }
  printf("\nExit status: 0 success, 1 failed run, 2 wrong usage.\n");
}

static int parse_count(const option *opt, const char *value, uint32_t *result) {
  char *end;
  errno = 0;
  const unsigned long number = strtoul(value, &end, 10);
  if (errno || *end || end == value || value[0] < '0' || value[0] > '9' ||
      number > 1000000000)
    return fail(EXIT_USAGE, "--%s: '%s' is not a count", opt->name, value);
  *result = (uint32_t)number;
  return 0;
}

static int parse_number(const option *opt, const char *value, double *result) {
  char *end;
  *result = strtod(value, &end);
  if (*end || end == value || !isfinite(*result) || *result < 0)
    return fail(EXIT_USAGE, "--%s: '%s' is not a number of zero or more",
                opt->name, value);
  return 0;
}

/* The position of `value` in the names, as swap_posix_io and swap_cuda_source
 * count them. */
static int parse_choice(const option *opt, const char *value,
                        uint32_t *result) {
  static const char *const ways[] = {"auto", "uring",    "thread",
                                     "map",  "buffered", NULL};
  static const char *const sources[] = {"auto", "host", "storage", NULL};
  const char *const *names = opt->kind == IO ? ways : sources;
  for (uint32_t i = 0; names[i]; ++i)
    if (strcmp(value, names[i]) == 0) {
      *result = i;
      return 0;
    }
  return fail(EXIT_USAGE, "--%s: '%s' is none of %s", opt->name, value,
              opt->kind == IO ? "auto, uring, thread, map, buffered"
                              : "auto, host, storage");
}

/* What a program of the other kind would have. */
static int wrong_target(const option *opt) {
  return fail(EXIT_USAGE,
              target_is_gpu
                  ? "--%s is of programs that run on processors; this one runs "
                    "on a GPU, where --source says how weights come in"
                  : "--%s is of programs that run on a GPU; this one runs on "
                    "processors (swapc --target cuda compiles for a GPU)",
              opt->name);
}

/* Names and paths may hold '=': which one ends the name, the model says. */
static int parse_input(options *o, const char *value) {
  const char *equals = strchr(value, '=');
  if (!equals || equals == value || !equals[1])
    return fail(EXIT_USAGE, "--input: '%s' is not of the form NAME=FILE",
                value);
  o->inputs[o->input_count++] = value;
  return 0;
}

static int apply(options *o, const option *opt, char *value) {
  void *field = (char *)o + opt->field;
  switch (opt->kind) {
  case FLAG:
    *(int *)field = 1;
    return 0;
  case TEXT:
    if (!*value)
      return fail(EXIT_USAGE, "--%s needs a value", opt->name);
    *(const char **)field = value;
    return 0;
  case COUNT:
    return parse_count(opt, value, field);
  case NUMBER:
    return parse_number(opt, value, field);
  case IO:
  case SOURCE:
    return parse_choice(opt, value, field);
  default:
    return parse_input(o, value);
  }
}

int args_parse(options *o, int argc, char **argv) {
  *o = (options){.iterations = 1, .rtol = 1e-3, .atol = 1e-5};
  o->inputs = calloc((size_t)argc, sizeof *o->inputs);
  if (!o->inputs)
    return fail(EXIT_RUN, "out of memory");
  for (int i = 1; i < argc; ++i) {
    if (strncmp(argv[i], "--", 2) != 0)
      return fail(EXIT_USAGE,
                  "unexpected argument '%s'; --help lists the options",
                  argv[i]);
    char *text = argv[i] + 2;
    const size_t length = strcspn(text, "=");
    const option *opt = NULL;
    for (size_t k = 0; k < OPTIONS; ++k)
      if (strlen(table[k].name) == length &&
          strncmp(table[k].name, text, length) == 0 &&
          (!opt || is_here(&table[k])))
        opt = &table[k];
    if (opt && !is_here(opt))
      return wrong_target(opt);
    if (!opt)
      return fail(EXIT_USAGE, "unknown option '%s'; --help lists the options",
                  argv[i]);
    char *value = text[length] ? text + length + 1 : NULL;
    if (opt->kind == FLAG && value)
      return fail(EXIT_USAGE, "--%s takes no value", opt->name);
    if (opt->kind != FLAG && !value &&
        !(value = i + 1 < argc ? argv[++i] : NULL))
      return fail(EXIT_USAGE, "--%s needs a value", opt->name);
    const int status = apply(o, opt, value);
    if (status)
      return status;
  }
  if (target_is_gpu && o->threads > 1)
    return fail(EXIT_USAGE, "--threads: one thread serves the GPU, which "
                            "computes; leave it out or give 1");
  if (!o->iterations)
    return fail(EXIT_USAGE, "--iterations: at least one");
  if (o->test_data && (o->input_count || o->random))
    return fail(EXIT_USAGE, "--test-data brings its own inputs");
  if (o->test_data &&
      (o->output_dir || o->stats || o->warmup || o->iterations != 1))
    return fail(EXIT_USAGE,
                "--test-data only compares: leave out --output-dir, "
                "--stats, --warmup and --iterations");
  if (o->profile &&
      (o->test_data || o->output_dir || o->stats || o->trace || o->warmup))
    return fail(EXIT_USAGE,
                "--profile only measures: leave out --output-dir, --stats, "
                "--trace, --warmup and --test-data");
  if (o->stats && o->trace && strcmp(o->stats, o->trace) == 0)
    return fail(EXIT_USAGE, "--stats and --trace name the same file");
  if (!target_is_gpu && o->profile && o->io > SWAP_POSIX_THREAD)
    return fail(EXIT_USAGE,
                "--profile is of direct reads: --io auto, uring or thread");
  return 0;
}
