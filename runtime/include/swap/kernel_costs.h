/*===- swap/kernel_costs.h - What kernels do ----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A table that swapc puts into programs beside the model, for profiles of runs.
|* Nothing needs it to run the model.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_KERNEL_COSTS_H
#define SWAP_KERNEL_COSTS_H

#include <stdint.h>

/* Of a kernel's whole grid. */
typedef struct swap_kernel_costs {
  const char *node; /* of the ONNX graph, the first that it computes */
  uint64_t tiles;
  uint64_t operations; /* multiplications and additions; 0: not known */
  uint64_t bytes;      /* of operands and results, each once */
} swap_kernel_costs;

#endif /* SWAP_KERNEL_COSTS_H */
