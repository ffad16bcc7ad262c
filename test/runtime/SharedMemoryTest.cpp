//===- SharedMemoryTest.cpp - Zone and homes under one budget ---*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "shared_memory.h"
}
#include "HomesModel.h"
#include "PagesInUse.h"

#include <cstring>
#include <fstream>
#include <random>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace fake;

namespace {

constexpr uint64_t kHuge = PORT_HUGE_BYTES;
constexpr uint64_t kBudget = 11 * kHuge + 9 * kPage;

/// Three models and a zone that draw on one account, and what a pool does with
/// them, in any order.
class Shared {
public:
  int wrong = 0; ///< line of the first thing that was not as it should be
  uint64_t refused = 0, done = 0;

  Shared() {
    account.budget = kBudget;
    check(port_zone_reserve(&zone, &account, 2 * kBudget), __LINE__);
    for (size_t i = 0; i < 3; ++i)
      check(port_homes_reserve(&homes[i], &account, &models[i].model), __LINE__);
  }
  ~Shared() {
    port_zone_release(&zone);
    for (port_homes &h : homes)
      port_homes_release(&h);
    check(account.used == 0, __LINE__);
  }

  void step(bool looks) {
    switch (random() % 7) {
    case 0:
    case 1:
      resize(random() % kBudget);
      break;
    case 2:
    case 3:
      give();
      take(random() % (2 * kHuge));
      break;
    case 4:
      shrink(random() % 3, random() % 4);
      break;
    case 5:
      grow(random() % 3, random() % 4);
      break;
    default:
      budget(account.used + random() % (kBudget - account.used + 1));
    }
    check(account.used <= account.budget && account.peak <= account.budget,
          __LINE__);
    if (!looks)
      return;
    uint64_t inUse = pagesInUse(zone.arena.base, zone.arena.reserved);
    for (const port_homes &h : homes)
      inUse += pagesInUse(h.base, h.model->blob_bytes);
    check(inUse * kPage <= account.used, __LINE__);
  }

private:
  port_account account = {};
  port_zone zone = {};
  port_homes homes[3] = {};
  std::vector<uint64_t> sizes() {
    std::vector<uint64_t> result;
    for (int i = 0; i < 24; ++i)
      result.push_back(i % 9 == 5 ? 0 : random() % (i % 4 ? kHuge / 2 : kHuge));
    return result;
  }
  std::mt19937_64 random{3};
  HomesModel models[3] = {{sizes(), {0, 0x00F00F, 0x0F0FF3, 0xFFFFFF}},
                          {sizes(), {0, 0x000001, 0xAAAAAA, 0xFFFFFF}},
                          {sizes(), {0, 0x555555, 0x00FFFF, 0xFFFFFF}}};
  void *stretch = nullptr;
  uint64_t bytes = 0;

  void check(bool ok, int line) {
    if (!ok && !wrong)
      wrong = line;
  }
  void count(bool ok) { ++(ok ? done : refused); }

  void resize(uint64_t to) {
    const bool ok = port_zone_resize(&zone, to);
    check(!ok || zone.arena.bytes == pages(to) * kPage, __LINE__);
    count(ok);
  }
  void give() {
    if (stretch)
      port_zone_give(&zone, stretch);
    stretch = nullptr;
  }
  void take(uint64_t wanted) {
    stretch = port_zone_take(&zone, bytes = wanted);
    if (stretch)
      memset(stretch, 0xA5, bytes);
    count(stretch);
  }
  void shrink(uint64_t model, uint64_t plan) {
    port_homes &h = homes[model];
    port_homes_shrink(&h, &models[model].plans[plan]);
    for (uint32_t i = 0; i < h.model->unit_count; ++i) {
      check(h.taken[i] <= h.model->plans[plan].resident[i], __LINE__);
      for (uint64_t at = 0; h.taken[i] && at < h.model->units[i].length;
           at += kPage)
        check(h.base[h.model->units[i].offset + at] == (i | 1), __LINE__);
    }
  }
  void grow(uint64_t model, uint64_t plan) {
    port_homes &h = homes[model];
    const uint64_t missing = port_homes_missing(&h, &models[model].plans[plan]);
    const uint64_t before = account.used;
    const bool ok = port_homes_grow(&h, &models[model].plans[plan]);
    check(ok == (missing <= account.budget - before), __LINE__);
    check(account.used == before + (ok ? missing : 0), __LINE__);
    for (uint32_t i = 0; i < h.model->unit_count; ++i)
      if (h.taken[i] && !h.present[i]) {
        memset(h.base + h.model->units[i].offset, static_cast<int>(i | 1),
               pages(h.model->units[i].length) * kPage);
        h.present[i] = 1;
      }
    count(ok);
  }
  void budget(uint64_t to) {
    check(port_account_set_budget(&account, to), __LINE__);
    check(!account.used || !port_account_set_budget(&account, account.used - 1),
          __LINE__);
  }
};

// Verifies that at no step more is in memory than is counted, and that units
// and stretches keep what is in them.
TEST(SharedMemory, NeverMoreThanCounted) {
  uint64_t refused, done;
  int wrong;
  {
    Shared shared;
    for (int i = 0; i < 800; ++i)
      shared.step(true);
    wrong = shared.wrong;
    refused = shared.refused;
    done = shared.done;
  }
  EXPECT_EQ(wrong, 0) << "line";
  EXPECT_GT(refused, 100u);
  EXPECT_GT(done, 200u);
}

/// A memory cgroup, where this process may make one.
struct Cgroup {
  std::string path;

  explicit Cgroup(uint64_t bytes) {
    const std::string name = "/swapc-test-" + std::to_string(getpid());
    const std::string one = "/sys/fs/cgroup/memory", two = "/sys/fs/cgroup";
    const bool isOld = access((one + "/memory.limit_in_bytes").c_str(), F_OK) == 0;
    const std::string made = (isOld ? one : two) + name;
    if (mkdir(made.c_str(), 0700))
      return;
    path = made;
    std::ofstream limit(made + (isOld ? "/memory.limit_in_bytes" : "/memory.max"));
    limit << bytes << std::flush;
    std::ofstream(made + "/memory.swap.max") << 0 << std::flush;
    if (!limit) {
      rmdir(made.c_str());
      path.clear();
    }
  }
  ~Cgroup() {
    if (!path.empty())
      rmdir(path.c_str());
  }
};

// Verifies that a process whose limit is the budget and its page tables is not
// killed, whatever the order; the system counts what is really in use.
TEST(SharedMemory, InAMemoryCgroup) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer takes memory of its own";
#endif
  Cgroup cgroup(kBudget + (2 << 20));
  if (cgroup.path.empty())
    GTEST_SKIP() << "no memory cgroup can be made here";
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (!child) {
    std::ofstream(cgroup.path + "/cgroup.procs") << getpid() << std::flush;
    int wrong;
    {
      Shared shared;
      for (int i = 0; i < 6000; ++i)
        shared.step(false);
      wrong = shared.wrong;
    }
    _exit(wrong != 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

} // namespace
