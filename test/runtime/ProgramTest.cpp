//===- ProgramTest.cpp - The command line of a generated executable -------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "ProgramFixture.h"

using namespace fake;

namespace {

class Program : public ProgramFixture {
protected:
  Program() : ProgramFixture(FAKE_PROGRAM) {}
};

TEST_F(Program, WritesOutputs) {
  for (const char *budget :
       {"", "--budget min", "--budget=max", "--budget 100%", "--io thread",
        "--io=map", "--io buffered --budget min", "--threads 1"}) {
    ASSERT_EQ(run(inputs + "--output-dir a/b " + budget), 0) << err;
    const std::string y = read("a/b/y_0.npy"), rows = read("a/b/rows.npy");
    ASSERT_EQ(y.size(), 128u + sizeof t.y);
    EXPECT_NE(
        y.find("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4,), }"),
        std::string::npos);
    memcpy(t.y, y.data() + 128, sizeof t.y);
    memcpy(t.rows, rows.data() + 128, sizeof t.rows);
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight()) << budget;
    EXPECT_NE(err.find("FakeProgram: budget"), std::string::npos) << err;
  }
  // What it writes it can read.
  ASSERT_EQ(run("--input x=a/b/y_0.npy --input ids=ids.pb"), 0) << err;
  EXPECT_NE(out.find("y:0: float32[2, 4] min"), std::string::npos) << out;
}

TEST_F(Program, StatsAndTrace) {
  ASSERT_EQ(run(inputs + "--stats s.json --trace t.json --iterations 5 "
                         "--warmup 2 --budget min"),
            0)
      << err;
  const std::string stats = read("s.json"), trace = read("t.json");
  for (const char *field :
       {"budget_bytes", "peak_bytes", "model_bytes", "weight_bytes",
        "resident_bytes", "streamed_bytes", "copied_bytes", "\"runs\": 5",
        "latency_ms", "\"min\"", "\"median\"", "\"p90\"", "\"max\"",
        "compute_ms", "stall_ms", "bound_ms", "threads", "cold_ms",
        "\"loaded_bytes\": 0,", "read_cpu_s_per_gib"})
    EXPECT_NE(stats.find(field), std::string::npos) << field << stats;
  for (const char *part :
       {"\"compute\"", "\"reads\"", "\"stalls\"", "add \\\"shifted\\\"",
        "\"ph\":\"b\"", "\"ph\":\"e\""})
    EXPECT_NE(trace.find(part), std::string::npos) << part;
  EXPECT_EQ(system(("python3 -c \"import json,sys; [json.load(open(f)) for f "
                    "in sys.argv[1:]]\" " +
                    dir + "/s.json " + dir + "/t.json")
                       .c_str()),
            0);
}

TEST_F(Program, Describe) {
  ASSERT_EQ(run("--describe"), 0);
  for (const char *part :
       {"\"name\": \"fake\"", "\"y:0\"", "\"int64\"", "\"shape\": [2, 4]",
        "\"budgets\"", "\"arena_bytes\": 24576", "\"min_bytes\""})
    EXPECT_NE(out.find(part), std::string::npos) << part << out;
  ASSERT_EQ(run("--help"), 0);
  EXPECT_NE(out.find("--test-data DIR"), std::string::npos);
  ASSERT_EQ(run("--version"), 0);
}

TEST_F(Program, RandomIsTheSameEachTime) {
  ASSERT_EQ(run("--random --output-dir one"), 0) << err;
  ASSERT_EQ(run("--random --output-dir two --budget min"), 0) << err;
  EXPECT_EQ(read("one/y_0.npy"), read("two/y_0.npy"));
  EXPECT_EQ(read("one/rows.npy"), read("two/rows.npy"));
}

