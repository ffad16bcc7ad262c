//===- Report.cpp - Plans as a page to look at --------------------*- C++
//-*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Report.h"

#include "ReportDrawings.h"
#include "ReportPage.h"
#include "ReportSvg.h"
#include "ReportTables.h"

#include "swapc/Partition/Budget.h"
#include "swapc/Partition/Plan.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

// Enough for the eye, and a page stays under 2 MB however long the plans are.
static constexpr size_t kElements = 6000;
static constexpr size_t kMostPlans = 40;

static int64_t getInteger(Operation *op, StringRef name) {
  auto value = op->getAttrOfType<IntegerAttr>(name);
  return value ? value.getInt() : 0;
}

static std::string getModelName(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>(SwapDialect::kModelAttr);
  return name ? name.str() : "model";
}

/// The attribute that swap-plan leaves, or nothing.
static std::vector<CurvePoint> getCurve(ModuleOp module) {
  std::vector<CurvePoint> curve;
  auto points = module->getAttrOfType<ArrayAttr>(kCurveAttr);
  for (Attribute attribute :
       points ? points.getValue() : ArrayRef<Attribute>()) {
    auto fields = dyn_cast<ArrayAttr>(attribute);
    if (!fields || fields.size() != 6)
      continue;
    double values[6] = {};
    for (auto [value, field] : llvm::zip(values, fields)) {
      if (auto integer = dyn_cast<IntegerAttr>(field))
        value = integer.getInt();
      else if (auto number = dyn_cast<FloatAttr>(field))
        value = number.getValueAsDouble();
    }
    CurvePoint point;
    point.budget = values[0];
    point.time = values[1];
    point.bound = values[2];
    point.least = values[3];
    point.resident = values[4];
    point.streamed = values[5];
    curve.push_back(point);
  }
  return curve;
}

static void writeKey(raw_ostream &os,
                     ArrayRef<std::pair<StringRef, StringRef>> entries) {
  os << "<figcaption class=\"key\">";
  for (auto [color, words] : entries)
    os << "<i style=\"background: var(--" << color << ")\"></i>" << words;
  os << "</figcaption>\n";
}

static void writeCurve(raw_ostream &os, ModuleOp module,
                       ArrayRef<PlanFigures> figures) {
  std::vector<CurvePoint> curve = getCurve(module), asked;
  for (const PlanFigures &plan : figures)
    asked.push_back({plan.budget, plan.time, plan.getBound(), plan.least,
                     plan.resident, plan.streamed});
  os << "<h2>Time against budget</h2>\n<figure>\n";
  drawCurve(os, curve, asked, getInteger(module, kMinBytesAttr),
            getInteger(module, kModelBytesAttr));
  SmallVector<std::pair<StringRef, StringRef>> key;
  if (curve.size() > 1)
    key = {{"predicted", "predicted"},
           {"bound", "bound: the larger of compute and reads"},
           {"least", "least that any schedule takes"}};
  key.push_back({"budget", "budgets asked for"});
  writeKey(os, key);
  os << "</figure>\n";
}

static void writeDrawings(raw_ostream &os, PlanOp plan,
                          const Timeline &timeline, size_t elements) {
  os << "<h3>Memory</h3>\n<figure>\n";
  drawMemory(os, timeline, plan.getBudget(), elements / 3);
  writeKey(os, {{"scratch", "scratch"},
                {"resident", "resident weights"},
                {"activations", "activations"},
                {"streamed", "streamed weights"},
                {"budget", "budget"}});
  os << "</figure>\n<h3>Schedule</h3>\n<figure>\n";
  drawSchedule(os, timeline, elements / 6);
  writeKey(os, {{"resident", "compute"},
                {"read", "reads, from their start to their completion"},
                {"link", "the link is busy"},
                {"stall", "compute waits for a unit"}});
  os << "</figure>\n<h3>Addresses</h3>\n<figure>\n";
  drawAddresses(os, timeline, plan.getArena(), elements / 3);
  writeKey(os, {{"scratch", "scratch"},
                {"resident", "resident weights"},
                {"activations", "activations"},
                {"streamed", "streamed weights"}});
  os << "</figure>\n";
}

static void writePlan(raw_ostream &os, ModuleOp module, PlanOp plan,
                      const PlanFigures &figures, size_t elements) {
  Timeline timeline = Timeline::build(plan);
  os << "<section id=\"" << escapeMarkup(plan.getSymName()) << "\">\n<h2>"
     << "Budget " << formatSize(plan.getBudget()) << "</h2>\n";
  writePlanWords(os, figures, getInteger(module, kModelBytesAttr),
                 getOverheadBytes(module));
  if (timeline.steps.empty()) {
    os << "<p class=\"note\">Nothing is computed: the plan has no steps.</p>\n"
       << "</section>\n";
    return;
  }
  if (timeline.inSteps)
    os << "<p class=\"note\">No times are known: drawn in steps.</p>\n";
  writeDrawings(os, plan, timeline, elements);
  writeKernelTable(os, timeline);
  writeStallTable(os, timeline);
  os << "</section>\n";
}

static void writeBody(raw_ostream &os, ModuleOp module) {
  std::vector<PlanFigures> figures;
  std::vector<PlanOp> plans;
  for (PlanOp plan : module.getOps<PlanOp>()) {
    plans.push_back(plan);
    figures.push_back(PlanFigures::read(plan));
  }
  os << "<h1>" << escapeMarkup(getModelName(module)) << "</h1>\n";
  writeModelWords(os, module);
  writePlanTable(os, figures);
  writeCurve(os, module, figures);
  size_t drawn = std::min(plans.size(), kMostPlans);
  if (drawn < plans.size())
    os << "<p class=\"note\">Drawn below: the first " << drawn << " of "
       << plans.size() << " plans.</p>\n";
  for (size_t i = 0; i < drawn; ++i)
    writePlan(os, module, plans[i], figures[i],
              std::min<size_t>(kElements / drawn, 1500));
}

void swapc::writeReport(ModuleOp module, raw_ostream &os) {
  StringRef page = kReportPage;
  auto [head, rest] = page.split("<!--title-->");
  auto [middle, tail] = rest.split("<!--body-->");
  os << head << escapeMarkup(getModelName(module)) << ": plans" << middle;
  writeBody(os, module);
  os << tail;
}
