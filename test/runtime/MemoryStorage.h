//===- MemoryStorage.h - A blob in memory that fails on demand --*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asynchronous reads deliver their bytes when they are waited for, in the
// spirit of a device that is as late as it may be. The n-th read fails, is
// short, or delivers a wrong bit.
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_MEMORYSTORAGE_H
#define SWAP_TEST_MEMORYSTORAGE_H

#include "swap/runtime.h"

#include <cstring>
#include <map>
#include <set>
#include <vector>

namespace fake {

enum class Way { Blocking, Asynchronous, Scattered, Mapped };
enum class Fault { None, Io, Short, Begin, WrongBit };

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

  struct Request {
    uint64_t offset, length;
    uint8_t *to;
    int number;
  };
  std::map<int64_t, Request> underWay;
  int64_t nextTicket = 0;

  MemoryStorage(std::vector<uint8_t> bytes, Way way, uint32_t depth = 4)
      : blob(std::move(bytes)) {
    storage.context = this;
    storage.read = [](void *c, uint64_t o, void *b, uint64_t n) {
      auto *self = static_cast<MemoryStorage *>(c);
      return self->deliver({o, n, static_cast<uint8_t *>(b), self->reads++});
    };
    storage.copied = &copied;
    if (way == Way::Asynchronous || way == Way::Scattered) {
      storage.depth = depth;
      storage.begin = begin;
      storage.wait = wait;
      storage.begin_any = way == Way::Scattered ? 4096 : 0;
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
  }

private:
  int deliver(const Request &r) {
    const bool bad = r.number == failAt;
    if (bad && fault == Fault::Io) {
      memset(r.to, 0xBD, r.length / 2);
      return SWAP_ERR_IO;
    }
    if ((bad && fault == Fault::Short) || r.offset + r.length > blob.size())
      return SWAP_ERR_SHORT;
    memcpy(r.to, blob.data() + r.offset, r.length);
    if (bad && fault == Fault::WrongBit)
      r.to[r.length > 100 ? 99 : 0] ^= 1;
    return SWAP_OK;
  }

  static int64_t begin(void *c, uint64_t o, void *b, uint64_t n) {
    auto *self = static_cast<MemoryStorage *>(c);
    const int number = self->reads++;
    if (number == self->failAt && self->fault == Fault::Begin)
      return SWAP_ERR_IO;
    self->underWay[self->nextTicket] = {o, n, static_cast<uint8_t *>(b),
                                        number};
    if (self->underWay.size() > self->mostUnderWay)
      self->mostUnderWay = static_cast<uint32_t>(self->underWay.size());
    return self->nextTicket++;
  }

  static int wait(void *c, int64_t ticket) {
    auto *self = static_cast<MemoryStorage *>(c);
    auto found = self->underWay.find(ticket);
    if (found == self->underWay.end())
      return SWAP_ERR_STATE; // waited for twice
    const Request r = found->second;
    self->underWay.erase(found);
    return self->deliver(r);
  }

  static const void *map(void *c, uint64_t o, uint64_t n) {
    auto *self = static_cast<MemoryStorage *>(c);
    if (!self->mapped.count(o) && self->reads++ == self->failAt &&
        self->fault == Fault::Io)
      return nullptr;
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
