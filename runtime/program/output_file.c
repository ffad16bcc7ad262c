/*===- output_file.c - Files that appear whole or not at all ------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 0x40000u

/* Temporary files that a signal takes along: a trace, statistics, an output. */
static struct {
  char path[4200];
  volatile sig_atomic_t used;
} pending[4];

#define PENDING (sizeof pending / sizeof pending[0])

void output_remove_pending(void) {
  for (size_t i = 0; i < PENDING; ++i)
    if (pending[i].used)
      unlink(pending[i].path);
}

static void end_by(int number) {
  output_remove_pending();
  raise(number); /* once more, without this handler */
}

static void remember(const char *path) {
  static const int numbers[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
  static int installed;
  size_t i = 0;
  while (i < PENDING && pending[i].used)
    ++i;
  if (i < PENDING) {
    strcpy(pending[i].path, path);
    pending[i].used = 1;
  }
  for (; installed < (int)(sizeof numbers / sizeof numbers[0]); ++installed) {
    struct sigaction action;
    sigaction(numbers[installed], NULL, &action);
    if (action.sa_handler != SIG_DFL)
      continue; /* nohup stays what it is */
    action.sa_handler = end_by;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(numbers[installed], &action, NULL);
  }
}

static void forget(const char *path) {
  for (size_t i = 0; i < PENDING; ++i)
    if (pending[i].used && strcmp(pending[i].path, path) == 0)
      pending[i].used = 0;
}

static int is_plain_target(const char *path) {
  struct stat info;
  /* /dev/stdout may lead to a file; a rename would put one in its place. */
  return strncmp(path, "/dev/", 5) != 0 &&
         (stat(path, &info) != 0 || S_ISREG(info.st_mode));
}

/* What an output must not replace. */
static struct {
  dev_t device;
  ino_t number;
  const char *what;
} kept[OUTPUT_KEPT];

void output_keep(const char *path, const char *what) {
  struct stat info;
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; ++i)
    if (!kept[i].what && stat(path, &info) == 0) {
      kept[i].device = info.st_dev;
      kept[i].number = info.st_ino;
      kept[i].what = what;
      return;
    }
}

static const char *kept_as(const char *path) {
  struct stat info;
  if (stat(path, &info) == 0)
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; ++i)
      if (kept[i].what && kept[i].device == info.st_dev &&
          kept[i].number == info.st_ino)
        return kept[i].what;
  return NULL;
}

int output_open(output_file *out, const char *path) {
  out->temporary[0] = 0;
  out->file = NULL;
  const char *what = kept_as(path);
  if (what)
    return fail(EXIT_RUN, "cannot write %s: it is %s; name another place",
                path, what);
  if (snprintf(out->path, sizeof out->path, "%s", path) >=
      (int)sizeof out->path)
    return fail(EXIT_RUN, "%s: the path is too long", path);
  if (is_plain_target(path)) /* /dev/stdout and the like are written in place */
    snprintf(out->temporary, sizeof out->temporary, "%s.%ld.tmp", path,
             (long)getpid());
  if (out->temporary[0])
    remember(out->temporary);
  out->file = fopen(out->temporary[0] ? out->temporary : path, "we");
  if (out->file)
    return 0;
  const int error = errno;
  output_discard(out);
  return fail(EXIT_RUN, "%s: %s", path, strerror(error));
}

void output_discard(output_file *out) {
  if (out->file)
    fclose(out->file);
  if (out->temporary[0]) {
    unlink(out->temporary);
    forget(out->temporary);
  }
  out->file = NULL;
}

int output_commit(output_file *out) {
  int error =
      fflush(out->file) || ferror(out->file) ? (errno ? errno : EIO) : 0;
  if (fclose(out->file) != 0 && !error)
    error = errno;
  out->file = NULL;
  if (!error && out->temporary[0] && rename(out->temporary, out->path) != 0)
    error = errno;
  if (!error) {
    forget(out->temporary);
    return 0;
  }
  output_discard(out);
  return fail(EXIT_RUN, "%s: %s", out->path, strerror(error));
}

int output_directory(const char *path) {
  char part[4096];
  if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
    return fail(EXIT_RUN, "%s: the path is too long", path);
  for (char *at = part + 1;; ++at) {
    const char end = *at;
    if (end != '/' && end != 0)
      continue;
    *at = 0;
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
      return fail(EXIT_RUN, "%s: %s", part, strerror(errno));
    *at = end;
    if (!end)
      break;
  }
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
    return fail(EXIT_RUN, "%s: not a directory", path);
  return 0;
}

/* The dictionary, padded so that the elements start at a multiple of 64. */
static void npy_header(FILE *file, const swap_tensor *tensor) {
  char text[1024];
  int at = snprintf(text, sizeof text,
                    "{'descr': '%s', 'fortran_order': False, 'shape': (",
                    dtype_find(tensor->dtype)->npy);
  for (uint32_t i = 0; i < tensor->rank && at < 900; ++i)
    at += snprintf(text + at, sizeof text - (size_t)at, "%lld,%s",
                   (long long)tensor->dims[i], i + 1 < tensor->rank ? " " : "");
  at += snprintf(text + at, sizeof text - (size_t)at, "), }");
  const int padded = (10 + at + 1 + 63) / 64 * 64 - 10;
  fwrite("\x93NUMPY\x01\x00", 1, 8, file);
  fputc(padded & 255, file);
  fputc(padded >> 8, file);
  fprintf(file, "%-*s\n", padded - 1, text);
}

int npy_path(char *path, const char *directory, const swap_tensor *tensor) {
  static const char allowed[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  const size_t prefix = strlen(directory) + 1;
  if (prefix + strlen(tensor->name) + 5 > 4096)
    return 0;
  sprintf(path, "%s/", directory);
  sprintf(path + prefix, "%s.npy", tensor->name);
  for (char *c = path + prefix; *c; ++c)
    if (!strchr(allowed, *c))
      *c = '_';
  return 1;
}

int npy_write(const char *directory, const swap_tensor *tensor,
              const void *data) {
  char path[4096];
  if (!npy_path(path, directory, tensor))
    return fail(EXIT_RUN, "%s: the path is too long", directory);
  output_file out;
  const int status = output_open(&out, path);
  if (status)
    return status;
  npy_header(out.file, tensor);
  for (uint64_t done = 0; done < tensor->bytes && !ferror(out.file);) {
    const uint64_t left = tensor->bytes - done;
    done += fwrite((const char *)data + done, 1, left < CHUNK ? left : CHUNK,
                   out.file);
  }
  /* Large outputs leave the page cache, which counts as this process's. */
  if (tensor->bytes > 0x100000 && fflush(out.file) == 0 &&
      fdatasync(fileno(out.file)) == 0)
    posix_fadvise(fileno(out.file), 0, 0, POSIX_FADV_DONTNEED);
  return output_commit(&out);
}
