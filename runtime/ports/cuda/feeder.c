/*===- feeder.c - A thread that brings units in from storage ------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* It reads what is asked for and, while the ring has room, what the plan asks
|* for next, beyond the end of a run too, so that the disk is never idle. A
|* prediction that fails costs the reads made for it, nothing else.
\*===----------------------------------------------------------------------===*/
#include "feeder.h"

#include <stdlib.h>
#include <string.h>

/* The step that asks for a unit after `step` did; SWAP_CORE_NONE if none. */
static uint32_t next_step(const cuda_feeder *f, uint32_t step) {
  const swap_plan *plan = f->h->session.plan;
  for (uint32_t i = 1; i <= plan->step_count; ++i) {
    const uint32_t at = (step + i) % plan->step_count;
    const swap_step *next = &plan->steps[at];
    const int wrapped = at <= step;
    if (wrapped && !f->beyond)
      return SWAP_CORE_NONE;
    if (next->op == SWAP_OP_IN && cuda_streams(f->h, next->index) &&
        !((next->aux & SWAP_IN_AHEAD) && !f->beyond) &&
        !((next->aux & SWAP_IN_STARTED) && wrapped))
      return at;
  }
  return SWAP_CORE_NONE;
}

int feeder_item_at(cuda_feeder *f, uint64_t number, feeder_item *item) {
  pthread_mutex_lock(&f->lock);
  if (number == f->known && number && number - f->taken < f->capacity &&
      f->ring) {
    const feeder_item last = f->items[(number - 1) % f->capacity];
    const uint32_t step = last.step == SWAP_CORE_NONE
                              ? SWAP_CORE_NONE
                              : next_step(f, last.step);
    if (step != SWAP_CORE_NONE)
      f->items[f->known++ % f->capacity] =
          (feeder_item){f->h->session.plan->steps[step].index, step};
  }
  const int is_known =
      number < f->known && !f->resetting && f->flush == UINT64_MAX;
  if (is_known)
    *item = f->items[number % f->capacity];
  pthread_mutex_unlock(&f->lock);
  return is_known;
}

/* Feeds the item that is due. With the lock on entry and return. */
static void feed(cuda_feeder *f) {
  const uint64_t number = f->taken;
  const feeder_item item = f->items[number % f->capacity];
  int complete = 0;
  pthread_mutex_unlock(&f->lock);
  const int status = ring_feed(f, number, item, &complete);
  pthread_mutex_lock(&f->lock);
  f->copied = f->file.copied;
  if (!status && complete) {
    f->taken += 1;
    f->begun[item.unit] += 1;
  }
  if (status || complete)
    pthread_cond_broadcast(&f->done);
}

/* What has to be done before anything else. With the lock. */
static int tidy(cuda_feeder *f) {
  if (!f->resetting && f->flush == UINT64_MAX)
    return 0;
  const uint64_t from = f->resetting ? 0 : f->flush;
  pthread_mutex_unlock(&f->lock);
  ring_forget(f, from);
  pthread_mutex_lock(&f->lock);
  if (f->resetting) {
    const size_t units = f->h->model->model->unit_count;
    f->taken = f->asked = f->known = 0;
    f->read_item = f->read_at = 0;
    memset(f->wanted, 0, units * sizeof *f->wanted);
    memset(f->begun, 0, units * sizeof *f->begun);
    f->status = 0;
    f->error[0] = 0;
    f->resetting = 0;
    pthread_cond_broadcast(&f->done);
  }
  f->flush = UINT64_MAX;
  return 1;
}

