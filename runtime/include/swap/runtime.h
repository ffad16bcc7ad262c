/*===- swap/runtime.h - Running compiled models -------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The one public header of the runtime, and the ABI between generated code and
|* the runtime. Generated code exports one constant `swap_model`; a caller owns
|* the session state, the arena and the storage, in the manner of littlefs:
|* nothing here allocates, starts a thread or opens a file. Files, threads and
|* io_uring are ports behind `swap_storage` and `swap_executor`.
|*
|* Errors are negative `swap_status` values. Sizes are bytes.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_RUNTIME_H
#define SWAP_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "swap/blob.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SWAP_ABI_VERSION 5u
#define SWAP_MAX_OPERANDS 64u
#define SWAP_BUFFER_ALIGN 64u
/* Units under way at once. They are most of a session, which takes less than
 * 1 KiB. */
#if UINTPTR_MAX > 0xFFFFFFFFu
#define SWAP_MAX_READS 64u
#else
#define SWAP_MAX_READS 16u
#endif

typedef enum swap_status {
  SWAP_OK = 0,
  SWAP_PENDING = 1, /* swap_advance, swap_fill: not done, a read is under way */
  SWAP_YIELDED = 2, /* swap_advance: not done, the caller wanted it back */
  SWAP_ERR_ARGUMENT = -1,  /* a null or misaligned argument */
  SWAP_ERR_ABI = -2,       /* model and runtime have different ABI versions */
  SWAP_ERR_BUDGET = -3,    /* no plan of the model fits the arena */
  SWAP_ERR_IO = -4,        /* storage reported an error */
  SWAP_ERR_SHORT = -5,     /* storage ended before the unit did */
  SWAP_ERR_BLOB = -6,      /* not a blob, or of another version */
  SWAP_ERR_HASH = -7,      /* the blob belongs to another model */
  SWAP_ERR_CHECKSUM = -8,  /* a unit's bytes are not those that were compiled */
  SWAP_ERR_INDEX = -9,     /* a row index is outside its table */
  SWAP_ERR_GEOMETRY = -10, /* storage alignment that the runtime cannot serve */
  SWAP_ERR_STATE = -11,    /* call out of order, or session already failed */
  SWAP_ERR_DEVICE = -12,   /* the device or its driver reported an error */
  SWAP_ERR_TIMEOUT = -13   /* storage did not complete a read in time */
} swap_status;

typedef enum swap_dtype {
  SWAP_F32 = 1,
  SWAP_F16,
  SWAP_BF16,
  SWAP_F64,
  SWAP_I8,
  SWAP_U8,
  SWAP_I16,
  SWAP_U16,
  SWAP_I32,
  SWAP_U32,
  SWAP_I64,
  SWAP_U64,
  SWAP_BOOL, /* one byte, 0 or 1 */
  /* One byte an element: the bits of a float, in the low ones if there are
   * fewer than 8, or the value of an integer as int8_t or uint8_t. */
  SWAP_F8E4M3FN,
  SWAP_F8E4M3FNUZ,
  SWAP_F8E5M2,
  SWAP_F8E5M2FNUZ,
  SWAP_F8E8M0,
  SWAP_F4E2M1,
  SWAP_I4,
  SWAP_U4,
  SWAP_I2,
  SWAP_U2
} swap_dtype;

/* ---- What generated code provides (all constant data) ------------------- */

/* One kernel. Computes tiles [begin, end) of its grid; tiles are independent
 * and any order or split gives the same bits. `operands[i]` points at the
 * first byte of operand i as the kernel numbers it (see swap_operand).
 * `scratch` is private to the calling thread: the step's scratch_bytes,
 * aligned to SWAP_BUFFER_ALIGN. */
typedef void (*swap_kernel_fn)(void *const *operands, uint64_t begin,
                               uint64_t end, void *scratch);

typedef struct swap_tensor {
  const char *name; /* as in the ONNX file */
  uint32_t dtype;   /* swap_dtype */
  uint32_t rank;
  const int64_t *dims; /* `rank` of them, null if rank is 0 */
  uint64_t bytes;      /* dense row-major */
} swap_tensor;

