//===- ArenaTest.cpp - The memory of a plan ---------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "port.h"
}
#include "PagesInUse.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <unistd.h>
#include <vector>

using namespace fake;

namespace {

constexpr uint64_t kHuge = PORT_HUGE_BYTES;

/// Pages in memory, of all that the arena could have.
uint64_t inUse(const port_arena &arena) {
  return pagesInUse(arena.base, arena.reserved);
}

class ArenaSize : public testing::TestWithParam<uint64_t> {};

// Verifies that an arena of any size can be used to its end, that not a page
// more is in use then, and that its end is no part of a huge page whose rest
// lies outside.
TEST_P(ArenaSize, NothingBehindItsEnd) {
  const uint64_t bytes = GetParam();
  port_arena arena;
  ASSERT_TRUE(port_arena_reserve(&arena, 20 * kHuge));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.base) % kHuge, 0u);
  EXPECT_EQ(inUse(arena), 0u);
  ASSERT_TRUE(port_arena_resize(&arena, bytes, UINT64_MAX));
  EXPECT_LE(inUse(arena), pages(bytes));
  memset(arena.base, 0x5A, bytes);
  EXPECT_EQ(inUse(arena), pages(bytes));
  if (bytes % kHuge) {
    const int split = isPartOfHuge(arena.base + bytes - 1);
    EXPECT_LE(split, 0);
  }
  // Smaller, to every kind of end; nothing above it stays.
  for (uint64_t less : {bytes - bytes / 3, bytes / 2, bytes / 5, kPage}) {
    if (less > arena.bytes || !less)
      continue;
    ASSERT_TRUE(port_arena_resize(&arena, less, less));
    EXPECT_LE(inUse(arena), pages(less));
    memset(arena.base, 0x5A, less);
    EXPECT_EQ(inUse(arena), pages(less));
    if (less % kHuge)
      EXPECT_LE(isPartOfHuge(arena.base + less - 1), 0) << less;
  }
  // And larger again, with no more allowed than that.
  ASSERT_TRUE(port_arena_resize(&arena, bytes, bytes));
  EXPECT_LE(inUse(arena), pages(bytes));
  memset(arena.base, 0x5A, bytes);
  EXPECT_EQ(inUse(arena), pages(bytes));
  EXPECT_FALSE(port_arena_resize(&arena, 21 * kHuge, UINT64_MAX));
  port_arena_release(&arena);
  EXPECT_EQ(arena.base, nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, ArenaSize,
                         testing::Values(kPage, 100 << 10, 100 * 1000, 3 << 19,
                                         kHuge, kHuge + 1, 3250000, 5 << 20,
                                         16 * kHuge, 19 * kHuge + 12345));

// Verifies that the pages of an arena lie next to each other where the system
// gives huge pages: that is what reads are fast for.
TEST(Arena, PagesAreContiguous) {
  port_arena arena;
  const uint64_t bytes = 3 << 19;
  ASSERT_TRUE(port_arena_reserve(&arena, bytes));
  ASSERT_TRUE(port_arena_resize(&arena, bytes, UINT64_MAX));
  const uint64_t before = inUse(arena);
  memset(arena.base, 1, bytes);
  uint64_t breaks = 0, last = 0, where = 0;
  for (uint64_t at = 0; at < bytes; at += kPage, last = where) {
    if (!entry("/proc/self/pagemap",
               reinterpret_cast<uintptr_t>(arena.base + at) / kPage, where) ||
        !(where = where << 9 >> 9) || !before) {
      port_arena_release(&arena);
      GTEST_SKIP() << "no huge pages here, or the system does not say";
    }
    breaks += at && where != last + 1;
  }
  EXPECT_EQ(breaks, 0u);
  port_arena_release(&arena);
}

// Verifies that what the kernel held for reads goes back as well, and that
// reads arrive wherever they cross from one kind of page to another.
TEST(Arena, RegisteredPagesGoBack) {
  const std::string path = testing::TempDir() + "swap-arena-test";
  const uint64_t bytes = 3250000 / kPage * kPage;
  std::vector<uint8_t> data(bytes);
  for (uint64_t i = 0; i < bytes; ++i)
    data[i] = static_cast<uint8_t>(i * 2654435761u >> 13);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<char *>(data.data()),
             static_cast<std::streamsize>(bytes));
  swap_file file;
  ASSERT_EQ(port_file_open(&file, path.c_str(), SWAP_POSIX_AUTO), SWAP_OK);
  unlink(path.c_str());
  if (!file.uring) {
    port_file_close(&file);
    GTEST_SKIP() << "no io_uring here";
  }
  port_arena arena;
  ASSERT_TRUE(port_arena_reserve(&arena, 4 * kHuge));
  ASSERT_TRUE(port_arena_resize(&arena, bytes, UINT64_MAX));
  for (int round = 0; round < 2; ++round) { // plain reads, then registered
    memset(arena.base, 0, bytes);
    std::vector<int64_t> tickets;
    for (uint64_t at = 0; at < bytes; at += 13 * kPage)
      tickets.push_back(file.storage.begin(&file, at, arena.base + at,
                                           std::min(13 * kPage, bytes - at)));
    for (int64_t ticket : tickets)
      EXPECT_EQ(file.storage.wait(&file, ticket), SWAP_OK);
    EXPECT_EQ(memcmp(arena.base, data.data(), bytes), 0);
    if (!round)
      port_uring_register(file.uring, &arena);
  }
  port_uring_unregister(file.uring);
  const uint64_t less = kHuge + 100 * kPage;
  ASSERT_TRUE(port_arena_resize(&arena, less, less));
  EXPECT_EQ(inUse(arena), pages(less));
  EXPECT_LE(isPartOfHuge(arena.base + less - 1), 0);
  const uint64_t least = 100 * kPage; // ends inside what was a whole huge page
  ASSERT_TRUE(port_arena_resize(&arena, least, least));
  EXPECT_EQ(inUse(arena), pages(least));
  EXPECT_LE(isPartOfHuge(arena.base + least - 1), 0);
  port_uring_register(file.uring, &arena);
  port_file_close(&file);
  port_arena_release(&arena);
}

} // namespace
