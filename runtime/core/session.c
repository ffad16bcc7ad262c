/*===- session.c - Opening and closing a model --------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Everything that can be wrong with model, plan, arena, storage or blob is
|* found here, so that a run can only fail where storage does.
\*===----------------------------------------------------------------------===*/
#include "core.h"

#include <string.h>

static int check_config(const swap_model *model, const swap_plan *plan,
                        const swap_config *config) {
  const swap_storage *storage = config->storage;
  const uint32_t threads = plan->threads ? plan->threads : 1;
  if (plan->arena_bytes &&
      (!config->arena || (uintptr_t)config->arena % SWAP_BLOB_ALIGN))
    return SWAP_ERR_ARGUMENT;
  if (config->arena_bytes < plan->arena_bytes)
    return SWAP_ERR_BUDGET;
  /* Each thread has a scratch area in the plan; more threads have none. */
  if (config->executor &&
      (!config->executor->parallel || !config->executor->threads ||
       config->executor->threads > threads))
    return SWAP_ERR_ARGUMENT;
  if (!storage)
    return model->unit_count ? SWAP_ERR_ARGUMENT : SWAP_OK;
  if (!storage->read || (storage->begin && !storage->wait))
    return SWAP_ERR_ARGUMENT;
  if (storage->begin && !storage->depth)
    return SWAP_ERR_GEOMETRY;
  return SWAP_OK;
}

static int load_resident(swap_session *session) {
  int status = SWAP_OK;
  for (uint32_t unit = 0; !status && unit < session->model->unit_count; ++unit)
    if (session->plan->resident[unit])
      status = swap_core_start(session, unit);
  return status ? status : swap_core_finish_all(session);
}

int swap_open(swap_session *session, const swap_model *model,
              const swap_plan *plan, const swap_config *config) {
  if (!session || !model || !config)
    return SWAP_ERR_ARGUMENT;
  memset(session, 0, sizeof *session);
  if (model->abi_version != SWAP_ABI_VERSION)
    return SWAP_ERR_ABI;
  if (!plan) /* what swap_choose_plan answers when nothing fits */
    return SWAP_ERR_BUDGET;
  int status = check_config(model, plan, config);
  if (!status)
    status = swap_core_check_plan(model, plan);
  if (status)
    return status;
  session->model = model;
  session->plan = plan;
  session->config = *config;
  session->failed_unit = SWAP_CORE_NONE;
  session->failed_kernel = SWAP_CORE_NONE;
  if (config->storage)
    status = swap_core_check_blob(session);
  if (!status)
    status = load_resident(session);
  if (status) {
    /* Closed, but what failed stays readable. */
    swap_core_drain(session);
    swap_close(session);
    session->status = status;
  }
  return status;
}

void swap_close(swap_session *session) {
  if (!session || !session->model)
    return;
  swap_core_drain(session);
  const swap_storage *storage = session->config.storage;
  for (uint32_t unit = 0; storage && storage->unmap && storage->map &&
                          unit < session->model->unit_count;
       ++unit)
    if (session->plan->resident[unit] && session->model->units[unit].length)
      storage->unmap(storage->context, session->model->units[unit].offset,
                     session->model->units[unit].length);
  session->model = NULL;
  session->plan = NULL;
}
