/*===- profile_file.c - Parts of a device profile -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* YAML, written line by line. docs/profile.md says what the keys mean.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The processor's name as Linux knows it, or its architecture. */
static void machine_name(char *name, size_t size) {
  struct utsname info;
  char line[256];
  snprintf(name, size, "%s", uname(&info) == 0 ? info.machine : "unknown");
  FILE *file = fopen("/proc/cpuinfo", "re");
  while (file && fgets(line, sizeof line, file)) {
    const char *value =
        strncmp(line, "model name", 10) == 0 || strncmp(line, "Model\t", 6) == 0
            ? strstr(line, ": ")
            : NULL;
    if (value) {
      snprintf(name, size, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
      break;
    }
  }
  if (file)
    fclose(file);
}

void profile_write_head(FILE *out, const char *machine) {
  char name[200], text[260];
  machine_name(name, sizeof name);
  snprintf(text, sizeof text, "%s, %ld processors", name,
           sysconf(_SC_NPROCESSORS_ONLN));
  fprintf(out, "swapc-profile: 1\nmachine: ");
  json_string(out, machine ? machine : text);
  fprintf(out, "\n");
}

void profile_write_storage(FILE *out, const swap_storage_rates *rates,
                           const char *path) {
  fprintf(out, "storage:\n  path: ");
  json_string(out, path);
  fprintf(out, "\n  io: %s\n  compute-seconds-per-gib: %.5f\n  reads:\n",
          rates->io, rates->compute_seconds_per_byte * 1073741824.0);
  for (uint32_t i = 0; i < rates->count; ++i) {
    const swap_read_rate *read = &rates->reads[i];
    fprintf(out,
            "    - { bytes: %llu, bytes-per-second: %.4g, latency-us: %.1f, "
            "start-us: %.1f }\n",
            (unsigned long long)read->bytes, read->bytes_per_second,
            read->latency_seconds * 1e6, read->start_seconds * 1e6);
  }
}

void profile_write_processor(FILE *out, const swap_processor_rates *rates,
                             uint32_t threads) {
  fprintf(out,
          "  - { threads: %u, flops-per-second: %.4g, bytes-per-second: %.4g, "
          "call-us: %.2f }\n",
          threads, rates->flops_per_second, rates->bytes_per_second,
          rates->call_seconds * 1e6);
}
