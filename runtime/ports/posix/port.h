/*===- port.h - What the POSIX port's files share -----------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* A `swap_file` is a blob on a file system behind `swap_storage`. Reads under
|* way are tickets, cut into pieces so that the device sees several at once;
|* two backends (uring.c, readers.c) carry pieces out. Tickets are handed out
|* and waited for by one thread, the session's.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORT_H
#define SWAP_PORT_H

#include "swap/posix.h"

#include <pthread.h>

#define PORT_DEPTH 64u  /* tickets */
#define PORT_PIECES 32u /* of one ticket, at most */
#define PORT_PIECE_BYTES                                                       \
  0x100000 /* of one piece, unless that makes too many                         \
            */
#define PORT_BOUNCE_BYTES 0x10000
#define PORT_READERS 2u /* threads, where threads read */
#define PORT_HUGE_BYTES 0x200000u

typedef struct port_ticket {
  uint32_t busy;
  uint32_t pending; /* pieces not yet complete */
  int error;        /* errno of the first piece that failed, 0 if none */
  int ended;        /* the file ended before the bytes did */
  int direct;       /* as the file was when it began */
  uint64_t each;    /* bytes of a piece, but for the last */
  uint64_t from;    /* the pages to read ... */
  uint64_t bytes;
  uint8_t *to;
  uint8_t *target; /* ... and where part of them goes after a bounce, or null */
  uint64_t skip;
  uint64_t length;
  uint8_t *bounce; /* PORT_BOUNCE_BYTES, taken on first use */
} port_ticket;

/* A part of a ticket, of which a part may have come already. */
typedef struct port_piece {
  port_ticket *ticket;
  uint64_t from;
  uint64_t bytes;
  uint8_t *to;
  uint64_t needed; /* of its bytes; the rest the caller can do without */
} port_piece;

struct port_uring;
struct port_readers;

typedef struct swap_file {
  swap_storage storage;
  int fd;
  int direct; /* O_DIRECT is in force */
  uint32_t io;
  uint64_t size;
  uint64_t copied;
  uint8_t *bounce; /* for blocking reads */
  port_ticket tickets[PORT_DEPTH];
  struct port_uring *uring;
  struct port_readers *readers;
  const uint8_t *mapping;
  uint8_t *mapped_pages; /* two bits per page: the state of ranges there */
  int last_error;        /* errno of the last failure, 0 if it had none */
  int refused;           /* direct reads worked at first, but not later */
} swap_file;

/* file.c. `io` is a swap_posix_io; the file may settle for buffered reads where
 * direct ones are refused and automatic choice was asked for. */
int port_file_open(swap_file *file, const char *path, uint32_t io);
/* The same without `begin`: for who brings a backend. */
int port_file_open_bare(swap_file *file, const char *path, uint32_t io);
void port_file_close(swap_file *file);
const char *port_io_name(uint32_t io);

/* pread until `need` bytes of `length` arrived. 0, or an errno; -1 at the end
 * of the file. */
int port_pread(int fd, int direct, void *buffer, uint64_t length, uint64_t need,
               uint64_t offset);

/* ticket.c: a free ticket set up for a range, cut into pieces; and its end. */
int64_t port_ticket_take(swap_file *file, uint64_t offset, void *buffer,
                         uint64_t length);
uint32_t port_ticket_pieces(const port_ticket *ticket);
port_piece port_ticket_piece(const port_ticket *ticket, uint32_t number);
int port_ticket_end(swap_file *file, port_ticket *ticket);

/* A piece was asked for and `result` came, bytes or a negative errno: nonzero
 * where its rest has to be asked for, else its ticket has one less pending. */
int port_piece_again(port_piece *piece, int result);
/* Reads a piece here and now: 0, an errno, or -1 at the end of the file. */
int port_piece_read(const port_piece *piece, int fd);
/* The same for what that answered. */
void port_piece_done(const port_piece *piece, int error);

/* Some network file systems take O_DIRECT and refuse it later: from here on
 * reads are buffered. */
