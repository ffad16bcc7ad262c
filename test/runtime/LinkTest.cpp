//===- LinkTest.cpp - Reads of several models over one link -----*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one thread can see: bytes, order, bounds, faults. LinkThreadsTest.cpp has
// the rest.
//===----------------------------------------------------------------------===//
#include "LinkFixture.h"
#include "WithoutUring.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <tuple>

namespace {

class Link : public LinkTest,
             public testing::WithParamInterface<
                 std::tuple<const char *, uint32_t>> {
protected:
  LinkFile file{std::get<0>(GetParam()), 17 * kMiB + 100};
  void SetUp() override {
    open(std::get<1>(GetParam()));
    ASSERT_NE(link, nullptr);
    port_link_set_patience(link, UINT64_MAX); // a machine may be busy
  }
};

// Verifies reads of any offset, length and address, blocking and begun, and
// large ones that are cut into pieces, and that all are counted.
TEST_P(Link, AnyRange) {
  LinkClient &c = add(file.path);
  ASSERT_EQ(c.status, SWAP_OK);
  Pages to(17 * kMiB);
  for (uint64_t offset : {0, 1, 4095, 4096, 70000})
    for (uint64_t length : {1, 72, 4096, 8000, 61440, 200001})
      for (uint64_t shift : {0, 64, 1}) {
        ASSERT_EQ(c.storage->read(c.storage->context, offset, to.at + shift,
                                  length),
                  SWAP_OK);
        EXPECT_TRUE(file.isRight(to.at + shift, offset, length));
        if (length > c.storage->begin_any)
          continue;
        memset(to.at, 0, 70000);
        ASSERT_EQ(c.readNow(offset, to.at + shift, length), SWAP_OK);
        EXPECT_TRUE(file.isRight(to.at + shift, offset, length));
      }
  const port_link_counters before = counters();
  ASSERT_EQ(c.readNow(0, to.at, 17 * kMiB), SWAP_OK);
  EXPECT_TRUE(file.isRight(to.at, 0, 17 * kMiB));
  EXPECT_EQ(counters().read_bytes - before.read_bytes, 17 * kMiB);
  EXPECT_EQ(port_link_client_bytes(c.client), counters().read_bytes);
  EXPECT_EQ(counters().queued_bytes, 0u);
  EXPECT_EQ(counters().in_flight_bytes, 0u);
  EXPECT_EQ(counters().overtaken, 0u);
  // The last page exists in part: what is wanted of it comes.
  ASSERT_EQ(c.readNow(17 * kMiB + 40, to.at, 60), SWAP_OK);
  EXPECT_TRUE(file.isRight(to.at, 17 * kMiB + 40, 60));
  EXPECT_EQ(c.readNow(17 * kMiB, to.at, 101), SWAP_ERR_SHORT);
  EXPECT_EQ(c.readNow(20 * kMiB, to.at, 4096), SWAP_ERR_SHORT);
}

TEST_P(Link, Tickets) {
  LinkClient &c = add(file.path);
  ASSERT_EQ(c.status, SWAP_OK);
  const uint64_t part = 256 * kKiB;
  Pages to(PORT_DEPTH * part);
  int64_t tickets[PORT_DEPTH];
  for (uint32_t i = 0; i < PORT_DEPTH; ++i)
    ASSERT_GE(tickets[i] = c.begin(i * part, to.at + i * part, part), 0);
  EXPECT_LT(c.begin(0, to.at, 4096), 0); // one too many
  EXPECT_EQ(counters().queued_bytes, PORT_DEPTH * part);
  for (uint32_t i = PORT_DEPTH; i-- > 0;) {
    while (i % 3 == 0 && !c.done(tickets[i])) {
    }
    ASSERT_EQ(c.wait(tickets[i]), SWAP_OK);
  }
  EXPECT_TRUE(file.isRight(to.at, 0, to.bytes));
  EXPECT_EQ(c.wait(tickets[0]), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(c.done(tickets[0]), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(c.wait(-1), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(c.done(PORT_DEPTH), SWAP_ERR_ARGUMENT);
  EXPECT_LT(c.begin(0, to.at, 0), 0);
  EXPECT_LT(c.begin(UINT64_MAX - 100, to.at, 4096), 0);
  const uint64_t seen = port_link_events(link);
  EXPECT_EQ(port_link_wait_any(link, seen), 0); // nothing is under way
}

TEST_P(Link, SaysHowItReads) {
  LinkClient &c = add(file.path);
  ASSERT_EQ(c.status, SWAP_OK);
  const swap_file *f = port_link_file(c.client);
  const std::string way = port_link_io_name(link);
  EXPECT_TRUE(way == "uring" || way == "thread") << way;
  if (std::get<1>(GetParam()) == SWAP_POSIX_THREAD)
    EXPECT_EQ(way, "thread");
  EXPECT_EQ(f->size, file.size);
  Pages to(kMiB);
  ASSERT_EQ(c.readNow(0, to.at, kMiB), SWAP_OK);
  if (std::get<1>(GetParam()) == SWAP_POSIX_BUFFERED) {
    EXPECT_STREQ(port_io_name(f->io), "buffered");
    EXPECT_EQ(*c.storage->copied, kMiB);
  } else if (f->direct) {
    EXPECT_EQ(port_io_name(f->io), way);
    EXPECT_EQ(*c.storage->copied, 0u);
  }
  LinkClient none(link, file.path + "-not-there");
  EXPECT_EQ(none.status, SWAP_ERR_IO);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(none.client, nullptr);
  LinkClient folder(link, file.directory);
  EXPECT_EQ(folder.status, SWAP_ERR_IO);
  EXPECT_EQ(errno, EISDIR);
}

// Begins reads of several clients and answers the order in which they came. With
// bounds of 0 there is one piece at the device at a time.
class LinkOrder : public Link {
protected:
  struct Read {
    LinkClient *client;
    int64_t ticket;
    size_t name;
  };
  Pages to{4 * kMiB};
  std::vector<Read> reads;
  void SetUp() override {
    Link::SetUp();
    port_link_set_bounds(link, 0, 0);
  }
  void begin(LinkClient &c, size_t name) {
    const uint64_t at = reads.size() * 64 * kKiB;
    reads.push_back({&c, c.begin(at, to.at + at, 64 * kKiB), name});
    ASSERT_GE(reads.back().ticket, 0);
  }
  /// Whether reads come in the order of their names.
  void expectOrder() {
    std::vector<const Read *> order(reads.size());
    for (const Read &r : reads)
      order[r.name] = &r;
    for (size_t known = 0; known < order.size();) {
      const uint64_t seen = port_link_events(link);
      // From the last to the first: what is there when one that comes later is
      // there must have been there before.
      size_t came = 0;
      for (size_t i = order.size(); i-- > known;) {
        const bool isDone = order[i]->client->done(order[i]->ticket) == 1;
        EXPECT_TRUE(isDone || !came) << i << " came after " << came - 1;
        if (isDone && !came)
          came = i + 1;
      }
      if (came > known)
        known = came;
      else
        port_link_wait_any(link, seen);
    }
    for (const Read &r : reads)
      EXPECT_EQ(r.client->wait(r.ticket), SWAP_OK);
    EXPECT_TRUE(file.isRight(to.at, 0, reads.size() * 64 * kKiB));
  }
};

TEST_P(LinkOrder, ByUrgency) {
  LinkClient &late = add(file.path), &soon = add(file.path),
             &high = add(file.path), &fill = add(file.path),
             &none = add(file.path);
  const uint64_t now = swap_posix_clock();
  late.setJob(0, now + 100);
  soon.setJob(0, now + 50);
  high.setJob(1, now + 1000);
  none.setJob(0, UINT64_MAX);
  begin(fill, 8);
  for (size_t i = 0; i < 2; ++i) {
    begin(none, 6 + i);
    begin(late, 4 + i);
    begin(soon, 2 + i);
    begin(high, 0 + i);
  }
  begin(fill, 9);
  expectOrder();
  // Of fill, none, late, soon: those begun before any of high.
  EXPECT_GE(counters().overtaken, 4u);
  EXPECT_LE(counters().overtaken, 9u);
}

TEST_P(LinkOrder, FirstInFirstOutWithoutJobs) {
  LinkClient &a = add(file.path), &b = add(file.path);
  for (size_t i = 0; i < 8; ++i)
    begin(i % 3 ? a : b, i);
  expectOrder();
  EXPECT_EQ(counters().overtaken, 0u);
}

// Verifies that urgency counts of reads that queue already, and is lost with the
// job.
TEST_P(LinkOrder, UrgencyChanges) {
  LinkClient &a = add(file.path), &b = add(file.path), &c = add(file.path);
  a.setJob(7, 100);
  b.setJob(3, 100);
  for (size_t i = 0; i < 3; ++i) {
    begin(a, 6 + i);
    begin(b, 3 + i);
    begin(c, 0 + i);
  }
  c.setJob(4, UINT64_MAX);
  port_link_set_urgency(a.client, nullptr);
  expectOrder();
}

// Verifies that what has waited for long enough goes before what came later,
// however urgent, and that without patience it never would.
TEST_P(LinkOrder, NobodyStarves) {
  LinkClient &hog = add(file.path), &low = add(file.path),
             &fill = add(file.path);
  Pages hogged(4 * 64 * kKiB), other(2 * 64 * kKiB);
  for (bool isPatient : {true, false}) {
    port_link_set_patience(link, isPatient ? UINT64_MAX : 20000000);
    hog.setJob(7, 0);
    low.setJob(0, UINT64_MAX);
    int64_t tickets[4];
    auto beginAgain = [&](uint32_t i) {
      ASSERT_GE(tickets[i] = hog.begin(0, hogged.at + i * 64 * kKiB, 64 * kKiB),
                0);
    };
    for (uint32_t i = 0; i < 4; ++i)
      beginAgain(i);
    const int64_t mine = low.begin(0, other.at, 64 * kKiB);
    const int64_t filled = fill.begin(0, other.at + 64 * kKiB, 64 * kKiB);
    const uint64_t start = swap_posix_clock();
    uint32_t rounds = 0;
    for (; rounds < (isPatient ? 300 : 1000000); ++rounds) {
      // A job that is always new: the others have waited for longer.
      hog.setJob(7, 0);
      ASSERT_EQ(hog.wait(tickets[rounds % 4]), SWAP_OK);
      beginAgain(rounds % 4);
      if (!isPatient && low.done(mine) && fill.done(filled))
        break;
    }
    if (!isPatient)
      EXPECT_LT(swap_posix_clock() - start, 5000000000u);
    if (!isPatient && isUring())
      EXPECT_GE(swap_posix_clock() - start, 20000000u);
    if (isPatient && isUring()) { // threads may read faster than this one
      EXPECT_EQ(low.done(mine), 0);
      EXPECT_EQ(fill.done(filled), 0);
    }
    for (int64_t ticket : tickets)
      EXPECT_EQ(hog.wait(ticket), SWAP_OK);
    EXPECT_EQ(low.wait(mine), SWAP_OK);
    EXPECT_EQ(fill.wait(filled), SWAP_OK);
    EXPECT_TRUE(file.isRight(other.at, 0, 64 * kKiB));
  }
}

// Verifies that the most urgent job's reads are at the device as far as its
// bound allows, the others' as far as theirs, one piece always.
TEST_P(Link, Bounds) {
  LinkClient &leader = add(file.path), &other = add(file.path);
  Pages to(16 * kMiB);
  auto most = [&](LinkClient &c) {
    int64_t tickets[8];
    for (uint32_t i = 0; i < 8; ++i)
      EXPECT_GE(tickets[i] = c.begin(2 * i * kMiB, to.at + 2 * i * kMiB,
                                     2 * kMiB),
                0);
    EXPECT_EQ(counters().queued_bytes, 16 * kMiB);
    c.submit();
    uint64_t highest = counters().in_flight_bytes;
    for (int64_t ticket : tickets)
      while (!c.done(ticket))
        highest = std::max(highest, counters().in_flight_bytes);
    for (int64_t ticket : tickets)
      EXPECT_EQ(c.wait(ticket), SWAP_OK);
    EXPECT_TRUE(file.isRight(to.at, 0, 16 * kMiB));
    return isUring() ? highest : std::min(highest, 2 * kMiB);
  };
  const uint64_t both = isUring() ? UINT64_MAX : 2 * kMiB; // two threads
  port_link_set_bounds(link, 5 * kMiB, 3 * kMiB);
  EXPECT_LE(most(other), std::min(3 * kMiB, both)); // no job
  other.setJob(0, 100);
  EXPECT_LE(most(other), std::min(5 * kMiB, both)); // leads
  if (isUring())
    EXPECT_EQ(most(other), 5 * kMiB);
  leader.setJob(1, 100); // reads nothing, but may at any moment
  EXPECT_LE(most(other), std::min(3 * kMiB, both));
  EXPECT_LE(most(leader), std::min(5 * kMiB, both));
  port_link_set_bounds(link, UINT64_MAX, 0);
  EXPECT_LE(most(other), kMiB);
  if (isUring())
    EXPECT_EQ(most(leader), 16 * kMiB);
}

TEST_P(Link, Cancel) {
  LinkClient &c = add(file.path), &other = add(file.path);
  port_link_set_bounds(link, 0, 0);
  std::vector<Pages> to;
  std::vector<int64_t> tickets;
  Pages mine(kMiB);
  for (uint32_t i = 0; i < 8; ++i) {
    to.emplace_back(2 * kMiB);
    tickets.push_back(c.begin(i * 2 * kMiB, to[i].at, 2 * kMiB));
  }
  const int64_t kept = other.begin(0, mine.at, kMiB);
  for (uint32_t i : {7u, 3u, 4u}) { // the last, and between others
    c.cancel(tickets[i]);
    EXPECT_EQ(c.wait(tickets[i]), SWAP_ERR_ARGUMENT);
  }
  EXPECT_TRUE(to[7].isUntouched() && to[3].isUntouched() &&
              to[4].isUntouched());
  port_link_poll(link);
  c.cancel(tickets[0]); // a piece of it is at the device
  const std::vector<uint8_t> then(to[0].at, to[0].at + to[0].bytes);
  for (uint32_t i : {1u, 2u, 5u}) {
    ASSERT_EQ(c.wait(tickets[i]), SWAP_OK);
    EXPECT_TRUE(file.isRight(to[i].at, i * 2 * kMiB, 2 * kMiB));
  }
  EXPECT_EQ(memcmp(then.data(), to[0].at, then.size()), 0);
  c.cancel(tickets[6]);
  ASSERT_EQ(other.wait(kept), SWAP_OK);
  EXPECT_TRUE(file.isRight(mine.at, 0, kMiB));
  EXPECT_EQ(counters().queued_bytes, 0u);
  EXPECT_EQ(counters().in_flight_bytes, 0u);
  ASSERT_EQ(c.readNow(kMiB, mine.at, kMiB), SWAP_OK); // the ticket is free again
  EXPECT_TRUE(file.isRight(mine.at, kMiB, kMiB));
  c.cancel(0); // none
}

TEST_P(Link, FileCutWhileOpen) {
  LinkClient &cut = add(file.path);
  LinkFile whole("/tmp", kMiB);
  LinkClient &other = add(whole.path);
  Pages to(8 * kMiB), fine(kMiB);
  ASSERT_EQ(truncate(file.path.c_str(), 2 * kMiB + 5000), 0);
  const int64_t a = cut.begin(0, to.at, 2 * kMiB);
  const int64_t b = cut.begin(kMiB, to.at + 2 * kMiB, 4 * kMiB);
  const int64_t ok = other.begin(0, fine.at, kMiB);
  EXPECT_EQ(cut.wait(b), SWAP_ERR_SHORT);
  EXPECT_EQ(cut.wait(a), SWAP_OK);
  EXPECT_EQ(other.wait(ok), SWAP_OK);
  EXPECT_TRUE(file.isRight(to.at, 0, 2 * kMiB));
  EXPECT_TRUE(file.isRight(fine.at, 0, kMiB));
  EXPECT_EQ(cut.storage->read(cut.storage->context, 4 * kMiB, to.at, 1),
            SWAP_ERR_SHORT);
}

// Verifies that a descriptor which cannot be read gives its errno to who reads
// it, and to nobody else.
TEST_P(Link, DescriptorFails) {
  LinkClient &bad = add(file.path), &good = add(file.path);
  const swap_file *f = port_link_file(bad.client);
  const int saved = dup(f->fd);
  Pages to(8 * kMiB), fine(8 * kMiB);
  struct { const char *path; int flags, error; } ways[] = {
      {"/dev/null", O_WRONLY, EBADF}, {"/", O_RDONLY, EISDIR},
      {"/proc/self/mem", O_RDONLY, EIO}};
  for (const auto &way : ways) {
    const int replacement = ::open(way.path, way.flags);
    ASSERT_GE(replacement, 0);
    dup2(replacement, f->fd);
    ::close(replacement);
    const int64_t a = bad.begin(0, to.at, 8 * kMiB);
    const int64_t b = good.begin(0, fine.at, 8 * kMiB);
    EXPECT_EQ(bad.wait(a), SWAP_ERR_IO) << way.path;
    EXPECT_EQ(f->last_error, way.error) << way.path;
    EXPECT_EQ(good.wait(b), SWAP_OK);
    EXPECT_TRUE(file.isRight(fine.at, 0, 8 * kMiB));
    memset(fine.at, 0, fine.bytes);
  }
  dup2(saved, f->fd);
  ::close(saved);
  ASSERT_EQ(bad.readNow(0, to.at, 8 * kMiB), SWAP_OK); // it recovers
  EXPECT_TRUE(file.isRight(to.at, 0, 8 * kMiB));
}

const auto kWays = testing::Combine(
    testing::Values("/tmp", "/dev/shm"),
    testing::Values(SWAP_POSIX_AUTO, SWAP_POSIX_URING, SWAP_POSIX_THREAD,
                    SWAP_POSIX_BUFFERED));
INSTANTIATE_TEST_SUITE_P(All, Link, kWays);
INSTANTIATE_TEST_SUITE_P(All, LinkOrder, kWays);

/// The descriptors that are io_urings.
std::vector<int> rings() {
  std::vector<int> found;
  for (int fd = 0; fd < 256; ++fd) {
    char target[64] = {};
    const std::string name = "/proc/self/fd/" + std::to_string(fd);
    if (readlink(name.c_str(), target, sizeof target - 1) > 0 &&
        strstr(target, "io_uring"))
      found.push_back(fd);
  }
  return found;
}

// Verifies that a ring which stops working ends all reads with an error, instead
// of leaving somebody asleep.
TEST(LinkFault, RingDies) {
  LinkFile file("/tmp", kMiB);
  port_link *link = port_link_create(SWAP_POSIX_URING);
  ASSERT_NE(link, nullptr);
  {
    LinkClient a(link, file.path), b(link, file.path);
    const std::vector<int> found = rings();
    if (found.size() != 1)
      GTEST_SKIP() << "no io_uring here";
    Pages to(kMiB);
    ASSERT_EQ(a.readNow(0, to.at, kMiB), SWAP_OK);
    const int null = ::open("/dev/null", O_RDONLY);
    const int64_t one = a.begin(0, to.at, 4096), two = b.begin(0, to.at, 4096);
    dup2(null, found[0]);
    EXPECT_EQ(a.wait(one), SWAP_ERR_IO);
    EXPECT_EQ(port_link_file(a.client)->last_error, EIO);
    EXPECT_EQ(b.done(two), 1);
    EXPECT_EQ(b.wait(two), SWAP_ERR_IO);
    EXPECT_EQ(a.begin(0, to.at, 4096), SWAP_ERR_IO);
    port_link_poll(link);
    EXPECT_EQ(port_link_wait_any(link, port_link_events(link)), 0);
    ::close(null);
  }
  port_link_destroy(link);
}

// Verifies that reader threads step in where a container forbids io_uring.
TEST(LinkFault, WithoutUring) {
  LinkFile file("/tmp", kMiB);
  runWithoutUring([&] {
    port_link *link = port_link_create(SWAP_POSIX_AUTO);
    if (!link || strcmp(port_link_io_name(link), "thread"))
      return 1;
    Pages to(kMiB);
    {
      LinkClient c(link, file.path);
      if (c.status || c.readNow(0, to.at, kMiB))
        return 2;
    }
    port_link_destroy(link);
    return file.isRight(to.at, 0, kMiB) ? 0 : 3;
  });
}

} // namespace
