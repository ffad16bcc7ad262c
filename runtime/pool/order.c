/*===- order.c - Which job goes first -----------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Those that waited for `patience_ns` form a class of their own, before all
|* others. Who is in it came before everyone who is not, so that "before those
|* that came later" is the order of arrival inside the class and between the
|* two: at any instant a lexicographic, hence a strict total order.
\*===----------------------------------------------------------------------===*/
#include "policy.h"

static int is_old(const pool_urgency *job, uint64_t now, uint64_t patience_ns) {
  return now >= job->since_ns && now - job->since_ns >= patience_ns;
}

int pool_goes_first(const pool_urgency *a, const pool_urgency *b, uint64_t now,
                    uint64_t patience_ns) {
  const int old = is_old(a, now, patience_ns);
  if (old != is_old(b, now, patience_ns))
    return old;
  if (!old) {
    if (a->priority != b->priority)
      return a->priority > b->priority;
    if (a->deadline_ns != b->deadline_ns)
      return a->deadline_ns < b->deadline_ns;
  }
  if (a->since_ns != b->since_ns)
    return a->since_ns < b->since_ns;
  return a->order < b->order;
}
