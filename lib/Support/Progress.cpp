//===- Progress.cpp - What a long phase shows on a terminal -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Support/Progress.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace swapc;

Progress::Progress(bool enabled)
    : enabled(enabled && sys::Process::StandardErrIsDisplayed()) {}

void Progress::start(StringRef name) {
  clear();
  std::lock_guard<std::mutex> lock(mutex);
  phase = name.str();
  begin = drawn = std::chrono::steady_clock::now();
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
