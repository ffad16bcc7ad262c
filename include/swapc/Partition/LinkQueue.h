//===- LinkQueue.h - Reads under way over a link ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A link on paper: it does reads in the order in which they were started. A
// kernel that reads in place takes part in it: while both have something to
// read, each gets half.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_PARTITION_LINKQUEUE_H
#define SWAPC_PARTITION_LINKQUEUE_H

#include <algorithm>
#include <deque>
#include <vector>

namespace swapc {

/// From `now` on, a kernel reads in place what takes the link `seconds` alone.
/// What would have been through at `end` is so much later, and so is the
/// kernel.
inline double shareLink(double now, double seconds, double &end) {
  double lost = std::min(std::max(0.0, end - now), seconds);
  end += lost;
  return lost;
}

class LinkQueue {
public:
  /// Reads come `latency` after their start at the earliest, and all of them
  /// `late` besides.
  LinkQueue(size_t units, double latency, double late = 0)
      : latency(latency), late(late), done(units, 0) {}

  /// Starts the read of a unit, which occupies the link for `seconds`.
  void start(int unit, double now, double seconds) {
    forget(now);
    linkFree = std::max(linkFree, now + latency) + seconds;
    done[unit] = linkFree + late;
    underWay.push_back(unit);
  }

  /// When the last read of a unit is complete.
  double getDone(int unit) const { return done[unit]; }

  /// A kernel begins at `now` that reads in place what takes the link `seconds`
  /// alone: when it has it.
  double share(double now, double seconds) {
    forget(now);
    for (int unit : underWay)
      shareLink(now, seconds, done[unit]);
    return now + seconds + shareLink(now, seconds, linkFree);
  }

private:
  void forget(double now) {
    while (!underWay.empty() && done[underWay.front()] <= now)
      underWay.pop_front();
  }

  double latency, late, linkFree = 0;
  std::vector<double> done; ///< per unit
  std::deque<int> underWay;
};

} // namespace swapc

#endif // SWAPC_PARTITION_LINKQUEUE_H
