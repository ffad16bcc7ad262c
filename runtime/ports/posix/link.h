/*===- link.h - One link for several models -----------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Reads of all clients go through one queue, the most urgent first; what is
|* handed to the device is bounded, so that an urgent read waits for little. A
|* client is the `swap_storage` of one session. Several threads may use different
|* clients at a time.
|*
|* No thread of its own: reads are handed on and completions are taken whenever
|* somebody calls. Threads that wait do so in port_link_wait_any or in a client's
|* `wait`; one of them at a time sleeps in the kernel on behalf of all.
\*===----------------------------------------------------------------------===*/
#ifndef SWAP_PORT_LINK_H
#define SWAP_PORT_LINK_H

#include "port.h"
#include "policy.h"

/* What may be at the device while the most urgent client with a job reads, and
 * while others do: docs/runtime.md has what was measured. */
#define PORT_LINK_LEADER_BYTES (UINT64_C(64) << 20)
#define PORT_LINK_OTHERS_BYTES (UINT64_C(8) << 20)

/* A job, and a read without one, that has waited for so long goes before all that
 * came later. */
#define PORT_LINK_PATIENCE_NS UINT64_C(2000000000)

typedef struct port_link port_link;
typedef struct port_link_client port_link_client;

/* `io`: auto, uring, thread or buffered (swap_posix_io). Null where the system has
 * not the memory. */
port_link *port_link_create(uint32_t io);
void port_link_destroy(port_link *link); /* no client is left */
const char *port_link_io_name(const port_link *link);

/* A blob. SWAP_ERR_IO and errno where it cannot be opened; with auto, a file
 * system without direct I/O is read buffered, and counted as copied. */
int port_link_open(port_link *link, const char *path, port_link_client **client);
void port_link_close(port_link_client *client); /* no read is under way */
const swap_file *port_link_file(const port_link_client *client);

/* What swap_config takes, with `done` and `cancel`: the latter takes reads that
 * the device has not begun out of the queue. */
const swap_storage *port_link_storage(port_link_client *client);

/* Of reads begun from now on, and of those of this client that still queue: that
 * of the job it works for. Null, as at first: it works for none; then its reads
 * come after all others, for as long as the link's patience lets them wait.
 * While the most urgent client that has a job reads nothing, less is given to the
 * device, so that its next read waits for little. So say null when a job ends. */
void port_link_set_urgency(port_link_client *client, const pool_urgency *urgency);

/* Hands queued reads to the device and takes what is complete; does not sleep.
 * Costs some tens of nanoseconds where there is nothing to do: call it often
 * while kernels run, for nobody else does. */
void port_link_poll(port_link *link);

/* executor->parallel on so many of its threads at most, numbered from 0; thread 0
 * polls the link after each of its tiles, if something waits for the device to be
 * free. What is at the device is few milliseconds' worth, less than many a kernel
 * takes. */
void port_link_parallel(port_link *link, const swap_executor *executor,
                        uint32_t threads,
                        void (*task)(void *context, uint64_t index,
                                     uint32_t thread),
                        void *context, uint64_t count);

/* Counts completed reads and wakes. Read it before you look whether there is
 * something to do, then wait for it to change: nothing in between is missed. */
uint64_t port_link_events(port_link *link);

/* Sleeps until port_link_events is not `seen` any more: some read of any client
 * completed, or port_link_wake was called. At once where it is not, and where no
 * read is under way. Returns whether it slept. */
int port_link_wait_any(port_link *link, uint64_t seen);
void port_link_wake(port_link *link);

/* In place of PORT_LINK_LEADER_BYTES and PORT_LINK_OTHERS_BYTES, for measurements
 * and tests. One piece goes always. */
void port_link_set_bounds(port_link *link, uint64_t leader, uint64_t others);
/* In place of PORT_LINK_PATIENCE_NS. */
void port_link_set_patience(port_link *link, uint64_t patience_ns);

typedef struct port_link_counters {
  uint64_t read_bytes;     /* completed, ever */
  uint64_t queued_bytes;   /* not yet handed to the device */
  uint64_t in_flight_bytes;
  uint64_t overtaken;      /* reads that a later, more urgent one went before */
  uint64_t busy_ns;        /* with something at the device, as far as that has
                              ended: read_bytes / busy_ns is the rate */
} port_link_counters;
void port_link_get_counters(port_link *link, port_link_counters *counters);
/* Bytes of completed reads of a client. */
uint64_t port_link_client_bytes(const port_link_client *client);

#endif /* SWAP_PORT_LINK_H */
