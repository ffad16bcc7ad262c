//===- Gate.h - A fake model whose kernels wait for a test ------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_GATE_H
#define SWAP_TEST_GATE_H

#include "FakeModel.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace pooltest {

/// Kernels arrive one by one and wait until the test lets them pass.
class Gate {
public:
  void shut() {
    std::lock_guard<std::mutex> guard(lock);
    open = false;
    arrived = allowed = 0;
  }
  void letAllPass() {
    std::lock_guard<std::mutex> guard(lock);
    open = true;
    changed.notify_all();
  }
  void letOnePass() {
    std::lock_guard<std::mutex> guard(lock);
    ++allowed;
    changed.notify_all();
  }
  /// Until the n-th kernel since it was shut stands before it.
  void awaitArrival(unsigned n) {
    std::unique_lock<std::mutex> guard(lock);
    changed.wait(guard, [&] { return arrived >= n; });
  }
  /// Each kernel takes so long.
  void slowDown(std::chrono::milliseconds time) { delay = time.count(); }
  void arrive() {
    if (delay)
      std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    std::unique_lock<std::mutex> guard(lock);
    const unsigned number = ++arrived;
    changed.notify_all();
    changed.wait(guard, [&] { return open || allowed >= number; });
  }

private:
  std::mutex lock;
  std::condition_variable changed;
  std::atomic<int64_t> delay{0};
  bool open = true;
  unsigned arrived = 0, allowed = 0;
};

/// The fake model with a gate before each of its kernels.
template <int Number> class GatedModel {
public:
  static Gate &gate() {
    static Gate instance;
    return instance;
  }
  static const swap_model &model() {
    static const swap_kernel kernels[] = {{"first", run<0>}, {"last", run<1>}};
    static const swap_model instance = [] {
      swap_model copy = fake::model();
      copy.kernels = kernels;
      return copy;
    }();
    return instance;
  }

private:
  template <int Kernel>
  static void run(void *const *operands, uint64_t begin, uint64_t end,
                  void *scratch) {
    if (begin == 0)
      gate().arrive();
    fake::model().kernels[Kernel].fn(operands, begin, end, scratch);
  }
};

} // namespace pooltest

#endif // SWAP_TEST_GATE_H