typedef enum swap_space {
  SWAP_SPACE_ARENA = 0, /* offset into the arena */
  SWAP_SPACE_INPUT = 1, /* index of a model input, offset into it */
  SWAP_SPACE_OUTPUT = 2,
  SWAP_SPACE_UNIT = 3 /* index of a unit, offset from its first byte; may be
                         negative: a kernel indexes a parameter by absolute
                         panel while the unit holds only panels [p, q) */
} swap_space;

typedef struct swap_operand {
  uint32_t space;
  uint32_t index;
  int64_t offset;
} swap_operand;

typedef enum swap_opcode {
  SWAP_OP_IN = 0,   /* start reading unit `index` into its slot */
  SWAP_OP_WAIT = 1, /* unit `index` must be in its slot from here on */
  SWAP_OP_OUT = 2,  /* unit `index` is not needed any more */
  SWAP_OP_CALL = 3, /* kernel `index`, tiles [tile_begin, tile_end) */
  SWAP_OP_ROWS = 4  /* bring rows of the row-table unit `index` to operand 1;
                       operand 0 holds `tile_end` row numbers (see below) */
} swap_opcode;

/* `aux` of SWAP_OP_IN. Inferences follow each other: what one needs at its
 * beginning is read at the end of the one before. */
#define SWAP_IN_STARTED 1u /* skipped unless no run went before */
#define SWAP_IN_AHEAD 2u   /* for the next run; skipped with SWAP_FLAG_NO_AHEAD */

/* One step of a plan; executed in order.
 * SWAP_OP_CALL: with `aux` = 0 the kernel's tiles [tile_begin, tile_end); else
 * `aux` is the number of tiles of a panel, and of each panel from that of
 * tile_begin to that of tile_end - 1 the tiles from tile_begin % aux to
 * (tile_end - 1) % aux run: a band of rows. Then operands that exist in part
 * are addressed as if they existed whole, from before the arena's start too.
 * SWAP_OP_ROWS: operands[first_operand] is a tensor of `tile_end` integers of
 * dtype `aux` (SWAP_I32 or SWAP_I64), negative counting from the table's end;
 * operands[first_operand + 1] receives tile_end * row_bytes bytes, dense. The
 * source is storage, or the unit's slot where the plan makes it resident. */
typedef struct swap_step {
  uint32_t op;
  uint32_t index;         /* unit or kernel */
  uint32_t first_operand; /* into plan->operands */
  uint32_t operand_count;
  uint64_t tile_begin;
  uint64_t tile_end;
  uint32_t scratch_bytes; /* per thread */
  uint32_t aux;
} swap_step;

/* `slots` of units that have none. */
#define SWAP_SLOT_NONE UINT64_MAX             /* never in memory as a whole */
#define SWAP_SLOT_IN_PLACE (UINT64_MAX - 1u) /* kernels read the blob itself: a
                                                processor's need `map` */

/* One way to run the model inside one budget. */
typedef struct swap_plan {
  uint64_t budget_bytes;   /* what was asked for */
  uint64_t arena_bytes;    /* what must be provided; <= budget_bytes */
  uint64_t peak_bytes;     /* arena, slots and scratch in use at the worst moment */
  uint64_t resident_bytes; /* weights that stay in the arena between runs */
  uint64_t streamed_bytes; /* weights read per run */
  uint64_t region_bytes;   /* the arena's first pages: activations, streamed
                              units, scratch. Resident units lie behind them */
  uint64_t predicted_ns;   /* of one of many runs, as the compiler sees it ... */
  uint64_t compute_ns;     /* ... and of that in kernels */
  uint64_t scratch_offset; /* in the arena; one area per thread, this many: */
  uint64_t scratch_stride; /* bytes between the areas of two threads */
  uint32_t threads;        /* areas, the most threads this plan may use */
  uint32_t step_count;
  const swap_step *steps;
  const swap_operand *operands;
  const uint64_t *slots; /* arena offset of each unit, unit_count of them */
  const uint8_t *resident; /* 1 where unit i comes in once and stays */
  const uint64_t *live; /* per step: bytes in use while it runs; may be null */
} swap_plan;

typedef struct swap_kernel {
  const char *name; /* for messages and traces */
  swap_kernel_fn fn; /* null where another processor runs it (swap/cuda.h) */
} swap_kernel;

