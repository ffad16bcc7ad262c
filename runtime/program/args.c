/*===- args.c - The command line ----------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <stdlib.h>
#include <string.h>

#include "option.h"
#include "swap/posix.h"

/* What a program must run on to have an option. */
enum { ANY, CPU, GPU };

#define FIELD(name) offsetof(options, name)

/* As swap_posix_io and swap_cuda_source count them. */
static const char *const ways[] = {"auto", "uring",    "thread",
                                   "map",  "buffered", NULL};
static const char *const sources[] = {"auto", "host", "storage", NULL};

/* Names and paths may hold '=': which one ends the name, the model says. */
static int parse_input(void *fields, const char *name, const char *value) {
  options *o = fields;
  const char *equals = strchr(value, '=');
  if (!equals || equals == value || !equals[1])
    return fail(EXIT_USAGE, "--%s: '%s' is not of the form NAME=FILE", name,
                value);
  o->inputs[o->input_count++] = value;
  return 0;
}

static int parse_dim(void *fields, const char *name, const char *value) {
  options *o = fields;
  const char *equals = strchr(value, '=');
  if (!equals || equals == value || !equals[1])
    return fail(EXIT_USAGE, "--%s: '%s' is not of the form NAME=N", name,
                value);
  o->dims[o->dim_count++] = value;
  return 0;
}

static const option table[] = {
    {"input", OPTION_OWN, 0, "NAME=FILE",
     "an input, from an .npy or ONNX .pb file (repeatable)", ANY, NULL,
     parse_input},
    {"dim", OPTION_OWN, 0, "NAME=N",
     "size of a dimension that has a bound, where no input says it "
     "(repeatable; default: the bound)",
     CPU, NULL, parse_dim},
    {"random", OPTION_FLAG, FIELD(random), NULL,
     "make up the inputs that are not given, always the same", ANY, NULL, NULL},
    {"output-dir", OPTION_TEXT, FIELD(output_dir), "DIR",
     "write each output to DIR/<name>.npy", ANY, NULL, NULL},
    {"budget", OPTION_TEXT, FIELD(budget), "SIZE",
     "memory to use: 96MiB, 1.5GiB, 4096, 40%, min, max", ANY, NULL, NULL},
    {"weights", OPTION_TEXT, FIELD(weights), "FILE",
     "the weights (default: this program's path + .swap)", ANY, NULL, NULL},
    {"threads", OPTION_COUNT, FIELD(threads), "N",
     "threads (default: as many as compiled for and online)", CPU, NULL, NULL},
    {"threads", OPTION_COUNT, FIELD(threads), "1",
     "accepted for scripts: one thread serves the GPU", GPU, NULL, NULL},
    {"device", OPTION_COUNT, FIELD(device), "N",
     "number of the GPU (default 0)", GPU, NULL, NULL},
    {"source", OPTION_CHOICE, FIELD(source), "FROM",
     "where weights wait: auto, host or storage", GPU, sources, NULL},
    {"host-budget", OPTION_TEXT, FIELD(host_budget), "SIZE",
     "pinned host memory for weights; less than their file: from storage", GPU,
     NULL, NULL},
    {"iterations", OPTION_COUNT, FIELD(iterations), "N",
     "timed runs (default 1)", ANY, NULL, NULL},
    {"warmup", OPTION_COUNT, FIELD(warmup), "N",
     "runs before the timed ones (default 0)", ANY, NULL, NULL},
    {"stats", OPTION_TEXT, FIELD(stats), "FILE",
     "write measurements as JSON; runs the model five times more", ANY, NULL,
     NULL},
    {"kernels", OPTION_FLAG, FIELD(kernels), NULL,
     "print where the time of the runs goes, kernel by kernel", ANY, NULL,
     NULL},
    {"trace", OPTION_TEXT, FIELD(trace), "FILE",
     "write a Chrome/Perfetto trace of the runs", ANY, NULL, NULL},
    {"profile", OPTION_TEXT, FIELD(profile), "FILE",
     "measure kernels and storage for swapc --profile; makes up inputs", ANY,
     NULL, NULL},
    {"test-data", OPTION_TEXT, FIELD(test_data), "DIR",
     "run input_N.pb of DIR, or of each DIR/test_data_set_N, and compare with "
     "output_N.pb",
     ANY, NULL, NULL},
    {"rtol", OPTION_NUMBER, FIELD(rtol), "X",
     "relative tolerance of --test-data (default 1e-3)", ANY, NULL, NULL},
    {"atol", OPTION_NUMBER, FIELD(atol), "X",
     "absolute tolerance of --test-data (default 1e-5)", ANY, NULL, NULL},
    {"io", OPTION_CHOICE, FIELD(io), "WAY",
     "auto, uring, thread, map or buffered", CPU, ways, NULL},
    {"check-memory", OPTION_FLAG, FIELD(check_memory), NULL,
     "compare the device's memory with the budget at every kernel", GPU, NULL,
     NULL},
    {"no-graph", OPTION_FLAG, FIELD(no_graph), NULL,
     "launch kernels one by one, not as one graph", GPU, NULL, NULL},
    {"describe", OPTION_FLAG, FIELD(describe), NULL,
     "print inputs, outputs and budgets as JSON", ANY, NULL, NULL},
    {"help", OPTION_FLAG, FIELD(help), NULL, "print this", ANY, NULL, NULL},
    {"version", OPTION_FLAG, FIELD(version), NULL, "print the version", ANY,
     NULL, NULL},
};

