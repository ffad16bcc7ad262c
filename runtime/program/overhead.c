/*===- overhead.c - What a budget pays for beside an arena ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "program.h"

uint64_t with_overhead(uint64_t bytes) {
  const uint64_t overhead = target_overhead();
  return bytes < UINT64_MAX - overhead ? bytes + overhead : UINT64_MAX;
}
