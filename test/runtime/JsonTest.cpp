//===- JsonTest.cpp - Strings in JSON -------------------------------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "program.h"
}

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>

static std::string write(const char *text) {
  char *data = nullptr;
  size_t bytes = 0;
  FILE *out = open_memstream(&data, &bytes);
  json_string(out, text);
  fclose(out);
  std::string written(data, bytes);
  free(data);
  return written;
}

TEST(Json, Escapes) {
  EXPECT_EQ(write("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
  EXPECT_EQ(write(""), "\"\"");
}

TEST(Json, KeepsUtf8) {
  const char *text = "größe 卷积 \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF";
  EXPECT_EQ(write(text), "\"" + std::string(text) + "\"");
}

// Lone and missing continuations, forms that are too long, surrogates, and
// what is beyond the last character: a name may hold any bytes.
TEST(Json, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(write("a\x80z"), "\"a\\ufffdz\"");
  EXPECT_EQ(write("a\xC3"), "\"a\\ufffd\"");
  EXPECT_EQ(write("\xE5\x8D"), "\"\\ufffd\\ufffd\"");
  EXPECT_EQ(write("\xC0\xAF"), "\"\\ufffd\\ufffd\"");
  EXPECT_EQ(write("\xE0\x80\xAF"), "\"\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(write("\xED\xA0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(write("\xF4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(write("\xFF"), "\"\\ufffd\"");
}
