//===- PoolErrorTest.cpp - What can go wrong in a pool ----------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "PoolFixture.h"

#include <fstream>

using namespace pooltest;

namespace {

testing::AssertionResult says(const Pool &pool, const std::string &text) {
  const std::string error = swap_pool_error(pool.pool);
  if (error.find(text) != std::string::npos)
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the error is '" << error << "'";
}

/// A pool cannot be opened so; what it says.
std::string refusal(swap_pool_options options, int status) {
  swap_pool *pool = nullptr;
  EXPECT_EQ(swap_pool_open(&pool, &options), status);
  const std::string error = swap_pool_error(pool);
  // It answers, and does nothing else.
  swap_task *task = nullptr;
  swap_task_options none = {};
  EXPECT_EQ(swap_pool_add(pool, &fake::model(), &none, &task),
            SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_pool_set_budget(pool, 1 << 20), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_pool_feasible(pool, nullptr, 0), SWAP_ERR_ARGUMENT);
  swap_pool_state state;
  swap_pool_get_state(pool, &state);
  EXPECT_EQ(state.used_bytes, 0u);
  swap_pool_close(pool);
  return error;
}

TEST(PoolError, OptionsOfAPool) {
  swap_pool_options options = {};
  options.threads = 2;
  options.lanes = 3;
  EXPECT_NE(refusal(options, SWAP_ERR_ARGUMENT).find("3 lanes"),
            std::string::npos);
  options.lanes = 17;
  options.threads = 100;
  EXPECT_NE(refusal(options, SWAP_ERR_ARGUMENT).find("17 lanes"),
            std::string::npos);
  options.lanes = 1;
  options.io = SWAP_POSIX_MAP;
  EXPECT_NE(refusal(options, SWAP_ERR_ARGUMENT).find("io auto"),
            std::string::npos);
  EXPECT_EQ(swap_pool_open(nullptr, &options), SWAP_ERR_ARGUMENT);
  swap_pool_close(nullptr);
}

class PoolAddError : public testing::Test {
protected:
  PoolAddError() : file("file") {}
  int add(const swap_model &model) {
    return swap_pool_add(pool.pool, &model, &options, &task);
  }
  /// A task that failed to come left nothing behind.
  ~PoolAddError() override {
    EXPECT_EQ(task, nullptr);
    EXPECT_EQ(pool.state().tasks, 0u);
    EXPECT_EQ(pool.state().used_bytes, 0u);
    runOnce(pool, pool.add(fake::model(), file));
  }
  BlobFile file;
  Pool pool;
  swap_task_options options = {};
  swap_task *task = nullptr;
};

TEST_F(PoolAddError, NoFile) {
  options.weights = "/nowhere/at/all.swap";
  EXPECT_EQ(add(fake::model()), SWAP_ERR_IO);
  EXPECT_TRUE(says(pool, "/nowhere/at/all.swap: No such file"));
}

TEST_F(PoolAddError, NotAFile) {
  options.weights = "/tmp";
  EXPECT_EQ(add(fake::model()), SWAP_ERR_IO);
  EXPECT_TRUE(says(pool, "/tmp: "));
}

TEST_F(PoolAddError, ATruncatedFile) {
  const BlobFile other("truncated");
  ASSERT_EQ(truncate(other.path.c_str(), 20000), 0);
  options.weights = other.path.c_str();
  EXPECT_EQ(add(fake::model()), SWAP_ERR_SHORT);
  EXPECT_TRUE(says(pool, "truncated: it has 20000 bytes"));
}

TEST_F(PoolAddError, AnotherModelsBlob) {
  const BlobFile other("other");
  std::fstream stream(other.path, std::ios::in | std::ios::out);
  stream.seekp(40);
  stream.write("xxxx", 4);
  stream.close();
  options.weights = other.path.c_str();
  EXPECT_EQ(add(fake::model()), SWAP_ERR_HASH);
  EXPECT_TRUE(says(pool, other.path));
}

TEST_F(PoolAddError, AnotherVersion) {
  swap_model model = fake::model();
  model.abi_version += 1;
  options.weights = file.path.c_str();
  EXPECT_EQ(add(model), SWAP_ERR_ABI);
}

TEST_F(PoolAddError, FirmwareModel) {
  options.weights = file.path.c_str();
  EXPECT_EQ(add(fake::firmwareModel(false)), SWAP_ERR_GEOMETRY);
  EXPECT_TRUE(says(pool, "compile it for this system"));
}

TEST_F(PoolAddError, OnlyPlansThatReadInPlace) {
  swap_model model = fake::model();
  model.plans = &fake::inPlacePlan();
  model.plan_count = 1;
  options.weights = file.path.c_str();
  EXPECT_EQ(add(model), SWAP_ERR_GEOMETRY);
  EXPECT_TRUE(says(pool, "in place"));
}

TEST_F(PoolAddError, APlanThatLeavesItsRegion) {
  swap_model model = fake::model();
  swap_plan plan = model.plans[0];
  plan.region_bytes = plan.arena_bytes = 4096;
  model.plans = &plan;
  model.plan_count = 1;
  options.weights = file.path.c_str();
  EXPECT_LT(add(model), 0);
}

TEST_F(PoolAddError, Options) {
  options.weights = file.path.c_str();
  options.name = "eager";
  options.priority = SWAP_PRIORITY_MAX + 1;
  EXPECT_EQ(add(fake::model()), SWAP_ERR_ARGUMENT);
  EXPECT_TRUE(says(pool, "eager: priority 8"));
  options.priority = 0;
  options.depth = 1u << 20;
  EXPECT_EQ(add(fake::model()), SWAP_ERR_ARGUMENT);
  EXPECT_TRUE(says(pool, "eager: depth"));
  EXPECT_EQ(swap_pool_add(nullptr, &fake::model(), &options, &task),
            SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_pool_add(pool.pool, nullptr, &options, &task),
            SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_pool_add(pool.pool, &fake::model(), &options, nullptr),
            SWAP_ERR_ARGUMENT);
}

TEST_F(PoolAddError, ASetThatCannotKeepItsDeadlines) {
  options.weights = file.path.c_str();
  options.name = "hasty";
  options.period_ns = 1000; // a run takes 500 us by prediction
  options.flags = SWAP_TASK_ADMIT;
  EXPECT_EQ(add(fake::model()), SWAP_ERR_BUDGET);
  EXPECT_TRUE(says(pool, "hasty"));
}

TEST(PoolError, TooManyTasks) {
  BlobFile file("many");
  Pool pool;
  for (uint32_t i = 0; i < SWAP_POOL_MAX_TASKS; ++i)
    pool.add(fake::model(), file);
  swap_task_options options = {};
  options.weights = file.path.c_str();
  swap_task *task = nullptr;
  EXPECT_EQ(swap_pool_add(pool.pool, &fake::model(), &options, &task),
            SWAP_ERR_ARGUMENT);
  EXPECT_TRUE(says(pool, "64 tasks"));
}

TEST(PoolError, Jobs) {
  BlobFile file("jobs");
  Pool pool;
  swap_task *task = pool.add(fake::model(), file);
  fake::Tensors tensors;
  swap_job job = 0;
  EXPECT_EQ(swap_pool_submit(nullptr, tensors.inputs, tensors.outputs, 0, &job),
            SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_pool_submit(task, nullptr, tensors.outputs, 0, &job),
            SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_pool_wait(task, 0, nullptr), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_pool_wait(task, 1, nullptr), SWAP_ERR_ARGUMENT);
  EXPECT_TRUE(says(pool, "job 1 is not known"));
  EXPECT_EQ(swap_pool_wait(nullptr, 1, nullptr), SWAP_ERR_ARGUMENT);
  // A tensor that is not there fails the job, and no other one.
  const void *const missing[] = {tensors.x, nullptr};
  ASSERT_EQ(swap_pool_submit(task, missing, tensors.outputs, 0, &job), SWAP_OK);
  EXPECT_EQ(swap_pool_wait(task, job, nullptr), SWAP_ERR_ARGUMENT);
  EXPECT_TRUE(says(pool, "task: "));
  for (int i = 0; i < 10; ++i)
    runOnce(pool, task);
  // Results of the last two are kept, and perhaps of a few more.
  EXPECT_EQ(swap_pool_wait(task, 11, nullptr), SWAP_OK);
  EXPECT_EQ(swap_pool_wait(task, 10, nullptr), SWAP_OK);
  EXPECT_EQ(swap_pool_wait(task, job, nullptr), SWAP_ERR_ARGUMENT);
  swap_pool_remove(nullptr);
}

TEST(PoolError, AnIndexOutsideItsTable) {
  BlobFile file("index");
  Pool pool;
  swap_task *task = pool.add(fake::model(), file);
  fake::Tensors tensors;
  tensors.ids[1] = fake::kTableRows;
  swap_job job = 0;
  ASSERT_EQ(swap_pool_submit(task, tensors.inputs, tensors.outputs, 0, &job),
            SWAP_OK);
  EXPECT_EQ(swap_pool_wait(task, job, nullptr), SWAP_ERR_INDEX);
  EXPECT_TRUE(says(pool, "task: index number 1"));
  runOnce(pool, task);
}

// One task's storage fails; those of others, and its own next jobs, do not.
TEST(PoolError, StorageOfOneTask) {
  BlobFile good("good"), bad("bad");
  for (const uint32_t io : {SWAP_POSIX_URING, SWAP_POSIX_THREAD}) {
    swap_pool_options options = {};
    options.io = io;
    options.budget_bytes = 50000; // most is streamed
    Pool pool(options);
    swap_task *first = pool.add(fake::model(), good);
    swap_task *second = pool.add(fake::cyclicModel(), bad);
    runOnce(pool, first);
    runOnce(pool, second);
    for (const int kind : {0, 1}) {
      // Nothing of it stays that was there before.
      swap_pool_remove(second);
      second = pool.add(fake::cyclicModel(), bad);
      if (kind == 0) {
        // All units have other bytes.
        std::fstream stream(bad.path, std::ios::in | std::ios::out);
        stream.seekp(8192);
        stream << std::string(fake::blob().size() - 8192, 'x');
      } else {
        ASSERT_EQ(truncate(bad.path.c_str(), 8192), 0);
      }
      fake::Tensors tensors;
      swap_job job = 0;
      ASSERT_EQ(swap_pool_submit(second, tensors.inputs, tensors.outputs, 0, &job),
                SWAP_OK);
      runOnce(pool, first);
      EXPECT_EQ(swap_pool_wait(second, job, nullptr),
                kind ? SWAP_ERR_SHORT : SWAP_ERR_CHECKSUM);
      EXPECT_TRUE(says(pool, bad.path + ": "));
      EXPECT_TRUE(says(pool, ", in unit "));
      runOnce(pool, first);
      fake::writeBlob(bad.path);
      runOnce(pool, second);
    }
  }
}

} // namespace