static void *work(void *context) {
  cuda_feeder *f = context;
  int progress, full;
  const int entered = !feeder_check(
      f, f->h->driver->context_push(f->h->context), "bringing in", 0);
  pthread_mutex_lock(&f->lock);
  while (!f->stop) {
    if (tidy(f))
      continue;
    if (f->status) { /* until it is reset */
      pthread_cond_broadcast(&f->done);
      pthread_cond_wait(&f->work, &f->lock);
      continue;
    }
    pthread_mutex_unlock(&f->lock);
    const int status = ring_read(f, &progress, &full);
    pthread_mutex_lock(&f->lock);
    if (status || f->resetting || f->flush != UINT64_MAX)
      continue;
    if (f->taken < f->asked) {
      feed(f);
    } else if (full && f->free < f->copy) {
      pthread_mutex_unlock(&f->lock);
      (void)ring_make_room(f);
      pthread_mutex_lock(&f->lock);
    } else if (!f->stop) {
      pthread_cond_wait(&f->work, &f->lock);
    }
  }
  pthread_mutex_unlock(&f->lock);
  ring_forget(f, 0);
  if (entered)
    cuda_leave(f->h);
  return NULL;
}

int cuda_feeder_request(cuda_feeder *f, uint32_t unit, uint32_t step) {
  swap_cuda *h = f->h;
  if (step != SWAP_CORE_NONE) {
    const int status = cuda_check(
        h, h->driver->event_record(f->slots_free[step], h->compute, 0),
        "recording an event");
    if (status)
      return status;
  }
  pthread_mutex_lock(&f->lock);
  while (f->asked - f->taken == f->capacity && !f->status)
    pthread_cond_wait(&f->done, &f->lock);
  if (f->asked < f->known && f->items[f->asked % f->capacity].unit != unit) {
    f->flush = f->asked < f->flush ? f->asked : f->flush;
    f->known = f->asked;
  }
  if (!f->status) {
    f->items[f->asked++ % f->capacity] = (feeder_item){unit, step};
    f->known = f->known < f->asked ? f->asked : f->known;
    f->wanted[unit] += 1;
  }
  pthread_cond_signal(&f->work);
  pthread_mutex_unlock(&f->lock);
  return SWAP_OK; /* an error is told to those who wait */
}

int cuda_feeder_await(cuda_feeder *f, uint32_t unit) {
  swap_cuda *h = f->h;
  pthread_mutex_lock(&f->lock);
  while (f->begun[unit] != f->wanted[unit] && !f->status)
    pthread_cond_wait(&f->done, &f->lock);
  const int status = f->status;
  if (status)
    swap_core_fail(&h->session, status, f->failed_unit, f->failed_offset);
  if (status && f->error[0])
    cuda_fail(h, status, "%s", f->error);
  else if (status)
    cuda_describe(h, status, f->system);
  pthread_mutex_unlock(&f->lock);
  return status;
}

void cuda_feeder_reset(cuda_feeder *f) {
  pthread_mutex_lock(&f->lock);
  f->resetting = f->running;
  pthread_cond_signal(&f->work);
  while (f->resetting)
    pthread_cond_wait(&f->done, &f->lock);
  pthread_mutex_unlock(&f->lock);
}

void cuda_feeder_predict(cuda_feeder *f, int beyond) {
  pthread_mutex_lock(&f->lock);
  f->beyond = beyond;
  pthread_mutex_unlock(&f->lock);
}

uint64_t cuda_feeder_copied(cuda_feeder *f) {
  pthread_mutex_lock(&f->lock);
  const uint64_t copied = f->copied;
  pthread_mutex_unlock(&f->lock);
  return copied;
}

uint64_t cuda_feeder_bytes(const cuda_feeder *f) { return f->ring_bytes; }

/* feeder_open.c starts it. */
int feeder_start(cuda_feeder *f) {
  f->running = pthread_create(&f->thread, NULL, work, f) == 0;
  return f->running;
}

void feeder_stop(cuda_feeder *f) {
  if (!f->running)
    return;
  pthread_mutex_lock(&f->lock);
  f->stop = 1;
  pthread_cond_signal(&f->work);
  pthread_mutex_unlock(&f->lock);
  pthread_join(f->thread, NULL);
  f->running = 0;
}