/* A dimension that was given a bound while compiling; a run says its size. */
typedef struct swap_size {
  const char *name; /* of the dimension, as in the ONNX file */
  uint32_t input;   /* of the model that holds the size: an int64 scalar */
  uint32_t reserved; /* 0 */
  int64_t least;     /* sizes that a run may have */
  int64_t most;
} swap_size;

/* Dimension `dim` of a tensor is dims[dim] long where size `size` is the most,
 * and `scale` less for each that the size is less. Several may add up. */
typedef struct swap_extent {
  uint32_t tensor; /* of the model's inputs, or of its outputs + input_count */
  uint32_t dim;
  uint32_t size;
  uint32_t reserved; /* 0 */
  int64_t scale;     /* above 0 */
} swap_extent;

/* Of each `period` tiles of kernel `kernel`, only the first n / `unit`, rounded
 * up, compute what is inside the size: n = `offset` + `scale` * the size. From
 * kernel_count on it is a unit of rows, and of those that SWAP_OP_ROWS brings
 * only so many are needed. */
typedef struct swap_cut {
  uint32_t kernel; /* or kernel_count + unit */
  uint32_t size;
  uint32_t period;
  uint32_t unit;
  int64_t scale;
  int64_t offset;
} swap_cut;

#define SWAP_MAX_CUTS 4u /* of one kernel */

/* The code for all that, linked where a model's tables name it. */
typedef struct swap_sizing swap_sizing;
extern const swap_sizing swap_sizes;

typedef struct swap_dynamic {
  uint32_t size_count;
  uint32_t extent_count;
  uint32_t cut_count;
  uint32_t reserved; /* 0 */
  const swap_size *sizes;
  const swap_extent *extents; /* in ascending order of `tensor` */
  const swap_cut *cuts;       /* in ascending order of `kernel` */
  const swap_sizing *sizing;  /* &swap_sizes */
} swap_dynamic;

typedef struct swap_model {
  uint32_t abi_version; /* SWAP_ABI_VERSION */
  uint32_t input_count;
  uint32_t output_count;
  uint32_t kernel_count;
  uint32_t unit_count;
  uint32_t plan_count; /* in ascending order of budget_bytes */
  uint32_t page_bytes; /* of slots: a power of two from SWAP_BUFFER_ALIGN to
                          SWAP_BLOB_ALIGN; units are read in whole ones */
  uint32_t reserved;   /* 0 */
  const char *name;
  const swap_tensor *inputs;
  const swap_tensor *outputs;
  const swap_kernel *kernels;
  const swap_blob_unit *units;
  const swap_plan *plans;
  uint64_t blob_bytes;
  uint64_t weight_bytes; /* packed parameters of one inference */
  uint64_t model_bytes;  /* arena_bytes of a plan that swaps nothing */
  uint64_t min_bytes;    /* smallest budget the compiler found feasible */
  uint8_t blob_hash[SWAP_HASH_BYTES];
  const swap_dynamic *dynamic; /* null where a run says no sizes */
} swap_model;

/* Sizes of a run. The memory of an input or output is that of its bound, and
 * the tensor lies in it as if it were that large: row i of a dimension is where
 * it would be. These move a dense tensor of the sizes `sizes` (of each of the
 * model's, in order; in range) to there and back; both may be in place where
 * `dense` has the memory of the bound. `tensor` counts as in swap_extent. */

/* The dimensions of a tensor, `rank` of them; its bytes. */
uint64_t swap_sized(const swap_model *model, uint32_t tensor,
                    const int64_t *sizes, int64_t *dims);
/* What lies outside the sizes becomes 0, which an input needs. */
void swap_spread(const swap_model *model, uint32_t tensor, const int64_t *sizes,
                 const void *dense, void *data);
void swap_crop(const swap_model *model, uint32_t tensor, const int64_t *sizes,
               const void *data, void *dense);

/* ---- What the caller provides ------------------------------------------- */

