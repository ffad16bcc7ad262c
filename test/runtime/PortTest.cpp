//===- PortTest.cpp - Blobs in real files -----------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "WithoutUring.h"
extern "C" {
#include "port.h"
}

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

using namespace fake;

namespace {

class Scratch {
public:
  explicit Scratch(const std::string &parent)
      : path(parent + "/swap-test-XXXXXX") {
    if (!mkdtemp(path.data()))
      abort();
  }
  ~Scratch() { (void)!system(("rm -rf " + path).c_str()); }
  std::string file(const char *name) const { return path + "/" + name; }
  std::string path;
};

class Port : public testing::TestWithParam<std::tuple<const char *, uint32_t>> {
protected:
  Scratch scratch{std::get<0>(GetParam())};
  std::string weights = scratch.file("model.swap");
  uint32_t io = std::get<1>(GetParam());
  swap_posix *handle = nullptr;
  void SetUp() override { writeBlob(weights); }
  void TearDown() override { swap_posix_close(handle); }
  int open(uint64_t budget = 0, uint32_t threads = 0) {
    swap_posix_close(handle);
    swap_posix_options o = {};
    o.weights = weights.c_str();
    o.io = io;
    o.budget_bytes = budget;
    o.threads = threads;
    o.quiet = 1;
    return swap_posix_open(&handle, &model(), &o);
  }
  std::string error() { return swap_posix_error(handle); }
};

TEST_P(Port, RunsEveryPlan) {
  for (uint32_t p = 0; p < model().plan_count; ++p)
    for (uint32_t threads : {0u, 1u, 2u, 64u}) {
      ASSERT_EQ(open(model().plans[p].arena_bytes, threads), SWAP_OK)
          << error();
      EXPECT_EQ(swap_posix_session(handle)->plan, &model().plans[p]);
      EXPECT_LE(swap_posix_threads(handle), 2u);
      for (int run = 0; run < 3; ++run) {
        Tensors t;
        ASSERT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_OK)
            << error();
        EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
      }
      swap_posix_serial(handle, 1);
      Tensors t;
      ASSERT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_OK)
          << error();
      EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
    }
  EXPECT_GT(swap_posix_read_rate(handle, 1 << 20), 0); // streams nothing
  ASSERT_EQ(open(model().plans[1].arena_bytes), SWAP_OK) << error();
  for (int run = 0; run < 2; ++run) { // a measurement does no harm
    Tensors t;
    ASSERT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_OK) << error();
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
    EXPECT_GT(swap_posix_read_rate(handle, 1 << 20), 0);
  }
}

TEST_P(Port, CountsWhatItCopies) {
  ASSERT_EQ(open(model().plans[0].arena_bytes), SWAP_OK) << error();
  Tensors t;
  ASSERT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_OK);
  const uint64_t copied = swap_posix_session(handle)->counters.copied_bytes;
  const std::string way = swap_posix_io_name(handle);
  if (way == "uring" || way == "thread")
    EXPECT_EQ(copied, 96u); // the rows, nothing else
  else
    EXPECT_GE(copied, 96u);
}

TEST_P(Port, RefusesWrongBlobs) {
  unlink(weights.c_str());
  EXPECT_EQ(open(), SWAP_ERR_IO);
  EXPECT_NE(error().find(weights + ": No such file"), std::string::npos)
      << error();
  mkdir(weights.c_str(), 0700);
  EXPECT_EQ(open(), SWAP_ERR_IO);
  EXPECT_NE(error().find("Is a directory"), std::string::npos) << error();
  rmdir(weights.c_str());
  mkfifo(weights.c_str(), 0600); // must not wait for a writer
  EXPECT_EQ(open(), SWAP_ERR_IO);
  unlink(weights.c_str());
  for (size_t size :
       {size_t(0), size_t(50), size_t(4096), size_t(8192), blob().size() - 1}) {
    writeBlob(weights);
    ASSERT_EQ(truncate(weights.c_str(), static_cast<off_t>(size)), 0);
    EXPECT_EQ(open(), SWAP_ERR_SHORT) << size;
    EXPECT_NE(error().find(weights), std::string::npos) << error();
  }
  auto alter = [&](uint64_t at) {
    writeBlob(weights);
    std::fstream file(weights, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<long>(at));
    file.put(static_cast<char>(~blob()[at]));
  };
  alter(0);
  EXPECT_EQ(open(), SWAP_ERR_BLOB) << error();
  alter(45);
  EXPECT_EQ(open(), SWAP_ERR_HASH) << error();
  alter(4096 + 30);
  EXPECT_EQ(open(), SWAP_ERR_CHECKSUM) << error();
  alter(model().units[1].offset + 17);
  Tensors t;
  ASSERT_EQ(open(), SWAP_OK); // resident: found when it comes in
  EXPECT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_ERR_CHECKSUM);
  EXPECT_NE(error().find("in unit 1"), std::string::npos) << error();
  ASSERT_EQ(open(model().plans[0].arena_bytes), SWAP_OK);
  EXPECT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_ERR_CHECKSUM);
  EXPECT_NE(error().find("in unit 1"), std::string::npos) << error();
}

