//===- CudaProgramTest.cpp - The executable around a GPU's port -----------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The port is FakeCudaPort.cpp, whose plans need 1 MiB more than their arenas.
//===----------------------------------------------------------------------===//
#include "ProgramFixture.h"

using namespace fake;

namespace {

class CudaProgram : public ProgramFixture {
protected:
  CudaProgram() : ProgramFixture(FAKE_CUDA_PROGRAM) {
    environment = "FAKE_CUDA_LOG=log.txt";
  }

  /// What the port was asked for by the last run.
  testing::AssertionResult asked(const std::string &text) {
    const std::string log = "\n" + read("log.txt");
    if (log.find("\n" + text + "\n") != std::string::npos)
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << text << " is not in" << log;
  }
  int runAnew(const std::string &arguments) {
    write("log.txt", "");
    return run(arguments);
  }
};

// Verifies that outputs are those of a run, whatever --stats measures beside
// it, and that tensors are where the GPU reads and writes them.
TEST_F(CudaProgram, WritesOutputs) {
  for (const char *more : {"", "--budget min", "--stats s.json --budget min",
                           "--trace t.json", "--iterations 3 --no-graph"}) {
    ASSERT_EQ(runAnew(inputs + "--output-dir o " + more), 0) << err;
    memcpy(t.y, read("o/y_0.npy").data() + 128, sizeof t.y);
    memcpy(t.rows, read("o/rows.npy").data() + 128, sizeof t.rows);
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight()) << more;
    EXPECT_TRUE(asked("foreign=0"));
    EXPECT_EQ(err.rfind("FakeCudaProgram: Fake \"GPU\" (sm_90): budget ", 0),
              0u)
        << err;
  }
}

// Verifies that budgets count what code and graph take beside the arena.
TEST_F(CudaProgram, BudgetsCountTheOverhead) {
  const uint64_t least = cyclicModel().plans[0].arena_bytes + 0x100000;
  ASSERT_EQ(runAnew("--random --budget " + std::to_string(least)), 0) << err;
  EXPECT_TRUE(asked("budget=" + std::to_string(least)));
  ASSERT_EQ(runAnew("--random --budget min"), 0) << err;
  EXPECT_TRUE(asked("budget=" + std::to_string(least)));
  ASSERT_EQ(runAnew("--random"), 0) << err;
  EXPECT_TRUE(asked("budget=0"));
  ASSERT_EQ(runAnew("--random --budget 100%"), 0) << err;
  const uint64_t whole = cyclicModel().model_bytes + 0x100000;
  EXPECT_TRUE(asked("budget=" + std::to_string(whole)));
  ASSERT_EQ(runAnew("--random --budget 150%"), 0) << err;
  const uint64_t more = cyclicModel().model_bytes * 3 / 2 + 0x100000;
  EXPECT_TRUE(asked("budget=" + std::to_string(more)))
      << "a percentage is of the need without overhead";
  EXPECT_EQ(run("--random --budget " + std::to_string(least - 1)), 2);
  EXPECT_NE(err.find("  " + std::to_string(least) + " bytes"),
            std::string::npos)
      << err;
}

TEST_F(CudaProgram, Stats) {
  ASSERT_EQ(run("--random --stats s.json --budget min --iterations 3"), 0)
      << err;
  const std::string stats = read("s.json");
  const swap_plan &plan = cyclicModel().plans[0];
  auto number = [](const char *key, uint64_t value) {
    return std::string("\"") + key + "\": " + std::to_string(value) + ",";
  };
  for (const std::string &part :
       {number("budget_bytes", plan.budget_bytes + 0x100000),
        number("peak_bytes", plan.peak_bytes + 0x100000),
        number("model_bytes", cyclicModel().model_bytes + 0x100000),
        number("overhead_bytes", 0x100000),
        number("device_bytes", plan.arena_bytes + 4096),
        number("host_bytes", 12345), number("threads", 1),
        number("link_bytes_per_second", 1000000000), number("runs", 3),
        std::string("\"undisturbed_compute_ms\": 1.500000"),
        std::string("\"compute_ms\": 1.500000"),
        std::string("\"bound_ms\": 1.500000"),
        std::string("\"device\": \"Fake \\\"GPU\\\"\""),
        std::string("\"source\": \"host\""), std::string("stall_ms"),
        std::string("cold_ms"), std::string("achieved_over_bound")})
    EXPECT_NE(stats.find(part), std::string::npos) << part << stats;
  EXPECT_EQ(
      system(("python3 -m json.tool " + dir + "/s.json >/dev/null").c_str()),
      0);
  EXPECT_NE(err.find("bound 1.500 ms"), std::string::npos) << err;
}

