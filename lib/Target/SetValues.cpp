//===- SetValues.cpp - Times and sizes of a set -----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swap/posix.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Target/SetFile.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace swapc;
using namespace llvm;

Expected<uint64_t> swapc::parseTime(StringRef text) {
  constexpr double kMost = 1e18; // thirty years
  auto fail = [&](const Twine &why) {
    return createStringError("time '" + text + "' " + why);
  };
  if (text == "0")
    return 0;
  size_t end = text.find_first_not_of("0123456789.");
  StringRef digits = text.take_front(end), unit = text.substr(digits.size());
  double value;
  if (digits.count('.') > 1 || digits.getAsDouble(value))
    return fail("is not a number with a unit, such as 800ms, 1.5s or 20us");
  double factor = StringSwitch<double>(unit.trim(' '))
                      .Case("ns", 1)
                      .Case("us", 1e3)
                      .Case("ms", 1e6)
                      .Case("s", 1e9)
                      .Case("min", 60e9)
                      .Case("h", 3600e9)
                      .Default(0);
  if (unit.empty())
    return fail("has no unit: " + text + "ms, " + text +
                "s or another of ns, "
                "us, ms, s, min, h");
  if (factor == 0)
    return fail("has a unit that is not ns, us, ms, s, min or h");
  if (value * factor >= kMost)
    return fail("is too long");
  return static_cast<uint64_t>(std::llround(value * factor));
}

Expected<uint32_t> swapc::parseSetIo(StringRef text) {
  int way = StringSwitch<int>(text)
                .Case("auto", SWAP_POSIX_AUTO)
                .Case("uring", SWAP_POSIX_URING)
                .Case("thread", SWAP_POSIX_THREAD)
                .Default(-1);
  if (way < 0)
    return createStringError("'" + text + "' is not auto, uring or thread");
  return way;
}

Error swapc::checkSetBudget(StringRef text) {
  Expected<BudgetSpec> spec = BudgetSpec::parse(text);
  if (!spec)
    return spec.takeError();
  if (spec->isMapped || spec->kind == BudgetSpec::Kind::Ladder)
    return createStringError("'" + text +
                             "' is a budget of one model; a set has a size, a "
                             "share such as 25%, min or max");
  return Error::success();
}

std::string swapc::formatTime(uint64_t nanoseconds) {
  std::string text;
  raw_string_ostream os(text);
  auto value = static_cast<double>(nanoseconds);
  if (nanoseconds >= 1'000'000'000)
    os << format("%g s", value / 1e9);
  else if (nanoseconds >= 1'000'000)
    os << format("%g ms", value / 1e6);
  else
    os << format("%g us", value / 1e3);
  return text;
}
