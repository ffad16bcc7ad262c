//===- MemoryStorage.h - A blob in memory that fails on demand --*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asynchronous reads deliver their bytes when they are waited for, in the
// spirit of a device that is as late as it may be. The n-th read fails, is
// short, delivers a wrong bit or never ends.
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_MEMORYSTORAGE_H
#define SWAP_TEST_MEMORYSTORAGE_H

#include "swap/runtime.h"

#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace fake {

enum class Way {
  Blocking,
  Asynchronous,
  Scattered, ///< rows too
  Mapped,
  Polled, ///< asked whether reads are over, and may cancel them
  PolledScattered
};
enum class Fault {
  None,
  Io,
  Short,
  Begin,
  WrongBit,
  Partial, ///< says that all is well, but only half of it came
  Never,   ///< the read does not end
  Done     ///< asking whether it is over fails
};

class MemoryStorage {
public:
  swap_storage storage = {};
  std::vector<uint8_t> blob;
  Fault fault = Fault::None;
  int failAt = -1; ///< number of the read that goes wrong
  int reads = 0;
  uint32_t mostUnderWay = 0;
  uint64_t copied = 0;
  std::set<uint64_t> mapped;
  uint64_t failedOffset = UINT64_MAX; ///< what the read that went wrong was for
  bool isMisused = false; ///< geometry ignored, or a wait that would not end
  int blocked = 0;        ///< reads waited for that were not known to be over
  int submits = 0;
  std::function<void(uint64_t offset, uint64_t length)> seen; ///< of each read
  std::minstd_rand *random = nullptr; ///< reads are over when it says so

  struct Request {
    uint64_t offset, length;
    uint8_t *to;
    int number;
    int polls = 0;
  };
  std::map<int64_t, Request> underWay;
  int64_t nextTicket = 0;

  MemoryStorage(std::vector<uint8_t> bytes, Way way, uint32_t depth = 4)
      : blob(std::move(bytes)) {
    storage.context = this;
    storage.read = [](void *c, uint64_t o, void *b, uint64_t n) {
      auto *self = static_cast<MemoryStorage *>(c);
      self->check(o, b, n);
      return self->deliver({o, n, static_cast<uint8_t *>(b), self->reads++});
    };
    storage.copied = &copied;
    if (way != Way::Blocking && way != Way::Mapped) {
      storage.depth = depth;
      storage.begin = begin;
      storage.wait = wait;
    }
    if (way == Way::Scattered || way == Way::PolledScattered)
      storage.begin_any = 4096;
    if (way == Way::Polled || way == Way::PolledScattered) {
      storage.done = done;
      storage.submit = [](void *c) { ++static_cast<MemoryStorage *>(c)->submits; };
      storage.cancel = [](void *c, int64_t ticket) {
        auto *self = static_cast<MemoryStorage *>(c);
        self->isMisused |= !self->underWay.erase(ticket);
      };
    }
    if (way == Way::Mapped) {
      storage.map = map;
      storage.unmap = [](void *c, uint64_t o, uint64_t) {
        static_cast<MemoryStorage *>(c)->mapped.erase(o);
      };
    }
  }

  void failRead(Fault kind, int number) {
    fault = kind;
    failAt = number;
    reads = 0;
    failedOffset = UINT64_MAX;
  }

private:
  void check(uint64_t offset, void *buffer, uint64_t length) {
    const uint64_t unit = storage.read_bytes ? storage.read_bytes : 1;
    const uint64_t align = storage.buffer_align ? storage.buffer_align : 1;
    if (seen)
      seen(offset, length);
    isMisused |= offset % unit || length % unit ||
                 reinterpret_cast<uintptr_t>(buffer) % align;
  }

