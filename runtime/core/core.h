/*===- core.h - What the core's files share -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The core allocates nothing, has no globals and calls only memcpy and memcmp.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CORE_H
#define SWAP_CORE_H

#include "swap/runtime.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "blobs are little-endian and are read in place"
#endif

#define SWAP_CORE_NONE UINT32_MAX
#define SWAP_CORE_MAX_READS SWAP_MAX_READS

/* Entries of session->in_flight that hold no ticket of the storage. */
#define SWAP_CORE_DEFERRED ((int64_t)-1) /* not begun yet */
#define SWAP_CORE_MAPPED ((int64_t)-2)   /* asked for, perhaps not there yet */

/* While resident units are loaded, so much is under way at most: what the run
 * then asks for has to queue behind it. */
#define SWAP_CORE_LOAD_BYTES (UINT64_C(32) << 20)

static inline uint64_t swap_core_pages(uint64_t bytes) {
  return (bytes + (SWAP_BLOB_ALIGN - 1)) & ~(uint64_t)(SWAP_BLOB_ALIGN - 1);
}

/* Whether [offset, offset + length) lies inside [0, size). */
static inline int swap_core_inside(uint64_t offset, uint64_t length,
                                   uint64_t size) {
  return offset <= size && length <= size - offset;
}

static inline int swap_core_maps(const swap_session *session) {
  return session->config.storage && session->config.storage->map;
}

static inline uint64_t swap_core_now(const swap_session *session) {
  return session->config.clock ? session->config.clock() : 0;
}

/* Callbacks may only return SWAP_OK or a negative status. */
static inline int swap_core_status(int returned) {
  return returned > 0 ? (int)SWAP_ERR_IO : returned;
}

static inline int swap_core_serial(const swap_session *session) {
  return (session->config.flags & SWAP_FLAG_SERIAL) != 0;
}

/* Whether reads of units go on while the run does. */
static inline int swap_core_overlaps(const swap_session *session) {
  return swap_core_maps(session) ||
         (session->config.storage && session->config.storage->begin &&
          !swap_core_serial(session));
}

/* Reads begun at once that the storage and the session can hold. */
static inline uint32_t swap_core_depth(const swap_session *session) {
  const swap_storage *storage = session->config.storage;
  if (!storage->begin || swap_core_maps(session))
    return SWAP_CORE_MAX_READS;
  return storage->depth < SWAP_CORE_MAX_READS ? storage->depth
                                              : SWAP_CORE_MAX_READS;
}

/* How many were begun; and their bytes. */
static inline uint32_t swap_core_begun(const swap_session *session,
                                       uint64_t *bytes) {
  uint32_t begun = 0;
  *bytes = 0;
  for (uint32_t i = 0; i < session->in_flight_count; ++i)
    if (session->in_flight[i].ticket != SWAP_CORE_DEFERRED) {
      *bytes += session->model->units[session->in_flight[i].unit].length;
      begun += 1;
    }
  return begun;
}

/* Records where an error happened and returns it. */
static inline int swap_core_fail(swap_session *session, int status,
                                 uint32_t unit, uint64_t offset) {
  session->failed_unit = unit;
  session->failed_offset = offset;
  return status;
}

/* check.c: nothing in the plan reaches outside the arena, tables or tensors.
 * `device`: another processor runs the kernels; it may read units in place. */
int swap_core_check_plan(const swap_model *model, const swap_plan *plan,
                         int device);
/* blob.c: header, hash, size and unit table of the storage are the model's. */
int swap_core_check_blob(swap_session *session);

/* units.c: one unit's way in and out. Starting may first finish the oldest. */
int swap_core_start(swap_session *session, uint32_t unit, uint32_t ahead);
int swap_core_begin(swap_session *session, uint32_t unit, uint32_t ahead);
int swap_core_begin_deferred(swap_session *session, uint32_t position);
int swap_core_finish_at(swap_session *session, uint32_t position);
int swap_core_finish(swap_session *session, uint32_t unit);
int swap_core_finish_oldest(swap_session *session);
/* All but those for the next run. */
int swap_core_finish_all(swap_session *session);
int swap_core_release(swap_session *session, uint32_t unit);
/* Waits for everything under way and forgets it. */
void swap_core_drain(swap_session *session);
/* First byte of a unit that is in memory, null if it cannot be mapped. */
const uint8_t *swap_core_unit_base(const swap_session *session, uint32_t unit);

/* load.c: resident units on their first way in, while session->loading. */
void swap_core_load_reset(swap_session *session);
/* Begins reads while there is room for more. */
int swap_core_load_some(swap_session *session);
/* A unit must be in memory; a resident one, or one that is under way. */
int swap_core_load_unit(swap_session *session, uint32_t unit);
int swap_core_load_rest(swap_session *session);
/* After an error: waits for everything and forgets what is not trusted. */
void swap_core_abandon(swap_session *session);

/* rows.c: SWAP_OP_ROWS. */
int swap_core_rows(swap_session *session, const swap_step *step,
                   const void *indices, void *destination);

#endif /* SWAP_CORE_H */
