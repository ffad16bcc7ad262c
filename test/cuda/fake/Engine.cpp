//===- Engine.cpp - The order in which the fake GPU works -------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "Engine.h"

#include <algorithm>
#include <chrono>
#include <unordered_set>

namespace fakecuda {

std::recursive_mutex mutex;
static constexpr swap_fake_config kDefault = {1,
                                              90,
                                              13000,
                                              0,
                                              SWAP_FAKE_REGISTER_READ_ONLY,
                                              UINT64_C(8) << 30,
                                              0,
                                              0,
                                              SWAP_FAKE_LAZY,
                                              1,
                                              -1,
                                              999};
swap_fake_config config = kDefault;
swap_fake_state state;

static std::vector<NodePtr> pending; // in order of submission
static std::mt19937 random(1);

cu_result enter() {
  const int number = state.calls++;
  return number == config.fail_at ? config.fail_code : CU_OK;
}

NodePtr submit(Work work, std::vector<NodePtr> dependencies) {
  auto node = std::make_shared<Node>();
  node->work = std::move(work);
  for (NodePtr &dependency : dependencies)
    if (dependency && !dependency->isDone)
      node->dependencies.push_back(std::move(dependency));
  pending.push_back(node);
  if (config.order == SWAP_FAKE_PROMPT)
    runUntil(node);
  return node;
}

static bool isReady(const Node &node) {
  return std::all_of(node.dependencies.begin(), node.dependencies.end(),
                     [](const NodePtr &d) { return d->isDone; });
}

static void collectAncestors(const NodePtr &node,
                             std::unordered_set<const Node *> &found) {
  std::vector<const Node *> work = {node.get()};
  while (!work.empty()) {
    const Node *next = work.back();
    work.pop_back();
    if (next->isDone || !found.insert(next).second)
      continue;
    for (const NodePtr &dependency : next->dependencies)
      work.push_back(dependency.get());
  }
}

/// The position in `pending` of what is done next.
static size_t choose(const std::unordered_set<const Node *> &wanted) {
  std::vector<size_t> ready;
  for (size_t i = 0; i < pending.size(); ++i) {
    if (!isReady(*pending[i]))
      continue;
    if (config.order == SWAP_FAKE_FIFO || config.order == SWAP_FAKE_PROMPT)
      return i;
    if (config.order == SWAP_FAKE_COPIES && pending[i]->work.isCopy)
      return i;
    if (config.order != SWAP_FAKE_LAZY || wanted.count(pending[i].get()))
      ready.push_back(i);
  }
  if (config.order == SWAP_FAKE_RANDOM)
    return ready[random() % ready.size()];
  if (config.order == SWAP_FAKE_LAZY)
    for (size_t i : ready)
      if (!pending[i]->work.isCopy)
        return i;
  return ready.front();
}

static void carryOut(size_t position) {
  const NodePtr node = pending[position];
  pending.erase(pending.begin() + static_cast<ptrdiff_t>(position));
  if (node->work.work)
    node->work.work();
  node->isDone = true;
  node->work = {};
  node->dependencies.clear();
  node->doneMs = std::chrono::duration<double, std::milli>(
                     std::chrono::steady_clock::now().time_since_epoch())
                     .count();
}

void runUntil(const NodePtr &node) {
  if (!node)
    return;
  std::unordered_set<const Node *> wanted;
  if (config.order == SWAP_FAKE_LAZY)
    collectAncestors(node, wanted);
  while (!node->isDone)
    carryOut(choose(wanted));
}

void runAll() {
  while (!pending.empty()) {
    const NodePtr last = pending.back();
    runUntil(last);
  }
}

bool isNeeded(uint64_t address, uint64_t bytes) {
  for (const NodePtr &node : pending)
    for (const auto &range : node->work.ranges)
      if (range.first < address + bytes && address < range.first + range.second)
        return true;
  return false;
}

bool isNeeded(const void *module) {
  return std::any_of(pending.begin(), pending.end(), [&](const NodePtr &node) {
    return node->work.module == module;
  });
}

void forgetPending() {
  pending.clear();
  random.seed(config.seed);
}

void enqueue(cu_stream stream, Work work) {
  if (stream->capture) {
    auto &nodes = stream->capture->graph->nodes;
    GraphNode node;
    node.work = std::move(work);
    node.dependencies = stream->captured;
    nodes.push_back(std::move(node));
    stream->captured = {static_cast<int>(nodes.size()) - 1};
    return;
  }
  std::vector<NodePtr> dependencies = std::move(stream->waits);
  stream->waits.clear();
  dependencies.push_back(stream->tail);
  stream->tail = submit(std::move(work), std::move(dependencies));
}

} // namespace fakecuda

using namespace fakecuda;

void swap_fake_reset(void) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  config = kDefault;
  state = {};
  forgetPending();
  forgetMemory();
  forgetKernels();
}

swap_fake_config *swap_fake_configure(void) { return &config; }
const swap_fake_state *swap_fake_look(void) { return &state; }

void swap_fake_fail_in(int calls, int code) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  config.fail_code = code;
  config.fail_at = state.calls + calls;
}

int swap_fake_fail_end(void) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  const bool reached = state.calls > config.fail_at;
  config.fail_at = -1;
  return reached;
}

uint64_t swap_fake_device_bytes(void) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  return state.device_bytes;
}
