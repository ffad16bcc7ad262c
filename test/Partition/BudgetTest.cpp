//===- BudgetTest.cpp - Budgets as people write them ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Budget.h"

#include <gtest/gtest.h>

using namespace swapc;

static int64_t getSize(llvm::StringRef text) {
  llvm::Expected<int64_t> size = parseSize(text);
  if (size)
    return *size;
  llvm::consumeError(size.takeError());
  return -1;
}

static std::string getError(llvm::StringRef text) {
  llvm::Expected<BudgetSpec> spec = BudgetSpec::parse(text);
  return spec ? "" : llvm::toString(spec.takeError());
}

TEST(Budget, Sizes) {
  EXPECT_EQ(getSize("4096"), 4096);
  EXPECT_EQ(getSize("64KiB"), 65536);
  EXPECT_EQ(getSize("96MiB"), 100663296);
  EXPECT_EQ(getSize("1.5GiB"), 1610612736);
  EXPECT_EQ(getSize("0"), 0);
  for (const char *text :
       {"", "MiB", "96MB", "96 MiB", "-1", "1e9", "nan", "1.5", "1..5MiB",
        ".MiB", "99999999999999999999", "9999999TiB", "0x10", "inf"})
    EXPECT_EQ(getSize(text), -1) << text;
}

TEST(Budget, Specs) {
  auto resolve = [](llvm::StringRef text) {
    return llvm::cantFail(BudgetSpec::parse(text)).resolve(1000, 10);
  };
  EXPECT_EQ(resolve("min"), 10);
  EXPECT_EQ(resolve("max"), 1000);
  EXPECT_EQ(resolve("40%"), 400);
  EXPECT_EQ(resolve("17.25%"), 172);
  EXPECT_EQ(resolve("5"), 5);
  // A share of what a budget can save.
  auto above = [](const char *text) {
    return llvm::cantFail(BudgetSpec::parse(text)).resolve(1000, 510, 500);
  };
  EXPECT_EQ(above("40%"), 700);
  EXPECT_EQ(above("100%"), 1000);
  EXPECT_EQ(above("17.25%"), 586);
  EXPECT_EQ(above("min"), 510);
  EXPECT_EQ(above("600"), 600);
  EXPECT_EQ(getPercent(700, 1000, 500), 40);
}

TEST(Budget, Mapped) {
  auto parse = [](llvm::StringRef text) {
    return llvm::cantFail(BudgetSpec::parse(text));
  };
  for (const char *text : {"mapped", "mapped:min", "mapped:64KiB"})
    EXPECT_TRUE(parse(text).isMapped) << text;
  EXPECT_FALSE(parse("max").isMapped);
  EXPECT_EQ(parse("mapped").resolve(1000, 10), 1000);
  EXPECT_EQ(parse("mapped:min").resolve(1000, 10), 10);
  EXPECT_EQ(parse("mapped:64KiB").resolve(1000, 10), 65536);
  for (const char *text :
       {"mapped:", "mapped:40%", "mapped:max", "mapped:ladder",
        "mapped:mapped", "Mapped"})
    EXPECT_NE(getError(text), "") << text;
}

TEST(Budget, Ladder) {
  BudgetSpec ladder = llvm::cantFail(BudgetSpec::parse("ladder"));
  EXPECT_EQ(ladder.kind, BudgetSpec::Kind::Ladder);
  EXPECT_FALSE(ladder.isMapped);
  EXPECT_EQ(ladder.resolve(1000, 10), 1000);
}

TEST(Budget, Errors) {
  EXPECT_EQ(getError("x%"), "size 'x%' is not a percentage such as 40%");
  EXPECT_EQ(getError("0%"), "size '0%' must be more than 0% and at most 1000%");
  EXPECT_EQ(getError("1.5"), "size '1.5' is not a whole number of bytes");
  EXPECT_NE(getError("96MB").find("96MB"), std::string::npos);
  EXPECT_NE(getError("Min"), "");
}

TEST(Budget, Format) {
  EXPECT_EQ(formatSize(100), "100 bytes");
  EXPECT_EQ(formatSize(28731 * 1024 - 300), "28.1 MiB");
  EXPECT_EQ(formatSize(1536), "1.5 KiB");
  EXPECT_EQ(formatSize(int64_t(3) << 29), "1.50 GiB");
}