/* Where the blob lives. Offsets are from the start of the blob. Callbacks
 * return SWAP_OK or a negative swap_status. `read` blocks. The asynchronous
 * pair is optional (null): then `read` serves IN at once. `begin` starts a
 * read and returns a ticket, 0 to INT32_MAX; at most `depth` are under way, the
 * core sees to that; `wait` returns when that ticket's bytes are in place. `map`
 * is optional: the address of [offset, offset + length), valid until `unmap`;
 * then slots stay unused. The first call should only ask for the bytes, for IN
 * makes it; the next ones, for WAIT and the addresses, may wait for them. Units
 * begin at multiples of SWAP_BLOB_ALIGN in the blob; the core reads whole pages
 * of the model's page_bytes (SWAP_BLOB_ALIGN on a system with files, so that
 * direct I/O works) into slots with that alignment. Only SWAP_OP_ROWS and the
 * header read other ranges, through `read`: see `read_bytes`. `copied` is
 * incremented by the port by the bytes it moved through a bounce buffer. */
typedef struct swap_storage {
  void *context;
  uint32_t depth;
  int (*read)(void *context, uint64_t offset, void *buffer, uint64_t length);
  int64_t (*begin)(void *context, uint64_t offset, void *buffer, uint64_t length);
  int (*wait)(void *context, int64_t ticket);
  const void *(*map)(void *context, uint64_t offset, uint64_t length);
  void (*unmap)(void *context, uint64_t offset, uint64_t length);
  uint64_t *copied;
  /* Optional (0): up to this many bytes, `begin` too accepts any offset, length
   * and address; then the rows of SWAP_OP_ROWS are read `depth` at a time. */
  uint64_t begin_any;
  /* Optional: reads that were begun may stay with the port until `submit`, or
   * until any of them is waited for, so that they go to the device at once. The
   * core calls it before it leaves storage alone for long. */
  void (*submit)(void *context);
  /* Geometry, checked by swap_open (SWAP_ERR_GEOMETRY): powers of two, 0 for
   * any. With `read_bytes`, every offset and length is a multiple of it; with
   * `buffer_align`, every address too: both may be as large as the model's
   * page_bytes. The header and the unit table are then read through the arena,
   * and rows that leave storage one by one must fit the geometry as well. */
  uint32_t read_bytes;
  uint32_t buffer_align;
  /* Optional, for reads that may never end: with both, a clock and a timeout in
   * swap_config, the core polls `done` (1: ended, `wait` will not block; 0: not
   * yet; or a negative status) and calls `cancel` where time is up, or on that
   * status. `cancel` returns when nothing writes to the ticket's buffer any
   * more, and spends the ticket as `wait` does; the read fails with
   * SWAP_ERR_TIMEOUT. After an error, and where the bytes are not wanted any
   * more, reads are cancelled and not waited for. With a timeout the core uses
   * `begin` for whole pages and for what `begin_any` allows; other rows are left
   * to `read`, which has to end by itself. */
  int (*done)(void *context, int64_t ticket);
  void (*cancel)(void *context, int64_t ticket);
} swap_storage;

/* A blob that the processor addresses: flash, or memory. */
typedef struct swap_memory {
  const void *blob; /* SWAP_BUFFER_ALIGN-aligned */
  uint64_t bytes;
} swap_memory;

/* Storage in which kernels read such a blob in place: swap-in is free, and no
 * slot is used. `memory` outlives the session. */
swap_storage swap_memory_mapped(const swap_memory *memory);

/* Storage that copies such a blob into slots, for memory slower than the arena. */
swap_storage swap_memory_copied(const swap_memory *memory);

/* Who runs tiles. `parallel` calls task(task_context, i, thread) for every i in
 * [0, count) and returns when all are done; thread < threads. It is asked for 0
 * and 1 too. Null: the calling thread runs everything. */
typedef struct swap_executor {
  void *context;
  uint32_t threads;
  void (*parallel)(void *context,
                   void (*task)(void *task_context, uint64_t index, uint32_t thread),
                   void *task_context, uint64_t count);
} swap_executor;

/* What a finished run reports; filled where the clock is given. */
typedef struct swap_counters {
  uint64_t runs;
  uint64_t streamed_bytes; /* last run: read from storage for it, a part of it
                              perhaps at the end of the run before */
  uint64_t loaded_bytes;   /* resident weights read since the plan was set */
  uint64_t copied_bytes;   /* last run: moved through a bounce buffer */
  uint64_t compute_ns;     /* last run: inside kernels */
  uint64_t stall_ns;       /* last run: reads started and waited for, and all
                              else that is not compute */
  uint64_t total_ns;       /* last run: both; of one in pieces, what passed
                              inside of swap_advance */
} swap_counters;

