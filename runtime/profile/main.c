/*===- main.c - swap-profile: what a machine can do ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Storage is measured on a file given, or on one made in a folder and taken
|* away again; processors with one thread and with as many as asked for.
\*===----------------------------------------------------------------------===*/
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES 0x8000000u  /* of the file made */
#define LEAST_BYTES 0x2000000u /* enough where writing takes long */
#define WRITE_NS UINT64_C(3000000000)
#define CHUNK 0x100000u
#define MOST_THREADS 1024u

typedef struct settings {
  const char *storage;
  const char *output;
  uint32_t threads;
} settings;

static void help(void) {
  printf(
      "usage: swap-profile [options]\n\n"
      "Measures this machine for swapc --profile, in less than 10 seconds.\n\n"
      "  --storage PATH   a folder on the storage that weights will be read "
      "from (default: .),\n"
      "                   or a large file there\n"
      "  --threads N      most threads (default: processors here)\n"
      "  -o FILE          where to write (default: standard output)\n"
      "  --help           print this\n\n"
      "Exit status: 0 success, 1 failure, 2 wrong usage.\n");
}

static int parse_threads(const char *text, uint32_t *threads) {
  char *end;
  const unsigned long value = strtoul(text, &end, 10);
  if (*end || *text < '0' || *text > '9' || !value || value > MOST_THREADS)
    return fail(EXIT_USAGE, "--threads: '%s' is not a number from 1 to %u",
                text, MOST_THREADS);
  *threads = (uint32_t)value;
  return 0;
}

/* 0, an exit status, or -1 when help was asked for. */
static int parse(settings *s, int argc, char **argv) {
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  *s = (settings){.storage = "."};
  s->threads = online < 1                    ? 1
               : online > (long)MOST_THREADS ? MOST_THREADS
                                             : (uint32_t)online;
  for (int i = 1; i < argc; ++i) {
    const char *name = argv[i];
    if (strcmp(name, "--help") == 0)
      return -1;
    const int storage = strcmp(name, "--storage") == 0;
    const int threads = strcmp(name, "--threads") == 0;
    if (!storage && !threads && strcmp(name, "-o") != 0)
      return fail(EXIT_USAGE, "unknown option '%s'; --help lists the options",
                  name);
    const char *value = i + 1 < argc ? argv[++i] : "";
    if (!*value)
      return fail(EXIT_USAGE, "%s needs a value", name);
    const int status = threads ? parse_threads(value, &s->threads) : 0;
    if (status)
      return status;
    if (storage)
      s->storage = value;
    else if (!threads)
      s->output = value;
  }
  return 0;
}

/* Bytes that no file system or device makes less of. */
static int fill(int fd, const char *folder) {
  uint64_t *chunk = malloc(CHUNK);
  uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
  int error = chunk ? 0 : ENOMEM;
  const uint64_t begin = program_clock();
  for (uint64_t done = 0; !error && done < FILE_BYTES;) {
    for (uint32_t i = 0; i < CHUNK / sizeof *chunk; ++i) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      chunk[i] = state;
    }
    for (uint64_t at = 0; !error && at < CHUNK;) {
      const ssize_t put = write(fd, (char *)chunk + at, CHUNK - at);
      if (put > 0)
        at += (uint64_t)put;
      else if (errno != EINTR)
        error = put ? errno : EIO;
    }
    done += CHUNK;
    if (done % LEAST_BYTES == 0 && !error && fdatasync(fd) != 0)
      error = errno;
    if (done >= LEAST_BYTES && program_clock() - begin > WRITE_NS)
      break;
  }
  if (!error && fdatasync(fd) != 0)
    error = errno;
  posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  free(chunk);
  return error ? fail(EXIT_RUN,
                      "%s: writing a file of %s to measure: %s; --storage "
                      "says where",
                      folder, size_text(FILE_BYTES), strerror(error))
               : 0;
}

/* A file that has no name any more when this returns, as a path to open. */
static int make_file(const char *folder, char *path, size_t size, int *fd) {
  char name[4096];
  if (snprintf(name, sizeof name, "%s/.swap-profile-XXXXXX", folder) >=
      (int)sizeof name)
    return fail(EXIT_RUN, "%s: the path is too long", folder);
  *fd = mkostemp(name, O_CLOEXEC);
  if (*fd < 0)
    return fail(EXIT_RUN, "%s: %s; --storage says where to measure", folder,
                strerror(errno));
  unlink(name);
  snprintf(path, size, "/proc/self/fd/%d", *fd);
  return fill(*fd, folder);
}

static int measure_storage(const settings *s, swap_storage_rates *rates) {
  struct stat info;
  char path[64];
  int fd = -1;
  if (stat(s->storage, &info) != 0)
    return fail(EXIT_RUN, "%s: %s", s->storage, strerror(errno));
  const int folder = S_ISDIR(info.st_mode);
  int status = folder ? make_file(s->storage, path, sizeof path, &fd) : 0;
  if (!status)
    status = profile_measure_storage(rates, folder ? path : s->storage,
                                     SWAP_POSIX_AUTO);
  if (fd >= 0)
    close(fd);
  return status;
}

static int measure_processors(const settings *s, FILE *out) {
  const uint32_t counts[] = {1, s->threads};
  const uint32_t count = s->threads > 1 ? 2 : 1;
  fprintf(out, "processors:\n");
  for (uint32_t i = 0; i < count; ++i) {
    swap_processor_rates rates;
    if (swap_posix_measure_processor(&rates, counts[i]))
      return fail(EXIT_RUN, "no memory or threads to measure with %u threads",
                  counts[i]);
    profile_write_processor(out, &rates, counts[i]);
  }
  return 0;
}

int main(int argc, char **argv) {
  settings s;
  swap_storage_rates rates;
  output_file out = {.file = NULL};
  program_name(argc ? argv[0] : "swap-profile");
  int status = parse(&s, argc, argv);
  if (status < 0) {
    help();
    return fflush(stdout) ? EXIT_RUN : 0;
  }
  if (!status && s.output)
    status = output_open(&out, s.output);
  if (!status)
    status = measure_storage(&s, &rates);
  if (!status) {
    FILE *file = s.output ? out.file : stdout;
    profile_write_head(file, NULL);
    profile_write_storage(file, &rates, s.storage);
    status = measure_processors(&s, file);
  }
  if (!status && !s.output && (fflush(stdout) != 0 || ferror(stdout)))
    return fail(EXIT_RUN, "standard output: %s", strerror(errno));
  if (!status && s.output)
    return output_commit(&out);
  if (out.file)
    output_discard(&out);
  return status;
}
