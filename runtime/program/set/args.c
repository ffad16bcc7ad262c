/*===- args.c - The command line of a set's program ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <string.h>

#include "option.h"
#include "set_program.h"

#define FIELD(name) offsetof(set_options, name)

static int parse_duration(void *fields, const char *name, const char *value) {
  set_options *o = fields;
  if (strcmp(value, "0") == 0)
    o->duration_ns = 0;
  else if (!time_parse(value, &o->duration_ns))
    return fail(EXIT_USAGE,
                "--%s: '%s' is not a time such as 30s, 500ms, 10min or 0 "
                "(until it is interrupted)",
                name, value);
  return 0;
}

static int parse_warmup(void *fields, const char *name, const char *value) {
  set_options *o = fields;
  if (strcmp(value, "0") == 0 || time_parse(value, &o->warmup_ns))
    return 0;
  return fail(EXIT_USAGE, "--%s: '%s' is not a time such as 2s, 500ms or 0",
              name, value);
}

static int parse_io(void *fields, const char *name, const char *value) {
  static const char *const ways[] = {"auto", "uring", "thread"};
  set_options *o = fields;
  for (uint32_t i = 0; i < 3; ++i)
    if (strcmp(value, ways[i]) == 0) {
      o->io = i;
      o->has_io = 1;
      return 0;
    }
  return fail(EXIT_USAGE, "--%s: '%s' is none of auto, uring, thread", name,
              value);
}

static const option options[] = {
    {"budget", OPTION_TEXT, FIELD(budget), "SIZE",
     "memory of all tasks: 96MiB, 1.5GiB, 4096, 20% of what they need, min, "
     "max",
     0, NULL, NULL},
    {"duration", OPTION_OWN, 0, "TIME",
     "how long: 30s, 500ms, 10min; 0: until it is interrupted", 0, NULL,
     parse_duration},
    {"warmup", OPTION_OWN, 0, "TIME",
     "jobs of the first 2s, 500ms, ... run, but are not counted", 0, NULL,
     parse_warmup},
    {"threads", OPTION_COUNT, FIELD(threads), "N",
     "threads that compute (default: the set's, else as many as are online)", 0,
     NULL, NULL},
    {"lanes", OPTION_COUNT, FIELD(lanes), "N",
     "jobs that compute side by side, each with its part of the threads", 0,
     NULL, NULL},
    {"io", OPTION_OWN, 0, "WAY", "auto, uring or thread", 0, NULL, parse_io},
    {"seed", OPTION_COUNT, FIELD(seed), "N",
     "of random arrivals, jitter and changes (default 1)", 0, NULL, NULL},
    {"weights", OPTION_TEXT, FIELD(weights), "DIR",
     "where the weights are (default: beside this program)", 0, NULL, NULL},
    {"stats", OPTION_TEXT, FIELD(stats), "FILE", "write measurements as JSON",
     0, NULL, NULL},
    {"trace", OPTION_TEXT, FIELD(trace), "FILE",
     "write a Chrome/Perfetto trace", 0, NULL, NULL},
    {"check", OPTION_FLAG, FIELD(check), NULL,
     "compare each output with that of the model alone; 1 if any bit differs",
     0, NULL, NULL},
    {"admit", OPTION_FLAG, FIELD(admit), NULL,
     "refuse a set whose deadlines cannot be met by prediction", 0, NULL, NULL},
    {"strict", OPTION_FLAG, FIELD(strict), NULL,
     "exit status 1 if a deadline was missed", 0, NULL, NULL},
    {"random-changes", OPTION_COUNT, FIELD(random_changes), "N",
     "for tests: N arrivals, departures, budgets (up to --budget) and periods "
     "at "
     "random",
     0, NULL, NULL},
    {"quiet", OPTION_FLAG, FIELD(quiet), NULL, "no progress", 0, NULL, NULL},
    {"describe", OPTION_FLAG, FIELD(describe), NULL,
     "print what the set needs and what is predicted as JSON", 0, NULL, NULL},
    {"help", OPTION_FLAG, FIELD(help), NULL, "print this", 0, NULL, NULL},
    {"version", OPTION_FLAG, FIELD(version), NULL, "print the version", 0, NULL,
     NULL},
};

static const option_table known = {options, sizeof options / sizeof options[0],
                                   NULL, NULL};

void set_args_help(const swap_set *set) {
  printf("usage: PROGRAM [options]\n\nRuns the %u tasks of the set '%s' within "
         "one memory budget.\n\n",
         set->task_count, set->name);
  options_help(&known);
  printf("\nExit status: 0 success, 1 failed run, 2 wrong usage.\n");
}

int set_args_parse(set_options *o, int argc, char **argv) {
  *o = (set_options){.seed = 1, .duration_ns = UINT64_MAX};
  const int status = options_parse(&known, o, argc, argv);
  if (status)
    return status;
  if (o->stats && o->trace && strcmp(o->stats, o->trace) == 0)
    return fail(EXIT_USAGE, "--stats and --trace name the same file");
  return 0;
}
