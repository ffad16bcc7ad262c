//===- ReportSchedule.cpp - Calls, reads and stalls over time -----*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportDrawings.h"
#include "ReportSvg.h"

#include "swapc/Partition/Budget.h"

#include <algorithm>

using namespace swapc;

namespace {

struct Span {
  double begin, end;
  std::string title; ///< of the first, where it stands for several
  size_t count = 1;
  double busy = end - begin; ///< of the time from `begin` to `end`
};

} // namespace

/// Joins spans that are less than a length/most wide with what follows them.
/// `spans` are in the order of their beginning and do not overlap.
static std::vector<Span> join(std::vector<Span> spans, double length,
                              size_t most) {
  std::vector<Span> joined;
  double least = length / most;
  for (Span &span : spans) {
    if (!joined.empty() && span.end - span.begin < least &&
        span.begin < joined.back().begin + least) {
      joined.back().end = std::max(joined.back().end, span.end);
      joined.back().count += span.count;
      joined.back().busy += span.busy;
    } else {
      joined.push_back(std::move(span));
    }
  }
  return joined;
}

/// In as many lanes as needed, up to a number; then they overlap.
static std::vector<std::vector<Span>> spread(std::vector<Span> spans) {
  constexpr size_t kLanes = 16;
  std::vector<std::vector<Span>> lanes;
  for (Span &span : spans) {
    auto lane = llvm::find_if(lanes, [&](const std::vector<Span> &taken) {
      return taken.back().end <= span.begin;
    });
    if (lane == lanes.end() && lanes.size() < kLanes)
      lane = lanes.insert(lane, std::vector<Span>());
    if (lane == lanes.end())
      lane = std::min_element(lanes.begin(), lanes.end(),
                              [](const auto &a, const auto &b) {
                                return a.back().end < b.back().end;
                              });
    lane->push_back(std::move(span));
  }
  return lanes;
}

static std::string describe(const std::string &what, double begin, double end,
                            bool inSteps) {
  if (inSteps)
    return what;
  return what + "\n" + formatNumber(end - begin) + " ms, from " +
         formatNumber(begin) + " to " + formatNumber(end);
}

namespace {

class ScheduleDrawing {
public:
  ScheduleDrawing(const Timeline &timeline, size_t most)
      : timeline(timeline), most(most) {}
  void run(llvm::raw_ostream &os);

private:
  std::vector<Span> getCalls() const;
  std::vector<Span> getReads() const;
  std::vector<Span> getTransfers() const;
  std::vector<Span> getStalls() const;
  void draw(Svg &svg, std::vector<Span> spans, double top, double bottom,
            llvm::StringRef cls, size_t limit) const;

  const Timeline &timeline;
  size_t most;
};

} // namespace

std::vector<Span> ScheduleDrawing::getCalls() const {
  std::vector<Span> spans;
  for (const TimelineStep &step : timeline.steps) {
    std::string what = step.name;
    if (!step.node.empty())
      what += "\nnode " + step.node;
    spans.push_back({step.begin, step.end,
                     describe(what, step.begin, step.end, timeline.inSteps)});
  }
  return spans;
}

std::vector<Span> ScheduleDrawing::getReads() const {
  std::vector<Span> spans;
  for (const TimelineRead &read : timeline.reads) {
    const TimelineUnit &unit = timeline.units[read.unit];
    std::string what = "unit " + unit.name + ", " + formatSize(unit.bytes);
    if (read.begin < 0)
      what += ", started by the inference before";
    if (read.end > timeline.length)
      what += ", for the inference that follows";
    spans.push_back({read.begin, read.end,
                     describe(what, read.begin, read.end, timeline.inSteps)});
  }
  return spans;
}

/// When the link is busy: reads that follow each other are one.
std::vector<Span> ScheduleDrawing::getTransfers() const {
  std::vector<Span> spans;
  for (const TimelineRead &read : timeline.reads) {
    if (!spans.empty() &&
        read.transfer <= spans.back().end + timeline.length * 1e-6) {
      spans.back().end = std::max(spans.back().end, read.end);
      ++spans.back().count;
    } else {
      spans.push_back({read.transfer, read.end, "link busy"});
    }
  }
  for (Span &span : spans) {
    std::string what = "the link is busy with " + std::to_string(span.count) +
                       (span.count == 1 ? " read" : " reads");
    span.title = describe(what, span.begin, span.end, timeline.inSteps);
    span.count = 1;
    span.busy = span.end - span.begin;
  }
  return spans;
}

std::vector<Span> ScheduleDrawing::getStalls() const {
  std::vector<Span> spans;
  for (const TimelineStall &stall : timeline.stalls) {
    std::string what = "waits for unit " + timeline.units[stall.unit].name;
    spans.push_back({stall.begin, stall.end,
                     describe(what, stall.begin, stall.end, timeline.inSteps)});
  }
  return spans;
}

void ScheduleDrawing::draw(Svg &svg, std::vector<Span> spans, double top,
                           double bottom, llvm::StringRef cls,
                           size_t limit) const {
  Axis x{0, timeline.length, Svg::kLeft, Svg::kRight};
  for (Span &span : join(std::move(spans), timeline.length, limit)) {
    if (span.end < 0 || span.begin > timeline.length)
      continue;
    if (span.count > 1)
      span.title =
          std::to_string(span.count) + " from here, the first: " + span.title;
    // Several with time between them are paler than one.
    double share = span.count > 1 ? span.busy / (span.end - span.begin) : 1;
    svg.rect(x.at(span.begin), top, x.at(span.end), bottom, cls, span.title,
             share);
  }
}

void ScheduleDrawing::run(llvm::raw_ostream &os) {
  constexpr double kTop = 10, kTrack = 26, kGap = 10, kLane = 8;
  std::vector<std::vector<Span>> lanes = spread(getReads());
  double reads = kTop + kTrack + kGap;
  double links = reads + kLane * std::max<size_t>(lanes.size(), 2) + kGap;
  double stalls = links + kTrack / 2 + kGap;
  double bottom = stalls + kTrack + 4;
  Svg svg(os, "schedule", "schedule", bottom + 34,
          "data-length=\"" + formatNumber(timeline.length, 9) + "\"");
  svg.timeAxis({0, timeline.length, Svg::kLeft, Svg::kRight}, kTop, bottom,
               timeline.inSteps ? "steps" : "predicted ms");
  auto label = [&](double y, llvm::StringRef words) {
    svg.text(Svg::kLeft - 6, y, words, "tick end");
  };
  label(kTop + 17, "compute");
  label(reads + 12, "reads");
  label(links + 10, "link");
  label(stalls + 17, "stalls");
  draw(svg, getCalls(), kTop, kTop + kTrack, "compute edge", most);
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    double top = reads + lane * kLane;
    draw(svg, std::move(lanes[lane]), top, top + kLane - 1, "read edge",
         std::max<size_t>(8, most / lanes.size()));
  }
  if (!timeline.inSteps)
    draw(svg, getTransfers(), links, links + kTrack / 2, "link", most / 4 + 8);
  draw(svg, getStalls(), stalls, stalls + kTrack, "stall", most / 2 + 8);
}

void swapc::drawSchedule(llvm::raw_ostream &os, const Timeline &timeline,
                         size_t most) {
  ScheduleDrawing(timeline, most).run(os);
}
