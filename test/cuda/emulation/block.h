//===- block.h - One block of an emulated GPU -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_EMULATION_BLOCK_H
#define SWAP_EMULATION_BLOCK_H

#include "context.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace swap_emulation {

struct Index {
  unsigned x, y, z;
};

/// What a thread waits for.
enum class State : unsigned char { Ready, Barrier, Warp, Done };

/// A copy to shared memory under way.
struct Copy {
  void *to;
  const void *from; // null: zeros
  unsigned bytes, group;
};

constexpr unsigned kLanes = 32;
/// NaN as float, half and bfloat16; -1 as an integer.
constexpr int kPoison = 0xff;

struct Fiber {
  Context context;
  State state;
  const char *call;      // the warp function that it waits in
  unsigned bytes, calls; // of the value it exchanges; exchanges so far
  unsigned group;        // of copies, that is open
  unsigned arrived;      // copies that are there
  int stack;             // -1: not started, or done
  std::vector<Copy> copies;
};

/// The values that a warp exchanges, two in turn: a thread may be one ahead.
struct Exchange {
  alignas(16) unsigned char value[2][kLanes][32];
};

struct Range {
  unsigned char *begin = nullptr, *end = nullptr;
  bool holds(const void *at, size_t bytes) const {
    return at >= begin && static_cast<const unsigned char *>(at) + bytes <= end;
  }
};

struct Launch {
  const char *name;
  void (*body)(const void *params);
  const void *params;
  Index grid;
  unsigned threads, shared;
};

class Worker;

/// What device code sees, of the thread that runs.
struct Here {
  Index thread, block, threads, grid;
  unsigned char *shared;
  Fiber *fiber;
  Worker *worker;
  const Launch *launch;
};
static thread_local Here here;

[[noreturn]] inline void fail(const char *message, const char *detail = "") {
  fprintf(stderr, "emulated GPU: kernel %s, block (%u, %u), thread %u: %s%s\n",
          here.launch ? here.launch->name : "?", here.block.x, here.block.y,
          here.thread.x, message, detail);
  fflush(stderr);
  abort();
}

/// Visits 0 to n - 1 once each, in an order that `random` chooses.
class Order {
public:
  Order(uint64_t n, uint64_t random) : n(n) {
    if (!random || n < 2)
      return;
    for (step = 1 + random % (n - 1); std::gcd(step, n) != 1;)
      step = step % (n - 1) + 1;
    at = (random >> 32) % n;
  }
  uint64_t next() {
    uint64_t result = at;
    at = (at + step) % n;
    return result;
  }

private:
  uint64_t n, step = 1, at = 0;
};

