//===- LinkFixture.h - A blob on a link, for tests --------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_LINKFIXTURE_H
#define SWAP_TEST_LINKFIXTURE_H

#include "swap/posix.h"
extern "C" {
#include "link.h"
}

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

constexpr uint64_t kKiB = 1 << 10, kMiB = 1 << 20;

/// Page aligned memory.
class Pages {
public:
  explicit Pages(uint64_t bytes, uint8_t fill = 0xEE)
      : bytes(bytes), at(static_cast<uint8_t *>(aligned_alloc(4096, bytes))) {
    memset(at, fill, bytes);
  }
  Pages(Pages &&other) : bytes(other.bytes), at(other.at) { other.at = nullptr; }
  Pages &operator=(Pages &&other) {
    std::swap(bytes, other.bytes);
    std::swap(at, other.at);
    return *this;
  }
  ~Pages() { free(at); }
  bool isUntouched() const {
    return at[0] == 0xEE && !memcmp(at, at + 1, bytes - 1);
  }
  uint64_t bytes;
  uint8_t *at;
};

/// A file of some bytes that are always the same.
class LinkFile {
public:
  LinkFile(const std::string &parent, uint64_t size)
      : directory(parent + "/swap-link-XXXXXX"), size(size) {
    if (!mkdtemp(directory.data()))
      abort();
    path = directory + "/blob";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char *>(content().data()),
               static_cast<std::streamsize>(size));
  }
  ~LinkFile() {
    unlink(path.c_str());
    rmdir(directory.c_str());
  }
  static constexpr uint64_t kMost = 18 * kMiB;
  static const std::vector<uint8_t> &content() {
    static const std::vector<uint8_t> bytes = [] {
      std::vector<uint8_t> made(kMost);
      for (uint64_t i = 0; i < kMost; ++i)
        made[i] = static_cast<uint8_t>((i ^ i >> 12) * 2654435761u >> 13);
      return made;
    }();
    return bytes;
  }
  static bool isRight(const uint8_t *bytes, uint64_t offset, uint64_t length) {
    return !memcmp(bytes, &content()[offset], length);
  }
  std::string directory, path;
  uint64_t size;
};

/// A client as its session sees it.
class LinkClient {
public:
  LinkClient(port_link *link, const std::string &path) {
    status = port_link_open(link, path.c_str(), &client);
    if (client)
      storage = port_link_storage(client);
  }
  LinkClient(const LinkClient &) = delete;
  ~LinkClient() { port_link_close(client); }
  int64_t begin(uint64_t offset, void *to, uint64_t length) {
    return storage->begin(storage->context, offset, to, length);
  }
  void submit() { storage->submit(storage->context); }
  int wait(int64_t ticket) { return storage->wait(storage->context, ticket); }
  int done(int64_t ticket) { return storage->done(storage->context, ticket); }
  void cancel(int64_t ticket) { storage->cancel(storage->context, ticket); }
  int readNow(uint64_t offset, void *to, uint64_t length) {
    const int64_t ticket = begin(offset, to, length);
    return ticket < 0 ? static_cast<int>(ticket) : wait(ticket);
  }
  void setJob(uint32_t priority, uint64_t deadline,
              uint64_t since = swap_posix_clock()) {
    const pool_urgency urgency = {priority, deadline, since, order++};
    port_link_set_urgency(client, &urgency);
  }
  port_link_client *client = nullptr;
  const swap_storage *storage = nullptr;
  int status;
  static inline std::atomic<uint64_t> order{0};
};

class LinkTest : public testing::Test {
protected:
  ~LinkTest() override {
    clients.clear();
    port_link_destroy(link);
  }
  void open(uint32_t io) { link = port_link_create(io); }
  LinkClient &add(const std::string &path) {
    clients.push_back(std::make_unique<LinkClient>(link, path));
    return *clients.back();
  }
  port_link_counters counters() {
    port_link_counters c;
    port_link_get_counters(link, &c);
    return c;
  }
  bool isUring() { return !strcmp(port_link_io_name(link), "uring"); }
  port_link *link = nullptr;
  std::vector<std::unique_ptr<LinkClient>> clients;
};

#endif // SWAP_TEST_LINKFIXTURE_H
