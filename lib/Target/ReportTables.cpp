//===- ReportTables.cpp - The words and tables of a report --------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportTables.h"

#include "ReportSvg.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Partition/Plan.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

static constexpr size_t kRows = 10;

/// Rounded for people, exact for programs.
static std::string bytes(int64_t value) {
  return "<data value=\"" + std::to_string(value) + "\">" + formatSize(value) +
         "</data>";
}

static std::string ms(double value) {
  std::string text;
  llvm::raw_string_ostream(text)
      << "<data value=\"" << llvm::format("%.17g", value) << "\">"
      << formatNumber(value) << "</data>";
  return text;
}

PlanFigures PlanFigures::read(PlanOp plan) {
  PlanFigures figures;
  figures.budget = plan.getBudget();
  figures.peak = plan.getPeak();
  figures.arena = plan.getArena();
  auto predicted = plan->getAttrOfType<DictionaryAttr>(kPredictedAttr);
  auto read = [&](StringRef name, auto &value) {
    Attribute attribute = predicted ? predicted.get(name) : Attribute();
    if (auto integer = dyn_cast_or_null<IntegerAttr>(attribute))
      value = integer.getInt();
    else if (auto number = dyn_cast_or_null<FloatAttr>(attribute))
      value = number.getValueAsDouble();
  };
  read("resident_bytes", figures.resident);
  read("streamed_bytes", figures.streamed);
  read("compute_ms", figures.compute);
  read("stream_ms", figures.stream);
  read("least_ms", figures.least);
  read("time_ms", figures.time);
  read("cold_ms", figures.cold);
  read("stall_ms", figures.stall);
  read("bound_ms", figures.bound);
  if (plan.getMapped())
    read("in_place_bytes", figures.mapped);
  if (auto limit = predicted ? predicted.getAs<StringAttr>("limit") : nullptr)
    figures.limit = limit.str();
  return figures;
}

StringRef PlanFigures::getLimit() const {
  if (streamed == 0)
    return "nothing streams";
  if (limit == "memory")
    return "memory: too little fits ahead of where it is needed";
  if (limit == "stalls")
    return "waits for reads";
  if (limit.empty() ? compute >= stream : limit == "compute")
    return "compute";
  return "the link";
}

void swapc::writeModelWords(raw_ostream &os, ModuleOp module) {
  auto size = [&](StringRef name) {
    auto value = module->getAttrOfType<IntegerAttr>(name);
    return bytes(value ? value.getInt() : 0);
  };
  auto word = [&](StringRef name) {
    auto value = module->getAttrOfType<StringAttr>(name);
    return escapeMarkup(value ? value.getValue() : "");
  };
  os << "<p id=\"needs\">Without swapping the model needs "
     << size(kModelBytesAttr) << ": weights " << size(kWeightBytesAttr)
     << ", activations " << size(kActivationBytesAttr)
     << ". The smallest budget is " << size(kMinBytesAttr);
  std::string kernel = word(kMinKernelAttr), node = word(kMinNodeAttr);
  if (!kernel.empty())
    os << ", set by kernel " << kernel;
  if (!node.empty())
    os << " (node " << node << ")";
  os << ".";
  if (module->hasAttr(kFreeBytesAttr))
    os << " From " << size(kFreeBytesAttr)
       << " on, streaming adds next to nothing to the time.";
  os << "</p>\n<p class=\"note\">Times on this page are predicted from the "
        "plan; PROG --stats measures, PROG --trace records a run.</p>\n";
}

void swapc::writePlanTable(raw_ostream &os, ArrayRef<PlanFigures> plans) {
  bool hasLeast = llvm::any_of(
      plans, [](const PlanFigures &plan) { return plan.least > 0; });
  bool hasCold = llvm::any_of(
      plans, [](const PlanFigures &plan) { return plan.cold > 0; });
  os << "<div class=\"scroll\"><table id=\"plans\">\n<tr><th>budget</th>"
        "<th>peak</th><th>arena</th><th>resident</th><th>streamed a run</th>"
        "<th>compute ms</th><th>reads ms</th><th>bound ms</th>"
     << (hasLeast ? "<th>least ms</th>" : "") << "<th>predicted ms</th>"
     << (hasCold ? "<th>first run ms</th>" : "")
     << "<th>predicted ÷ bound</th><th class=\"words\">what limits</th></tr>\n";
  for (const PlanFigures &plan : plans) {
    os << "<tr><td>" << bytes(plan.budget) << "</td><td>" << bytes(plan.peak)
       << "</td><td>" << bytes(plan.arena) << "</td><td>"
       << bytes(plan.resident) << "</td><td>" << bytes(plan.streamed)
       << "</td><td>" << ms(plan.compute) << "</td><td>" << ms(plan.stream)
       << "</td><td>" << ms(plan.getBound()) << "</td><td>";
    if (hasLeast)
      os << ms(plan.least) << "</td><td>";
    os << ms(plan.time) << "</td><td>";
    if (hasCold)
      os << ms(plan.cold) << "</td><td>";
    if (plan.getBound() > 0)
      os << formatNumber(plan.time / plan.getBound(), 2);
    os << "</td><td class=\"words\">" << plan.getLimit() << "</td></tr>\n";
  }
  os << "</table></div>\n";
}

