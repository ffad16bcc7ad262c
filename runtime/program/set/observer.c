/*===- observer.c - The pool's events as they happen --------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "set_program.h"

void set_observe(void *context, const swap_pool_event *event) {
  set_observer *seen = context;
  if (event->used_bytes >
      atomic_load_explicit(&seen->peak, memory_order_relaxed))
    atomic_store_explicit(&seen->peak, event->used_bytes, memory_order_relaxed);
  /* Reads end one after the other: what one was under way after the end of the
   * one before adds to the time that the link was busy. */
  if (event->kind == SWAP_POOL_READ && event->end_ns > seen->link_until_ns) {
    const uint64_t from = event->begin_ns > seen->link_until_ns
                              ? event->begin_ns
                              : seen->link_until_ns;
    seen->link_until_ns = event->end_ns;
    atomic_fetch_add_explicit(&seen->link_busy_ns, event->end_ns - from,
                              memory_order_relaxed);
  }
  if (seen->trace)
    set_trace_event(seen->trace, event);
}