// Verifies that a file cut while it is open fails that run, and that the
// session recovers when the bytes are back. (A mapping of a file that is cut
// raises a signal, which no program can prevent.)
TEST_P(Port, FileCutWhileOpen) {
  if (io == SWAP_POSIX_MAP)
    GTEST_SKIP();
  ASSERT_EQ(open(model().plans[0].arena_bytes), SWAP_OK);
  Tensors t;
  ASSERT_EQ(truncate(weights.c_str(),
                     static_cast<off_t>(model().units[1].offset + 100)),
            0);
  EXPECT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_ERR_SHORT)
      << error();
  writeBlob(weights);
  ASSERT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_OK) << error();
  EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
}

// Verifies reads of any offset, length and address, blocking and begun, and
// large ones that are cut into pieces.
TEST_P(Port, AnyRange) {
  const size_t size = 40 << 20;
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<uint8_t>(i * 2654435761u >> 13);
  std::ofstream(weights, std::ios::binary)
      .write(reinterpret_cast<char *>(bytes.data()), size);
  swap_file file;
  ASSERT_EQ(port_file_open(&file, weights.c_str(), io), SWAP_OK);
  auto *buffer = static_cast<uint8_t *>(aligned_alloc(4096, size));
  for (uint64_t offset : {0, 1, 4095, 4096, 70000})
    for (uint64_t length : {1, 72, 4096, 8000, 200001})
      for (uint64_t shift : {0, 64, 1}) {
        ASSERT_EQ(file.storage.read(&file, offset, buffer + shift, length),
                  SWAP_OK);
        EXPECT_EQ(memcmp(buffer + shift, &bytes[offset], length), 0);
        if (!file.storage.begin || length > file.storage.begin_any)
          continue;
        memset(buffer, 0, 300000);
        const int64_t ticket =
            file.storage.begin(&file, offset, buffer + shift, length);
        ASSERT_GE(ticket, 0);
        ASSERT_EQ(file.storage.wait(&file, ticket), SWAP_OK);
        EXPECT_EQ(memcmp(buffer + shift, &bytes[offset], length), 0);
      }
  EXPECT_EQ(file.storage.read(&file, size - 10, buffer, 11), SWAP_ERR_SHORT);
  EXPECT_EQ(file.storage.read(&file, size + 10, buffer, 1), SWAP_ERR_SHORT);
  if (file.storage.begin) {
    int64_t tickets[PORT_DEPTH];
    const uint64_t part = size / PORT_DEPTH;
    memset(buffer, 0, size);
    for (uint32_t i = 0; i < PORT_DEPTH; ++i)
      tickets[i] = file.storage.begin(&file, i * part, buffer + i * part, part);
    EXPECT_LT(file.storage.begin(&file, 0, buffer, 4096), 0); // one too many
    for (uint32_t i = PORT_DEPTH; i-- > 0;)
      EXPECT_EQ(file.storage.wait(&file, tickets[i]), SWAP_OK);
    EXPECT_EQ(memcmp(buffer, bytes.data(), size), 0);
    memset(buffer, 0, size);
    const int64_t whole = file.storage.begin(&file, 0, buffer, size);
    EXPECT_EQ(file.storage.wait(&file, whole), SWAP_OK);
    EXPECT_EQ(memcmp(buffer, bytes.data(), size), 0);
    const int64_t past = file.storage.begin(&file, size - 4096, buffer, 8192);
    EXPECT_EQ(file.storage.wait(&file, past), SWAP_ERR_SHORT);
    EXPECT_LT(file.storage.wait(&file, 3), 0); // not under way
  }
  free(buffer);
  port_file_close(&file);
}