TEST_F(CudaProgram, Describe) {
  ASSERT_EQ(run("--describe"), 0);
  for (const char *part : {"\"target\": \"cuda\"",
                           "\"architectures\": [\"sm_75\", \"compute_90\"]",
                           "\"overhead_bytes\": 1048576",
                           "\"arena_bytes\": 24576", "\"min_bytes\": 1073152"})
    EXPECT_NE(out.find(part), std::string::npos) << part << out;
  write("d.json", out);
  EXPECT_EQ(
      system(("python3 -m json.tool " + dir + "/d.json >/dev/null").c_str()),
      0);
  ASSERT_EQ(run("--help"), 0);
  EXPECT_NE(out.find("--host-budget SIZE"), std::string::npos);
  EXPECT_EQ(out.find("--io "), std::string::npos);
}

TEST_F(CudaProgram, Options) {
  ASSERT_EQ(runAnew("--random --source=storage --host-budget 64KiB --device 3 "
                    "--check-memory --threads 1"),
            0)
      << err;
  EXPECT_TRUE(asked("source=2") && asked("host-budget=65536") &&
              asked("device=3") && asked("check-memory=1") &&
              asked("no-graph=0") && asked("event=0"));
  EXPECT_NE(err.find("at every kernel the device's memory was within"),
            std::string::npos)
      << err;
  ASSERT_EQ(runAnew("--random --host-budget max --no-graph"), 0) << err;
  EXPECT_TRUE(asked("host-budget=0") && asked("no-graph=1"));
  ASSERT_EQ(runAnew("--random --host-budget 50%"), 0) << err;
  EXPECT_TRUE(
      asked("host-budget=" + std::to_string(cyclicModel().blob_bytes / 2)));
  ASSERT_EQ(runAnew("--random --host-budget 0"), 0) << err;
  EXPECT_TRUE(asked("host-budget=1"));
}

// Verifies that a copy is shown when it is made, and once: unit 0 for the first
// run, and in each run for the next one.
TEST_F(CudaProgram, Trace) {
  ASSERT_EQ(runAnew("--random --trace t.json --iterations 2 --budget min"), 0)
      << err;
  EXPECT_TRUE(asked("event=1"));
  const std::string trace = read("t.json");
  for (const char *part :
       {"\"compute\"", "\"copies\"", "add \\\"shifted\\\"", "\"MB/s\""})
    EXPECT_NE(trace.find(part), std::string::npos) << part;
  for (const char *kind : {"\"ph\":\"b\"", "\"ph\":\"e\""}) {
    int copies = 0;
    std::istringstream lines(trace);
    for (std::string line; std::getline(lines, line);)
      copies += line.find(kind) != std::string::npos &&
                line.find("\"unit 0\"") != std::string::npos;
    EXPECT_EQ(copies, 3) << kind << trace;
  }
  EXPECT_EQ(
      system(("python3 -m json.tool " + dir + "/t.json >/dev/null").c_str()),
      0);
}

TEST_F(CudaProgram, Profile) {
  ASSERT_EQ(runAnew("--profile p.yaml --budget min"), 0) << err;
  EXPECT_TRUE(asked("flags=1") && asked("event=1"));
  const std::string profile = read("p.yaml");
  for (const char *part :
       {"machine: \"Fake \\\"GPU\\\" (sm_90)\"", "bytes: 65536",
        "bytes: 16777216, bytes-per-second: 5.5e+10",
        "threads: 1, flops-per-second: 6.7e+13", "kernel: \"add\", threads: 1"})
    EXPECT_NE(profile.find(part), std::string::npos) << part << profile;
}

TEST_F(CudaProgram, WrongUsage) {
  const std::pair<const char *, const char *> cases[] = {
      {"--random --io uring", "--io is of programs that run on processors"},
      {"--random --threads 2", "one thread serves the GPU"},
      {"--random --source map", "'map' is none of auto, host, storage"},
      {"--random --device x", "is not a count"},
      {"--random --host-budget lots", "'lots' is not a size"},
      {"--random --host-budget min", "'min' is not a size"},
      {"--random --source host --host-budget 1KiB", "leave one of the two out"},
      {"--random --check-memory=1", "takes no value"},
      {"--random --budget 24576", "1073152 bytes"}};
  for (const auto &[arguments, message] : cases) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_NE(err.find(message), std::string::npos) << arguments << "\n" << err;
  }
}

TEST_F(CudaProgram, FailedRuns) {
  EXPECT_EQ(run("--random --weights none.swap"), 1);
  EXPECT_NE(err.find("none.swap: No such file"), std::string::npos) << err;
  environment += " FAKE_CUDA_FAIL=1";
  EXPECT_EQ(run("--random --stats s.json --trace t.json"), 1);
  EXPECT_NE(err.find("FakeCudaProgram: error: libcuda.so.1: cannot open"),
            std::string::npos)
      << err;
  EXPECT_FALSE(exists("s.json"));
}

} // namespace
