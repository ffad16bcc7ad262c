//===- PoolFixture.h - A pool of models in files ----------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blobs of the fake model in files of their own, so that a pool takes them for
// different ones; and a listener that compares each change of memory with the
// budget.
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_POOLFIXTURE_H
#define SWAP_TEST_POOLFIXTURE_H

#include "FakeModel.h"

#include "swap/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <unistd.h>
#include <vector>

namespace pooltest {

/// A blob of the fake model.
class BlobFile {
public:
  explicit BlobFile(const std::string &name)
      : path(testing::TempDir() + "pool_" + std::to_string(getpid()) + "_" +
             name + ".swap") {
    fake::writeBlob(path);
  }
  ~BlobFile() { unlink(path.c_str()); }
  BlobFile(const BlobFile &) = delete;
  BlobFile &operator=(const BlobFile &) = delete;
  const std::string path;
};

/// What a pool told.
class Listener {
public:
  static void hear(void *context, const swap_pool_event *event) {
    auto *self = static_cast<Listener *>(context);
    const uint64_t limit =
        event->budget_bytes ? event->budget_bytes : UINT64_MAX;
    self->most = std::max<uint64_t>(self->most, event->used_bytes);
    if (event->used_bytes > limit)
      ++self->excesses;
    std::lock_guard<std::mutex> guard(self->lock);
    self->events.push_back(*event);
  }
  std::vector<swap_pool_event> take() {
    std::lock_guard<std::mutex> guard(lock);
    return std::move(events);
  }
  uint32_t count(swap_pool_event_kind kind) {
    std::lock_guard<std::mutex> guard(lock);
    uint32_t found = 0;
    for (const swap_pool_event &event : events)
      found += event.kind == kind;
    return found;
  }

  std::atomic<uint64_t> most{0};
  std::atomic<uint32_t> excesses{0};

private:
  std::mutex lock;
  std::vector<swap_pool_event> events;
};

/// A pool that is closed at the end of a test, before its files go.
class Pool {
public:
  explicit Pool(swap_pool_options options = {}) {
    options.quiet = 1;
    if (!options.threads)
      options.threads = 2;
    options.event = Listener::hear;
    options.event_context = &listener;
    status = swap_pool_open(&pool, &options);
    EXPECT_EQ(status, SWAP_OK) << swap_pool_error(pool);
  }
  ~Pool() {
    swap_pool_close(pool);
    EXPECT_EQ(listener.excesses, 0u);
  }
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  swap_task *add(const swap_model &model, const BlobFile &blob,
                 swap_task_options options = {}) {
    swap_task *task = nullptr;
    options.weights = blob.path.c_str();
    if (!options.name)
      options.name = "task";
    EXPECT_EQ(swap_pool_add(pool, &model, &options, &task), SWAP_OK)
        << swap_pool_error(pool);
    return task;
  }
  swap_pool_state state() {
    swap_pool_state state;
    swap_pool_get_state(pool, &state);
    return state;
  }
  static swap_task_state state(const swap_task *task) {
    swap_task_state state;
    swap_task_get_state(task, &state);
    return state;
  }

  Listener listener;
  swap_pool *pool = nullptr;
  int status = 0;
};

/// Runs a job to its end and compares what it computed.
inline void runOnce(Pool &pool, swap_task *task,
                    swap_job_result *result = nullptr) {
  fake::Tensors tensors;
  swap_job job = 0;
  ASSERT_EQ(swap_pool_submit(task, tensors.inputs, tensors.outputs, 0, &job),
            SWAP_OK)
      << swap_pool_error(pool.pool);
  ASSERT_EQ(swap_pool_wait(task, job, result), SWAP_OK)
      << swap_pool_error(pool.pool);
  EXPECT_TRUE(tensors.yIsRight());
  EXPECT_TRUE(tensors.rowsAreRight());
  EXPECT_TRUE(tensors.areIntact());
}

} // namespace pooltest

#endif // SWAP_TEST_POOLFIXTURE_H