  int deliver(const Request &r) {
    const bool bad = r.number == failAt;
    if (bad && (fault == Fault::Io || fault == Fault::Short ||
                fault == Fault::WrongBit || fault == Fault::Partial))
      failedOffset = r.offset;
    if (bad && fault == Fault::Io) {
      memset(r.to, 0xBD, r.length / 2);
      return SWAP_ERR_IO;
    }
    if ((bad && fault == Fault::Short) || r.offset + r.length > blob.size())
      return SWAP_ERR_SHORT;
    memcpy(r.to, blob.data() + r.offset,
           bad && fault == Fault::Partial ? r.length / 2 : r.length);
    if (bad && fault == Fault::WrongBit)
      r.to[r.length > 100 ? 50 : 0] ^= 1;
    return SWAP_OK;
  }

  static int64_t begin(void *c, uint64_t o, void *b, uint64_t n) {
    auto *self = static_cast<MemoryStorage *>(c);
    const int number = self->reads++;
    if (n > self->storage.begin_any)
      self->isMisused |= o % 64 || n % 64 ||
                         reinterpret_cast<uintptr_t>(b) % 64;
    self->check(o, b, n);
    if (number == self->failAt && self->fault == Fault::Begin) {
      self->failedOffset = o;
      return SWAP_ERR_IO;
    }
    self->underWay[self->nextTicket] = {o, n, static_cast<uint8_t *>(b),
                                        number};
    if (self->underWay.size() > self->mostUnderWay)
      self->mostUnderWay = static_cast<uint32_t>(self->underWay.size());
    return self->nextTicket++;
  }

  static constexpr int kPolls = 2;

  /// A read is over when it was asked for the third time.
  static int done(void *c, int64_t ticket) {
    auto *self = static_cast<MemoryStorage *>(c);
    auto found = self->underWay.find(ticket);
    if (found == self->underWay.end())
      return SWAP_ERR_STATE;
    const bool bad = found->second.number == self->failAt;
    if (bad && (self->fault == Fault::Done || self->fault == Fault::Never)) {
      self->failedOffset = found->second.offset;
      return self->fault == Fault::Done ? SWAP_ERR_IO : 0;
    }
    int &polls = found->second.polls;
    if (polls <= kPolls)
      polls = !self->random              ? polls + 1
              : (*self->random)() % 3 == 0 ? kPolls + 1
                                           : polls;
    return polls > kPolls;
  }

  static int wait(void *c, int64_t ticket) {
    auto *self = static_cast<MemoryStorage *>(c);
    auto found = self->underWay.find(ticket);
    if (found == self->underWay.end())
      return SWAP_ERR_STATE; // waited for twice
    const Request r = found->second;
    self->underWay.erase(found);
    self->blocked += r.polls <= kPolls;
    if (r.number == self->failAt && self->fault == Fault::Never)
      self->isMisused = true; // this would not return
    return self->deliver(r);
  }

  static const void *map(void *c, uint64_t o, uint64_t n) {
    auto *self = static_cast<MemoryStorage *>(c);
    if (!self->mapped.count(o) && self->reads++ == self->failAt &&
        self->fault == Fault::Io) {
      self->failedOffset = o;
      return nullptr;
    }
    if (o + n > self->blob.size())
      return nullptr;
    self->mapped.insert(o);
    return self->blob.data() + o;
  }
};

/// An arena between two guard areas.
class Arena {
public:
  explicit Arena(uint64_t bytes)
      : bytes(bytes), memory(bytes + 4 * 4096, 0xA5) {}
  uint8_t *data() {
    const auto start =
        (reinterpret_cast<uintptr_t>(memory.data()) + 4096 + 4095) / 4096 *
        4096;
    return reinterpret_cast<uint8_t *>(start);
  }
  bool intact() {
    for (uint8_t *p = memory.data(); p < memory.data() + memory.size(); ++p)
      if ((p < data() || p >= data() + bytes) && *p != 0xA5)
        return false;
    return true;
  }
  const uint64_t bytes;

private:
  std::vector<uint8_t> memory;
};

} // namespace fake

#endif // SWAP_TEST_MEMORYSTORAGE_H