/// Runs blocks on one thread of the operating system.
class Worker {
public:
  /// `shared` is the memory of this thread's `__shared__` variables.
  Worker(uint64_t seed, Range shared) : random(seed), staticShared(shared) {
    const size_t page = sysconf(_SC_PAGESIZE);
    dynamic.begin = static_cast<unsigned char *>(
        mmap(nullptr, kDynamicBytes + page, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    dynamic.end = dynamic.begin + kDynamicBytes;
    mprotect(dynamic.end, page, PROT_NONE); // a write past the end shows
    poison(dynamic);
    poison(staticShared);
  }

  void begin(const Launch &launch);
  void runBlock(Index block);

  /// Gives the processor to the block's other threads until `state` is over.
  void wait(State state) {
    here.fiber->state = state;
    Fiber *self = here.fiber;
    exchange(self->context, scheduler);
    asm volatile("" ::: "memory");
  }

  /// Where this thread puts its value for the warp, and others find it.
  unsigned char *getValue(unsigned lane) {
    return exchanges[here.thread.x / kLanes].value[here.fiber->calls % 2][lane];
  }

  bool isShared(const void *at, size_t bytes) const {
    return dynamic.holds(at, bytes) || staticShared.holds(at, bytes);
  }

  Context scheduler;

private:
  static constexpr size_t kDynamicBytes = 256 << 10, kStackBytes = 128 << 10;

  static void enter();
  void poison(Range range);
  void poisonStatic(bool first);
  void resume(unsigned thread);
  void runWarp(unsigned warp);
  unsigned char *getStackTop(int stack);
  uint64_t draw() {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    return random;
  }

  uint64_t random; // 0: everything in order
  Range staticShared, dynamic;
  std::vector<Range> written; // parts of staticShared that this kernel uses
  bool first = true;
  std::vector<Fiber> fibers;
  std::unique_ptr<Exchange[]> exchanges;
  unsigned warps = 0;
  std::vector<unsigned char *> stacks;
  std::vector<int> free;
};

inline void Worker::begin(const Launch &launch) {
  here.launch = &launch;
  here.worker = this;
  here.threads = {launch.threads, 1, 1};
  here.grid = launch.grid;
  here.shared = dynamic.end - (launch.shared + 15) / 16 * 16;
  if (launch.shared > kDynamicBytes)
    fail("more shared memory than any GPU has");
  fibers.resize(launch.threads);
  if (warps < (launch.threads + kLanes - 1) / kLanes)
    exchanges.reset(new Exchange[(launch.threads + kLanes - 1) / kLanes]);
  warps = (launch.threads + kLanes - 1) / kLanes;
  first = true;
}

inline unsigned char *Worker::getStackTop(int stack) {
  while (stacks.size() <= static_cast<size_t>(stack)) {
    auto *memory = static_cast<unsigned char *>(
        mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory == MAP_FAILED)
      fail("no memory for stacks");
    mprotect(memory, sysconf(_SC_PAGESIZE), PROT_NONE);
    stacks.push_back(memory);
  }
  // Not all at the same place of a page, or they share few lines of the cache.
  return stacks[stack] + kStackBytes - static_cast<size_t>(stack) * 832 % 16384;
}

inline void Worker::enter() {
  here.launch->body(here.launch->params);
  Worker *self = here.worker;
  here.fiber->state = State::Done;
  exchange(here.fiber->context, self->scheduler);
  abort();
}

inline void Worker::resume(unsigned thread) {
  Fiber &fiber = fibers[thread];
  here.thread = {thread, 0, 0};
  here.fiber = &fiber;
  if (fiber.stack < 0) {
    if (free.empty())
      free.push_back(static_cast<int>(stacks.size()));
    fiber.stack = free.back();
    free.pop_back();
    prepare(fiber.context, getStackTop(fiber.stack), kStackBytes - 32768,
            enter);
  }
  exchange(scheduler, fiber.context);
  asm volatile("" ::: "memory");
  if (fiber.state == State::Done) {
    free.push_back(fiber.stack);
    fiber.stack = -1;
  }
}

/// Until each of its threads is done or waits for the block.
inline void Worker::runWarp(unsigned warp) {
  const unsigned begin = warp * kLanes;
  const unsigned count =
      std::min<unsigned>(kLanes, static_cast<unsigned>(fibers.size()) - begin);
  for (;;) {
    Order order(count, random ? draw() : 0);
    unsigned waiting = 0;
    for (unsigned i = 0; i < count; ++i) {
      unsigned thread = begin + static_cast<unsigned>(order.next());
      if (fibers[thread].state == State::Ready)
        resume(thread);
      waiting += fibers[thread].state == State::Warp;
    }
    if (!waiting)
      return;
    const Fiber *caller = nullptr;
    for (unsigned i = begin; i < begin + count; ++i)
      if (fibers[i].state == State::Warp)
        caller = &fibers[i];
    for (unsigned i = begin; i < begin + count; ++i) {
      Fiber &fiber = fibers[i];
      here.thread = {i, 0, 0};
      if (fiber.state == State::Done)
        fail("returned, but others of its warp wait in ", caller->call);
      if (fiber.state == State::Barrier)
        fail("waits in swap_sync, but others of its warp in ", caller->call);
      if (strcmp(fiber.call, caller->call) || fiber.bytes != caller->bytes)
        fail("its warp is not together: others wait in ", caller->call);
      fiber.state = State::Ready;
    }
  }
}

inline void Worker::runBlock(Index block) {
  here.block = block;
  for (Fiber &fiber : fibers) {
    fiber.state = State::Ready;
    fiber.stack = -1;
    fiber.calls = fiber.group = fiber.arrived = 0;
    fiber.copies.clear();
  }
  for (;;) {
    Order order(warps, random ? draw() : 0);
    for (unsigned i = 0; i < warps; ++i)
      runWarp(static_cast<unsigned>(order.next()));
    unsigned done = 0;
    for (Fiber &fiber : fibers)
      done += fiber.state == State::Done;
    if (done == fibers.size())
      break;
    for (unsigned i = 0; i < fibers.size(); ++i) {
      here.thread = {i, 0, 0};
      if (fibers[i].state == State::Done)
        fail("returned, but other threads wait in swap_sync");
      fibers[i].state = State::Ready;
    }
  }
  if (here.launch->shared)
    poison({here.shared, dynamic.end});
  poisonStatic(first);
  first = false;
}

/// Everything but what the emulation itself keeps per thread.
inline void Worker::poison(Range range) {
  auto *own = reinterpret_cast<unsigned char *>(&here);
  unsigned char *before = std::min(range.end, own);
  unsigned char *after = std::max(range.begin, own + sizeof(here));
  if (range.begin < before)
    memset(range.begin, kPoison, before - range.begin);
  if (after < range.end)
    memset(after, kPoison, range.end - after);
}

/// A library holds the variables of many kernels; which of them one uses is
/// seen after its first block.
inline void Worker::poisonStatic(bool first) {
  constexpr size_t kPart = 256;
  if (first) {
    written.clear();
    for (unsigned char *at = staticShared.begin; at < staticShared.end;
         at += kPart) {
      Range part{at, std::min(at + kPart, staticShared.end)};
      bool clean = true;
      for (unsigned char *byte = part.begin; byte < part.end; ++byte)
        clean &= *byte == kPoison;
      if (clean)
        continue;
      if (!written.empty() && written.back().end == at)
        written.back().end = part.end;
      else
        written.push_back(part);
    }
  }
  for (Range range : written)
    poison(range);
}

} // namespace swap_emulation

#endif // SWAP_EMULATION_BLOCK_H
