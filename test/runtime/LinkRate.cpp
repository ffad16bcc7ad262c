//===- LinkRate.cpp - What an urgent read waits for -------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A benchmark, not a test: LinkRate DIR [uring|thread] writes 256 MiB there. One
// client streams them, as much as its bound lets to the device, while another
// one, more urgent, reads 256 KiB every 5 ms. Prints the rate of the stream
// without that and with it, and how long the urgent reads take (median, and what
// 9 of 10 stay within); for several bounds, with the link polled all the time and
// at times only. The median of five rounds.
//===----------------------------------------------------------------------===//
#include "swap/posix.h"
extern "C" {
#include "link.h"
}

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

constexpr uint64_t kMiB = 1 << 20, kBytes = 256 * kMiB;
constexpr uint64_t kUrgent = kMiB / 4, kUrgentEvery = 5000000;
constexpr uint32_t kReads = 48; ///< of the stream, begun at once

bool writeFile(const std::string &path) {
  std::vector<uint8_t> data(kMiB);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<uint8_t>(i * 2654435761u >> 11);
  FILE *file = fopen(path.c_str(), "wb");
  bool ok = file != nullptr;
  for (uint64_t at = 0; ok && at < kBytes; at += kMiB)
    ok = fwrite(data.data(), data.size(), 1, file) == 1;
  ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
  return file && fclose(file) == 0 && ok;
}

struct Client {
  port_link_client *client = nullptr;
  const swap_storage *storage = nullptr;
  bool open(port_link *link, const std::string &path) {
    if (port_link_open(link, path.c_str(), &client))
      return false;
    storage = port_link_storage(client);
    return true;
  }
};

class Measurement {
public:
  port_link *link;
  Client stream, urgent;
  port_arena arena;
  uint8_t *other;

  /// One line: `bytes` may be at the device, and somebody looks every `pause` ns
  /// (0: always). False where a read fails.
  bool run(uint64_t bytes, uint64_t pause) {
    port_link_set_bounds(link, UINT64_MAX, bytes);
    if (bytes == UINT64_MAX)
      printf("bound    none, ");
    else
      printf("bound %4.0f MiB, ", double(bytes) / kMiB);
    printf("looked at every %4.1f ms:", double(pause) / 1e6);
    std::vector<double> rates[2], micros;
    for (uint32_t round = 0; round < 10; ++round) {
      double rate = 0;
      if (!measure(pause, round % 2, micros, rate))
        return false;
      rates[round % 2].push_back(rate);
    }
    printf(" %5.2f, %5.2f GB/s; %6.2f, %6.2f ms\n", at(rates[0], 0.5),
           at(rates[1], 0.5), at(micros, 0.5) / 1e3, at(micros, 0.9) / 1e3);
    fflush(stdout);
    return true;
  }

private:
  static double at(std::vector<double> &values, double part) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[size_t(double(values.size()) * part)];
  }
  bool measure(uint64_t pause, bool withUrgent, std::vector<double> &micros,
               double &rate) {
    std::vector<int64_t> tickets(kReads);
    uint64_t next = 0;
    bool ok = true;
    auto begin = [&](uint32_t i) {
      tickets[i] = stream.storage->begin(
          stream.storage->context, next++ * kMiB % kBytes,
          arena.base + i * kMiB, kMiB);
      ok = ok && tickets[i] >= 0;
    };
    for (uint32_t i = 0; i < kReads; ++i)
      begin(i);
    const uint64_t start = swap_posix_clock(), end = start + 200000000;
    uint64_t now = start, begun = 0, done = 0, at = 0;
    int64_t ticket = -1;
    for (uint32_t i = 0; ok && now < end; now = swap_posix_clock()) {
      const uint64_t seen = port_link_events(link);
      if (withUrgent && ticket < 0 && now >= begun + kUrgentEvery) {
        begun = now;
        at += 77 * kMiB;
        ticket = urgent.storage->begin(urgent.storage->context, at % kBytes,
                                       other, kUrgent);
        ok = ok && ticket >= 0;
        urgent.storage->submit(urgent.storage->context);
      }
      if (ticket >= 0 &&
          urgent.storage->done(urgent.storage->context, ticket)) {
        micros.push_back(double(swap_posix_clock() - begun) / 1e3);
        ok = ok && !urgent.storage->wait(urgent.storage->context, ticket);
        ticket = -1;
      }
      for (; ok && stream.storage->done(stream.storage->context, tickets[i]);
           i = (i + 1) % kReads) {
        ok = !stream.storage->wait(stream.storage->context, tickets[i]);
        done += kMiB;
        begin(i);
      }
      if (pause && ticket < 0) { // a kernel computes
        const timespec time = {0, static_cast<long>(pause)};
        nanosleep(&time, nullptr);
      } else {
        port_link_wait_any(link, seen);
      }
    }
    rate = double(done) / double(now - start);
    for (int64_t t : tickets)
      if (t >= 0)
        stream.storage->cancel(stream.storage->context, t);
    if (ticket >= 0)
      urgent.storage->cancel(urgent.storage->context, ticket);
    return ok;
  }
};

bool measureAll(const std::string &path, uint32_t io) {
  Measurement m;
  m.link = port_link_create(io);
  m.other = static_cast<uint8_t *>(aligned_alloc(4096, kUrgent));
  if (!m.link || !m.other || !m.stream.open(m.link, path) ||
      !m.urgent.open(m.link, path) ||
      !port_arena_reserve(&m.arena, kReads * kMiB) ||
      !port_arena_resize(&m.arena, kReads * kMiB, UINT64_MAX))
    return false;
  memset(m.arena.base, 1, m.arena.bytes);
  const pool_urgency late = {0, UINT64_MAX, 0, 1},
                     soon = {1, 0, swap_posix_clock(), 2};
  port_link_set_urgency(m.stream.client, &late);
  port_link_set_urgency(m.urgent.client, &soon);
  port_link_set_patience(m.link, UINT64_MAX);
  printf("%s\n", port_link_io_name(m.link));
  bool ok = true;
  for (uint64_t pause : {0, 500000, 2000000})
    for (uint64_t bound : {kMiB, 2 * kMiB, 4 * kMiB, 8 * kMiB, 16 * kMiB,
                           UINT64_MAX})
      ok = ok && m.run(bound, pause);
  port_link_close(m.stream.client);
  port_link_close(m.urgent.client);
  port_link_destroy(m.link);
  port_arena_release(&m.arena);
  free(m.other);
  return ok;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: LinkRate DIR [uring|thread]\n");
    return 2;
  }
  const std::string path = std::string(argv[1]) + "/link-rate.blob";
  const bool isThread = argc > 2 && !strcmp(argv[2], "thread");
  const bool ok = writeFile(path) &&
                  measureAll(path, isThread ? SWAP_POSIX_THREAD
                                            : SWAP_POSIX_URING);
  unlink(path.c_str());
  if (!ok)
    fprintf(stderr, "LinkRate: reading or writing %s failed\n", path.c_str());
  return !ok;
}
