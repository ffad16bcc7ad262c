//===- CudaPoolTest.cpp - Several models on one GPU -------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fake device has no more memory than the budget: what takes more fails.
//===----------------------------------------------------------------------===//
#include "CudaTest.h"

#include "swap/cuda_pool.h"

#include <atomic>
#include <mutex>
#include <random>

using namespace gpu;

namespace {

constexpr uint64_t kCode = 3000, kGraph = 1000, kOverhead = 2 * kCode + 2 * kGraph;
constexpr uint64_t kMs = 1000000;

/// A model with a ladder of four plans, in a file of its own.
struct Member {
  Model model{{5000, 8192, 40000, 4100, 12288, 12288, 12288, 100000},
              {{1, {}, {}, false, false},
               {2, {0, 1}, {}, false, true},
               {1, {0, 1, 2, 3}, {}, true, false},
               {1, {0, 1, 2, 3, 4, 5, 6, 7}, {}, true, false}}};
  std::vector<swap_plan> plans;
  std::string path;
  swap_task *task = nullptr;

  explicit Member(const std::string &name) : path("cuda-pool-" + name + ".swap") {
    model.writeBlob(path);
    plans.assign(model.model.plans, model.model.plans + model.model.plan_count);
    for (swap_plan &plan : plans) {
      plan.compute_ns = kMs;
      plan.predicted_ns = kMs + plan.streamed_bytes * 100;
    }
    model.model.plans = plans.data();
    model.cuda.overhead_bytes = kOverhead;
  }
  ~Member() { std::remove(path.c_str()); }
  uint64_t needs(uint32_t plan) const {
    return kOverhead + plans[plan].arena_bytes;
  }
};

class CudaPool : public testing::Test {
protected:
  Member a{"a"}, b{"b"}, c{"c"};
  swap_pool *pool = nullptr;
  swap_cuda_options cuda = {};
  std::atomic<uint32_t> excesses{0};
  std::mutex lock;
  std::vector<swap_pool_event> events;

