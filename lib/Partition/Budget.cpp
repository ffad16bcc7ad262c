//===- Budget.cpp - Memory budgets as people write them ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Budget.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace swapc;

static llvm::Error sizeError(llvm::StringRef text, const llvm::Twine &why) {
  return llvm::createStringError(llvm::Twine("size '") + text + "' " + why);
}

/// A decimal number of at least one digit; no sign, exponent, inf or nan.
static bool parseDecimal(llvm::StringRef text, double &value) {
  if (text.find_first_not_of("0123456789.") != llvm::StringRef::npos ||
      text.count('.') > 1 || text.find_first_of("0123456789") == text.npos)
    return false;
  return !text.getAsDouble(value);
}

llvm::Expected<int64_t> swapc::parseSize(llvm::StringRef text) {
  llvm::StringRef digits = text;
  double unit = 1;
  for (auto [suffix, bytes] :
       {std::pair<llvm::StringRef, double>{"KiB", 0x1p10},
        {"MiB", 0x1p20},
        {"GiB", 0x1p30},
        {"TiB", 0x1p40}})
    if (digits.consume_back(suffix)) {
      unit = bytes;
      break;
    }
  double value;
  if (!parseDecimal(digits, value))
    return sizeError(text, "is not a number of bytes, KiB, MiB or GiB, "
                           "such as 96MiB, 1.5GiB or 4096");
  if (unit == 1 && digits.contains('.'))
    return sizeError(text, "is not a whole number of bytes");
  value *= unit;
  if (value >= 0x1p62)
    return sizeError(text, "is too large");
  return static_cast<int64_t>(std::floor(value));
}

std::string swapc::formatSize(int64_t bytes) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (bytes < 1024)
    os << bytes << " bytes";
  else if (bytes < 1024 * 1024)
    os << llvm::format("%.1f KiB", bytes / 0x1p10);
  else if (bytes < 1024 * 1024 * 1024)
    os << llvm::format("%.1f MiB", bytes / 0x1p20);
  else
    os << llvm::format("%.2f GiB", bytes / 0x1p30);
  return text;
}

llvm::Expected<BudgetSpec> BudgetSpec::parse(llvm::StringRef text) {
  BudgetSpec spec;
  if (text == "mapped") {
    spec.isMapped = true;
    return spec;
  }
  if (llvm::StringRef limit = text; limit.consume_front("mapped:")) {
    if (limit.contains('%') || limit == "max" || limit == "ladder" ||
        limit.starts_with("mapped"))
      return sizeError(text, "is not mapped, mapped:min or a limit of the "
                             "arena such as mapped:64KiB");
    llvm::Expected<BudgetSpec> inner = parse(limit);
    if (inner)
      inner->isMapped = true;
    return inner;
  }
  if (text == "min" || text == "max") {
    spec.kind = text == "min" ? Kind::Min : Kind::Max;
    return spec;
  }
  if (text == "ladder") {
    spec.kind = Kind::Ladder;
    return spec;
  }
  llvm::StringRef digits = text;
  if (digits.consume_back("%")) {
    spec.kind = Kind::Percent;
    if (!parseDecimal(digits, spec.percent))
      return sizeError(text, "is not a percentage such as 40%");
    if (spec.percent <= 0 || spec.percent > 1000)
      return sizeError(text, "must be more than 0% and at most 1000%");
    return spec;
  }
  spec.kind = Kind::Bytes;
  llvm::Expected<int64_t> bytes = parseSize(text);
  if (!bytes)
    return bytes.takeError();
  spec.bytes = *bytes;
  return spec;
}

int64_t BudgetSpec::resolve(int64_t modelBytes, int64_t minBytes,
                            int64_t overheadBytes) const {
  switch (kind) {
  case Kind::Bytes:
    return bytes;
  case Kind::Percent:
    return overheadBytes +
           static_cast<int64_t>(
               std::floor((modelBytes - overheadBytes) * (percent / 100)));
  case Kind::Min:
    return minBytes;
  case Kind::Max:
  case Kind::Ladder:
    break;
  }
  return modelBytes;
}
