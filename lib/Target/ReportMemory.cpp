//===- ReportMemory.cpp - Bytes and addresses over time -----------*- C++
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

/// Steps [first, last] as one column of the drawing; its bytes are those of
/// `worst`, so that no peak is lost.
struct Column {
  double begin, end;
  size_t first, last;
  const TimelineStep *worst;
};

} // namespace

static std::vector<Column> makeColumns(const Timeline &timeline, size_t most) {
  std::vector<Column> columns;
  double least = timeline.length / most, from = 0;
  for (size_t i = 0; i < timeline.steps.size(); ++i) {
    const TimelineStep &step = timeline.steps[i];
    if (columns.empty() || columns.back().end - columns.back().begin >= least) {
      // What a stall waits for has its memory already.
      columns.push_back({from, step.end, i, i, &step});
    } else {
      Column &column = columns.back();
      column.end = step.end;
      column.last = i;
      if (timeline.getBytes(step) > timeline.getBytes(*column.worst))
        column.worst = &step;
    }
    from = step.end;
  }
  return columns;
}

static std::string describe(const Timeline &timeline, const Column &column) {
  std::string text;
  llvm::raw_string_ostream os(text);
  constexpr size_t kNames = 3;
  os << (column.first == column.last ? "step " : "steps ") << column.first;
  if (column.last > column.first)
    os << " to " << column.last;
  os << ": ";
  for (size_t i = column.first; i <= column.last && i < column.first + kNames;
       ++i)
    os << (i > column.first ? ", " : "") << timeline.steps[i].name;
  if (column.last - column.first >= kNames)
    os << ", ...";
  if (!timeline.inSteps)
    os << "\n"
       << formatNumber(column.begin) << " to " << formatNumber(column.end)
       << " ms";
  const TimelineStep &step = *column.worst;
  os << "\nin use " << formatSize(timeline.getBytes(step)) << ": ";
  if (timeline.overheadBytes)
    os << "code and graphs " << formatSize(timeline.overheadBytes) << ", ";
  os << "scratch "
     << formatSize(timeline.scratchBytes) << ", resident "
     << formatSize(timeline.residentBytes) << ", activations "
     << formatSize(step.activations) << ", streamed " << formatSize(step.slots);
  return text;
}

static std::string point(const char *command, double x, double y) {
  return command + formatNumber(x, 1) + " " + formatNumber(y, 1);
}

/// The area between two stacked heights of each column.
static void drawLayer(Svg &svg, llvm::ArrayRef<Column> columns, const Axis &x,
                      const Axis &y, llvm::ArrayRef<int64_t> low,
                      llvm::ArrayRef<int64_t> high, llvm::StringRef cls) {
  if (low == high)
    return;
  std::string data;
  for (size_t i = 0; i < columns.size(); ++i) {
    data += point(i ? "L" : "M", x.at(columns[i].begin), y.at(high[i]));
    data += "H" + formatNumber(x.at(columns[i].end), 1);
  }
  for (size_t i = columns.size(); i-- > 0;) {
    data += point("L", x.at(columns[i].end), y.at(low[i]));
    data += point("L", x.at(columns[i].begin), y.at(low[i]));
  }
  svg.path(data + "Z", cls);
}

static std::string getTimeWords(const Timeline &timeline) {
  return timeline.inSteps ? "steps" : "predicted ms";
}

