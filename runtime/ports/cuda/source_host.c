/*===- source_host.c - The blob in host memory --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The file is mapped and registered with the driver: the copy engine and the
|* kernels read the page cache itself. Drivers that do not take such a mapping
|* get a private, writable one, whose registration copies it. A mapping whose
|* registration was refused is not tried again (one attempt hung): it is made
|* anew.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map_read(void *context, uint64_t offset, void *buffer,
                    uint64_t length) {
  const swap_cuda *h = context;
  if (!swap_core_inside(offset, length, h->map_bytes))
    return SWAP_ERR_SHORT;
  memcpy(buffer, h->map + offset, length);
  return SWAP_OK;
}

static int open_file(swap_cuda *h, int *fd) {
  struct stat info;
  /* Looked at before it is opened: opening a pipe would wait for a writer. */
  if (stat(h->path, &info) != 0)
    return cuda_fail(h, SWAP_ERR_IO, "%s: %s", h->path, strerror(errno));
  if (!S_ISREG(info.st_mode))
    return cuda_fail(h, SWAP_ERR_IO, "%s: not a regular file", h->path);
  const uint64_t wanted = h->model->model->blob_bytes;
  if ((uint64_t)info.st_size < wanted)
    return cuda_fail(
        h, SWAP_ERR_SHORT,
        "%s: truncated: it has %llu bytes, the model's weights have %llu",
        h->path, (unsigned long long)info.st_size, (unsigned long long)wanted);
  *fd = open(h->path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0)
    return cuda_fail(h, SWAP_ERR_IO, "%s: %s", h->path, strerror(errno));
  return SWAP_OK;
}

/* Maps the file; sets `map`. */
static int map_file(swap_cuda *h, int fd, int private_copy) {
  void *map = mmap(NULL, h->map_bytes,
                   private_copy ? PROT_READ | PROT_WRITE : PROT_READ,
                   (private_copy ? MAP_PRIVATE : MAP_SHARED) | MAP_POPULATE, fd,
                   0);
  if (map == MAP_FAILED)
    return cuda_fail(h, SWAP_ERR_IO, "%s: cannot be mapped: %s", h->path,
                     strerror(errno));
  h->map = map;
  return SWAP_OK;
}

static void unmap(swap_cuda *h) {
  if (h->map)
    munmap(h->map, h->map_bytes);
  h->map = NULL;
}

static int try_register(swap_cuda *h, int private_copy, cu_result *result) {
  const cuda_driver *d = h->driver;
  *result = d->host_register(
      h->map, h->map_bytes,
      CU_HOST_MAPPED | CU_HOST_PORTABLE | (private_copy ? 0 : CU_HOST_READ_ONLY));
  if (*result)
    return SWAP_OK; /* another way may do */
  const int status = cuda_check(h, d->host_address(&h->map_device, h->map, 0),
                                "mapping the weights");
  if (status) {
    d->host_unregister(h->map);
    h->map_device = 0;
  }
  return status;
}

static int register_map(swap_cuda *h, int fd) {
  int read_only = 0;
  int status = cuda_check(
      h,
      h->driver->device_attribute(&read_only, CU_ATTRIBUTE_READ_ONLY_REGISTER,
                                  h->device),
      "asking %s for its properties", h->name);
  cu_result result = CU_INVALID_VALUE;
  if (!status && read_only)
    status = try_register(h, 0, &result);
  if (!status && result) {
    unmap(h);
    status = map_file(h, fd, 1);
    if (!status)
      status = try_register(h, 1, &result);
  }
  if (!status && result)
    status = cuda_check(
        h, result,
        "%s: the driver does not register these %llu bytes of host memory "
        "(raise the limit of locked memory, ulimit -l, or take storage as the "
        "source of weights)",
        h->path, (unsigned long long)h->map_bytes);
  return status;
}

int cuda_map_open(swap_cuda *h) {
  int fd = -1;
  h->map_bytes = h->model->model->blob_bytes;
  int status = open_file(h, &fd);
  if (!status)
    status = map_file(h, fd, 0);
  if (!status) {
    h->map_storage.context = h;
    h->map_storage.read = map_read;
    h->session.config.storage = &h->map_storage;
    status = swap_core_check_blob(&h->session);
    if (status)
      cuda_describe(h, status, 0);
  }
  if (!status)
    status = register_map(h, fd);
  if (fd >= 0)
    close(fd);
  return status;
}

void cuda_map_close(swap_cuda *h) {
  if (h->map_device)
    h->driver->host_unregister(h->map);
  h->map_device = 0;
  unmap(h);
}