typedef enum swap_event_kind { SWAP_EVENT_CALL, SWAP_EVENT_IN, SWAP_EVENT_WAIT, SWAP_EVENT_OUT } swap_event_kind;

typedef struct swap_config {
  void *arena; /* aligned to the model's page_bytes; null if the plan needs none */
  uint64_t arena_bytes;
  const swap_storage *storage;   /* outlives the session */
  const swap_executor *executor; /* may be null: one thread */
  uint64_t (*clock)(void);       /* monotonic nanoseconds; may be null */
  /* Called after each step when not null (tracing). */
  void (*event)(void *context, swap_event_kind kind, uint32_t index,
                uint64_t begin_ns, uint64_t end_ns);
  void *event_context;
  /* Optional: where resident units live, not in the arena: unit u at `homes` +
   * its offset in the blob, with the arena's alignment; for that many whole pages
   * of the model's there is memory there, of units that the plan makes resident
   * only. Then plans may be exchanged without losing what they have in common,
   * and the arena is region_bytes. `present` has a byte for each unit, 0 at
   * first; the core sets it to 1 when a resident unit is in memory, verified.
   * Both are the caller's, who may clear bytes between two runs, of units whose
   * memory he takes (no read of swap_fill may be under way to it: swap_drain and
   * swap_set_plan see to that). SWAP_ERR_ARGUMENT for storage that maps and in
   * firmware's libraries, which have no such memory. */
  void *homes;
  uint8_t *present;
  /* Optional: asked by swap_advance once before each CALL and ROWS, when all that
   * it needs is there; nonzero gives control back to its caller. */
  int (*yield)(void *context);
  void *yield_context;
  uint64_t timeout_ns; /* for one read, from when it is waited for; 0: none.
                          Needs the clock and storage's `done` and `cancel` */
  uint32_t flags;
} swap_config;

#define SWAP_FLAG_SERIAL 1u    /* read each unit when it is waited for, so that
                                  compute runs undisturbed (for bound_ms) */
#define SWAP_FLAG_NO_VERIFY 2u /* trust the blob: skip checksums on first use */
#define SWAP_FLAG_NO_AHEAD 4u  /* no run follows: read nothing for it */
#define SWAP_FLAG_VERIFY_ALWAYS 8u /* compare a unit with its checksum whenever
                                      it comes in, for storage that may change */

/* Session state; fields are private. Checksums are verified the first time
 * each unit comes in; `progress` remembers how far that got. */
typedef struct swap_session {
  const swap_model *model;
  const swap_plan *plan;
  uint32_t in_flight_count;
  uint32_t maps;          /* storage maps: slots are not used */
  uint32_t loading;       /* resident units may be missing ... */
  uint32_t next_resident; /* ... those from this one on were not started */
  uint32_t unsubmitted;   /* reads were begun since the last `submit` */
  uint32_t primed;        /* reads for the next run are under way */
  uint32_t verified;      /* every unit was seen once */
  int32_t status;         /* of the last run that ended, swap_load, ... */
  uint32_t failed_unit;   /* of the last SWAP_ERR_IO/SHORT/CHECKSUM/INDEX */
  uint32_t failed_kernel;
  uint64_t failed_offset; /* blob offset of the failed read */
  swap_config config;
  swap_counters counters;
  uint64_t ahead_bytes; /* started for the next run */
  /* Of the run that was started: */
  const void *const *inputs;
  void *const *outputs;
  uint32_t started;
  uint32_t step;  /* the next one */
  uint32_t asked; /* config.yield was, about that step */
  uint32_t row;   /* of a SWAP_OP_ROWS step; those before it were begun */
  uint64_t copied_before;
  /* Reads are asked about instead of waited for; the last that was not there. */
  uint32_t polls;
  int32_t awaited;
  uint64_t awaited_ns; /* since when */
  struct { uint32_t unit : 30; uint32_t kind : 2; int32_t ticket; } in_flight[SWAP_MAX_READS];
} swap_session;

/* The best plan whose arena fits `arena_bytes`, or null: the one that is
 * predicted to be fastest; of those about as fast the largest, but the smallest
 * that streams nothing (plans are in ascending order). One that reads units in
 * place, for storage that maps, only where no other fits. */