// Verifies that a file system which refuses a direct read later on, as some on
// a network do, costs copies but no failure.
TEST_P(Port, DirectReadsRefusedLate) {
  swap_file file;
  ASSERT_EQ(port_file_open(&file, weights.c_str(), io), SWAP_OK);
  auto *buffer = static_cast<uint8_t *>(aligned_alloc(4096, 8192));
  const bool wasDirect = file.direct;
  const int64_t number = port_ticket_take(&file, 4096, buffer, 8192);
  port_ticket *ticket = &file.tickets[number];
  memset(buffer, 0, 8192);
  ticket->pending = 0;
  ticket->error = EINVAL;
  EXPECT_EQ(port_ticket_end(&file, ticket), wasDirect ? SWAP_OK : SWAP_ERR_IO);
  if (wasDirect) {
    EXPECT_EQ(memcmp(buffer, &blob()[4096], 8192), 0);
    EXPECT_EQ(file.refused, 1);
    EXPECT_EQ(file.copied, 8192u);
    EXPECT_EQ(fcntl(file.fd, F_GETFL) & O_DIRECT, 0);
    EXPECT_STREQ(port_io_name(file.io), "buffered");
    EXPECT_EQ(file.storage.read(&file, 4097, buffer, 100), SWAP_OK);
    EXPECT_EQ(memcmp(buffer, &blob()[4097], 100), 0);
    EXPECT_EQ(file.copied, 8292u);
  }
  free(buffer);
  port_file_close(&file);
}

// Verifies that copies out of the page cache leave nothing there, neither what
// was read nor what the system would like to read ahead.
TEST(Posix, BufferedReadsLeaveNothingInThePageCache) {
  Scratch scratch("/tmp");
  const std::string path = scratch.file("large");
  const uint64_t size = 8 << 20;
  {
    const std::vector<char> bytes(size, 1);
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(size));
  }
  swap_file file;
  ASSERT_EQ(port_file_open(&file, path.c_str(), SWAP_POSIX_BUFFERED), SWAP_OK);
  fsync(file.fd);
  posix_fadvise(file.fd, 0, 0, POSIX_FADV_DONTNEED);
  auto *buffer = static_cast<uint8_t *>(aligned_alloc(4096, 65536));
  for (uint64_t at = 0; at < size / 2; at += 65536) {
    const int64_t ticket = file.storage.begin(&file, at, buffer, 65536);
    ASSERT_EQ(file.storage.wait(&file, ticket), SWAP_OK);
  }
  void *mapping = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd, 0);
  std::vector<unsigned char> present(size / 4096);
  ASSERT_EQ(mincore(mapping, size, present.data()), 0);
  uint64_t count = 0;
  for (unsigned char page : present)
    count += page & 1;
  EXPECT_EQ(count, 0u);
  munmap(mapping, size);
  free(buffer);
  port_file_close(&file);
}

INSTANTIATE_TEST_SUITE_P(
    All, Port,
    testing::Combine(testing::Values("/tmp", "/dev/shm"),
                     testing::Values(SWAP_POSIX_AUTO, SWAP_POSIX_URING,
                                     SWAP_POSIX_THREAD, SWAP_POSIX_MAP,
                                     SWAP_POSIX_BUFFERED)));

TEST(Posix, NullsAndBudgets) {
  swap_posix *handle = nullptr;
  EXPECT_EQ(swap_posix_open(nullptr, &model(), nullptr), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_posix_open(&handle, nullptr, nullptr), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_posix_run(nullptr, nullptr, nullptr), SWAP_ERR_ARGUMENT);
  swap_posix_close(nullptr);
  EXPECT_NE(swap_posix_error(nullptr), nullptr);
  swap_posix_options o = {};
  o.budget_bytes = 1;
  EXPECT_EQ(swap_posix_open(&handle, &model(), &o), SWAP_ERR_BUDGET);
  swap_posix_close(handle);
  EXPECT_EQ(swap_posix_open(&handle, &model(), nullptr),
            SWAP_ERR_IO); // no PROG.swap here
  EXPECT_NE(std::string(swap_posix_error(handle)).find("RuntimeTests.swap"),
            std::string::npos);
  swap_posix_close(handle);
}

// Verifies that reader threads step in where a container forbids io_uring.
TEST(Posix, WithoutUring) {
  Scratch scratch("/tmp");
  const std::string weights = scratch.file("model.swap");
  writeBlob(weights);
  runWithoutUring([&] {
    swap_posix_options o = {};
    o.weights = weights.c_str();
    o.quiet = 1;
    o.threads = 1;
    o.budget_bytes = model().plans[0].arena_bytes;
    swap_posix *handle;
    Tensors t;
    if (swap_posix_open(&handle, &model(), &o) ||
        swap_posix_run(handle, t.inputs, t.outputs))
      return 1;
    const std::string io = swap_posix_io_name(handle);
    swap_posix_close(handle);
    return t.yIsRight() && (io == "thread" || io == "buffered") ? 0 : 2;
  });
}

} // namespace
