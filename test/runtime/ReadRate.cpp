//===- ReadRate.cpp - What bringing units in costs --------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A benchmark, not a test: ReadRate DIR [uring|thread|buffered] writes a blob
// of 256 MiB there and streams it through arenas and units of several sizes,
// with no kernel in between. Prints the rate of runs and the processor time
// they take, and the rate that swap_posix_read_rate answers.
//===----------------------------------------------------------------------===//
#include "swap/posix.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr uint64_t kBytes = 256 << 20, kMiB = 1 << 20;

struct Streaming {
  std::vector<swap_blob_unit> units;
  std::vector<uint64_t> slots;
  std::vector<uint8_t> resident;
  std::vector<swap_step> steps;
  swap_plan plan = {};
  swap_model model = {};
  uint64_t first = 0; ///< byte of the blob

  Streaming(uint64_t unit, uint64_t arena) {
    const uint64_t count = kBytes / unit, room = arena / unit;
    first = 4096 + (count * sizeof(swap_blob_unit) + 4095) / 4096 * 4096;
    auto add = [&](swap_opcode op, uint64_t u) {
      if (u < count)
        steps.push_back({op, static_cast<uint32_t>(u), 0, 0, 0, 0, 0, 0});
    };
    for (uint64_t u = 0; u < count; ++u) {
      units.push_back({first + u * unit, unit, 0, 0});
      slots.push_back(u % room * unit);
      if (u < room)
        add(SWAP_OP_IN, u);
    }
    resident.resize(count);
    for (uint64_t u = 0; u < count; ++u) {
      add(SWAP_OP_WAIT, u);
      add(SWAP_OP_OUT, u);
      add(SWAP_OP_IN, u + room);
    }
    plan.budget_bytes = plan.arena_bytes = plan.peak_bytes = arena;
    plan.region_bytes = arena;
    plan.streamed_bytes = kBytes;
    plan.threads = 1;
    plan.step_count = static_cast<uint32_t>(steps.size());
    plan.steps = steps.data();
    plan.slots = slots.data();
    plan.resident = resident.data();
    model.abi_version = SWAP_ABI_VERSION;
    model.unit_count = static_cast<uint32_t>(count);
    model.plan_count = 1;
    model.page_bytes = SWAP_BLOB_ALIGN;
    model.name = "stream";
    model.units = units.data();
    model.plans = &plan;
    model.blob_bytes = first + kBytes;
    model.blob_hash[0] = 1;
  }

  bool write(const std::string &path) const {
    std::vector<uint8_t> head(first), data(kMiB);
    swap_blob_header header = {};
    header.magic = SWAP_BLOB_MAGIC;
    header.version = SWAP_BLOB_VERSION;
    header.header_bytes = sizeof header;
    header.blob_bytes = model.blob_bytes;
    header.table_offset = 4096;
    header.unit_count = model.unit_count;
    header.unit_stride = sizeof(swap_blob_unit);
    header.hash[0] = 1;
    memcpy(head.data(), &header, sizeof header);
    memcpy(&head[4096], units.data(), units.size() * sizeof units[0]);
    for (size_t i = 0; i < data.size(); ++i)
      data[i] = static_cast<uint8_t>(i * 2654435761u >> 11);
    FILE *file = fopen(path.c_str(), "wb");
    bool ok = file && fwrite(head.data(), head.size(), 1, file) == 1;
    for (uint64_t at = 0; ok && at < kBytes; at += kMiB)
      ok = fwrite(data.data(), data.size(), 1, file) == 1;
    ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return file && fclose(file) == 0 && ok;
  }
};

double cpuSeconds() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         1e-6 *
             static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

int measure(const std::string &path, uint32_t io, uint64_t unit,
            uint64_t arena) {
  const Streaming streaming(unit, arena);
  swap_posix_options o = {};
  o.weights = path.c_str();
  o.io = io;
  o.flags = SWAP_FLAG_NO_VERIFY;
  swap_posix *handle = nullptr;
  int status = streaming.write(path)
                   ? swap_posix_open(&handle, &streaming.model, &o)
                   : SWAP_ERR_IO;
  std::vector<double> rates;
  double cpu = 0;
  for (int run = 0; !status && run < 7; ++run) {
    const double before = cpuSeconds();
    status = swap_posix_run(handle, nullptr, nullptr);
    if (run < 2)
      continue;
    cpu += cpuSeconds() - before;
    rates.push_back(double(kBytes) /
                    double(swap_posix_session(handle)->counters.total_ns));
  }
  if (status) {
    fprintf(stderr, "%s\n", swap_posix_error(handle));
  } else {
    std::sort(rates.begin(), rates.end());
    printf("arena %6.2f MiB, units %5llu KiB: %.2f GB/s, %.3f s/GiB",
           double(arena) / kMiB, static_cast<unsigned long long>(unit >> 10),
           rates[rates.size() / 2],
           cpu / (double(kBytes * rates.size()) / (1 << 30)));
    const double rate = swap_posix_read_rate(handle, UINT64_C(1) << 30);
    printf("; alone %.2f GB/s", rate / 1e9);
#ifndef READ_RATE_OLD
    printf(", %.3f s/GiB", swap_posix_read_cpu(handle));
#endif
    printf(" (%s)\n", swap_posix_io_name(handle));
    fflush(stdout);
  }
  swap_posix_close(handle);
  return status;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: ReadRate DIR [uring|thread|buffered]\n");
    return 2;
  }
  const std::string path = std::string(argv[1]) + "/read-rate.swap";
  const std::string io = argc > 2 ? argv[2] : "uring";
  int status = 0;
  for (uint64_t arena :
       {3 * kMiB / 2, uint64_t(3250000 / 4096 * 4096), 64 * kMiB})
    for (uint64_t unit : {kMiB / 16, kMiB / 4, kMiB})
      if (!status)
        status = measure(path,
                         io == "thread"     ? SWAP_POSIX_THREAD
                         : io == "buffered" ? SWAP_POSIX_BUFFERED
                                            : SWAP_POSIX_URING,
                         unit, arena);
  unlink(path.c_str());
  return status != 0;
}
