//===- LinkThreadsTest.cpp - Many threads over one link ---------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sleeping and waking. Reads that do not end are those of an empty pipe, which
// takes the place of a client's file.
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "LinkFixture.h"

#include <atomic>
#include <random>
#include <thread>

using namespace fake;

namespace {

class LinkThreads : public LinkTest,
                    public testing::WithParamInterface<uint32_t> {
protected:
  LinkFile file{"/tmp", 8 * kMiB};
  void SetUp() override {
    open(GetParam());
    ASSERT_NE(link, nullptr);
  }
};

// What a session may do, at random, with bytes compared.
void useAtRandom(port_link *link, const LinkFile &file, uint32_t seed,
                 std::atomic<uint32_t> &wrong) {
  std::mt19937 random(seed);
  auto below = [&](uint64_t n) { return uint64_t(random()) % n; };
  struct Read { int64_t ticket; uint64_t offset, length; Pages to; };
  for (int life = 0; life < 3; ++life) {
    LinkClient c(link, file.path);
    std::vector<Read> reads;
    auto finish = [&](size_t i, bool isWanted) {
      const Read &r = reads[i];
      if (!isWanted)
        c.cancel(r.ticket);
      else if (c.wait(r.ticket) || !file.isRight(r.to.at, r.offset, r.length))
        wrong += 1;
      std::swap(reads[i], reads.back());
      reads.pop_back();
    };
    for (int step = 0; step < 60; ++step) {
      const uint64_t seen = port_link_events(link);
      switch (below(10)) {
      case 0:
        port_link_set_urgency(c.client, nullptr);
        break;
      case 1:
        c.setJob(below(3), below(100), swap_posix_clock());
        break;
      case 2:
      case 3:
      case 4: {
        if (reads.size() > 12)
          break;
        const bool isAny = below(2);
        const uint64_t length = isAny ? 1 + below(61440) : 4096 << below(10),
                       offset = isAny ? below(file.size - length)
                                      : below((file.size - length) / 4096) * 4096;
        Pages to((length + 4095) / 4096 * 4096);
        const int64_t ticket = c.begin(offset, to.at, length);
        if (ticket < 0)
          wrong += 1;
        else
          reads.push_back({ticket, offset, length, std::move(to)});
        break;
      }
      case 5:
        c.submit();
        break;
      case 6:
        port_link_poll(link);
        break;
      case 7: // what the pool does: look, then sleep
        if (!reads.empty() && !c.done(reads[0].ticket))
          port_link_wait_any(link, seen);
        break;
      case 8:
        port_link_wake(link);
        break;
      default:
        if (!reads.empty())
          finish(below(reads.size()), below(4) != 0);
      }
    }
    while (!reads.empty())
      finish(reads.size() - 1, true);
  }
}

TEST_P(LinkThreads, AtRandom) {
  std::atomic<uint32_t> wrong{0};
  std::vector<std::thread> threads;
  port_link_set_bounds(link, 3 * kMiB, kMiB);
  for (uint32_t i = 0; i < 8; ++i)
    threads.emplace_back([&, i] { useAtRandom(link, file, i + 1, wrong); });
  for (std::thread &t : threads)
    t.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(counters().queued_bytes, 0u);
  EXPECT_EQ(counters().in_flight_bytes, 0u);
}

// Verifies that sessions in several threads, with rows and with plans that
// stream, are right over one link.
TEST_P(LinkThreads, Sessions) {
  const std::string path = file.directory + "/model";
  writeBlob(path);
  std::atomic<uint32_t> wrong{0};
  auto run = [&](uint32_t p) {
    LinkClient c(link, path);
    const swap_plan &plan = model().plans[p];
    Pages arena((plan.arena_bytes + 4095) / 4096 * 4096);
    swap_config config = {};
    config.arena = arena.at;
    config.arena_bytes = plan.arena_bytes;
    config.storage = c.storage;
    config.clock = swap_posix_clock;
    swap_session session;
    c.setJob(p, 100);
    if (swap_open(&session, &model(), &plan, &config)) {
      wrong += 1;
      return;
    }
    for (int i = 0; i < 20; ++i) {
      Tensors t;
      wrong += swap_run(&session, t.inputs, t.outputs) != SWAP_OK ||
               !t.yIsRight() || !t.rowsAreRight();
    }
    swap_close(&session);
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 6; ++i)
    threads.emplace_back(run, i % model().plan_count);
  for (std::thread &t : threads)
    t.join();
  unlink(path.c_str());
  EXPECT_EQ(wrong, 0u);
}

// Verifies that a wake or a completion between looking and sleeping is not
// missed.
TEST_P(LinkThreads, NothingIsMissed) {
  LinkClient &c = add(file.path);
  Pages to(2 * kMiB);
  uint64_t seen = port_link_events(link);
  int64_t ticket = c.begin(0, to.at, kMiB);
  port_link_wake(link);
  EXPECT_EQ(port_link_wait_any(link, seen), 0);
  EXPECT_EQ(c.wait(ticket), SWAP_OK);
  seen = port_link_events(link);
  ticket = c.begin(0, to.at, kMiB);
  const int64_t other = c.begin(0, to.at + kMiB, kMiB);
  std::thread([&] { // takes the first completion
    port_link_wait_any(link, seen);
    while (!c.done(ticket))
      port_link_wait_any(link, port_link_events(link));
  }).join();
  EXPECT_NE(port_link_events(link), seen);
  EXPECT_EQ(port_link_wait_any(link, seen), 0);
  EXPECT_EQ(c.wait(ticket), SWAP_OK);
  EXPECT_EQ(c.wait(other), SWAP_OK);
}

// Verifies that reads go on while tiles run and nobody else looks at the link, on
// all threads of an executor and on fewer.
TEST_P(LinkThreads, TilesPoll) {
  LinkClient &c = add(file.path);
  Pages to(8 * kMiB);
  struct Kernel {
    port_link *link;
    uint32_t threads;
    uint64_t begin, target;
    std::atomic<uint32_t> ran[20000];
    std::atomic<uint32_t> astray;
  };
  port_threads *threads = port_threads_create(3);
  ASSERT_NE(threads, nullptr);
  port_link_set_bounds(link, kMiB, kMiB);
  for (uint32_t used : {1, 2, 3, 8}) {
    auto kernel = std::make_unique<Kernel>();
    const uint64_t before = port_link_events(link);
    std::vector<int64_t> tickets;
    for (uint32_t i = 0; i < 8; ++i)
      tickets.push_back(c.begin(i * kMiB, to.at + i * kMiB, kMiB));
    c.submit();
    kernel->link = link;
    kernel->threads = used;
    kernel->begin = swap_posix_clock();
    // The last one may be at the device when all are handed on.
    kernel->target = before + 7;
    auto tile = [](void *context, uint64_t index, uint32_t thread) {
      Kernel *k = static_cast<Kernel *>(context);
      k->ran[index] += 1;
      k->astray += thread >= k->threads;
      if (port_link_events(k->link) < k->target &&
          swap_posix_clock() - k->begin < 5000000000u)
        usleep(200);
    };
    port_link_parallel(link, port_threads_executor(threads), used, tile,
                       kernel.get(), 20000);
    EXPECT_GE(port_link_events(link), kernel->target) << used;
    EXPECT_EQ(counters().queued_bytes, 0u) << used;
    EXPECT_EQ(kernel->astray, 0u) << used;
    for (const std::atomic<uint32_t> &ran : kernel->ran)
      ASSERT_EQ(ran, 1u) << used;
    for (int64_t ticket : tickets)
      EXPECT_EQ(c.wait(ticket), SWAP_OK);
    EXPECT_TRUE(file.isRight(to.at, 0, 8 * kMiB));
  }
  port_threads_destroy(threads);
}

INSTANTIATE_TEST_SUITE_P(All, LinkThreads,
                         testing::Values(SWAP_POSIX_URING, SWAP_POSIX_THREAD,
                                         SWAP_POSIX_BUFFERED));

class LinkSleep : public LinkTest {
protected:
  LinkFile file{"/tmp", kMiB};
  void SetUp() override {
    open(SWAP_POSIX_URING);
    ASSERT_NE(link, nullptr);
    if (!isUring())
      GTEST_SKIP() << "no io_uring here";
  }
  void TearDown() override {
    for (int fd : writers)
      ::close(fd);
  }
  /// A client whose reads end when something is written to the descriptor.
  LinkClient &addPipe(int *writer) {
    LinkClient &c = add(file.path);
    int ends[2];
    if (pipe(ends) != 0)
      abort();
    dup2(ends[0], port_link_file(c.client)->fd);
    ::close(ends[0]);
    writers.push_back(*writer = ends[1]);
    return c;
  }
  static void give(int writer, uint8_t value) {
    const std::vector<uint8_t> bytes(4096, value);
    ASSERT_EQ(write(writer, bytes.data(), 4096), 4096);
  }
  /// Until a thread that says so before it sleeps really does, as far as one can
  /// tell from outside.
  static void letSleep(const std::atomic<uint32_t> &about, uint32_t count) {
    while (about < count)
      std::this_thread::yield();
    usleep(20000);
  }
  std::vector<int> writers;
};

TEST_F(LinkSleep, Wake) {
  int writer;
  LinkClient &stuck = addPipe(&writer);
  Pages to(4096);
  const int64_t ticket = stuck.begin(0, to.at, 4096);
  stuck.submit();
  for (int round = 0; round < 3; ++round) {
    std::atomic<uint32_t> about{0}, awake{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) // one sleeps in the kernel, two wait for it
      threads.emplace_back([&] {
        const uint64_t seen = port_link_events(link);
        about += 1;
        EXPECT_EQ(port_link_wait_any(link, seen), 1);
        awake += 1;
      });
    letSleep(about, 3);
    EXPECT_EQ(awake, 0u);
    EXPECT_EQ(stuck.done(ticket), 0);
    port_link_wake(link);
    for (std::thread &t : threads)
      t.join();
  }
  give(writer, 7);
  EXPECT_EQ(stuck.wait(ticket), SWAP_OK);
  EXPECT_EQ(to.at[4095], 7);
}

// Verifies that who sleeps in the kernel for all wakes those whose reads come,
// and that another one takes his place when he leaves.
TEST_F(LinkSleep, OneForAll) {
  int writers[4];
  LinkClient *stuck[4];
  std::vector<Pages> to;
  for (uint32_t i = 0; i < 4; ++i) {
    stuck[i] = &addPipe(&writers[i]);
    to.emplace_back(4096);
  }
  for (const std::vector<uint32_t> &order :
       {std::vector<uint32_t>{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}}) {
    std::atomic<uint32_t> about{0}, ended{0};
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        const int64_t ticket = stuck[i]->begin(0, to[i].at, 4096);
        about += 1;
        EXPECT_EQ(stuck[i]->wait(ticket), SWAP_OK);
        ended |= 1u << i;
      });
      letSleep(about, i + 1); // the first one sleeps in the kernel
    }
    uint32_t expected = 0;
    for (uint32_t i : order) {
      EXPECT_EQ(ended, expected);
      give(writers[i], static_cast<uint8_t>(i + 1));
      threads[i].join();
      EXPECT_EQ(to[i].at[4095], i + 1);
      expected |= 1u << i;
    }
  }
}

// Verifies that a completion which another thread takes wakes who sleeps.
TEST_F(LinkSleep, CompletionTakenByAnother) {
  int writer, other;
  LinkClient &stuck = addPipe(&writer), &rest = addPipe(&other);
  Pages to(8192);
  for (int round = 0; round < 50; ++round) {
    const int64_t ticket = stuck.begin(0, to.at, 4096);
    const int64_t never = rest.begin(0, to.at + 4096, 4096);
    std::atomic<uint32_t> about{0};
    std::thread sleeper([&] {
      about += 1;
      EXPECT_EQ(stuck.wait(ticket), SWAP_OK);
    });
    while (!about)
      std::this_thread::yield();
    if (round % 2)
      usleep(300);
    give(writer, 1);
    for (int i = 0; i < 100; ++i)
      port_link_poll(link);
    sleeper.join(); // `never` is still under way
    EXPECT_EQ(rest.done(never), 0);
    give(other, 2);
    EXPECT_EQ(rest.wait(never), SWAP_OK);
  }
}

} // namespace
