/*===- storage-faults.c - Storage that fails at its n-th call ----*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* For every n: an error, not a byte written outside the arena, and the next run
|* gives the right scores. Reads block in the first half, in the second a DMA
|* carries them out, which may also hang.
\*===----------------------------------------------------------------------===*/
#include "board.h"
#include "digits_images.h"
#include "dma.h"
#include "loops.h"

#include <string.h>

enum fault { FAILS, IS_SHORT, IS_WRONG, HANGS };
static const char *const names[] = {"fails", "is short", "is wrong", "hangs"};

extern const unsigned char loops_blob[];
static struct {
  _Alignas(LOOPS_ARENA_ALIGN) unsigned char before[4096];
  _Alignas(LOOPS_ARENA_ALIGN) unsigned char arena[LOOPS_ARENA_BYTES];
  unsigned char after[4096];
} memory;
static _Alignas(SWAP_BUFFER_ALIGN) float loop[LOOPS_OUTPUT_0_ELEMENTS];
static swap_session session;

static enum fault fault;
static unsigned calls, fail_at, failing_ticket;
static int harmless; /* the wrong byte is padding, which nobody looks at */

static int result_of(int failed) {
  return !failed || fault == IS_WRONG ? SWAP_OK
         : fault == IS_SHORT          ? SWAP_ERR_SHORT
                                      : SWAP_ERR_IO;
}

static void spoil(unsigned char *data, uint64_t offset, uint64_t bytes) {
  if (fault == IS_WRONG)
    data[0] ^= 1;
  harmless = fault == IS_WRONG && offset + bytes == LOOPS_BLOB_BYTES;
}

/* A read that blocks cannot be given up: it does not count where one hangs. */
static int flash_read(void *context, uint64_t offset, void *buffer,
                      uint64_t bytes) {
  const int failed = fault != HANGS && ++calls == fail_at;
  (void)context;
  memcpy(buffer, loops_blob + offset, (size_t)bytes);
  if (failed)
    spoil(buffer, offset, bytes);
  return result_of(failed);
}

/* Tickets count up; the last hexadecimal digit is the channel. */
static int64_t flash_begin(void *context, uint64_t offset, void *buffer,
                           uint64_t bytes) {
  static unsigned char wrong[LOOPS_BLOB_BYTES];
  const unsigned char *from = loops_blob + offset;
  const int failed = ++calls == fail_at;
  (void)context;
  if (failed && fault == IS_WRONG) {
    memcpy(wrong, from, (size_t)bytes);
    spoil(wrong, offset, bytes);
    from = wrong;
  }
  if (failed && fault == HANGS)
    dma_hang(1);
  const unsigned ticket =
      calls << 4 | (unsigned)dma_start(buffer, from, (size_t)bytes);
  if (failed)
    failing_ticket = ticket;
  return ticket;
}
static int flash_done(void *context, int64_t ticket) {
  return (void)context, dma_done((int)(ticket & 15));
}
static int flash_wait(void *context, int64_t ticket) {
  while (!flash_done(context, ticket))
    ;
  dma_stop((int)(ticket & 15));
  return result_of(ticket == failing_ticket);
}
static void flash_cancel(void *context, int64_t ticket) {
  (void)context;
  dma_stop((int)(ticket & 15));
  if (ticket == failing_ticket)
    dma_hang(0);
}

static int untouched(const unsigned char *guard) {
  for (size_t i = 0; i < sizeof memory.before; i++)
    if (guard[i] != 0xA5)
      return 0;
  return 1;
}

/* Opens the session unless it is open, and runs. */
static int open_and_run(int *opened, const swap_config *config) {
  const void *inputs[] = {digits_images[0]};
  void *outputs[] = {loop};
  int status = SWAP_OK;
  loop[0] = 0;
  if (!*opened)
    status = swap_open(&session, &loops_model, loops_model.plans, config);
  *opened = status == SWAP_OK;
  return status ? status : swap_run(&session, inputs, outputs);
}

static int expected(int status) {
  switch (fault) {
  case FAILS:
    return status == SWAP_ERR_IO;
  case IS_SHORT:
    return status == SWAP_ERR_SHORT;
  case HANGS:
    return status == SWAP_ERR_TIMEOUT;
  default:
    return status == SWAP_ERR_BLOB || status == SWAP_ERR_HASH ||
           status == SWAP_ERR_CHECKSUM;
  }
}

/* Returns whether all was as it must be for each n. */
static int try_all(const swap_config *config, const char *kind, float right) {
  for (unsigned n = 1;; n++) {
    int opened = 0;
    calls = failing_ticket = 0;
    harmless = 0;
    fail_at = n;
    int status = open_and_run(&opened, config);
    fail_at = 0;
    if (calls < n && status == SWAP_OK) {
      swap_close(&session);
      board_print("%s that %s: each of %u calls\n", kind, names[fault], n - 1);
      return n > 4;
    }
    if (harmless ? status != SWAP_OK : !expected(status)) {
      board_print("call %u: %s\n", n, swap_status_string(status));
      return 0;
    }
    status = open_and_run(&opened, config);
    swap_close(&session);
    if (status || loop[0] != right || !untouched(memory.before) ||
        !untouched(memory.after)) {
      board_print("call %u, the next run: %s\n", n,
                  status ? swap_status_string(status) : "wrong bytes");
      return 0;
    }
  }
}

int main(void) {
  const swap_storage blocking = {.read = flash_read};
  const swap_storage dma = {.depth = DMA_CHANNELS,
                            .read = flash_read,
                            .begin = flash_begin,
                            .wait = flash_wait,
                            .done = flash_done,
                            .cancel = flash_cancel};
  swap_config config = {.arena = memory.arena,
                        .arena_bytes = sizeof memory.arena,
                        .storage = &blocking,
                        .clock = board_nanoseconds,
                        .flags = SWAP_FLAG_NO_AHEAD};
  memset(memory.before, 0xA5, sizeof memory.before);
  memset(memory.after, 0xA5, sizeof memory.after);
  int opened = 0, good = open_and_run(&opened, &config) == SWAP_OK;
  const float right = loop[0];
  swap_close(&session);
  for (fault = FAILS; good && fault <= IS_WRONG; fault++)
    good = try_all(&config, "a read", right);
  config.storage = &dma;
  config.timeout_ns = 10000000;
  for (fault = FAILS; good && fault <= HANGS; fault++)
    good = try_all(&config, "a DMA", right);
  return !good;
}
