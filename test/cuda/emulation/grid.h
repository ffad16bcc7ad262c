//===- grid.h - The blocks of a grid on all processors ----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAP_EMULATION_GRID_H
#define SWAP_EMULATION_GRID_H

#include "block.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include <link.h>
#include <sys/mman.h>

namespace swap_emulation {

inline uint64_t getSetting(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text ? strtoull(text, nullptr, 10) : otherwise;
}

/// This thread's thread_local variables of this library.
inline Range getThreadLocals() {
  Range range;
  here.worker = nullptr; // brings them to life
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *result) {
        auto *own = reinterpret_cast<unsigned char *>(&here);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_TLS || !info->dlpi_tls_data)
            continue;
          auto *begin = static_cast<unsigned char *>(info->dlpi_tls_data);
          Range range{begin, begin + info->dlpi_phdr[i].p_memsz};
          if (range.holds(own, sizeof(here)))
            *static_cast<Range *>(result) = range;
        }
        return 0;
      },
      &range);
  return range;
}

/// Says which kernel touched memory that is not there.
inline void reportFault(int signal, siginfo_t *info, void *) {
  if (here.launch)
    fprintf(stderr,
            "emulated GPU: kernel %s, block (%u, %u), thread %u: %s at %p\n",
            here.launch->name, here.block.x, here.block.y, here.thread.x,
            signal == SIGILL ? "misaligned or out of an array's bounds"
                             : "no memory",
            info->si_addr);
  fflush(stderr);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

/// A pool of threads, and the grid that they work on.
class Grid {
public:
  static Grid &get() {
    static Grid *grid = new Grid; // its threads live as long as the process
    return *grid;
  }

  void run(const Launch &launch) {
    std::lock_guard<std::mutex> one(launches);
    reportFaults();
    {
      std::lock_guard<std::mutex> guard(mutex);
      current = &launch;
      next = 0;
      order = Order(getBlocks(launch), mix(++generation));
      running = getBlocks(launch) > 1 ? helpers : 0;
    }
    if (running)
      started.notify_all();
    work(launch, getWorker());
    std::unique_lock<std::mutex> guard(mutex);
    finished.wait(guard, [&] { return running == 0; });
    current = nullptr;
  }

private:
  Grid() : seed(getSetting("SWAP_EMULATION_SEED", 1)), order(1, 0) {
    unsigned threads = static_cast<unsigned>(getSetting(
        "SWAP_EMULATION_THREADS", std::thread::hardware_concurrency()));
    helpers = threads > 1 ? threads - 1 : 0;
    for (unsigned i = 0; i < helpers; ++i)
      std::thread([this] { help(); }).detach();
  }

  static uint64_t getBlocks(const Launch &launch) {
    return static_cast<uint64_t>(launch.grid.x) * launch.grid.y;
  }

  /// At each launch, because other libraries (NVRTC) take signals over too.
  static void reportFaults() {
    struct sigaction action = {};
    action.sa_sigaction = reportFault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
    for (int signal : {SIGSEGV, SIGBUS, SIGILL})
      sigaction(signal, &action, nullptr);
  }

  uint64_t mix(uint64_t value) const {
    return seed ? (value + seed) * 0x9e3779b97f4a7c15u | 1 : 0;
  }

  /// This thread's.
  Worker &getWorker() {
    if (!here.worker) {
      // As long as the thread lives; only the kernel knows where it is.
      stack_t alternative = {};
      alternative.ss_size = 64 << 10;
      alternative.ss_sp = mmap(nullptr, alternative.ss_size,
                               PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      sigaltstack(&alternative, nullptr);
      Range locals = getThreadLocals();
      here.worker = new Worker(mix(++workers), locals);
    }
    return *here.worker;
  }

  void work(const Launch &launch, Worker &worker) {
    worker.begin(launch);
    for (;;) {
      uint64_t block;
      {
        std::lock_guard<std::mutex> guard(mutex);
        if (next == getBlocks(launch))
          break;
        ++next;
        block = order.next();
      }
      worker.runBlock({static_cast<unsigned>(block % launch.grid.x),
                       static_cast<unsigned>(block / launch.grid.x), 0});
    }
    here.launch = nullptr;
  }

  void help() {
    Worker &worker = getWorker();
    for (uint64_t seen = 0;;) {
      const Launch *launch;
      {
        std::unique_lock<std::mutex> guard(mutex);
        started.wait(guard, [&] { return generation != seen && running; });
        seen = generation;
        launch = current;
      }
      work(*launch, worker);
      std::lock_guard<std::mutex> guard(mutex);
      if (--running == 0)
        finished.notify_all();
    }
  }

  const uint64_t seed;
  unsigned helpers = 0;
  std::atomic<uint64_t> workers{0};
  std::mutex launches, mutex;
  std::condition_variable started, finished;
  const Launch *current = nullptr;
  uint64_t generation = 0, next = 0;
  unsigned running = 0;
  Order order;
};

} // namespace swap_emulation

#endif // SWAP_EMULATION_GRID_H
