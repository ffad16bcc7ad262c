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

typedef struct text {
  char *bytes;
  size_t size;
  size_t at;
} text;

static void append(text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(text *t, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int wrote =
      vsnprintf(t->bytes + t->at, t->size - t->at, format, arguments);
  va_end(arguments);
  t->at += wrote > 0 ? (size_t)wrote : 0;
  if (t->at >= t->size)
    t->at = t->size - 1;
}

void port_tell_failure(char *bytes, size_t size, int status,
                       const port_failure *failure) {
  const swap_session *session = failure->session;
  const int system = failure->system;
  text t = {bytes, size, 0};
  if (status == SWAP_ERR_ARGUMENT || status == SWAP_ERR_ABI ||
      status == SWAP_ERR_BUDGET || status == SWAP_ERR_STATE) {
    append(&t, "%s", swap_status_string(status));
    return;
  }
  if (status == SWAP_ERR_INDEX) {
    const swap_blob_unit *table = &session->model->units[session->failed_unit];
    append(&t,
           "index number %llu of the lookup in unit %u is outside the table's "
           "%llu rows; check the inputs",
           (unsigned long long)session->failed_offset,
           (unsigned)session->failed_unit,
           (unsigned long long)(table->length / table->row_bytes));
    return;
  }
  append(&t, "%s: ", failure->path);
  if (!failure->opened) { /* it was never opened: the system error says it all */
    append(&t, "%s",
           system == EINVAL ? "not a regular file"
           : system         ? strerror(system)
                            : swap_status_string(status));
    return;
  }
  append(&t, "%s", swap_status_string(status));
  if (status == SWAP_ERR_BLOB || status == SWAP_ERR_HASH)
    return;
  if (session->failed_unit != UINT32_MAX)
    append(&t, ", in unit %u", (unsigned)session->failed_unit);
  append(&t, ", at byte %llu", (unsigned long long)session->failed_offset);
  if (status == SWAP_ERR_IO && system)
    append(&t, ": %s", strerror(system));
}

void port_describe(swap_posix *h, int status) {
  const port_failure failure = {h->path, h->file_open, h->file.last_error,
                                &h->session};
  port_tell_failure(h->error, sizeof h->error, status, &failure);
}
