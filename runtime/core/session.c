/*===- session.c - Opening and closing a model --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Everything that can be wrong with model, plan, arena, storage or blob is
|* found here, so that a run can only fail where storage does.
\*===----------------------------------------------------------------------===*/
#include "core.h"

static int check_arena(const swap_model *model, const swap_plan *plan,
                       const swap_config *config, const void *arena,
                       uint64_t arena_bytes) {
  const uint64_t need =
      swap_core_homes(config) ? plan->region_bytes : plan->arena_bytes;
  if (need && (!arena || ((uintptr_t)arena & (model->page_bytes - 1))))
    return SWAP_ERR_ARGUMENT;
  return arena_bytes < need ? SWAP_ERR_BUDGET : SWAP_OK;
}

static int check_config(const swap_model *model, const swap_plan *plan,
                        const swap_config *config, const void *arena,
                        uint64_t arena_bytes) {
  const swap_storage *storage = config->storage;
  const uint32_t threads = plan->threads ? plan->threads : 1;
  const int status = check_arena(model, plan, config, arena, arena_bytes);
  if (status)
    return status;
  /* Where kernels read the blob itself, nothing has a home. */
  if (config->homes &&
      (!swap_core_homes(config) || !config->present ||
       (storage && storage->map) ||
       ((uintptr_t)config->homes & (model->page_bytes - 1))))
    return SWAP_ERR_ARGUMENT;
  /* Each thread has a scratch area in the plan; more threads have none. */
  if (config->executor &&
      (!config->executor->parallel || !config->executor->threads ||
       config->executor->threads > threads))
    return SWAP_ERR_ARGUMENT;
  if (!storage)
    return model->unit_count ? SWAP_ERR_ARGUMENT : SWAP_OK;
  if (!storage->read || (storage->begin && !storage->wait))
    return SWAP_ERR_ARGUMENT;
  /* A timeout that could not be kept is none. */
  if (config->timeout_ns && (!config->clock || !storage->begin ||
                             !storage->done || !storage->cancel))
    return SWAP_ERR_ARGUMENT;
  return SWAP_OK;
}

static int check(const swap_model *model, const swap_plan *plan,
                 const swap_config *config, const void *arena,
                 uint64_t arena_bytes) {
  if (!plan) /* what swap_choose_plan answers when nothing fits */
    return SWAP_ERR_BUDGET;
  const int status = check_config(model, plan, config, arena, arena_bytes);
  return status ? status
                : swap_core_check_plan(model, plan, config->storage, 0);
}

int swap_open(swap_session *session, const swap_model *model,
              const swap_plan *plan, const swap_config *config) {
  if (!session || !model || !config)
    return SWAP_ERR_ARGUMENT;
  memset(session, 0, sizeof *session);
  if (model->abi_version != SWAP_ABI_VERSION)
    return SWAP_ERR_ABI;
  int status =
      check(model, plan, config, config->arena, config->arena_bytes);
  if (status)
    return status;
  session->model = model;
  session->plan = plan;
  session->config = *config;
  session->failed_unit = SWAP_CORE_NONE;
  session->failed_kernel = SWAP_CORE_NONE;
  session->awaited = SWAP_CORE_NO_TICKET;
  session->maps = config->storage && config->storage->map;
  swap_core_load_reset(session);
  if (config->storage)
    status = swap_core_check_blob(session);
  if (status) {
    /* Closed, but what failed stays readable. */
    swap_close(session);
    session->status = status;
  }
  return status;
}

int swap_set_plan(swap_session *session, const swap_plan *plan, void *arena,
                  uint64_t arena_bytes) {
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!swap_core_rests(session))
    return SWAP_ERR_STATE;
  const int status =
      check(session->model, plan, &session->config, arena, arena_bytes);
  if (status)
    return status;
  swap_core_forget(session, 1);
  session->plan = plan;
  session->config.arena = arena;
  session->config.arena_bytes = arena_bytes;
  /* What comes to a home is compared each time, and a run saw all the others. */
  if (!swap_core_homes(&session->config))
    session->verified = 0;
  swap_core_load_reset(session);
  return SWAP_OK;
}

int swap_set_arena(swap_session *session, void *arena, uint64_t arena_bytes) {
  if (!session)
    return SWAP_ERR_ARGUMENT;
  if (!swap_core_rests(session) || !swap_core_homes(&session->config))
    return swap_set_plan(session, session->plan, arena, arena_bytes);
  const int status = check_arena(session->model, session->plan,
                                 &session->config, arena, arena_bytes);
  if (status)
    return status;
  swap_core_drain(session, SWAP_CORE_AHEAD); /* what swap_fill began goes on */
  session->primed = 0;
  session->config.arena = arena;
  session->config.arena_bytes = arena_bytes;
  return SWAP_OK;
}

void swap_drain(swap_session *session) {
  if (session && session->model)
    swap_core_forget(session, 0);
}

void swap_evict(swap_session *session) {
  if (session && session->model)
    swap_core_forget(session, 1);
}

void swap_close(swap_session *session) {
  if (!session || !session->model)
    return;
  swap_core_forget(session, 1);
  session->model = NULL;
  session->plan = NULL;
}
