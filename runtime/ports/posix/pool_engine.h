/*===- pool_engine.h - A pool's models that run elsewhere ---------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* What a pool needs of a model that this processor does not run: whole runs, from
|* memory that nothing else shares. Such a pool's budget is that memory. All of
|* its calls come from one thread at a time, for all engines of the pool together,
|* and without the pool's locks.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORT_POOL_ENGINE_H
#define SWAP_PORT_POOL_ENGINE_H

#include "swap/pool.h"

typedef struct pool_engine pool_engine;
struct pool_engine {
  uint64_t overhead_bytes; /* beside the arena of each plan */
  int ready;               /* a plan is in force */
  /* Puts the plan in force that fits into `bytes`, its resident weights
   * included; what the one before has goes first. After an error the one before
   * is in force, or none (`ready`), and then no memory is taken. */
  int (*set_plan)(pool_engine *engine, uint64_t bytes);
  int (*run)(pool_engine *engine, const void *const *inputs,
             void *const *outputs, swap_counters *counters);
  const char *(*error)(const pool_engine *engine);
  void (*close)(pool_engine *engine); /* and it is gone */
};

/* As swap_pool_add; the engine is the pool's from here on, in every case. */
int pool_add_engine(swap_pool *pool, const swap_model *model,
                    pool_engine *engine, const swap_task_options *options,
                    swap_task **task);

#endif /* SWAP_PORT_POOL_ENGINE_H */
