//===- Progress.cpp - What a long phase shows on a terminal -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Support/Progress.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <sys/resource.h>

using namespace llvm;
using namespace swapc;

Progress::Progress(bool enabled)
    : enabled(enabled && sys::Process::StandardErrIsDisplayed()) {}

/// Of this process and of those that it waited for, the linker.
static std::chrono::duration<double> getProcessorTime() {
  double seconds = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage;
    getrusage(who, &usage);
    for (const timeval &time : {usage.ru_utime, usage.ru_stime})
      seconds += time.tv_sec + time.tv_usec / 1e6;
  }
  return std::chrono::duration<double>(seconds);
}

void Progress::start(StringRef name) {
  clear();
  std::lock_guard<std::mutex> lock(mutex);
  phase = name.str();
  begin = drawn = std::chrono::steady_clock::now();
  times.push_back({phase, begin.time_since_epoch(), getProcessorTime()});
}

void Progress::update(uint64_t done, uint64_t total) {
  if (!enabled)
    return;
  std::lock_guard<std::mutex> lock(mutex);
  auto now = std::chrono::steady_clock::now();
  if (now - begin < std::chrono::seconds(1) ||
      now - drawn < std::chrono::milliseconds(100))
    return;
  drawn = now;
  visible = true;
  errs() << "\r\033[K" << phase << ' '
         << format("%3u%%", unsigned(total ? done * 100 / total : 100));
}

/// Of this process: what getrusage says may be its parent's. 0 if not known.
static uint64_t getPeakBytes() {
  auto status = MemoryBuffer::getFileAsStream("/proc/self/status");
  uint64_t kilobytes = 0;
  if (status)
    (*status)
        ->getBuffer()
        .split("VmHWM:")
        .second.ltrim()
        .split(' ')
        .first.getAsInteger(10, kilobytes);
  return kilobytes * 1024;
}

void Progress::printTimes(raw_ostream &os) {
  start("all");
  PhaseTime begin = times.front(), end = times.back();
  auto print = [&](const PhaseTime &from, const PhaseTime &to, StringRef name) {
    os << format("%8.2f s, processor %8.2f s  ",
                 (to.elapsed - from.elapsed).count(),
                 (to.processor - from.processor).count())
       << name << "\n";
  };
  for (size_t index = 0; index + 1 < times.size(); ++index)
    print(times[index], times[index + 1], times[index].name);
  print(begin, end, end.name);
  if (uint64_t bytes = getPeakBytes())
    os << "peak of memory " << humanSize(bytes) << ", mapped files included\n";
}

void Progress::clear() {
  std::lock_guard<std::mutex> lock(mutex);
  if (visible)
    errs() << "\r\033[K";
  visible = false;
}

std::string swapc::humanSize(uint64_t bytes) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024)
    return std::to_string(bytes) + " bytes";
  double value = bytes / 1024.0;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  std::string text;
  raw_string_ostream stream(text);
  stream << format(value < 10    ? "%.2f"
                   : value < 100 ? "%.1f"
                                 : "%.0f",
                   value)
         << ' ' << units[unit];
  return text;
}
