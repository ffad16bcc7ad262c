//===- GpuProgramTest.cpp - A program on the CUDA port --------------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <sys/wait.h>

namespace {

class GpuProgram : public testing::Test {
protected:
  std::string dir = testing::TempDir() + "swap-gpu-program-XXXXXX";
  std::string environment, out, err;

  void SetUp() override {
    ASSERT_NE(mkdtemp(dir.data()), nullptr);
    environment = "SWAP_TEST_BLOB=w.swap";
    ASSERT_EQ(run("--version"), 0) << err;
    environment = "";
  }
  void TearDown() override { (void)!system(("rm -rf " + dir).c_str()); }

  std::string read(const std::string &name) {
    std::ifstream file(dir + "/" + name, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }
  int run(const std::string &arguments) {
    const std::string command = "cd " + dir + " && " + environment +
                                " " GPU_PROGRAM " --weights w.swap " +
                                arguments + " >out.txt 2>err.txt";
    const int status = system(command.c_str());
    out = read("out.txt");
    err = read("err.txt");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string outputs(const std::string &folder) {
    return read(folder + "/y.npy") + read(folder + "/rows.npy") +
           read(folder + "/picked.npy");
  }
  bool has(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
  }
};

// Verifies that neither budgets, nor where weights wait, nor what is measured
// beside the runs changes a bit.
TEST_F(GpuProgram, SameBits) {
  ASSERT_EQ(run("--random --output-dir one"), 0) << err;
  const std::string expected = outputs("one");
  ASSERT_GT(expected.size(), 3 * 128u);
  for (const char *more :
       {"--budget min --iterations 5", "--budget 2244608 --iterations 4",
        "--budget min --no-graph",
        "--budget min --source storage --iterations 3",
        "--budget 2244608 --source storage --iterations 4",
        "--budget min --host-budget 160KiB", "--budget min --check-memory",
        "--budget min --stats s.json", "--stats s.json --source storage",
        "--budget min --trace t.json --iterations 3"}) {
    ASSERT_EQ(run(std::string("--random --output-dir o ") + more), 0)
        << more << err;
    EXPECT_EQ(outputs("o"), expected) << more;
    EXPECT_TRUE(has(err, "Fake GPU (sm_90): budget")) << err;
  }
}

TEST_F(GpuProgram, Stats) {
  ASSERT_EQ(run("--random --budget min --stats s.json --iterations 3"), 0)
      << err;
  const std::string stats = read("s.json");
  EXPECT_TRUE(has(stats, "\"source\": \"host\"")) << stats;
  EXPECT_TRUE(has(stats, "\"overhead_bytes\": 2097152")) << stats;
  for (const char *field : {"bound_ms", "link_bytes_per_second",
                            "undisturbed_compute_ms", "streamed_bytes"})
    EXPECT_FALSE(has(stats, std::string("\"") + field + "\": 0.000000,") ||
                 has(stats, std::string("\"") + field + "\": 0,"))
        << field << stats;
  ASSERT_EQ(run("--random --budget min --source storage --stats s.json"), 0)
      << err;
  EXPECT_TRUE(has(read("s.json"), "\"source\": \"storage\""));
}

TEST_F(GpuProgram, TraceAndProfile) {
  ASSERT_EQ(run("--random --budget min --trace t.json --iterations 2"), 0)
      << err;
  const std::string trace = read("t.json");
  for (const char *part : {"\"copies\"", "blocks.mix", "\"unit 4\"", "MB/s"})
    EXPECT_TRUE(has(trace, part)) << part << trace;
  ASSERT_EQ(run("--profile p.yaml --budget min"), 0) << err;
  const std::string profile = read("p.yaml");
  for (const char *part : {"machine: \"Fake GPU (sm_90)\"", "io: host",
                           "threads: 1, flops-per-second: 2.56e+12",
                           "kernel: \"ids.pick\", threads: 1"})
    EXPECT_TRUE(has(profile, part)) << part << profile;
}

TEST_F(GpuProgram, FailedRuns) {
  const std::string file = dir + "/w.swap";
  environment = "SWAP_CUDA_DRIVER=/none/libcuda.so.1";
  EXPECT_EQ(run("--random"), 1);
  EXPECT_TRUE(has(err, "GpuProgram: error: the NVIDIA driver's library could "
                       "not be loaded"))
      << err;
  EXPECT_EQ(run("--describe"), 0) << "needs no driver";
  environment = "SWAP_FAKE_CUDA_ARCH=75";
  EXPECT_EQ(run("--random"), 1);
  EXPECT_TRUE(has(err, "is an sm_75, and the program has code for sm_90 only"))
      << err;
  environment = "SWAP_FAKE_CUDA_MEMORY=4096";
  EXPECT_EQ(run("--random"), 1);
  EXPECT_TRUE(has(err, "bytes of device memory")) << err;
  environment = "";
  EXPECT_EQ(run("--random --device 7"), 1);
  EXPECT_TRUE(has(err, "there is no GPU number 7")) << err;
  EXPECT_EQ(run("--random --budget 2097152"), 2) << "the overhead alone";
}

} // namespace
