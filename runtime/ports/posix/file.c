/*===- file.c - A blob in a file ----------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Weights go from the device to their slot by direct I/O. Where a file system
|* refuses that (tmpfs), they are copied out of the page cache and counted, and
|* their pages are given back at once so that they do not use the budget.
\*===----------------------------------------------------------------------===*/
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int port_pread(int fd, int direct, void *buffer, uint64_t length, uint64_t need,
               uint64_t offset) {
  uint64_t done = 0;
  while (done < need) {
    const ssize_t got = pread(fd, (uint8_t *)buffer + done, length - done,
                              (off_t)(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno;
    if (got == 0)
      return -1;
    done += (uint64_t)got;
    /* A direct read that ends inside a page has met the end of the file. */
    if (direct && done < need && (uint64_t)got % SWAP_BLOB_ALIGN)
      return -1;
  }
  return 0;
}

static void read_at_random(const swap_file *file) {
  /* What the system would read ahead stays in the page cache. */
  posix_fadvise(file->fd, 0, 0, POSIX_FADV_RANDOM);
}

void port_file_refused(swap_file *file) {
  if (!file->direct)
    return;
  fcntl(file->fd, F_SETFL, fcntl(file->fd, F_GETFL) & ~O_DIRECT);
  read_at_random(file);
  file->direct = 0;
  file->refused = 1;
  file->io = SWAP_POSIX_BUFFERED;
}

static int finish(swap_file *file, int error) {
  if (!error)
    return SWAP_OK;
  file->last_error = error > 0 ? error : 0;
  return error > 0 ? SWAP_ERR_IO : SWAP_ERR_SHORT;
}

static int read_buffered(swap_file *file, uint64_t offset, void *buffer,
                         uint64_t length) {
  const int error = port_pread(file->fd, 0, buffer, length, length, offset);
  if (error)
    return finish(file, error);
  file->copied += length;
  posix_fadvise(file->fd, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
  return SWAP_OK;
}

static int read_direct(swap_file *file, uint64_t offset, uint8_t *buffer,
                       uint64_t length) {
  const uint64_t mask = SWAP_BLOB_ALIGN - 1;
  if (!((offset | length | (uintptr_t)buffer) & mask))
    return finish(file,
                  port_pread(file->fd, 1, buffer, length, length, offset));
  while (length) {
    const uint64_t skip = offset & mask;
    const uint64_t room = PORT_BOUNCE_BYTES - skip;
    const uint64_t part = length < room ? length : room;
    const uint64_t pages = (skip + part + mask) & ~mask;
    const int error = port_pread(file->fd, 1, file->bounce, pages, skip + part,
                                 offset - skip);
    if (error)
      return finish(file, error);
    memcpy(buffer, file->bounce + skip, part);
    file->copied += part;
    offset += part;
    buffer += part;
    length -= part;
  }
  return SWAP_OK;
}

static int file_read(void *context, uint64_t offset, void *buffer,
                     uint64_t length) {
  swap_file *file = context;
  if (offset > INT64_MAX || length > INT64_MAX - offset)
    return SWAP_ERR_ARGUMENT;
  if (file->direct) {
    const int status = read_direct(file, offset, buffer, length);
    if (status != SWAP_ERR_IO || file->last_error != EINVAL)
      return status;
    port_file_refused(file);
  }
  return read_buffered(file, offset, buffer, length);
}

/* Opens with O_DIRECT and tries it: some file systems refuse only the read. */
static int open_direct(swap_file *file, const char *path) {
  file->fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
  if (file->fd < 0)
    return errno;
  const ssize_t got = pread(file->fd, file->bounce, SWAP_BLOB_ALIGN, 0);
  if (got >= 0) {
    file->direct = 1;
    return 0;
  }
  const int error = errno;
  close(file->fd);
  file->fd = -1;
  return error;
}

static int open_file(swap_file *file, const char *path) {
  struct stat info;
  /* Looked at before it is opened: opening a pipe would wait for a writer. */
  if (stat(path, &info) != 0)
    return errno;
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
    return S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
  int error = EINVAL;
  if (file->io != SWAP_POSIX_BUFFERED && file->io != SWAP_POSIX_MAP)
    error = open_direct(file, path);
  if (error == EINVAL || error == EOPNOTSUPP) {
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    error = file->fd < 0 ? errno : 0;
    if (file->io != SWAP_POSIX_MAP)
      file->io = SWAP_POSIX_BUFFERED;
  }
  if (error)
    return error;
  if (file->io == SWAP_POSIX_BUFFERED)
    read_at_random(file);
  const off_t size = lseek(file->fd, 0, SEEK_END);
  file->size = size < 0 ? 0 : (uint64_t)size;
  return size < 0 ? errno : 0;
}

int port_file_open_bare(swap_file *file, const char *path, uint32_t io) {
  memset(file, 0, sizeof *file);
  file->fd = -1;
  file->io = io;
  file->bounce = aligned_alloc(SWAP_BLOB_ALIGN, PORT_BOUNCE_BYTES);
  int error = file->bounce ? open_file(file, path) : ENOMEM;
  if (!error && file->io == SWAP_POSIX_MAP)
    error = port_map_open(file);
  if (error) {
    port_file_close(file);
    file->last_error = error;
    return SWAP_ERR_IO;
  }
  file->storage.context = file;
  file->storage.read = file_read;
  file->storage.copied = &file->copied;
  file->storage.depth = PORT_DEPTH;
  return SWAP_OK;
}

int port_file_open(swap_file *file, const char *path, uint32_t io) {
  const int status = port_file_open_bare(file, path, io);
  if (status)
    return status;
  if (file->io == SWAP_POSIX_AUTO || file->io == SWAP_POSIX_URING) {
    file->uring = port_uring_create(file);
    file->io = file->uring ? SWAP_POSIX_URING : SWAP_POSIX_THREAD;
  }
  if (file->uring) {
    file->storage.begin = port_uring_begin;
    file->storage.submit = port_uring_submit;
    file->storage.wait = port_uring_wait;
  } else if (file->io != SWAP_POSIX_MAP &&
             (file->readers = port_readers_create(file))) {
    file->storage.begin = port_readers_begin;
    file->storage.wait = port_readers_wait;
  } /* without either, reads block */
  if (file->storage.begin)
    file->storage.begin_any = PORT_BOUNCE_BYTES - SWAP_BLOB_ALIGN;
  return SWAP_OK;
}

void port_file_close(swap_file *file) {
  if (file->uring)
    port_uring_destroy(file->uring);
  if (file->readers)
    port_readers_destroy(file->readers);
  port_map_close(file);
  for (uint32_t i = 0; i < PORT_DEPTH; ++i)
    free(file->tickets[i].bounce);
  free(file->bounce);
  if (file->fd >= 0)
    close(file->fd);
  memset(file, 0, sizeof *file);
  file->fd = -1;
}

const char *port_io_name(uint32_t io) {
  static const char *const names[] = {"auto", "uring", "thread", "map",
                                      "buffered"};
  return io < sizeof names / sizeof names[0] ? names[io] : "unknown";
}