  void SetUp() override {
    swap_fake_reset();
    registerKernels();
    swap_fake_configure()->code_bytes = kCode;
    swap_fake_configure()->graph_bytes = kGraph;
    cuda.quiet = 1;
  }
  void TearDown() override {
    swap_pool_close(pool);
    EXPECT_EQ(excesses, 0u);
    EXPECT_EQ(swap_fake_look()->live, 0);
    EXPECT_EQ(swap_fake_look()->violations, 0);
    EXPECT_EQ(swap_fake_device_bytes(), 0u);
  }
  static void hear(void *context, const swap_pool_event *event) {
    auto *self = static_cast<CudaPool *>(context);
    if (event->budget_bytes && event->used_bytes > event->budget_bytes)
      ++self->excesses;
    std::lock_guard<std::mutex> guard(self->lock);
    self->events.push_back(*event);
  }
  void openPool(uint64_t budget, uint64_t memory) {
    swap_fake_configure()->memory_bytes = memory;
    swap_pool_options options = {};
    options.budget_bytes = budget;
    options.threads = 1;
    options.quiet = 1;
    options.event = hear;
    options.event_context = this;
    ASSERT_EQ(swap_pool_open(&pool, &options), SWAP_OK) << swap_pool_error(pool);
  }
  int tryAdd(Member &m, swap_task_options options = {}) {
    options.weights = m.path.c_str();
    if (!options.period_ns)
      options.period_ns = 100 * kMs;
    return swap_cuda_pool_add(pool, &m.model.cuda, &cuda, &options, &m.task);
  }
  void add(Member &m, swap_task_options options = {}) {
    ASSERT_EQ(tryAdd(m, options), SWAP_OK) << swap_pool_error(pool);
    ASSERT_NE(m.task, nullptr);
  }
  swap_job_result run(Member &m, uint32_t seed) {
    Tensors tensors(seed);
    swap_job job = 0;
    swap_job_result result = {};
    EXPECT_EQ(swap_pool_submit(m.task, tensors.inputs, tensors.outputs, 0, &job),
              SWAP_OK);
    EXPECT_EQ(swap_pool_wait(m.task, job, &result), SWAP_OK)
        << swap_pool_error(pool);
    EXPECT_EQ(tensors.compare(m.model), "") << "seed " << seed;
    return result;
  }
  swap_pool_state state() {
    swap_pool_state s;
    swap_pool_get_state(pool, &s);
    return s;
  }
};

// Verifies that models with all the memory they want have their largest plans,
// give the right results, and that results are those of whole runs.
TEST_F(CudaPool, EnoughForAll) {
  const uint64_t all = 3 * a.needs(3);
  openPool(all, all);
  for (Member *m : {&a, &b, &c})
    add(*m);
  for (uint32_t i = 0; i < 4; ++i)
    for (Member *m : {&a, &b, &c}) {
      const swap_job_result result = run(*m, i);
      EXPECT_EQ(result.plan, 3u);
      EXPECT_EQ(result.read_bytes, 0u);
      EXPECT_EQ(result.stall_ns, 0u);
      EXPECT_GT(result.compute_ns, 0u);
      EXPECT_LE(result.submit_ns, result.start_ns);
      EXPECT_LE(result.start_ns + result.compute_ns, result.end_ns);
    }
  EXPECT_EQ(state().used_bytes, all);
  EXPECT_EQ(state().zone_bytes, 0u);
  EXPECT_EQ(state().resident_bytes, all);
  EXPECT_EQ(state().jobs, 0u);
  EXPECT_LE(swap_fake_device_bytes(), all);
}

// Verifies for budgets from the smallest on that models divide it, that the
// device has no more in use, and that one below the smallest is refused.
TEST_F(CudaPool, EveryBudget) {
  const uint64_t least = 2 * a.needs(0), all = 2 * a.needs(3);
  for (uint64_t budget = least; budget <= all + 40000; budget += 20000) {
    openPool(budget, budget);
    add(a);
    add(b);
    run(a, 1);
    run(b, 2);
    run(a, 3);
    EXPECT_LE(state().peak_bytes, budget);
    EXPECT_GE(state().used_bytes, least);
    swap_pool_close(pool);
    pool = nullptr;
    EXPECT_EQ(swap_fake_look()->live, 0);
  }
  openPool(least - 1, all);
  add(a);
  EXPECT_EQ(tryAdd(b), SWAP_ERR_BUDGET);
  EXPECT_EQ(b.task, nullptr);
  EXPECT_NE(std::string(swap_pool_error(pool)).find(std::to_string(least)),
            std::string::npos)
      << swap_pool_error(pool);
  run(a, 4);
}

// Verifies that a model that comes takes memory from one that is there, before
// it opens, and gives it back when it goes; and the same of the budget.
TEST_F(CudaPool, ComingAndGoing) {
  const uint64_t budget = a.needs(3) + b.needs(0) - 1;
  openPool(budget, budget);
  add(a);
  EXPECT_EQ(run(a, 1).plan, 3u);
  add(b);
  EXPECT_LT(run(a, 2).plan, 3u);
  run(b, 3);
  EXPECT_LE(state().used_bytes, budget);
  swap_pool_remove(b.task);
  for (uint32_t i = 0; i < 3; ++i)
    run(a, i);
  EXPECT_EQ(run(a, 4).plan, 3u);
  ASSERT_EQ(swap_pool_set_budget(pool, a.needs(0)), SWAP_OK)
      << swap_pool_error(pool);
  EXPECT_LE(state().used_bytes, a.needs(0));
  EXPECT_LE(swap_fake_device_bytes(), a.needs(0));
  EXPECT_EQ(run(a, 5).plan, 0u);
  EXPECT_EQ(swap_pool_set_budget(pool, a.needs(0) - 1), SWAP_ERR_BUDGET);
  ASSERT_EQ(swap_pool_set_budget(pool, a.needs(3)), SWAP_OK);
  run(a, 6);
  EXPECT_EQ(run(a, 7).plan, 3u);
}

// Verifies that of the jobs that wait the most urgent runs first: by priority,
// then by deadline.
TEST_F(CudaPool, MostUrgentFirst) {
  openPool(0, 3 * a.needs(3));
  swap_task_options options = {};
  options.depth = 8;
  add(a, options);
  add(b, options);
  options.priority = 2;
  add(c, options);
  std::vector<std::unique_ptr<Tensors>> tensors;
  swap_job job = 0;
  auto submit = [&](Member &m, uint64_t deadline) {
    tensors.push_back(std::make_unique<Tensors>(tensors.size()));
    EXPECT_EQ(swap_pool_submit(m.task, tensors.back()->inputs,
                               tensors.back()->outputs, deadline, &job),
              SWAP_OK);
  };
  const uint64_t now = swap_posix_clock();
  for (int round = 0; round < 4; ++round) {
    submit(a, now + 900000 * kMs);
    submit(b, now + 800000 * kMs);
    submit(c, now + 950000 * kMs);
  }
  for (Member *m : {&a, &b, &c}) // job is the last one of each
    EXPECT_EQ(swap_pool_wait(m->task, job, nullptr), SWAP_OK);
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Member *of[] = {&a, &b, &c};
    EXPECT_EQ(tensors[i]->compare(of[i % 3]->model), "");
  }
  // At each start nobody more urgent waited.
  std::lock_guard<std::mutex> guard(lock);
  int waiting[3] = {};
  auto index = [&](const swap_task *task) {
    return task == a.task ? 2 : task == b.task ? 1 : 0; // 0 goes first
  };
  uint32_t starts = 0;
  for (const swap_pool_event &event : events) {
    if (event.kind == SWAP_POOL_SUBMIT)
      ++waiting[index(event.task)];
    if (event.kind != SWAP_POOL_START)
      continue;
    ++starts;
    for (int i = 0; i < index(event.task); ++i)
      EXPECT_EQ(waiting[i], 0) << "start " << starts;
    --waiting[index(event.task)];
  }
  EXPECT_EQ(starts, 12u);
}

