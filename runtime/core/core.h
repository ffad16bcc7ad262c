/*===- core.h - What the core's files share -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The core allocates nothing, has no globals, does not recurse and calls only
|* memcpy, memset and memcmp: no header of a C library is needed. check.c sees
|* to it that blob and arena have addresses for all their bytes, so what lies
|* inside them is counted in size_t, which firmware is much smaller for.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_CORE_H
#define SWAP_CORE_H

#include "swap/runtime.h"

#include "libc.h"

_Static_assert(sizeof(swap_session) <= 1024, "session state of firmware");

/* A function that keeps registers and stack to itself: one large function would
 * take more of both than its parts. */
#define SWAP_CORE_APART __attribute__((noinline))

#define SWAP_CORE_NONE UINT32_MAX

/* Tickets in session->in_flight that are not the storage's. */
#define SWAP_CORE_DEFERRED ((int32_t)-1) /* not begun yet */
#define SWAP_CORE_MAPPED ((int32_t)-2)   /* asked for, perhaps not there yet */
#define SWAP_CORE_ARRIVED ((int32_t)-3)  /* there, not yet verified */
#define SWAP_CORE_NO_TICKET ((int32_t)-4)

/* `kind` of an entry of session->in_flight. */
#define SWAP_CORE_UNIT 0u  /* a unit that this run needs */
#define SWAP_CORE_AHEAD 1u /* one that the next run needs */
#define SWAP_CORE_ROWS 2u  /* rows of a table */

/* While resident units are loaded, so much is under way at most: what the run
 * then asks for has to queue behind it. */
#define SWAP_CORE_LOAD_BYTES (UINT64_C(32) << 20)

/* Bytes that a unit takes in the blob. */
static inline uint64_t swap_core_pages(uint64_t bytes) {
  return (bytes + (SWAP_BLOB_ALIGN - 1)) & ~(uint64_t)(SWAP_BLOB_ALIGN - 1);
}

/* Whether [offset, offset + length) lies inside [0, size). */
static inline int swap_core_inside(uint64_t offset, uint64_t length,
                                   uint64_t size) {
  return offset <= size && length <= size - offset;
}

/* Callbacks may only return SWAP_OK or a negative status. */
static inline int swap_core_status(int returned) {
  return returned > 0 ? (int)SWAP_ERR_IO : returned;
}

/* Whether units are read where they lie, if a plan gives them slots or not. */
static inline int swap_core_maps(const swap_session *session) {
  return (int)session->maps;
}

static inline int swap_core_serial(const swap_session *session) {
  return (session->config.flags & SWAP_FLAG_SERIAL) != 0;
}

/* Firmware has no memory that comes and goes. */
static inline uint8_t *swap_core_homes(const swap_config *config) {
  return __STDC_HOSTED__ ? (uint8_t *)config->homes : NULL;
}

/* Whether calls that belong between two runs are in order. */
static inline int swap_core_rests(const swap_session *session) {
  return session->model && !session->started;
}

/* status.c: which of two plans is used where both fit: the faster one as the
 * compiler sees it; of plans that take about as long, or without predictions,
 * more memory is more to read ahead in, until nothing streams. */
int swap_core_is_better(const swap_plan *plan, const swap_plan *than);

/* basics.c: what several files need. */
uint64_t swap_core_now(const swap_session *session);
/* Records where an error happened and returns it; or SWAP_PENDING. */
int swap_core_fail(swap_session *session, int status, uint32_t unit,
                   uint64_t offset);
int swap_core_fail_unit(swap_session *session, int status, uint32_t unit);
/* Whether a unit comes in once: it is resident, or read where it lies. */
int swap_core_stays(const swap_session *session, uint32_t unit);
/* Bytes that are read for a unit, and that its slot takes. */
size_t swap_core_unit_bytes(const swap_model *model, uint32_t unit);
/* Whether reads of units go on while the run does. */
int swap_core_overlaps(const swap_session *session);
/* The rest of a / b, and what is before the point: processors of 32 bits have
 * no division by more. */
uint32_t swap_core_divide(uint64_t a, uint32_t b, uint64_t *quotient);

/* check.c: nothing in the plan reaches outside the arena, tables or tensors, and
 * storage (null: not known) serves its reads. `device`: another processor runs
 * the kernels. */
int swap_core_check_plan(const swap_model *model, const swap_plan *plan,
                         const swap_storage *storage, int device);