TEST_F(Program, WrongUsage) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "--input x=FILE.npy  float32[2, 4]"},
      {"--input x=x.pb", "--input ids=FILE.npy  int64[3]"},
      {"--input z=x.pb", "no input 'z'"},
      {"--input x", "NAME=FILE"},
      {"--input", "needs a value"},
      {"--input x=x.pb --input x=x.pb", "given twice"},
      {"--frobnicate", "unknown option '--frobnicate'"},
      {"stray", "unexpected argument"},
      {"--random=1", "takes no value"},
      {"--random --budget 5MB", "'5MB' is not a size"},
      {"--random --budget 1KiB", "24576 bytes"},
      {"--random --threads many", "is not a count"},
      {"--random --threads -1", "is not a count"},
      {"--random --iterations 0", "at least one"},
      {"--random --io magic", "none of"},
      {"--random --device 0", "--device is of programs that run on a GPU"},
      {"--random --no-graph", "this one runs on processors"},
      {"--input y=z=x.pb", "no input 'y'"},
      {"--input x=", "NAME=FILE"},
      {"--random --budget 1.5", "'1.5' is not a size"},
      {"--test-data . --random", "brings its own"},
      {"--test-data . --stats s.json", "only compares"},
      {"--random --stats s.json --trace s.json", "name the same file"},
      {"--test-data . --output-dir o", "only compares"},
      {"--test-data . --rtol -1", "not a number"}};
  for (const auto &[arguments, message] : cases) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_NE(err.find(message), std::string::npos) << arguments << "\n" << err;
    EXPECT_EQ(err.rfind("FakeProgram: ", 0), 0u) << err;
  }
}

