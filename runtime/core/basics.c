/*===- basics.c - What several files of the core need -------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Functions, not inline ones: firmware counts bytes.
\*===----------------------------------------------------------------------===*/
#include "core.h"

uint64_t swap_core_now(const swap_session *session) {
  return session->config.clock ? session->config.clock() : 0;
}

int swap_core_fail(swap_session *session, int status, uint32_t unit,
                   uint64_t offset) {
  if (status > 0)
    return status;
  session->failed_unit = unit;
  session->failed_offset = offset;
  return status;
}

int swap_core_fail_unit(swap_session *session, int status, uint32_t unit) {
  return swap_core_fail(session, status, unit,
                        session->model->units[unit].offset);
}

int swap_core_stays(const swap_session *session, uint32_t unit) {
  return session->plan->resident[unit] ||
         session->plan->slots[unit] == SWAP_SLOT_IN_PLACE;
}

size_t swap_core_unit_bytes(const swap_model *model, uint32_t unit) {
  const size_t mask = model->page_bytes - 1;
  return ((size_t)model->units[unit].length + mask) & ~mask;
}

int swap_core_overlaps(const swap_session *session) {
  return swap_core_maps(session) ||
         (session->config.storage && session->config.storage->begin &&
          !swap_core_serial(session));
}

uint32_t swap_core_divide(uint64_t a, uint32_t b, uint64_t *quotient) {
#if UINTPTR_MAX > 0xFFFFFFFFu
  *quotient = a / b;
  return (uint32_t)(a % b);
#else
  uint64_t rest = 0;
  for (uint32_t bit = 0; bit < 64; ++bit) {
    rest = rest << 1 | a >> 63;
    a <<= 1;
    if (rest >= b) {
      rest -= b;
      a |= 1;
    }
  }
  *quotient = a;
  return (uint32_t)rest;
#endif
}
