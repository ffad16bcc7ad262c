/*===- main.c - main() of a generated executable ------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const swap_model swap_model_instance; /* what swapc generated */

/* A size into the bytes that a plan is chosen by. */
static int choose_budget(const swap_model *model, const char *text,
                         uint64_t *bytes) {
  const uint64_t least = with_overhead(smallest_arena(model));
  *bytes = UINT64_MAX;
  if (!text)
    return 0;
  if (!size_parse(text, model->model_bytes, target_overhead(), least,
                  UINT64_MAX, bytes))
    return fail(
        EXIT_USAGE,
        "--budget: '%s' is not a size such as 96MiB, 1.5GiB, 40%%, min or max",
        text);
  if (*bytes >= least)
    return 0;
  fail(EXIT_USAGE,
       "--budget: %s is less than any budget this program was compiled for; "
       "the smallest the "
       "model can be compiled for is %llu bytes (%s). Compiled in:",
       size_text(*bytes), (unsigned long long)model->min_bytes,
       size_text(model->min_bytes));
  for (uint32_t i = 0; i < model->plan_count; ++i) {
    const uint64_t need = with_overhead(model->plans[i].arena_bytes);
    fprintf(stderr, "  %llu bytes (%s)\n", (unsigned long long)need,
            size_text(need));
  }
  return EXIT_USAGE;
}

typedef struct observer {
  trace *trace;
  profile *profile;     /* while it records */
  kernel_times *kernels; /* the same */
  uint64_t steps; /* seen so far */
  uint64_t total; /* of one run; 0: not open yet */
} observer;

static void observe(void *context, swap_event_kind kind, uint32_t index,
                    uint64_t begin_ns, uint64_t end_ns) {
  observer *seen = context;
  if (seen->trace)
    trace_event(seen->trace, kind, index, begin_ns, end_ns);
  if (seen->profile)
    profile_event(seen->profile, kind, begin_ns, end_ns);
  if (seen->kernels)
    kernel_times_event(seen->kernels, kind, index, begin_ns, end_ns);
  if (seen->total)
    progress("step", seen->steps++ % seen->total + 1, seen->total);
}

static int run(const swap_model *model, const options *o, const char *weights,
               uint64_t budget) {
  tensors t;
  observer seen = {.trace = NULL};
  output_keep(weights, "the model's weights");
  output_keep("/proc/self/exe", "this program");
  int status = tensors_allocate(&t, model);
  if (!status && !o->test_data)
    status = tensors_load(&t, o);
  if (!status && o->output_dir)
    status = tensors_place(&t, o->output_dir);
  if (!status && o->trace && !(seen.trace = trace_open(o->trace, model)))
    status = EXIT_RUN;
  target *handle = NULL;
  const int watched = !target_is_gpu && isatty(STDERR_FILENO);
  const target_settings settings = {
      .weights = weights,
      .budget = budget,
      .options = o,
      .event = seen.trace || o->profile || watched || wants_kernels(o)
                   ? observe
                   : NULL,
      .event_context = &seen};
  if (!status) {
    progress_start(model, budget);
    if (access(weights, F_OK) != 0)
      status = fail(EXIT_RUN, "%s: %s; --weights says where the weights are",
                    weights, strerror(errno));
    else if (target_open(&handle, model, &settings))
      status = fail(EXIT_RUN, "%s", target_error(handle));
    else if (o->iterations == 1 && !o->profile)
      seen.total = target_session(handle)->plan->step_count;
    if (!status)
      tensors_move(&t, handle);
    if (!status && seen.trace)
      trace_attach(seen.trace, target_session(handle));
  }
  if (!status)
    status = o->test_data ? run_test_data(handle, &t, o)
             : o->profile ? run_profile(handle, &t, o, weights, &seen.profile)
                          : run_model(handle, &t, o, &seen.kernels);
  progress_end();
  tensors_return(&t);
  tensors_free(&t);
  target_close(handle);
  const int traced = trace_close(seen.trace);
  return status ? status : traced;
}

int main(int argc, char **argv) {
  const swap_model *model = &swap_model_instance;
  char path[4096];
  options o;
  uint64_t budget;
  program_start(argc, argv);
  int status = args_parse(&o, argc, argv);
  const char *weights = o.weights;
  if (!status && o.help) {
    args_help();
  } else if (!status && o.version) {
    printf("%s, compiled by swapc " VERSION ", runtime ABI %u\n", model->name,
           SWAP_ABI_VERSION);
  } else if (!status && !weights &&
             !target_default_weights(path, sizeof path)) {
    status = fail(EXIT_RUN, "the path of this program is too long");
  } else if (!status) {
    weights = weights ? weights : path;
    status = choose_budget(model, o.budget, &budget);
    if (!status)
      status = target_resolve(&o, model);
    if (!status)
      status = o.describe ? describe(model, weights)
                          : run(model, &o, weights, budget);
  }
  free(o.inputs);
  free(o.dims);
  return program_end(status);
}
