//===- PagesInUse.h - What memory a process really has ----------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_PAGESINUSE_H
#define SWAP_TEST_PAGESINUSE_H

#include <cstdint>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace fake {

constexpr uint64_t kPage = 4096;

inline uint64_t pages(uint64_t bytes) { return (bytes + kPage - 1) / kPage; }

/// Entry `index` of a file of 64-bit entries.
inline bool entry(const char *path, uint64_t index, uint64_t &value) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const bool ok =
      fd >= 0 && pread(fd, &value, 8, static_cast<off_t>(index * 8)) == 8;
  if (fd >= 0)
    close(fd);
  return ok;
}

/// Whether the page at an address is part of a huge page: 1, 0, or -1 where the
/// system does not say. Of a huge page all is in use as long as a part is.
inline int isPartOfHuge(const void *address) {
  uint64_t where, flags;
  if (!entry("/proc/self/pagemap", reinterpret_cast<uintptr_t>(address) / kPage,
             where) ||
      !(where << 9 >> 9) || !entry("/proc/kpageflags", where << 9 >> 9, flags))
    return -1;
  return (flags >> 15 & 3) != 0;
}

/// Pages that a range of addresses keeps in use: those in it, and of huge pages
/// also what the range does not show any more, where the system tells.
inline uint64_t pagesInUse(const void *base, uint64_t bytes) {
  if (!bytes)
    return 0;
  std::vector<unsigned char> present(pages(bytes));
  EXPECT_EQ(mincore(const_cast<void *>(base), bytes, present.data()), 0);
  std::vector<uint64_t> where(present.size());
  const int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  const int flags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
  const bool isKnown =
      flags >= 0 && map >= 0 &&
      pread(map, where.data(), where.size() * 8,
            static_cast<off_t>(reinterpret_cast<uintptr_t>(base) / kPage *
                               8)) == static_cast<ssize_t>(where.size() * 8);
  uint64_t count = 0, known = UINT64_MAX;
  bool isHuge = false;
  std::set<uint64_t> huge;
  for (size_t i = 0; i < present.size(); ++i) {
    if (!(present[i] & 1))
      continue;
    const uint64_t frame = isKnown ? where[i] << 9 >> 9 : 0;
    if (frame && frame / 512 != known) {
      uint64_t word = 0;
      isHuge = pread(flags, &word, 8, static_cast<off_t>(frame * 8)) == 8 &&
               (word >> 22 & 1) && (word >> 15 & 3);
      known = isHuge ? frame / 512 : UINT64_MAX;
    }
    if (frame && isHuge && frame / 512 == known)
      huge.insert(known);
    else
      ++count;
  }
  if (map >= 0)
    close(map);
  if (flags >= 0)
    close(flags);
  return count + huge.size() * 512;
}

} // namespace fake

#endif // SWAP_TEST_PAGESINUSE_H