static int is_here(const option *opt) {
  return opt->where == ANY || (opt->where == GPU) == target_is_gpu;
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

static const option_table known = {table, sizeof table / sizeof table[0],
                                   is_here, wrong_target};

int wants_kernels(const options *o) {
  return o->kernels || (o->stats && !target_is_gpu);
}

void args_help(void) {
  printf("usage: PROGRAM [options]\n\nRuns a compiled model within a memory "
         "budget.\n\n");
  options_help(&known);
  printf("\nExit status: 0 success, 1 failed run, 2 wrong usage.\n");
}

int args_parse(options *o, int argc, char **argv) {
  *o = (options){.iterations = 1, .rtol = 1e-3, .atol = 1e-5};
  o->inputs = calloc((size_t)argc, sizeof *o->inputs);
  o->dims = calloc((size_t)argc, sizeof *o->dims);
  if (!o->inputs || !o->dims)
    return fail(EXIT_RUN, "out of memory");
  const int status = options_parse(&known, o, argc, argv);
  if (status)
    return status;
  if (target_is_gpu && o->threads > 1)
    return fail(EXIT_USAGE, "--threads: one thread serves the GPU, which "
                            "computes; leave it out or give 1");
  if (!o->iterations)
    return fail(EXIT_USAGE, "--iterations: at least one");
  if (o->test_data && (o->input_count || o->random))
    return fail(EXIT_USAGE, "--test-data brings its own inputs");
  if (o->test_data &&
      (o->output_dir || o->stats || o->kernels || o->warmup ||
       o->iterations != 1))
    return fail(EXIT_USAGE,
                "--test-data only compares: leave out --output-dir, "
                "--stats, --kernels, --warmup and --iterations");
  if (o->profile &&
      (o->test_data || o->output_dir || o->stats || o->kernels || o->trace ||
       o->warmup))
    return fail(EXIT_USAGE,
                "--profile only measures: leave out --output-dir, --stats, "
                "--kernels, --trace, --warmup and --test-data");
  if (o->stats && o->trace && strcmp(o->stats, o->trace) == 0)
    return fail(EXIT_USAGE, "--stats and --trace name the same file");
  if (!target_is_gpu && o->profile && o->io > SWAP_POSIX_THREAD)
    return fail(EXIT_USAGE,
                "--profile is of direct reads: --io auto, uring or thread");
  return 0;
}
