/*===- error.c - What failed, and where ---------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "handle.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *swap_posix_error(const swap_posix *h) {
  return h ? h->error : "out of memory";
}

static size_t append(swap_posix *h, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static size_t append(swap_posix *h, size_t at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int wrote =
      vsnprintf(h->error + at, sizeof h->error - at, format, arguments);
  va_end(arguments);
  at += wrote > 0 ? (size_t)wrote : 0;
  return at < sizeof h->error ? at : sizeof h->error - 1;
}

void port_describe(swap_posix *h, int status) {
  const swap_session *session = &h->session;
  const int system = h->file.last_error;
  if (status == SWAP_ERR_ARGUMENT || status == SWAP_ERR_ABI ||
      status == SWAP_ERR_BUDGET || status == SWAP_ERR_STATE) {
    append(h, 0, "%s", swap_status_string(status));
    return;
  }
  if (status == SWAP_ERR_INDEX) {
    const swap_blob_unit *table = &session->model->units[session->failed_unit];
    append(h, 0,
           "index number %llu of the lookup in unit %u is outside the table's "
           "%llu rows; check the inputs",
           (unsigned long long)session->failed_offset,
           (unsigned)session->failed_unit,
           (unsigned long long)(table->length / table->row_bytes));
    return;
  }
  size_t at = append(h, 0, "%s: ", h->path);
  if (!h->file_open) { /* it was never opened: the system error says it all */
    append(h, at, "%s",
           system == EINVAL ? "not a regular file"
           : system         ? strerror(system)
                            : swap_status_string(status));
    return;
  }
  at = append(h, at, "%s", swap_status_string(status));
  if (status == SWAP_ERR_BLOB || status == SWAP_ERR_HASH)
    return;
  if (session->failed_unit != UINT32_MAX)
    at = append(h, at, ", in unit %u", (unsigned)session->failed_unit);
  at = append(h, at, ", at byte %llu",
              (unsigned long long)session->failed_offset);
  if (status == SWAP_ERR_IO && system)
    append(h, at, ": %s", strerror(system));
}
