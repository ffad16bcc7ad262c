/*===- tasks.c - Tasks, their inputs and their places in the pool -*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "set_program.h"

#define DEFAULT_DEPTH 2u

/* The weights' path: the folder that was named, or that of the program. */
static int find_weights(set_task *task) {
  char path[4096];
  const char *name = task->asks->weights, *folder = task->run->options->weights;
  if (!folder) {
    if (!swap_posix_default_weights(path, sizeof path))
      return fail(EXIT_RUN, "the path of this program is too long");
    *strrchr(path, '/') = 0;
    folder = path;
  }
  if (asprintf(&task->weights, "%s%s%s", name[0] == '/' ? "" : folder,
               name[0] == '/' ? "" : "/", name) < 0) {
    task->weights = NULL;
    return fail(EXIT_RUN, "out of memory");
  }
  if (access(task->weights, R_OK) != 0)
    return fail(EXIT_RUN,
                "%s: %s; --weights says in which folder the weights "
                "are",
                task->weights, strerror(errno));
  output_keep(task->weights, "a model's weights");
  return 0;
}

static uint32_t find_input(const swap_model *model, const char *name) {
  uint32_t i = 0;
  while (i < model->input_count && strcmp(model->inputs[i].name, name) != 0)
    ++i;
  return i;
}

static int load_inputs(set_task *task) {
  const swap_set_task *asks = task->asks;
  const swap_model *model = asks->model;
  for (uint32_t i = 0; i < model->input_count; ++i)
    tensors_make_up(&task->data, i);
  for (uint32_t i = 0; i < asks->input_count; ++i) {
    const uint32_t input = find_input(model, asks->inputs[i].name);
    if (input == model->input_count) {
      fail(EXIT_USAGE,
           "task '%s': its model has no input '%s'; it has:", asks->name,
           asks->inputs[i].name);
      for (uint32_t k = 0; k < model->input_count; ++k)
        fprintf(stderr, "  %s\n", model->inputs[k].name);
      return EXIT_USAGE;
    }
    const int status =
        tensors_load_file(&task->data, input, asks->inputs[i].path);
    if (status)
      return status;
  }
  return 0;
}

/* Memory of the task's inputs, and of outputs for each job that may be there.
 */
static int allocate(set_task *task) {
  const swap_model *model = task->asks->model;
  task->data =
      (tensors){.model = model,
                .inputs = tensors_memory(model->inputs, model->input_count)};
  task->slots = calloc(task->depth, sizeof *task->slots);
  int complete = task->data.inputs && task->slots;
  for (uint32_t i = 0; complete && i < task->depth; ++i) {
    task->slots[i].outputs =
        tensors_memory(model->outputs, model->output_count);
    complete = task->slots[i].outputs != NULL;
  }
  histogram **const lists[] = {&task->latency, &task->compute, &task->stall,
                               &task->wait};
  for (uint32_t i = 0; i < 4; ++i) {
    *lists[i] = calloc(1, sizeof **lists[i]);
    complete = complete && *lists[i];
  }
  return complete ? 0 : fail(EXIT_RUN, "out of memory for inputs and outputs");
}

/* A task's jobs come at the same times in whichever set it is (FNV-1a). */
static uint64_t name_stream(const char *name) {
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  for (; *name; ++name)
    hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001B3);
  return hash;
}

int set_tasks_create(set_run *run) {
  run->tasks = calloc(run->set->task_count, sizeof *run->tasks);
  int status = run->tasks ? 0 : fail(EXIT_RUN, "out of memory");
  for (uint32_t i = 0; !status && i < run->set->task_count; ++i) {
    set_task *task = &run->tasks[i];
    run->task_count = i + 1;
    task->asks = &run->set->tasks[i];
    task->run = run;
    task->index = i;
    task->depth = task->asks->depth ? task->asks->depth : DEFAULT_DEPTH;
    task->period_ns = task->asks->period_ns;
    task->deadline_ns = task->asks->deadline_ns;
    task->priority = task->asks->priority;
    task->next_ns = UINT64_MAX;
    task->numbers =
        random_from(run->options->seed, name_stream(task->asks->name));
    pthread_cond_init(&task->came, NULL);
    status = find_weights(task);
    if (!status && !run->options->describe)
      status = allocate(task);
    if (!status && !run->options->describe)
      status = load_inputs(task);
  }
  return status;
}

