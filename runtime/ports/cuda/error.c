/*===- error.c - What failed, and where ---------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *swap_cuda_error(const swap_cuda *h) {
  return h ? h->error : "out of memory";
}

int cuda_fail(swap_cuda *h, int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(h->error, sizeof h->error, format, arguments);
  va_end(arguments);
  h->session.status = status;
  return status;
}

int cuda_check(swap_cuda *h, cu_result result, const char *format, ...) {
  if (result == CU_OK)
    return SWAP_OK;
  char what[512];
  const char *why = NULL;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  if (h->driver->error_string(result, &why) != CU_OK || !why)
    why = "no explanation";
  return cuda_fail(h, SWAP_ERR_DEVICE, "%s: CUDA error %d: %s", what, result,
                   why);
}

const char *cuda_kernel_name(const swap_cuda *h, uint32_t kernel) {
  return h->model->model->kernels[kernel].name;
}

int cuda_describe(swap_cuda *h, int status, int system) {
  const swap_session *session = &h->session;
  const uint32_t unit = session->failed_unit;
  const unsigned long long at = session->failed_offset;
  char where[96] = "";
  if (status == SWAP_ERR_INDEX) {
    const swap_blob_unit *table = &h->model->model->units[unit];
    return cuda_fail(h, status,
                     "index number %llu of the lookup in unit %u is outside "
                     "the table's %llu rows; check the inputs",
                     at, (unsigned)unit,
                     (unsigned long long)(table->length / table->row_bytes));
  }
  if (status != SWAP_ERR_IO && status != SWAP_ERR_SHORT &&
      status != SWAP_ERR_CHECKSUM)
    return cuda_fail(h, status, "%s: %s", h->path, swap_status_string(status));
  if (unit != SWAP_CORE_NONE)
    snprintf(where, sizeof where, ", in unit %u", (unsigned)unit);
  return cuda_fail(h, status, "%s: %s%s, at byte %llu%s%s", h->path,
                   swap_status_string(status), where, at,
                   status == SWAP_ERR_IO && system ? ": " : "",
                   status == SWAP_ERR_IO && system ? strerror(system) : "");
}
