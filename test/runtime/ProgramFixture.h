//===- ProgramFixture.h - Running generated executables ---------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_PROGRAMFIXTURE_H
#define SWAP_TEST_PROGRAMFIXTURE_H

#include "FakeModel.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace fake {

inline std::string varint(uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7)
    bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}

/// A TensorProto with raw data.
inline std::string proto(const char *name, int type, std::vector<int64_t> dims,
                         const void *data, size_t bytes) {
  std::string out;
  for (int64_t d : dims)
    out += '\x08' + varint(static_cast<uint64_t>(d));
  out += '\x10' + varint(static_cast<uint64_t>(type));
  out += '\x42' + varint(strlen(name)) + name;
  return out + '\x4a' + varint(bytes) +
         std::string(static_cast<const char *>(data), bytes);
}

/// A folder with the blob and inputs, and a program that runs there.
class ProgramFixture : public testing::Test {
protected:
  const char *const program;
  explicit ProgramFixture(const char *program) : program(program) {}

  std::string dir = testing::TempDir() + "swap-program-XXXXXX";
  Tensors t;
  std::string environment; ///< Assignments of variables.
  std::string weights = "fake.swap";
  std::string out, err;

  void SetUp() override {
    ASSERT_NE(mkdtemp(dir.data()), nullptr);
    writeBlob(dir + "/fake.swap");
    write("x.pb", proto("", 1, {2, 4}, t.x, sizeof t.x));
    write("ids.pb", proto("ids", 7, {3}, t.ids, sizeof t.ids));
  }
  void TearDown() override { (void)!system(("rm -rf " + dir).c_str()); }

  void write(const std::string &name, const std::string &bytes) {
    std::ofstream(dir + "/" + name, std::ios::binary | std::ios::trunc)
        << bytes;
  }
  std::string read(const std::string &name) {
    std::ifstream file(dir + "/" + name, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }
  bool exists(const std::string &name) {
    return access((dir + "/" + name).c_str(), F_OK) == 0;
  }

  /// Runs in `dir`; the exit status, or -signal.
  int run(const std::string &arguments) {
    const std::string command = "cd " + dir + " && " + environment + " " +
                                program + " --weights " + weights + " " +
                                arguments + " >out.txt 2>err.txt";
    const int status = system(command.c_str());
    out = read("out.txt");
    err = read("err.txt");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  const std::string inputs = "--input x=x.pb --input=ids=ids.pb ";
};

} // namespace fake

#endif // SWAP_TEST_PROGRAMFIXTURE_H