void port_file_refused(swap_file *file);

/* Backends. Creation returns null where the system lacks what it needs. */
struct port_uring *port_uring_create(swap_file *file);
void port_uring_destroy(struct port_uring *uring);
void port_uring_submit(void *file);
int64_t port_uring_begin(void *file, uint64_t offset, void *buffer,
                         uint64_t length);
int port_uring_wait(void *file, int64_t ticket);

/* Starts up to `count` threads with small stacks; answers how many. */
uint32_t port_readers_start(pthread_t *threads, uint32_t count,
                            void *(*main)(void *context), void *context);
struct port_readers *port_readers_create(swap_file *file);
void port_readers_destroy(struct port_readers *readers);
int64_t port_readers_begin(void *file, uint64_t offset, void *buffer,
                           uint64_t length);
int port_readers_wait(void *file, int64_t ticket);

/* map.c */
int port_map_open(swap_file *file);
void port_map_close(swap_file *file);

/* threads.c */
typedef struct port_threads port_threads;
port_threads *port_threads_create(uint32_t threads);
void port_threads_destroy(port_threads *pool);
const swap_executor *port_threads_executor(port_threads *pool);
/* What the executor's function does, for one job after the other. */
void port_threads_run(port_threads *pool,
                      void (*task)(void *context, uint64_t index,
                                   uint32_t thread),
                      void *context, uint64_t count);
/* From now on all jobs are calls of this session, which outlives the threads;
 * then one that the session's next step goes on with may wait for that. */
void port_threads_serve(port_threads *pool, const swap_session *session);
/* A run begins; what one that failed has left is forgotten. */
void port_threads_begin(port_threads *pool);

/* calls.c */
typedef struct port_calls port_calls;
port_calls *port_calls_create(const swap_session *session);
void port_calls_destroy(port_calls *calls);
void port_calls_run(port_calls *calls, port_threads *threads,
                    void (*task)(void *context, uint64_t index,
                                 uint32_t thread),
                    void *call, uint64_t count);
void port_calls_forget(port_calls *calls);

/* arena.c: addresses for `bytes`, none of them in use yet; then memory of that
 * size or less, whose contents are lost. `allowed` is what may be in use while
 * the memory is taken. False where the system does not provide them. */
typedef struct port_arena {
  uint8_t *base;
  uint64_t reserved;
  uint64_t bytes;
  uint64_t huge; /* from the start, in whole huge pages */
} port_arena;
int port_arena_reserve(port_arena *arena, uint64_t bytes);
int port_arena_resize(port_arena *arena, uint64_t bytes, uint64_t allowed);
/* The first `keep` bytes stay as they are. False, and nothing changed, also where
 * the new end would split a huge page of which a part is kept. */
int port_arena_resize_keeping(port_arena *arena, uint64_t keep, uint64_t bytes,
                              uint64_t allowed);
/* Whether the same size again would give huge pages where small ones are. */
int port_arena_is_scattered(const port_arena *arena, uint64_t keep);
/* What may be in use while it is resized so; with less allowed it is small pages
 * that come. */
uint64_t port_arena_most(const port_arena *arena, uint64_t keep,
                         uint64_t bytes);
void port_arena_release(port_arena *arena);
/* The part of it that is whole huge pages, where the system has them. */
uint64_t port_arena_huge_bytes(const port_arena *arena);

/* error.c: a sentence on what failed, and where. */
typedef struct port_failure {
  const char *path;
  int opened; /* the file was */
  int system; /* errno, 0 if there was none */
  const swap_session *session; /* not looked at unless the file was opened */
} port_failure;
void port_tell_failure(char *text, size_t size, int status,
                       const port_failure *failure);

/* uring.c: lets the kernel keep hold of the arena's pages, where it may; then
 * reads need not look them up. Never while reads are under way on release. */
void port_uring_register(struct port_uring *uring, const port_arena *arena);
void port_uring_unregister(struct port_uring *uring);

#endif /* SWAP_PORT_H */