/* blob.c: header, hash, size and unit table of the storage are the model's. The
 * arena is overwritten where there is one. */
int swap_core_check_blob(swap_session *session);

/* Tiles that a step runs. */
typedef struct swap_core_work {
  swap_kernel_fn fn;
  void *const *operands;
  /* sizes/cuts.c: `fn` and `operands` of the kernel behind the cuts. */
  swap_kernel_fn whole;
  void *const *whole_operands;
  const swap_cut *cuts;
  uint32_t count;
  uint64_t limits[SWAP_MAX_CUTS]; /* of each cut */
} swap_core_work;

/* The tiles of a call, what an executor gets as `task_context`: `width` of each
 * panel, from `begin` on, and `gap` more to the next panel's. A call that is no
 * band is one panel. */
typedef struct swap_core_call {
  swap_core_work work;
  uint64_t begin;
  uint32_t width; /* of a band */
  uint32_t gap;
  uint8_t *scratch;
  uint32_t scratch_stride;
  void *operands[SWAP_MAX_OPERANDS];
} swap_core_call;

/* sizes/cuts.c: what models refer to whose sizes a run says. */
struct swap_sizing {
  /* The tables make sense, and the sizes in the inputs are in their ranges. */
  int (*check)(const swap_session *session);
  /* If tiles of a kernel are left out, work becomes that. */
  void (*cut)(const swap_session *session, const swap_step *step,
              swap_core_work *work);
  /* Of the rows that a step brings, how many the run needs. */
  uint32_t (*cut_rows)(const swap_session *session, const swap_step *step);
};

/* reads.c: tickets of the storage. While session->polls, what would wait for a
 * ticket changes nothing and answers SWAP_PENDING, as does all that calls it: it
 * is called again. Nothing is counted or remembered before that. */
/* Waits for one no longer than the timeout; it is spent then. */
int swap_core_wait(swap_session *session, int32_t ticket);
/* Makes the storage begin a read, after waiting where too many are under way. */
int swap_core_ticket(swap_session *session, size_t offset, void *buffer,
                     size_t length, int32_t *ticket);
/* A read that is over when this returns. */
int swap_core_read(swap_session *session, size_t offset, void *buffer,
                   size_t length);
/* Another ticket may be taken. */
int swap_core_has_ticket(const swap_session *session);
/* Waits for entry `position` of the list, which stays there. */
int swap_core_settle(swap_session *session, uint32_t position);
void swap_core_submit(swap_session *session);
/* Waits for what is under way and forgets it: all of it, or of one kind. */
#define SWAP_CORE_ALL 3u
void swap_core_drain(swap_session *session, uint32_t kind);

/* units.c: one unit's way in and out. Starting may first finish the oldest. */
int swap_core_start(swap_session *session, uint32_t unit, uint32_t kind);
int swap_core_begin(swap_session *session, uint32_t unit, uint32_t kind);
int swap_core_begin_deferred(swap_session *session, uint32_t position);
int swap_core_begin_rows(swap_session *session, uint32_t unit, size_t offset,
                         void *buffer, size_t length);
/* Position of a unit in the list, in_flight_count where it is not. */
uint32_t swap_core_find(const swap_session *session, uint32_t unit);
int swap_core_finish(swap_session *session, uint32_t unit);
/* All entries of a kind. */
int swap_core_finish_kind(swap_session *session, uint32_t kind);
int swap_core_release(swap_session *session, uint32_t unit);
/* First byte of a unit that is in memory, null if it cannot be mapped. */
const uint8_t *swap_core_unit_base(const swap_session *session, uint32_t unit);

/* load.c: resident units on their first way in, while session->loading. */
void swap_core_load_reset(swap_session *session);
/* Whether a resident unit is missing, with `homes`: between two runs. */
void swap_core_load_again(swap_session *session);
/* Begins reads while there is room for more and less than `bytes` under way. */
int swap_core_load_some(swap_session *session, uint64_t bytes);
/* A unit must be in memory; a resident one, or one that is under way. */
int swap_core_load_unit(swap_session *session, uint32_t unit);
int swap_core_load_rest(swap_session *session);
/* Waits for everything under way. After an error (not `all`), what is not
 * trusted is forgotten; else whatever is in memory or mapped. */
void swap_core_forget(swap_session *session, int all);

/* rows.c: SWAP_OP_ROWS. */
int swap_core_rows(swap_session *session, const swap_step *step,
                   const void *indices, void *destination);

#endif /* SWAP_CORE_H */