void swapc::writePlanWords(raw_ostream &os, const PlanFigures &plan,
                           int64_t modelBytes, int64_t overheadBytes) {
  os << "<p>";
  if (modelBytes > overheadBytes && plan.budget < modelBytes)
    os << formatNumber(getPercent(plan.budget, modelBytes, overheadBytes), 1)
       << " % of what the model needs"
       << (overheadBytes ? " beside code and graphs. " : ". ");
  os << "At its worst moment the plan has " << formatSize(plan.peak)
     << " in use; ";
  if (plan.mapped)
    os << formatSize(plan.mapped) << " of weights are read where they lie. ";
  else
    os << formatSize(plan.resident) << " of weights stay in memory and "
       << formatSize(plan.streamed) << " are read in each run. ";
  if (plan.time > 0) {
    os << "Predicted " << formatNumber(plan.time) << " ms";
    if (plan.streamed)
      os << ", of which " << formatNumber(plan.stall) << " ms wait for reads";
    os << "; bound " << formatNumber(plan.getBound())
       << " ms. What limits: " << plan.getLimit() << ".";
  }
  os << "</p>\n";
}

/// The values of `rows`, the longest first; equal ones in their order.
template <typename Row, typename Map>
static std::vector<Row> sortByTime(const Map &rows) {
  std::vector<std::pair<double, size_t>> keys;
  for (const auto &entry : rows)
    keys.push_back({-entry.second.time, keys.size()});
  llvm::sort(keys);
  std::vector<Row> sorted;
  for (auto [time, position] : keys)
    sorted.push_back((rows.begin() + position)->second);
  return sorted;
}

void swapc::writeKernelTable(raw_ostream &os, const Timeline &timeline) {
  struct Row {
    const TimelineStep *step;
    double time = 0;
    size_t calls = 0;
  };
  llvm::MapVector<std::pair<StringRef, StringRef>, Row> rows;
  double total = 0;
  for (const TimelineStep &step : timeline.steps) {
    Row &row = rows[{step.name, step.node}];
    row.step = &step;
    row.time += step.end - step.begin;
    row.calls += 1;
    total += step.end - step.begin;
  }
  std::vector<Row> sorted = sortByTime<Row>(rows);
  os << "<h3>Kernels that take most</h3>\n<div class=\"scroll\"><table "
        "class=\"kernels\">\n<tr><th>kernel</th><th class=\"words\">node</th>"
        "<th>calls</th><th>"
     << (timeline.inSteps ? "steps" : "ms") << "</th><th>%</th></tr>\n";
  for (const Row &row : ArrayRef(sorted).take_front(kRows))
    os << "<tr><td class=\"words\">" << escapeMarkup(row.step->name)
       << "</td><td class=\"words\">" << escapeMarkup(row.step->node)
       << "</td><td>" << row.calls << "</td><td>" << ms(row.time) << "</td><td>"
       << formatNumber(total > 0 ? 100 * row.time / total : 0, 1)
       << "</td></tr>\n";
  os << "</table></div>\n";
  if (sorted.size() > kRows)
    os << "<p class=\"note\">" << kRows << " of " << sorted.size() << ".</p>\n";
}

void swapc::writeStallTable(raw_ostream &os, const Timeline &timeline) {
  struct Row {
    TimelineStall first;
    double time = 0;
  };
  llvm::MapVector<int, Row> rows;
  for (const TimelineStall &stall : timeline.stalls) {
    Row &row = rows.try_emplace(stall.unit, Row{stall}).first->second;
    row.time += stall.end - stall.begin;
  }
  if (rows.empty())
    return;
  std::vector<Row> sorted = sortByTime<Row>(rows);
  os << "<h3>Units that compute waits for longest</h3>\n<div class=\"scroll\">"
        "<table class=\"stalls\">\n<tr><th>unit</th><th>size</th><th>ms</th>"
        "<th class=\"words\">before kernel</th><th "
        "class=\"words\">node</th></tr>\n";
  for (const Row &row : ArrayRef(sorted).take_front(kRows)) {
    const TimelineUnit &unit = timeline.units[row.first.unit];
    const TimelineStep *step = row.first.step < timeline.steps.size()
                                   ? &timeline.steps[row.first.step]
                                   : nullptr;
    os << "<tr><td class=\"words\">" << escapeMarkup(unit.name) << "</td><td>"
       << bytes(unit.bytes) << "</td><td>" << ms(row.time)
       << "</td><td class=\"words\">" << escapeMarkup(step ? step->name : "")
       << "</td><td class=\"words\">" << escapeMarkup(step ? step->node : "")
       << "</td></tr>\n";
  }
  os << "</table></div>\n";
  if (sorted.size() > kRows)
    os << "<p class=\"note\">" << kRows << " of " << sorted.size() << ".</p>\n";
}
