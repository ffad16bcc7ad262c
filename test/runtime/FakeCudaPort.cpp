//===- FakeCudaPort.cpp - swap/cuda.h on the processor --------------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the fake model through the POSIX port, so that the program around a GPU
// can be tested without one. What the program asked for is written to the file
// that $FAKE_CUDA_LOG names; with $FAKE_CUDA_FAIL nothing opens.
//===----------------------------------------------------------------------===//
#include "FakeModel.h"

#include "swap/cuda.h"
#include "swap/measure.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
extern const swap_model swap_model_instance;
extern const swap_cuda_model swap_cuda_instance;
}

constexpr uint64_t kOverhead = 0x100000;

/// Budgets as the compiler counts them: with what code and graph take.
static swap_model makeModel() {
  static swap_plan plans[3];
  swap_model model = fake::cyclicModel();
  for (uint32_t i = 0; i < model.plan_count; ++i) {
    plans[i] = model.plans[i];
    plans[i].budget_bytes += kOverhead;
  }
  model.plans = plans;
  model.model_bytes += kOverhead;
  model.min_bytes += kOverhead;
  return model;
}
const swap_model swap_model_instance = makeModel();

static const swap_cuda_kernel kernels[] = {{"add", 128, 1, 0},
                                           {"add_shifted", 128, 1, 0}};
static swap_cuda_image makeImage(uint32_t arch, bool isPtx) {
  swap_cuda_image image = {};
  image.arch = arch;
  image.ptx = isPtx;
  image.data = "";
  return image;
}
static const swap_cuda_image images[] = {
    makeImage(75, false), makeImage(75, false), makeImage(90, true)};
const swap_cuda_model swap_cuda_instance = {
    SWAP_CUDA_ABI_VERSION, 3, &swap_model_instance, kernels, images, kOverhead};

struct swap_cuda {
  swap_posix *posix;
  fake::Tensors pinned;
  uint32_t foreign; // tensors that were not pinned
  uint64_t compute_ns;
  const char *source;
  swap_session session; // as the GPU counts
};

static void note(const char *key, uint64_t value) {
  const char *path = getenv("FAKE_CUDA_LOG");
  FILE *log = path ? fopen(path, "a") : nullptr;
  if (!log)
    return;
  fprintf(log, "%s=%llu\n", key, static_cast<unsigned long long>(value));
  fclose(log);
}

int swap_cuda_open(swap_cuda **handle, const swap_cuda_model *model,
                   const swap_cuda_options *options) {
  *handle = new swap_cuda();
  if (getenv("FAKE_CUDA_FAIL"))
    return SWAP_ERR_DEVICE;
  note("budget", options->budget_bytes);
  note("host-budget", options->host_budget_bytes);
  note("device", options->device);
  note("source", options->source);
  note("flags", options->flags);
  note("check-memory", options->check_memory != 0);
  note("no-graph", options->no_graph != 0);
  note("event", options->event != nullptr);
  swap_posix_options posix = {};
  posix.weights = options->weights;
  if (options->budget_bytes)
    posix.budget_bytes = options->budget_bytes - model->overhead_bytes;
  posix.threads = 1;
  posix.io = SWAP_POSIX_THREAD;
  posix.event = options->event;
  posix.event_context = options->event_context;
  posix.quiet = options->quiet;
  (*handle)->source = options->source == SWAP_CUDA_STORAGE ? "storage" : "host";
  return swap_posix_open(&(*handle)->posix, model->model, &posix);
}

int swap_cuda_load(swap_cuda *h) { return swap_posix_load(h->posix); }

static const uint64_t inputBytes[] = {sizeof(fake::Tensors::x),
                                      sizeof(fake::Tensors::ids)};
static const uint64_t outputBytes[] = {sizeof(fake::Tensors::y),
                                       sizeof(fake::Tensors::rows)};

int swap_cuda_run(swap_cuda *h, const void *const *inputs,
                  void *const *outputs) {
  for (uint32_t i = 0; i < 2; ++i) {
    void *input = swap_cuda_input(h, i);
    h->foreign += inputs[i] != input;
    h->foreign += outputs[i] != swap_cuda_output(h, i);
    memmove(input, inputs[i], inputBytes[i]);
  }
  const int status =
      swap_posix_run(h->posix, h->pinned.inputs, h->pinned.outputs);
  for (uint32_t i = 0; !status && i < 2; ++i)
    memmove(outputs[i], swap_cuda_output(h, i), outputBytes[i]);
  return status;
}

void *swap_cuda_input(const swap_cuda *h, uint32_t index) {
  return const_cast<void *>(h->pinned.inputs[index]);
}
void *swap_cuda_output(const swap_cuda *h, uint32_t index) {
  return h->pinned.outputs[index];
}

void swap_cuda_close(swap_cuda *h) {
  if (!h)
    return;
  note("foreign", h->foreign);
  swap_posix_close(h->posix);
  delete h;
}

const char *swap_cuda_error(const swap_cuda *h) {
  return h->posix ? swap_posix_error(h->posix)
                  : "libcuda.so.1: cannot open shared object file";
}

const swap_session *swap_cuda_session(const swap_cuda *h) {
  auto *session = const_cast<swap_session *>(&h->session);
  *session = *swap_posix_session(h->posix);
  session->counters.compute_ns = h->compute_ns;
  return session;
}

const char *swap_cuda_device_name(const swap_cuda *) { return "Fake \"GPU\""; }
uint32_t swap_cuda_arch(const swap_cuda *) { return 90; }
const char *swap_cuda_source_name(const swap_cuda *h) { return h->source; }
uint64_t swap_cuda_device_bytes(const swap_cuda *h) {
  return swap_posix_session(h->posix)->plan->arena_bytes + 4096;
}
uint64_t swap_cuda_host_bytes(const swap_cuda *) { return 12345; }
void swap_cuda_ahead(swap_cuda *h, int ahead) {
  swap_posix_ahead(h->posix, ahead);
}
double swap_cuda_link_rate(swap_cuda *) { return 1e9; }

// Leaves what no run gave in the outputs.
double swap_cuda_compute(swap_cuda *h) {
  h->pinned.clear();
  h->compute_ns = 1500000;
  return 1.5e-3;
}

int swap_cuda_measure(swap_cuda *, swap_storage_rates *link,
                      swap_processor_rates *device) {
  *link = {};
  link->io = "host";
  link->count = 2;
  link->reads[0] = {65536, 1.5e10, 6e-6, 5e-7};
  link->reads[1] = {0x1000000, 5.5e10, 3e-4, 5e-7};
  *device = {6.7e13, 4.3e12, 2e-6};
  return SWAP_OK;
}
