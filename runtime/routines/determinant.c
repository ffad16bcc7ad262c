/*===- determinant.c - Determinants of square matrices ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

#include "element.h"
#include "routine.h"

/* Rows are eliminated below the largest pivot of each column. */
static inline double eliminate(double *m, ptrdiff_t n) {
  double result = 1;
  for (ptrdiff_t c = 0; c < n; ++c) {
    ptrdiff_t pivot = c;
    double largest = -1;
    for (ptrdiff_t r = c; r < n; ++r) {
      double size = m[r * n + c] < 0 ? -m[r * n + c] : m[r * n + c];
      if (size > largest)
        largest = size, pivot = r;
    }
    double divisor = m[pivot * n + c];
    result *= pivot == c ? divisor : -divisor;
    if (divisor == 0)
      return result;
    if (pivot != c)
      for (ptrdiff_t i = c; i < n; ++i) {
        double one = m[c * n + i];
        m[c * n + i] = m[pivot * n + i];
        m[pivot * n + i] = one;
      }
    for (ptrdiff_t r = c + 1; r < n; ++r) {
      double factor = m[r * n + c] / divisor;
      for (ptrdiff_t i = c + 1; i < n; ++i)
        m[r * n + i] -= factor * m[c * n + i];
    }
  }
  return result;
}

/* (input) -> (result): an item is a matrix; scratch has it as float64.
 * Constants: dtype (F32 or F64), rows. */
void swap_routine_determinant(void *const *operands, const int64_t *constants,
                              int64_t begin, int64_t end, void *scratch) {
  const ptrdiff_t n = (ptrdiff_t)constants[1];
  double *matrix = scratch;
  for (ptrdiff_t item = (ptrdiff_t)begin; item < (ptrdiff_t)end; ++item) {
    for (ptrdiff_t i = 0; i < n * n; ++i)
      matrix[i] = constants[0] == SWAP_F64
                      ? ((const double *)operands[0])[item * n * n + i]
                      : ((const float *)operands[0])[item * n * n + i];
    double result = eliminate(matrix, n);
    if (constants[0] == SWAP_F64)
      ((double *)operands[1])[item] = result;
    else
      ((float *)operands[1])[item] = (float)result;
  }
}
