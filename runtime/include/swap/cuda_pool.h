/*===- swap/cuda_pool.h - Several models on one GPU ---------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A pool as in swap/pool.h whose models a GPU runs. Its budget is then device
|* memory: each model's arena and overhead (swap/cuda.h), and never more than the
|* budget together. Jobs run from start to end, the most urgent one first; a model
|* gets another plan between two of its runs, with its resident weights.
|*
|* Everything else of swap/pool.h holds, with lanes 1. Of a job's result,
|* compute_ns is the whole run, and stall_ns 0.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CUDA_POOL_H
#define SWAP_CUDA_POOL_H

#include "swap/cuda.h"
#include "swap/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As swap_pool_add. Of the options for the GPU (null: none), device, source,
 * host_budget_bytes, flags and quiet count; what is pinned on the host is each
 * model's own. A pool has models of the processor or of one GPU:
 * SWAP_ERR_ARGUMENT where it has others already. SWAP_ERR_DEVICE and the like:
 * the model could not be opened, and swap_pool_error tells why. */
int swap_cuda_pool_add(swap_pool *pool, const swap_cuda_model *model,
                       const swap_cuda_options *cuda,
                       const swap_task_options *options, swap_task **task);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_CUDA_POOL_H */
