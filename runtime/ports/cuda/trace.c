/*===- trace.c - When each step began and ended -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Steps report after the run, from timed events on the streams: asking in
|* between would stop what is measured. The first of them ties the device's
|* clock to the host's.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

int cuda_mark(swap_cuda *h, uint32_t step, int end, cu_stream stream) {
  if (!h->marks || step == SWAP_CORE_NONE)
    return SWAP_OK;
  return cuda_check(
      h, h->driver->event_record(h->marks[2 * step + 1 + (end != 0)], stream, 0),
      "recording an event");
}

static int time_of(swap_cuda *h, uint32_t mark, uint64_t start_ns,
                   uint64_t *ns) {
  float ms = 0;
  const int status =
      cuda_check(h,
                 h->driver->event_elapsed(&ms, h->marks[0], h->marks[mark]),
                 "reading the time of an event");
  *ns = start_ns + (uint64_t)(ms > 0 ? (double)ms * 1e6 : 0);
  return status;
}

int cuda_report(swap_cuda *h, uint64_t start_ns) {
  static const swap_event_kind kinds[] = {SWAP_EVENT_IN, SWAP_EVENT_WAIT,
                                          SWAP_EVENT_OUT, SWAP_EVENT_CALL,
                                          SWAP_EVENT_WAIT};
  const swap_plan *plan = h->session.plan;
  uint64_t calls = 0;
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < plan->step_count; ++i) {
    uint64_t begin = start_ns, end = start_ns;
    status = time_of(h, 2 * i + 1, start_ns, &begin);
    if (!status)
      status = time_of(h, 2 * i + 2, start_ns, &end);
    if (status)
      break;
    if (plan->steps[i].op == SWAP_OP_CALL)
      calls += end - begin;
    h->options.event(h->options.event_context, kinds[plan->steps[i].op],
                     plan->steps[i].index, begin, end);
  }
  h->session.counters.compute_ns = calls;
  return status;
}
