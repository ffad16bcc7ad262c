//===- FakeSetProgram.cpp - A set of fake models as an executable ---------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Variables of the environment make it another set: FAKE_SLOW=ms is the time of
// a kernel, FAKE_CHEAT=n gives a wrong element from the n-th call on, and
// FAKE_SET names a set that is wrong, or one with events.
//===----------------------------------------------------------------------===//
#include "FakeModel.h"

#include "swap/set.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

using namespace fake;

namespace {

constexpr uint64_t kMs = 1000000;

long variable(const char *name) {
  const char *text = getenv(name);
  return text ? atol(text) : 0;
}

bool isSet(const char *name) {
  const char *text = getenv("FAKE_SET");
  return text && strcmp(text, name) == 0;
}

std::atomic<long> calls{0};

void slowAdd(void *const *operands, uint64_t begin, uint64_t end,
             void *scratch) {
  static const long slow = variable("FAKE_SLOW"),
                    cheat = variable("FAKE_CHEAT");
  if (slow) {
    const timespec time = {slow / 1000, slow % 1000 * 1000000};
    nanosleep(&time, nullptr);
  }
  model().kernels[1].fn(operands, begin, end, scratch);
  if (cheat && begin <= 5 && 5 < end && ++calls >= cheat)
    static_cast<float *>(operands[2])[5] += 1;
}

const swap_kernel slowKernels[] = {model().kernels[0],
                                   {"add \"slow\"", slowAdd}};

swap_model named(const swap_model &of, const char *name,
                 const swap_kernel *kernels) {
  swap_model copy = of;
  copy.name = name;
  copy.kernels = kernels;
  return copy;
}

const swap_model signs = named(model(), "signs", slowKernels),
                 lanes = named(cyclicModel(), "lanes", model().kernels);

const swap_set_input signsInputs[] = {
    {isSet("bad-input") ? "z" : "x", isSet("no-file") ? "none.npy" : "x.pb"}};

swap_set_task task(const char *name, const swap_model *model,
                   uint64_t periodMs) {
  swap_set_task task = {};
  task.name = name;
  task.model = model;
  task.weights = "fake.swap";
  task.period_ns = task.deadline_ns = periodMs * kMs;
  task.starts = 1;
  return task;
}

std::vector<swap_set_task> makeTasks() {
  std::vector<swap_set_task> tasks = {
      task("signs", &signs, 20), task("lanes", &lanes, 10),
      task("speech \"it\"", &lanes, 50), task("spare", &signs, 0)};
  tasks[0].input_count = 1;
  tasks[0].inputs = signsInputs;
  tasks[0].priority = isSet("priority") ? 8 : 3;
  tasks[0].depth = isSet("depth") ? 1000 : 3;
  tasks[0].phase_ns = 5 * kMs;
  tasks[1].jitter_ns = 3 * kMs;
  tasks[1].arrivals = SWAP_ARRIVE_POISSON;
  if (isSet("infeasible"))
    tasks[0].period_ns = tasks[0].deadline_ns = kMs / 10;
  if (isSet("no-period"))
    tasks[1].period_ns = 0;
  if (isSet("same-name"))
    tasks[2].name = "signs";
  if (isSet("nameless"))
    tasks[2].name = "";
  if (isSet("bad-arrivals"))
    tasks[2].arrivals = 7;
  if (isSet("no-weights"))
    tasks[2].weights = "none.swap";
  tasks[3].starts = 0;
  tasks[3].arrivals = SWAP_ARRIVE_BACK_TO_BACK;
  return tasks;
}

std::vector<swap_set_event> makeEvents() {
  if (isSet("unsized"))
    return {{0, SWAP_SET_BUDGET, 0, 0, "5MB"}};
  if (isSet("twice"))
    return {{5 * kMs, SWAP_SET_ADD, 0, 0, nullptr}};
  if (isSet("absent"))
    return {{5 * kMs, SWAP_SET_REMOVE, 3, 0, nullptr}};
  if (isSet("unordered"))
    return {{5 * kMs, SWAP_SET_REMOVE, 0, 0, nullptr},
            {4 * kMs, SWAP_SET_REMOVE, 1, 0, nullptr}};
  if (isSet("unknown"))
    return {{5 * kMs, SWAP_SET_REMOVE, 9, 0, nullptr}};
  if (isSet("too-small"))
    return {{5 * kMs, SWAP_SET_BUDGET, 0, 0, "4096"}};
  if (isSet("events"))
    return {{50 * kMs, SWAP_SET_BUDGET, 0, 0, "min"},
            {100 * kMs, SWAP_SET_REMOVE, 1, 0, nullptr},
            {110 * kMs, SWAP_SET_ADD, 3, 0, nullptr},
            {150 * kMs, SWAP_SET_BUDGET, 0, 0, "100%"},
            {160 * kMs, SWAP_SET_PERIOD, 0, 4 * kMs, nullptr},
            {170 * kMs, SWAP_SET_DEADLINE, 2, 45 * kMs, nullptr},
            {180 * kMs, SWAP_SET_PRIORITY, 2, 6, nullptr},
            {200 * kMs, SWAP_SET_ADD, 1, 0, nullptr}};
  return {};
}

const std::vector<swap_set_task> tasks = makeTasks();
const std::vector<swap_set_event> events = makeEvents();

} // namespace

extern "C" {
extern const swap_set swap_set_instance;
const swap_set swap_set_instance = {isSet("version") ? 9u
                                                     : SWAP_SET_ABI_VERSION,
                                    static_cast<uint32_t>(tasks.size()),
                                    static_cast<uint32_t>(events.size()),
                                    2,
                                    0,
                                    0,
                                    isSet("endless") ? 0 : 300 * kMs,
                                    "fake set",
                                    isSet("bad-budget") ? "1KiB" : "60%",
                                    tasks.data(),
                                    events.data()};
}
