/*===- median.h - The middle of some measurements -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_MEDIAN_H
#define SWAP_MEDIAN_H

#include <stdint.h>

/* Sorts `values`, few of them. */
static inline double median(double *values, uint32_t count) {
  for (uint32_t i = 1; i < count; ++i) {
    const double value = values[i];
    uint32_t at = i;
    for (; at && values[at - 1] > value; --at)
      values[at] = values[at - 1];
    values[at] = value;
  }
  return count % 2 ? values[count / 2]
                   : (values[count / 2 - 1] + values[count / 2]) / 2;
}

#endif /* SWAP_MEDIAN_H */
