/*===- dma.h - Copies beside the computation ----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Stands for a DMA controller on Cortex-M boards: the timer's interrupt copies
|* some bytes each time, so a copy really ends while the program does other things.
\*===----------------------------------------------------------------------===*/
#ifndef DMA_H
#define DMA_H

#include <stddef.h>

#define DMA_CHANNELS 4

/* Starts a copy and returns its channel; one of them must be free. */
int dma_start(void *to, const void *from, size_t bytes);

/* Whether the channel's copy has ended. */
int dma_done(int channel);

/* Frees the channel, at once: what was not copied yet never is. */
void dma_stop(int channel);

/* Stops all copies where they are, as hardware that hangs does, or goes on. */
void dma_hang(int hangs);

#endif
