//===- BufferLayout.cpp - Offsets for buffers with lifetimes ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dynamic storage allocation with all lifetimes known. Buffers are placed one
// after the other in the gaps that those before them leave; several orders and
// both ways to choose a gap are tried, then orders near the best one.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <numeric>
#include <tuple>

using namespace swapc;

namespace {

struct Layouter {
  const std::vector<PlanBuffer> &buffers;
  std::vector<int64_t> sizes;
  BufferLayout best;
  std::vector<int> bestOrder;

  bool isOptimal() const { return best.bytes == best.lowerBound; }

  /// Places buffers in `order`; keeps the result unless it is worse. An equal
  /// one is kept too, so that the search does not stand still.
  void tryOrder(const std::vector<int> &order, bool bestFit);
};

} // namespace

void Layouter::tryOrder(const std::vector<int> &order, bool bestFit) {
  std::vector<int64_t> offsets(buffers.size(), 0);
  std::vector<int> placed; // by offset
  int64_t bytes = 0;
  for (int index : order) {
    const PlanBuffer &buffer = buffers[index];
    int64_t chosen = -1, chosenGap = 0, end = 0;
    for (int other : placed) {
      if (buffers[other].last < buffer.first ||
          buffers[other].first > buffer.last)
        continue;
      int64_t gap = offsets[other] - end;
      if (gap >= sizes[index] && (chosen < 0 || gap < chosenGap)) {
        chosen = end;
        chosenGap = gap;
        if (!bestFit)
          break;
      }
      end = std::max(end, offsets[other] + sizes[other]);
    }
    if (chosen < 0)
      chosen = end;
    offsets[index] = chosen;
    bytes = std::max(bytes, chosen + sizes[index]);
    if (!bestOrder.empty() && bytes > best.bytes)
      return;
    auto before = [&](int64_t offset, int other) {
      return offset < offsets[other];
    };
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), chosen, before), index);
  }
  best.offsets = offsets;
  best.bytes = bytes;
  bestOrder = order;
}

BufferLayout swapc::layoutBuffers(const std::vector<PlanBuffer> &buffers) {
  Layouter layouter{buffers, {}, {}, {}};
  int count = static_cast<int>(buffers.size());
  if (count == 0)
    return layouter.best;
  int last = 0;
  for (const PlanBuffer &buffer : buffers) {
    layouter.sizes.push_back(roundUp(buffer.bytes, kBufferAlign));
    last = std::max(last, buffer.last);
  }
  std::vector<int64_t> live(last + 2, 0);
  for (int i = 0; i < count; ++i) {
    live[buffers[i].first] += layouter.sizes[i];
    live[buffers[i].last + 1] -= layouter.sizes[i];
  }
  std::partial_sum(live.begin(), live.end(), live.begin());
  layouter.best.lowerBound = *std::max_element(live.begin(), live.end());

  // Keys to place by, largest first; ties by position.
  auto duration = [&](int i) -> double {
    return buffers[i].last - buffers[i].first + 1;
  };
  auto crowd = [&](int i) { // the worst moment that the buffer is part of
    return *std::max_element(live.begin() + buffers[i].first,
                             live.begin() + buffers[i].last + 1);
  };
  std::vector<std::vector<double>> keys(5, std::vector<double>(count));
  for (int i = 0; i < count; ++i) {
    double size = static_cast<double>(layouter.sizes[i]);
    keys[0][i] = size;
    keys[1][i] = size * duration(i);
    keys[2][i] = duration(i);
    keys[3][i] = -buffers[i].first;
    keys[4][i] = static_cast<double>(crowd(i));
  }
  for (const std::vector<double> &key : keys) {
    std::vector<int> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      return std::make_tuple(-key[a], -layouter.sizes[a], a) <
             std::make_tuple(-key[b], -layouter.sizes[b], b);
    });
    for (bool bestFit : {true, false})
      if (!layouter.isOptimal() || layouter.bestOrder.empty())
        layouter.tryOrder(order, bestFit);
  }

  // Move one buffer forward in the order, again and again. The generator is
  // fixed, so that the same model always gets the same layout.
  uint64_t state = 0x9E3779B97F4A7C15u;
  auto next = [&](int bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state >> 33) % bound);
  };
  int64_t work = 20'000'000 / (static_cast<int64_t>(count) * count + 1);
  int rounds = static_cast<int>(std::min<int64_t>(work, 2000));
  for (int i = 0; i < rounds && !layouter.isOptimal(); ++i) {
    std::vector<int> order = layouter.bestOrder;
    int from = next(count), to = next(from + 1);
    std::rotate(order.begin() + to, order.begin() + from,
                order.begin() + from + 1);
    layouter.tryOrder(order, i % 2 == 0);
  }
  return layouter.best;
}