const swap_plan *swap_choose_plan(const swap_model *model, uint64_t arena_bytes);

/* The largest plan (of the budget `mapped`) that fits and whose kernels read the
 * blob in place, for storage with `map`; or null. */
const swap_plan *swap_mapped_plan(const swap_model *model, uint64_t arena_bytes);

/* Opens a session: checks the ABI, the blob's header, table and hash. Resident
 * units come in during the first run, in the order of their use, or by
 * swap_load. Returns SWAP_OK or an error; on error nothing is open. */
int swap_open(swap_session *session, const swap_model *model,
              const swap_plan *plan, const swap_config *config);

/* Brings all resident units in at once, for those who prefer to wait before the
 * first run. After an error it may be tried again, and so may a run. */
int swap_load(swap_session *session);

/* Goes on with another plan of the model and another arena, between two runs.
 * Waits for reads under way and forgets the resident units, but for those
 * `present` in their homes. The old arena is not used any more; on an error the
 * session stays as it was. */
int swap_set_plan(swap_session *session, const swap_plan *plan, void *arena,
                  uint64_t arena_bytes);

/* One inference. `inputs[i]`/`outputs[i]` point at dense row-major tensors of
 * the model's i-th input/output, SWAP_BUFFER_ALIGN-aligned, not overlapping.
 * Reads for the next one stay under way when it returns: they write to slots of
 * the arena until that run, swap_set_plan or swap_close has waited for them.
 * After an error the session stays usable: the next run starts afresh. */
int swap_run(swap_session *session, const void *const *inputs, void *const *outputs);

/* A run in pieces, so that several sessions take turns on one processor: start,
 * then advance until that answers something else than SWAP_PENDING (the next
 * step needs a read that is not there yet) or SWAP_YIELDED. Tensors, and the
 * arrays of their addresses, must stay until then. A started run is ended by its
 * last advance, by an error, or by swap_abandon, which waits for its reads or
 * cancels them; swap_drain, swap_evict and swap_close abandon it first. In
 * between, all other calls that belong between two runs are SWAP_ERR_STATE.
 *
 * SWAP_PENDING needs storage with `done`; without it, a read is waited for as
 * swap_run does, and so is one that storage only offers as `read`: rows larger
 * than `begin_any`, and all units with SWAP_FLAG_SERIAL. A timeout counts from
 * the first swap_advance that found the read missing. Before any answer, reads
 * that were begun are submitted. */
int swap_start(swap_session *session, const void *const *inputs, void *const *outputs);
int swap_advance(swap_session *session);
void swap_abandon(swap_session *session);

/* Another arena for the same plan, between two runs. With `homes` nothing is
 * lost but what was read ahead for the next run; without, it is swap_set_plan.
 * The old arena is not used any more. */
int swap_set_arena(swap_session *session, void *arena, uint64_t arena_bytes);

/* Between two runs, with `homes`: takes what came in and begins reads of resident
 * units that are not present, until `bytes` or more are under way; SWAP_PENDING
 * while there is something left to come, SWAP_OK when all are present. A run may
 * start meanwhile, and goes on with it. Storage without `done` is waited for,
 * without `begin` it reads them all at once. */
int swap_fill(swap_session *session, uint64_t bytes);

/* Waits for reads under way; those for the next run are made again by it. A run
 * that was started is abandoned. */
void swap_drain(swap_session *session);

/* Gives the arena away between two runs: waits for reads under way and forgets
 * the resident units, which come in again with the next run (not those `present`
 * in their homes). Several models whose runs do not overlap share one arena so. */
void swap_evict(swap_session *session);

/* Compares unit `unit` with its checksum, wherever it is: in storage that maps
 * in place, else read in pieces through `buffer`, `bytes` long (a multiple of
 * the model's page_bytes, with that alignment), which must not be the arena. Row
 * tables too. SWAP_ERR_CHECKSUM where the bytes differ. Between two runs. */
int swap_verify(swap_session *session, uint32_t unit, void *buffer,
                uint64_t bytes);

/* Waits for reads under way and lets go of the arena and the storage. */
void swap_close(swap_session *session);

/* A sentence for a status; never null. */
const char *swap_status_string(int status);

#ifdef __cplusplus
}
#endif
#endif /* SWAP_RUNTIME_H */
