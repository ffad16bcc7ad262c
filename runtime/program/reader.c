/*===- reader.c - Reading a file without keeping it ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Files pass through a small buffer, or straight to where they are wanted, and
|* leave the page cache again: it counts against the process's memory.
\*===----------------------------------------------------------------------===*/
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRETCH 0x100000u /* read and given back at a time */

int reader_open(reader *r, const char *path) {
  struct stat info;
  r->path = path;
  r->position = r->have = r->at = 0;
  r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (r->fd < 0)
    return fail(EXIT_RUN, "%s: %s", path, strerror(errno));
  if (fstat(r->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    reader_close(r);
    return fail(EXIT_RUN, "%s: not a regular file", path);
  }
  r->size = (uint64_t)info.st_size;
  return 0;
}

void reader_close(reader *r) {
  if (r->fd >= 0)
    close(r->fd);
  r->fd = -1;
}

int reader_seek(reader *r, uint64_t position) {
  if (position > r->size)
    return fail(EXIT_RUN, "%s: truncated: byte %llu is past its end", r->path,
                (unsigned long long)position);
  r->position = position;
  r->have = r->at = 0;
  return 0;
}

static int64_t read_some(reader *r, void *data, uint64_t length) {
  for (;;) {
    const ssize_t got = pread(r->fd, data, length, (off_t)r->position);
    if (got >= 0 || errno != EINTR)
      return got;
  }
}

int reader_take(reader *r, void *data, uint64_t length) {
  uint8_t *to = data;
  if (length > r->size - r->position)
    return fail(EXIT_RUN,
                "%s: truncated: %llu more bytes expected at byte %llu", r->path,
                (unsigned long long)length, (unsigned long long)r->position);
  while (length) {
    uint64_t part = r->have - r->at;
    if (part) {
      part = part < length ? part : length;
      memcpy(to, r->buffer + r->at, part);
      r->at += (uint32_t)part;
    } else {
      const int direct = length >= sizeof r->buffer;
      const uint64_t most = length < STRETCH ? length : STRETCH;
      const int64_t got = direct ? read_some(r, to, most)
                                 : read_some(r, r->buffer, sizeof r->buffer);
      if (got <= 0)
        return fail(EXIT_RUN, "%s: %s", r->path,
                    got ? strerror(errno) : "it became shorter");
      posix_fadvise(r->fd, (off_t)r->position, got, POSIX_FADV_DONTNEED);
      if (!direct) {
        r->have = (uint32_t)got;
        r->at = 0;
        continue;
      }
      part = (uint64_t)got;
    }
    to += part;
    length -= part;
    r->position += part;
  }
  return 0;
}