void swapc::drawMemory(llvm::raw_ostream &os, const Timeline &timeline,
                       int64_t budget, size_t most) {
  constexpr double kTop = 20, kBottom = 250;
  int64_t peak = timeline.getPeak();
  std::string values = "data-peak=\"" + std::to_string(peak) +
                       "\" data-budget=\"" + std::to_string(budget) + "\"";
  Svg svg(os, "memory", "memory over time", kBottom + 34, values);
  // A budget far above would leave nothing to see.
  bool isNear = budget <= peak * 1.6;
  Axis x{0, timeline.length, Svg::kLeft, Svg::kRight};
  Axis y{0, (isNear ? budget : peak) * 1.1 + 1, kBottom, kTop};
  svg.byteAxis(y, x.begin, x.end);
  svg.timeAxis(x, kTop, kBottom, getTimeWords(timeline));
  std::vector<Column> columns = makeColumns(timeline, most);
  std::vector<int64_t> low(columns.size(), 0), high(columns.size());
  auto layer = [&](llvm::StringRef cls, auto &&getBytes) {
    for (size_t i = 0; i < columns.size(); ++i)
      high[i] = low[i] + getBytes(*columns[i].worst);
    drawLayer(svg, columns, x, y, low, high, cls);
    low = high;
  };
  layer("overhead", [&](auto &) { return timeline.overheadBytes; });
  layer("scratch", [&](auto &) { return timeline.scratchBytes; });
  layer("resident", [&](auto &) { return timeline.residentBytes; });
  layer("activations", [](const TimelineStep &s) { return s.activations; });
  layer("streamed", [](const TimelineStep &s) { return s.slots; });
  for (const Column &column : columns)
    svg.rect(x.at(column.begin), kTop, x.at(column.end), kBottom, "hover",
             describe(timeline, column));
  std::string words = "budget " + formatSize(budget);
  if (isNear)
    svg.line(x.begin, y.at(budget), x.end, y.at(budget), "budget");
  else
    words += ", above this drawing";
  svg.text(x.end, (isNear ? y.at(budget) : kTop) - 4, words, "tick end");
}

void swapc::drawAddresses(llvm::raw_ostream &os, const Timeline &timeline,
                          int64_t arena, size_t most) {
  constexpr double kTop = 10, kBottom = 290;
  std::vector<const TimelineTenant *> tenants;
  for (const TimelineTenant &tenant : timeline.tenants)
    tenants.push_back(&tenant);
  llvm::sort(tenants, [](const auto *a, const auto *b) {
    double first = a->bytes * (a->end - a->begin);
    double second = b->bytes * (b->end - b->begin);
    return first != second ? first > second : a < b; // of one vector
  });
  size_t left = tenants.size() > most ? tenants.size() - most : 0;
  tenants.resize(tenants.size() - left);
  std::string values = "data-arena=\"" + std::to_string(arena) + "\"";
  Svg svg(os, "addresses", "addresses over time", kBottom + 34, values);
  Axis x{0, timeline.length, Svg::kLeft, Svg::kRight};
  Axis y{0, arena * 1.02 + 1, kBottom, kTop};
  svg.byteAxis(y, x.begin, x.end);
  svg.timeAxis(x, kTop, kBottom, getTimeWords(timeline));
  auto always = [&](int64_t offset, int64_t bytes, llvm::StringRef cls) {
    if (bytes)
      svg.rect(x.begin, y.at(offset + bytes), x.end, y.at(offset), cls,
               (cls + ", " + formatSize(bytes) + " at " + llvm::Twine(offset))
                   .str());
  };
  always(timeline.scratchOffset, timeline.scratchBytes, "scratch");
  always(timeline.residentOffset, timeline.residentBytes, "resident");
  for (const TimelineTenant *tenant : tenants) {
    bool isUnit = tenant->unit >= 0;
    std::string title =
        (isUnit ? "unit " + timeline.units[tenant->unit].name : "activation") +
        ", " + formatSize(tenant->bytes) + " at " +
        std::to_string(tenant->offset) + "\n" + formatNumber(tenant->begin) +
        " to " + formatNumber(tenant->end) + (timeline.inSteps ? "" : " ms");
    svg.rect(x.at(tenant->begin), y.at(tenant->offset + tenant->bytes),
             x.at(tenant->end), y.at(tenant->offset),
             isUnit ? "streamed edge" : "activations edge", title);
  }
  if (left)
    svg.text(x.begin, kBottom + 28,
             "without the " + std::to_string(left) + " smallest", "tick");
}