TEST_F(Program, FailedRuns) {
  write("wide.pb", proto("x", 1, {2, 5}, t.x, 40));
  write("ints.pb", proto("x", 6, {2, 4}, t.x, 32));
  write(
      "bad.pb",
      proto("ids", 7, {3},
            "\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            24));
  write("short.npy", "\x93NUMPY");
  write("short.swap",
        std::string(reinterpret_cast<const char *>(blob().data()), 9000));
  write("a_file", "");
  const std::pair<const char *, const char *> cases[] = {
      {"--input x=none.npy --input ids=ids.pb", "none.npy: No such file"},
      {"--input x=short.npy --input ids=ids.pb", "short.npy"},
      {"--input x=wide.pb --input ids=ids.pb",
       "wide.pb: it holds float32[2, 5], but input 'x' is float32[2, 4]"},
      {"--input x=ints.pb --input ids=ids.pb",
       "it holds int32[2, 4], but input 'x' is float32"},
      {"--input x=x.pb --input ids=bad.pb",
       "index number 0 of the lookup in unit 2"},
      {"--random --weights none.swap",
       "none.swap: No such file or directory; --weights says where"},
      {"--random --weights short.swap", "short.swap: truncated"},
      {"--random --weights /dev/null", "/dev/null: not a regular file"},
      {"--random --weights x.pb", "x.pb"},
      {"--random --output-dir a_file", "a_file: not a directory"},
      {"--random --output-dir a_file/deep", "a_file"},
      {"--random --stats none/s.json", "none/s.json: No such file"},
      {"--random --trace none/t.json", "none/t.json: No such file"},
      {"--random --stats fake.swap", "fake.swap: it is the model's weights"},
      {"--random --trace ./fake.swap", "./fake.swap: it is the model's weights"},
      {"--random --stats /dev/full", "/dev/full: No space left"},
      {"--test-data none", "none"}};
  for (const auto &[arguments, message] : cases) {
    EXPECT_EQ(run(arguments), 1) << arguments << err;
    EXPECT_NE(err.find(message), std::string::npos) << arguments << "\n" << err;
    EXPECT_NE(err.find("FakeProgram: error: "), std::string::npos) << err;
  }
}

TEST_F(Program, TestData) {
  float y[kElements];
  for (uint32_t i = 0; i < kElements; ++i)
    y[i] = t.x[i] + weight(0, i) + weight(1, i) + weight(3, i);
  ASSERT_EQ(run(inputs + "--output-dir o"), 0) << err;
  const std::string rows =
      proto("rows", 1, {kIds, kRowFloats},
            read("o/rows.npy").substr(128).data(), sizeof t.rows);
  ASSERT_EQ(system(("mkdir -p " + dir + "/d/test_data_set_0 " + dir +
                    "/d/test_data_set_1")
                       .c_str()),
            0);
  for (const char *set : {"d/test_data_set_0/", "d/test_data_set_1/"}) {
    write(set + std::string("input_0.pb"), read("x.pb"));
    write(set + std::string("input_1.pb"), read("ids.pb"));
    write(set + std::string("output_0.pb"),
          proto("y:0", 1, {2, 4}, y, sizeof y));
    write(set + std::string("output_1.pb"), rows);
  }
  EXPECT_EQ(run("--test-data d --budget min"), 0) << err;
  EXPECT_EQ(run("--test-data d/test_data_set_1"), 0) << err;
  y[5] *= 1.01f;
  write("d/test_data_set_1/output_0.pb", proto("y:0", 1, {2, 4}, y, sizeof y));
  EXPECT_EQ(run("--test-data d"), 1);
  EXPECT_NE(err.find("output 'y:0': 1 of 8 elements differ, the first at 5"),
            std::string::npos)
      << err;
  EXPECT_EQ(run("--test-data d --rtol 0.05"), 0) << err;
}

// Verifies that a folder which leaves an input unset or an output unchecked
// does not pass.
TEST_F(Program, TestDataIncomplete) {
  write("input_0.pb", read("x.pb"));
  write("input_1.pb", proto("x", 1, {2, 4}, t.x, sizeof t.x));
  const float y[kElements] = {};
  write("output_0.pb", proto("y:0", 1, {2, 4}, y, sizeof y));
  EXPECT_EQ(run("--test-data ."), 1);
  EXPECT_NE(err.find("input_1.pb: another file holds input 'x'"),
            std::string::npos)
      << err;
  write("input_1.pb", read("ids.pb"));
  EXPECT_EQ(run("--test-data . --atol 1e9"), 1);
  EXPECT_NE(err.find("it has 1 outputs to compare with, the model 2"),
            std::string::npos)
      << err;
}

// Verifies that results which do not reach standard output are a failed run,
// and that no file takes its place.
TEST_F(Program, StandardOutput) {
  for (const char *arguments : {"--random", "--describe", "--help"}) {
    run(std::string(arguments) + " >/dev/full 2>full.txt; true");
    EXPECT_NE(read("full.txt").find("standard output: No space left"),
              std::string::npos)
        << arguments;
  }
  run("--random --trace t.json >&- 2>closed.txt; true");
  EXPECT_NE(read("closed.txt").find("standard output: Bad file"),
            std::string::npos);
  EXPECT_EQ(read("t.json").rfind("{\"displayTimeUnit\"", 0), 0u);
}

// Verifies that a run that a signal ends leaves no half of a file, and that one
// which ends at an instruction that the processor lacks says so.
TEST_F(Program, EndedBySignal) {
  for (const auto &[name, status] :
       {std::pair{"TERM", "143\n"}, std::pair{"ILL", "1\n"}}) {
    const std::string command =
        "cd " + dir +
        " && { " FAKE_PROGRAM " --weights fake.swap --random --iterations "
        "10000000 --trace t.json --stats s.json >/dev/null 2>err.txt & } && "
        "sleep 0.5; kill -" +
        name + " $!; wait $!; echo $? >status.txt";
    ASSERT_EQ(system(command.c_str()), 0);
    EXPECT_EQ(read("status.txt"), status);
    EXPECT_EQ(system(("cd " + dir + " && ! ls | grep json").c_str()), 0);
  }
  EXPECT_NE(read("err.txt").find("illegal instruction"), std::string::npos);
}

// Verifies that a disk that is full, here a limit on file sizes, is reported
// and leaves neither output nor half of one.
TEST_F(Program, FullDisk) {
  const std::string command =
      "cd " + dir +
      " && mkdir o && bash -c \"set -o pipefail; trap '' XFSZ; "
      "(ulimit -f 0; exec " FAKE_PROGRAM " --weights fake.swap --random "
      "--output-dir o) 2>&1 >/dev/null | cat > err.txt\"";
  const int status = system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  err = read("err.txt");
  EXPECT_NE(err.find("o/y_0.npy: File too large"), std::string::npos) << err;
  EXPECT_EQ(rmdir((dir + "/o").c_str()), 0) << "something was left";
}

// Verifies the program of docs/runtime.md, with and without its weights.
TEST(Minimal, FindsItsWeights) {
  const std::string weights = MINIMAL ".swap";
  unlink(weights.c_str());
  EXPECT_NE(system(MINIMAL " 2>/dev/null"), 0);
  writeBlob(weights);
  EXPECT_EQ(system(MINIMAL " >/dev/null"), 0);
  unlink(weights.c_str());
}

} // namespace
