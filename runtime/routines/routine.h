/*===- routine.h - What routines have in common -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

/* A routine computes what no loop nest expresses: sorting, scattering,
 * counting. It runs as a kernel: on constant shapes, without memory of its own,
 * and with the same bits whoever runs which items. swapc has the routines as
 * bitcode, optimises each for the constants of its use, and evaluates them on
 * constants while it imports a model.
 *
 * `operands` are the inputs and then the results; a result that nobody reads is
 * null. `constants` are listed beside each routine. Items [begin, end) are done
 * with `scratch`, aligned to 64 bytes. What comes from data (indices, counts)
 * is checked: nothing is read or written outside of the operands. */
#ifndef SWAP_ROUTINES_ROUTINE_H
#define SWAP_ROUTINES_ROUTINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SWAP_ROUTINES(ROUTINE)                                                 \
  ROUTINE(compress)                                                            \
  ROUTINE(cumulate)                                                            \
  ROUTINE(determinant)                                                         \
  ROUTINE(nonmax)                                                              \
  ROUTINE(nonzero)                                                             \
  ROUTINE(roi_align)                                                           \
  ROUTINE(roi_pool)                                                            \
  ROUTINE(scatter)                                                             \
  ROUTINE(tfidf)                                                               \
  ROUTINE(topk)                                                                \
  ROUTINE(unique)

typedef void swap_routine_fn(void *const *operands, const int64_t *constants,
                             int64_t begin, int64_t end, void *scratch);

#define SWAP_DECLARE_ROUTINE(name) swap_routine_fn swap_routine_##name;
SWAP_ROUTINES(SWAP_DECLARE_ROUTINE)
#undef SWAP_DECLARE_ROUTINE

#ifdef __cplusplus
}
#endif
#endif
