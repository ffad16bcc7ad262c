/*===- feeder.h - What feeder.c and ring.c share ------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A feeder works on a sequence of units: those asked for, then those that the
|* plan's cycle will ask for next. Units are read in pieces, each into a part of
|* a ring of pinned memory, and copied from there to their slots, all in order.
|* Where memory is shared, a piece is a whole unit, read into its slot.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CUDA_FEEDER_H
#define SWAP_CUDA_FEEDER_H

#include "cuda_handle.h"

#include <pthread.h>

#define FEEDER_PIECES PORT_DEPTH
#define FEEDER_PIECE_BYTES (UINT64_C(4) << 20)
#define FEEDER_LEAST_PIECES (CUDA_LEAST_RING / SWAP_BLOB_ALIGN) /* in a ring */

typedef struct feeder_item {
  uint32_t unit;
  uint32_t step; /* of the plan, SWAP_CORE_NONE if of none */
} feeder_item;

typedef struct feeder_piece {
  uint64_t item; /* number in the sequence */
  uint32_t unit;
  uint64_t at; /* in the unit */
  uint64_t bytes;
  uint8_t *to;
  int64_t ticket; /* negative: it is there */
} feeder_piece;

struct cuda_feeder {
  swap_cuda *h;
  swap_file file;
  int file_open;
  pthread_t thread;
  int running;
  pthread_mutex_t lock;
  pthread_cond_t work, done;

  /* Under the lock. Numbers in the sequence: taken <= asked <= known. */
  feeder_item *items; /* a ring of `capacity` */
  uint64_t capacity;
  uint64_t taken, asked, known;
  uint64_t flush; /* reads from this item on were for others; UINT64_MAX */
  uint64_t *wanted, *begun; /* per unit: times asked for, times copied */
  int stop, resetting, beyond;
  int status;
  uint32_t failed_unit;
  uint64_t failed_offset;
  int system;
  char error[512]; /* of the driver, else empty */
  uint64_t copied; /* bytes that were bounced */

  /* The thread's own. Numbers of pieces: free <= copy <= end. */
  uint8_t *ring; /* null where memory is shared */
  uint64_t ring_bytes, piece_bytes, write_at;
  feeder_piece pieces[FEEDER_PIECES];
  cu_event copied_events[FEEDER_PIECES];
  uint64_t free, copy, end;
  uint64_t read_item, read_at;
  uint32_t crc;
  uint8_t *verified; /* per unit */
  cu_event *slots_free; /* per step: the kernels before it are done */
};

/* ring.c; all without the lock. */
/* Begins reads while there is room; whether there were any, and whether the
 * next one only lacks room. */
int ring_read(cuda_feeder *f, int *progress, int *full);
/* Completes the first piece of the item that is due. */
int ring_feed(cuda_feeder *f, uint64_t number, feeder_item item, int *complete);
/* Waits for the oldest copy, which makes room. */
int ring_make_room(cuda_feeder *f);
/* Waits for all reads and forgets those from an item on. */
void ring_forget(cuda_feeder *f, uint64_t item);
/* Records an error; returns it. */
int feeder_fail(cuda_feeder *f, int status, uint32_t unit, uint64_t offset);
int feeder_check(cuda_feeder *f, cu_result result, const char *what,
                 uint32_t unit);

/* feeder.c: the item of that number, predicted if need be; 0: none. */
int feeder_item_at(cuda_feeder *f, uint64_t number, feeder_item *item);
int feeder_start(cuda_feeder *f);
void feeder_stop(cuda_feeder *f);

#endif /* SWAP_CUDA_FEEDER_H */
