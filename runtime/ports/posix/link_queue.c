/*===- link_queue.c - In which order reads go ---------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Each client has a queue of its own, first in first out; the next piece comes
|* from that of the most urgent one. There are few clients, so they are compared
|* each time and urgencies may change at any moment.
\*===----------------------------------------------------------------------===*/
#include "link_state.h"

#include <errno.h>

static uint64_t waiting_since(const port_link_client *client) {
  return client->since[client->queue[client->first]];
}

/* Whether a's reads go before b's; a client without a job has queued ones. */
static int goes_first(const port_link_client *a, const port_link_client *b,
                      uint64_t now) {
  const uint64_t patience = a->link->patience_ns;
  const port_link_client *jobless = !a->has_job ? a : !b->has_job ? b : NULL;
  if (!jobless)
    return pool_goes_first(&a->urgency, &b->urgency, now, patience);
  if (a->has_job != b->has_job) {
    const uint64_t since = waiting_since(jobless);
    const int patient = now < since || now - since < patience;
    return patient == a->has_job;
  }
  return waiting_since(a) < waiting_since(b);
}

/* Whether no client with a job is more urgent, even one that reads nothing at
 * the moment: its next read should find the device free. */
static int leads(const port_link *link, const port_link_client *client,
                 uint64_t now) {
  if (!client->has_job)
    return 0;
  for (const port_link_client *c = link->clients; c; c = c->next)
    if (c != client && c->has_job && goes_first(c, client, now))
      return 0;
  return 1;
}

static uint32_t queued_at(const port_link_client *client, uint32_t position) {
  return client->queue[(client->first + position) % PORT_DEPTH];
}

static void count_overtaken(port_link *link, const port_link_client *by,
                            uint64_t order) {
  for (port_link_client *c = link->clients; c; c = c->next) {
    if (c == by || c->overtaken >= order)
      continue;
    for (uint32_t i = 0; i < c->count; ++i) {
      const uint64_t begun = c->order[queued_at(c, i)];
      if (begun < order && begun >= c->overtaken)
        link->overtaken += 1;
    }
    c->overtaken = order;
  }
}

static void pop(port_link_client *client) {
  client->first = (client->first + 1) % PORT_DEPTH;
  client->count -= 1;
  client->taken = 0;
}

int port_link_take(port_link *link, uint64_t now, port_link_client **client,
                   port_piece *piece) {
  port_link_client *best = NULL;
  for (port_link_client *c = link->clients; c; c = c->next)
    if (c->count && (!best || goes_first(c, best, now)))
      best = c;
  if (!best)
    return 0;
  const uint32_t number = best->queue[best->first];
  const port_ticket *ticket = &best->file.tickets[number];
  *piece = port_ticket_piece(ticket, best->taken);
  const uint64_t bound =
      leads(link, best, now) ? link->leader_bytes : link->others_bytes;
  if (link->pieces && /* one goes always */
      (bound < piece->bytes || link->in_flight > bound - piece->bytes))
    return 0;
  if (!best->taken)
    count_overtaken(link, best, best->order[number]);
  if (++best->taken == port_ticket_pieces(ticket))
    pop(best);
  if (!link->pieces)
    link->busy_since = now;
  link->pieces += 1;
  link->queued -= piece->bytes;
  link->in_flight += piece->bytes;
  *client = best;
  return 1;
}

void port_link_put(port_link_client *client, uint32_t ticket, uint64_t now) {
  port_link *link = client->link;
  client->since[ticket] = now;
  client->order[ticket] = link->order++;
  client->queue[(client->first + client->count) % PORT_DEPTH] = ticket;
  client->count += 1;
  atomic_store_explicit(&client->ended[ticket], 0, memory_order_relaxed);
  link->queued += client->file.tickets[ticket].bytes;
  link->stale = 1;
}

static void end(port_link_client *client, uint32_t ticket) {
  atomic_store_explicit(&client->ended[ticket], 1, memory_order_release);
  atomic_fetch_add_explicit(&client->link->events, 1, memory_order_release);
  pthread_cond_broadcast(&client->link->changed);
}

void port_link_drop(port_link_client *client, uint32_t number) {
  port_ticket *ticket = &client->file.tickets[number];
  uint32_t position = 0;
  while (position < client->count && queued_at(client, position) != number)
    ++position;
  if (position == client->count)
    return;
  const uint32_t taken = position ? 0 : client->taken;
  ticket->pending -= port_ticket_pieces(ticket) - taken;
  client->link->queued -= ticket->bytes - taken * ticket->each;
  client->link->stale = 1;
  if (!position) {
    pop(client);
  } else {
    for (uint32_t i = position; i + 1 < client->count; ++i)
      client->queue[(client->first + i) % PORT_DEPTH] = queued_at(client, i + 1);
    client->count -= 1;
  }
  if (!ticket->pending)
    end(client, number);
}

void port_link_completed(port_link_client *client, const port_ticket *ticket,
                         uint64_t bytes) {
  port_link *link = client->link;
  link->pieces -= 1;
  link->in_flight -= bytes;
  if (!link->pieces)
    link->busy_ns += swap_posix_clock() - link->busy_since;
  if (!ticket->error && !ticket->ended) {
    link->read_bytes += bytes;
    client->bytes += bytes;
  }
  link->stale = 1;
  if (!ticket->pending)
    end(client, (uint32_t)(ticket - client->file.tickets));
}

void port_link_failed(port_link *link) {
  link->dead = 1;
  link->pieces = 0;
  link->queued = link->in_flight = 0;
  for (port_link_client *c = link->clients; c; c = c->next) {
    c->count = c->taken = 0;
    for (uint32_t i = 0; i < PORT_DEPTH; ++i) {
      if (atomic_load_explicit(&c->ended[i], memory_order_relaxed))
        continue;
      c->file.tickets[i].error = EIO;
      c->file.tickets[i].pending = 0;
      end(c, i);
    }
  }
}
