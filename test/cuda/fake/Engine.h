//===- Engine.h - Work of the fake GPU --------------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_FAKE_ENGINE_H
#define SWAP_TEST_FAKE_ENGINE_H

#include "FakeCuda.h"
#include "driver.h"

#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace fakecuda {

enum Error {
  kNotSupported = 801,
  kCaptureUnsupported = 900,
  kCaptureUnjoined = 904,
  kCaptureIsolation = 905,
  kCapturedEvent = 907
};

/// What is to be done, and the memory and code that it needs.
struct Work {
  std::function<void()> work;
  bool isCopy = false;
  std::vector<std::pair<uint64_t, uint64_t>> ranges; ///< address, bytes
  const void *module = nullptr;
};

/// One piece of work and what it was declared to wait for.
struct Node {
  Work work;
  std::vector<std::shared_ptr<Node>> dependencies;
  bool isDone = false;
  double doneMs = 0;
};
using NodePtr = std::shared_ptr<Node>;

extern std::recursive_mutex mutex;
extern swap_fake_config config;
extern swap_fake_state state;

/// Counts a call; not CU_OK if this is the one to fail.
cu_result enter();
/// Adds work behind `dependencies`.
NodePtr submit(Work work, std::vector<NodePtr> dependencies);
/// Carries out pending work, in the configured order, until `node` is done.
void runUntil(const NodePtr &node);
void runAll();
/// Whether pending work needs memory of that range, or code of that module.
bool isNeeded(uint64_t address, uint64_t bytes);
bool isNeeded(const void *module);
void forgetPending();

/// Whether [address, address + bytes) is live memory of that kind.
bool isDeviceMemory(cu_address address, size_t bytes);
bool isPinnedMemory(const void *pointer, size_t bytes);
void forgetMemory();
void forgetKernels();

} // namespace fakecuda

struct GraphNode {
  enum Kind { Job, Record, Wait } kind = Job;
  fakecuda::Work work;
  cu_event event = nullptr;
  std::vector<int> dependencies;
};

struct cu_graph_object {
  std::vector<GraphNode> nodes;
};

struct cu_exec_object {
  std::vector<GraphNode> nodes;
  fakecuda::NodePtr last;
};

/// A capture under way.
struct Capture {
  cu_graph graph = nullptr;
  cu_stream origin = nullptr;
  std::vector<cu_stream> streams;
};

struct cu_stream_object {
  fakecuda::NodePtr tail;
  std::vector<fakecuda::NodePtr> waits;
  std::shared_ptr<Capture> capture;
  std::vector<int> captured;
};

struct cu_event_object {
  bool isTimed = false;
  fakecuda::NodePtr node;
  std::weak_ptr<Capture> capture;
  bool wasCaptured = false;
  std::vector<int> captured;
};

namespace fakecuda {
/// Adds work to a stream, or to the graph that it captures.
void enqueue(cu_stream stream, Work work);
} // namespace fakecuda

#endif // SWAP_TEST_FAKE_ENGINE_H