// Verifies that memory that another process has is an error of the task that
// comes, or leaves those that are there with the plans they have, and that jobs
// go on when it is free again.
TEST_F(CudaPool, MemoryThatIsNotThere) {
  openPool(0, 2 * a.needs(3) - 20000);
  add(a);
  EXPECT_EQ(run(a, 1).plan, 3u);
  EXPECT_EQ(tryAdd(b), SWAP_ERR_DEVICE);
  EXPECT_NE(std::string(swap_pool_error(pool)).find("device memory"),
            std::string::npos)
      << swap_pool_error(pool);
  EXPECT_EQ(b.task, nullptr);
  EXPECT_EQ(run(a, 2).plan, 3u);
  EXPECT_EQ(state().used_bytes, a.needs(3));
  EXPECT_EQ(state().tasks, 1u);
  // What grew before may not be able to grow again.
  ASSERT_EQ(swap_pool_set_budget(pool, a.needs(1)), SWAP_OK);
  run(a, 3);
  swap_fake_configure()->memory_bytes = a.needs(1) + 1000;
  ASSERT_EQ(swap_pool_set_budget(pool, a.needs(3)), SWAP_OK);
  EXPECT_LT(run(a, 4).plan, 3u);
  EXPECT_LT(run(a, 5).plan, 3u);
  EXPECT_EQ(state().used_bytes, a.needs(run(a, 6).plan));
  swap_fake_configure()->memory_bytes = a.needs(3);
  ASSERT_EQ(swap_pool_set_budget(pool, a.needs(3) + 1), SWAP_OK);
  run(a, 7);
  EXPECT_EQ(run(a, 8).plan, 3u);
}

// Verifies that a blob that is not there, is another one, or cannot be read is an
// error that names it and leaves nothing behind.
TEST_F(CudaPool, WrongWeights) {
  openPool(0, 4 * a.needs(3));
  std::remove(b.path.c_str());
  EXPECT_NE(tryAdd(b), SWAP_OK);
  EXPECT_NE(std::string(swap_pool_error(pool)).find(b.path), std::string::npos)
      << swap_pool_error(pool);
  EXPECT_EQ(state().used_bytes, 0u);
  c.model.blob[c.model.blob.size() - 5000] ^= 1;
  c.model.writeBlob(c.path);
  EXPECT_EQ(tryAdd(c), SWAP_ERR_CHECKSUM) << swap_pool_error(pool);
  EXPECT_EQ(state().used_bytes, 0u);
  EXPECT_EQ(state().tasks, 0u);
  add(a);
  run(a, 1);
  swap_task_options options = {};
  options.weights = a.path.c_str();
  swap_task *task = nullptr;
  EXPECT_EQ(swap_pool_add(pool, &a.model.model, &options, &task),
            SWAP_ERR_ARGUMENT);
  EXPECT_NE(std::string(swap_pool_error(pool)).find("GPU"), std::string::npos);
  EXPECT_EQ(swap_cuda_pool_add(nullptr, &a.model.cuda, &cuda, &options, &task),
            SWAP_ERR_ARGUMENT);
}

// Verifies that a run that fails is its job's error, and that the next one works;
// and that two tasks of one model share its memory.
TEST_F(CudaPool, FailedRunAndSharedModel) {
  openPool(0, 4 * a.needs(3));
  add(a);
  swap_task *first = a.task;
  add(a);
  EXPECT_EQ(state().used_bytes, a.needs(3));
  EXPECT_NE(a.task, first);
  run(a, 1);
  Tensors tensors(2);
  tensors.ids[1] = 100000;
  swap_job job = 0;
  ASSERT_EQ(swap_pool_submit(first, tensors.inputs, tensors.outputs, 0, &job),
            SWAP_OK);
  EXPECT_EQ(swap_pool_wait(first, job, nullptr), SWAP_ERR_INDEX);
  EXPECT_NE(std::string(swap_pool_error(pool)), "");
  run(a, 3);
  swap_pool_remove(first);
  run(a, 4);
  EXPECT_EQ(state().used_bytes, a.needs(3));
}

// Verifies a few hundred jobs, arrivals, departures and changes of the budget at
// random: right results, and nothing that the device has not got. From storage
// as well.
TEST_F(CudaPool, AnyOrder) {
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE}) {
    cuda.source = source;
    const uint64_t least = 3 * a.needs(0), all = 3 * a.needs(3);
    openPool(all, all);
    std::mt19937_64 random(source + 7);
    Member *members[] = {&a, &b, &c};
    for (Member *m : members)
      m->task = nullptr;
    for (uint32_t step = 0; step < 120; ++step) {
      Member &m = *members[random() % 3];
      const uint64_t kind = random() % 6;
      if (!m.task) {
        add(m);
      } else if (kind == 0) {
        swap_pool_remove(m.task);
        m.task = nullptr;
      } else if (kind == 1) {
        const uint64_t budget = least + random() % (all - least);
        ASSERT_EQ(swap_pool_set_budget(pool, budget), SWAP_OK)
            << swap_pool_error(pool);
        ASSERT_LE(swap_fake_device_bytes(), budget);
        ASSERT_LE(state().used_bytes, budget);
      } else {
        run(m, step);
      }
    }
    swap_pool_close(pool);
    pool = nullptr;
    EXPECT_EQ(swap_fake_look()->live, 0);
  }
}

} // namespace
