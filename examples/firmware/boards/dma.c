/*===- dma.c - Copies beside the computation ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "dma.h"

#include "start.h"

#include <string.h>

enum { BYTES_A_TICK = 8192 };

static volatile struct channel {
  unsigned char *to;
  const unsigned char *from;
  size_t left;
  int busy;
} channels[DMA_CHANNELS];
static volatile int hanging;

int dma_start(void *to, const void *from, size_t bytes) {
  int c = 0;
  while (c < DMA_CHANNELS - 1 && channels[c].busy)
    c++;
  channels[c].to = to;
  channels[c].from = from;
  channels[c].left = bytes;
  channels[c].busy = 1; /* from here on the interrupt sees it */
  return c;
}

int dma_done(int channel) { return channels[channel].left == 0; }

void dma_stop(int channel) { channels[channel].busy = 0; }

void dma_hang(int hangs) { hanging = hangs; }

void board_tick(void) {
  size_t can = hanging ? 0 : BYTES_A_TICK;
  for (int c = 0; c < DMA_CHANNELS && can; c++) {
    volatile struct channel *channel = &channels[c];
    if (!channel->busy || !channel->left)
      continue;
    const size_t bytes = channel->left < can ? channel->left : can;
    memcpy(channel->to, channel->from, bytes);
    channel->to += bytes;
    channel->from += bytes;
    channel->left -= bytes;
    can -= bytes;
  }
}
