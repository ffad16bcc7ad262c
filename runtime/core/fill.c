/*===- fill.c - Resident units between two runs -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "core.h"

int swap_fill(swap_session *session, uint64_t bytes) {
  int status;
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!swap_core_rests(session) || !swap_core_homes(&session->config))
    return SWAP_ERR_STATE;
  swap_core_load_again(session);
  if (!session->loading)
    return SWAP_OK;
  session->failed_unit = SWAP_CORE_NONE;
  if (swap_core_overlaps(session)) {
    session->polls = session->config.storage->done != NULL;
    status = swap_core_finish_kind(session, SWAP_CORE_UNIT);
    session->polls = 0;
    if (status >= 0)
      status = swap_core_load_some(session, bytes);
    swap_core_submit(session);
  } else {
    status = swap_core_load_rest(session);
  }
  if (status)
    swap_core_forget(session, 0);
  session->status = status;
  if (status)
    return status;
  swap_core_load_again(session);
  return session->loading ? SWAP_PENDING : SWAP_OK;
}