void set_tasks_free(set_run *run) {
  for (uint32_t i = 0; i < run->task_count; ++i) {
    set_task *task = &run->tasks[i];
    const swap_model *model = task->asks->model;
    for (uint32_t k = 0; task->slots && k < task->depth; ++k)
      tensors_release(task->slots[k].outputs, model->output_count);
    free(task->slots);
    tensors_free(&task->data);
    free(task->latency);
    free(task->compute);
    free(task->stall);
    free(task->wait);
    free(task->weights);
    pthread_cond_destroy(&task->came);
  }
  free(run->tasks);
}

swap_task_options set_task_options(const set_task *task) {
  const int steady = task->asks->arrivals != SWAP_ARRIVE_BACK_TO_BACK;
  return (swap_task_options){
      .name = task->asks->name,
      .weights = task->weights,
      .period_ns = steady ? task->period_ns : 0,
      .deadline_ns = task->deadline_ns ? task->deadline_ns : UINT64_MAX,
      .priority = task->priority,
      .depth = task->depth,
      .flags = task->run->options->admit ? SWAP_TASK_ADMIT : 0};
}

int set_task_add(set_task *task, uint64_t now_ns) {
  set_run *run = task->run;
  swap_task *handle = NULL;
  pthread_mutex_lock(&run->lock);
  const swap_task_options options = set_task_options(task);
  pthread_mutex_unlock(&run->lock);
  const int status =
      set_target_add(run->pool, task, &options, &handle);
  if (status)
    return status;
  pthread_mutex_lock(&run->lock);
  task->handle = handle;
  task->arrives = 1;
  set_arrivals_begin(task, now_ns);
  pthread_cond_signal(&run->wake);
  pthread_mutex_unlock(&run->lock);
  return SWAP_OK;
}

void set_task_remove(set_task *task) {
  set_run *run = task->run;
  pthread_mutex_lock(&run->lock);
  task->arrives = 0;
  task->next_ns = UINT64_MAX;
  while (task->count || task->submitting)
    pthread_cond_wait(&run->changed, &run->lock);
  swap_task *handle = task->handle;
  swap_task_get_state(handle, &task->state);
  task->handle = NULL;
  pthread_mutex_unlock(&run->lock);
  swap_pool_remove(handle);
}

int set_pool_open(set_run *run) {
  const swap_pool_options options = {
      .budget_bytes = run->budget,
      .threads =
          run->options->threads ? run->options->threads : run->set->threads,
      .lanes = run->options->lanes ? run->options->lanes : run->set->lanes,
      .io = run->options->has_io ? run->options->io : run->set->io,
      .quiet = run->options->quiet,
      .event = run->trace ? set_trace_event : NULL,
      .event_context = run->trace};
  int status = swap_pool_open(&run->pool, &options);
  for (uint32_t i = 0; !status && i < run->task_count; ++i) {
    set_task *task = &run->tasks[i];
    if (!task->asks->starts && !run->options->describe)
      continue;
    swap_task_options asks = set_task_options(task);
    asks.flags = 0; /* the whole set is judged, below */
    status = set_target_add(run->pool, task, &asks, &task->handle);
  }
  if (status && run->pool)
    return fail(EXIT_RUN, "%s", swap_pool_error(run->pool));
  if (status)
    return fail(EXIT_RUN, "%s", swap_status_string(status));
  if (swap_pool_feasible(run->pool, run->feasible, sizeof run->feasible) ==
      SWAP_OK)
    run->feasible[0] = 0;
  else if (!run->feasible[0])
    strcpy(run->feasible, "a deadline cannot be met by prediction");
  if (run->feasible[0] && run->options->admit && !run->options->describe)
    return fail(EXIT_RUN, "not admitted: %s", run->feasible);
  return 0;
}
