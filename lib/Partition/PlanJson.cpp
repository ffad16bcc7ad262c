//===- PlanJson.cpp - Plans as JSON -----------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/PlanJson.h"
#include "Sequence.h"
#include "swapc/Partition/Plan.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

static void writeInteger(llvm::json::OStream &json, Operation *op,
                         StringRef attribute) {
  auto value = op->getAttrOfType<IntegerAttr>(attribute);
  json.attribute(attribute.substr(strlen("swap.")), value ? value.getInt() : 0);
}

static void writeString(llvm::json::OStream &json, Operation *op,
                        StringRef attribute) {
  auto value = op->getAttrOfType<StringAttr>(attribute);
  json.attribute(attribute.substr(strlen("swap.")),
                 value ? llvm::json::fixUTF8(value.getValue()) : "");
}

static void writeStep(llvm::json::OStream &json, Operation &op) {
  if (op.getNumResults() && !isa<InOp, CallOp, RowsOp>(op))
    return; // a view or a parameter
  if (isa<ReturnOp>(op))
    return;
  json.object([&] {
    json.attribute("op", op.getName().stripDialect());
    Operation *unitOp =
        isa<WaitOp, OutOp>(op) ? op.getOperand(0).getDefiningOp() : &op;
    if (auto in = dyn_cast_or_null<InOp>(unitOp)) {
      json.attribute("unit", in.getUnit());
      if (isa<InOp>(op) && (in.getStarted() || in.getAhead()))
        json.attribute(in.getStarted() ? "started" : "ahead", true);
    }
    if (auto fetch = dyn_cast<FetchOp>(op))
      json.attribute("unit", fetch.getUnit());
    if (auto call = dyn_cast<CallOp>(op)) {
      json.attribute("kernel", call.getKernel());
      if (call.getBegin())
        json.attribute("panels",
                       llvm::json::Array{static_cast<int64_t>(*call.getBegin()),
                                         static_cast<int64_t>(*call.getEnd())});
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      json.attribute("kernel", launch.getKernel());
      json.attribute("panels",
                     llvm::json::Array{static_cast<int64_t>(launch.getBegin()),
                                       static_cast<int64_t>(launch.getEnd())});
    }
    if (auto origin = op.getAttrOfType<StringAttr>(SwapDialect::kOriginAttr))
      json.attribute("node", llvm::json::fixUTF8(origin.getValue()));
  });
}

/// One line each: [start_ms, bytes in use, kernel, ONNX node]. The first is
/// missing (null) where no plan predicts it, the second before the memory
/// phase.
static void writeTimeline(llvm::json::OStream &json, PlanOp plan,
                          const SymbolTable &symbols) {
  auto starts = plan->getAttrOfType<DenseI64ArrayAttr>(kStartsAttr);
  auto live = plan->getAttrOfType<DenseI64ArrayAttr>(kLiveAttr);
  int64_t step = 0;
  for (auto [position, op] : llvm::enumerate(plan.getBody().front())) {
    if (!isa<CallOp, RowsOp, LaunchOp, FetchOp>(op))
      continue;
    llvm::json::Array row{nullptr, nullptr,
                          llvm::json::fixUTF8(getKernelName(&op)),
                          llvm::json::fixUTF8(getOrigin(&op, symbols))};
    if (starts && step < starts.size())
      row[0] = starts[step] / 1e3;
    if (live && static_cast<int64_t>(position) < live.size())
      row[1] = live[position];
    json.rawValue(
        [&](raw_ostream &os) { os << llvm::json::Value(std::move(row)); });
    ++step;
  }
}

/// Points of the curve, one line each, under the names of their columns.
static void writeCurve(llvm::json::OStream &json, ArrayAttr points) {
  json.attributeArray("curve_columns", [&] {
    for (StringRef name : {"budget_bytes", "time_ms", "bound_ms", "least_ms",
                           "resident_bytes", "streamed_bytes"})
      json.value(name);
  });
  json.attributeArray("curve", [&] {
    for (auto point : points.getAsRange<ArrayAttr>()) {
      llvm::json::Array row;
      for (Attribute value : point) {
        if (auto integer = dyn_cast<IntegerAttr>(value))
          row.push_back(integer.getInt());
        else if (auto number = dyn_cast<FloatAttr>(value))
          row.push_back(number.getValueAsDouble());
      }
      json.rawValue(
          [&](raw_ostream &os) { os << llvm::json::Value(std::move(row)); });
    }
  });
}

static void writePlan(llvm::json::OStream &json, PlanOp plan,
                      const SymbolTable &symbols) {
  json.attribute("name", plan.getSymName());
  json.attribute("budget_bytes", static_cast<int64_t>(plan.getBudget()));
  json.attribute("arena_bytes", static_cast<int64_t>(plan.getArena()));
  json.attribute("peak_bytes", static_cast<int64_t>(plan.getPeak()));
  json.attribute("threads", static_cast<int64_t>(plan.getThreads()));
  double compute = 0, stream = 0;
  bool hasBound = false;
  if (auto predicted = plan->getAttrOfType<DictionaryAttr>(kPredictedAttr))
    for (NamedAttribute entry : predicted) {
      if (auto integer = dyn_cast<IntegerAttr>(entry.getValue()))
        json.attribute(entry.getName(), integer.getInt());
      if (auto text = dyn_cast<StringAttr>(entry.getValue()))
        json.attribute(entry.getName(), llvm::json::fixUTF8(text.getValue()));
      auto number = dyn_cast<FloatAttr>(entry.getValue());
      if (!number)
        continue;
      json.attribute(entry.getName(), number.getValueAsDouble());
      hasBound |= entry.getName() == "bound_ms";
      if (entry.getName() == "compute_ms")
        compute = number.getValueAsDouble();
      if (entry.getName() == "stream_ms")
        stream = number.getValueAsDouble();
    }
  if (!hasBound)
    json.attribute("bound_ms", std::max(compute, stream));
  json.attributeArray("resident", [&] {
    for (auto symbol : plan.getResident().getAsRange<FlatSymbolRefAttr>())
      json.value(symbol.getValue());
  });
  if (plan.getMapped())
    json.attribute("mapped", true);
  if (auto inPlace = plan.getInPlace())
    json.attributeArray("in_place", [&] {
      for (auto symbol : inPlace->getAsRange<FlatSymbolRefAttr>())
        json.value(symbol.getValue());
    });
  int64_t steps = 0;
  for (Operation &op : plan.getBody().front())
    steps += isa<InOp, WaitOp, OutOp, CallOp, RowsOp, LaunchOp, FetchOp>(op);
  json.attribute("step_count", steps);
  json.attributeArray("steps", [&] {
    for (Operation &op : plan.getBody().front())
      writeStep(json, op);
  });
  json.attributeArray("timeline", [&] { writeTimeline(json, plan, symbols); });
}

void swapc::writePlanJson(ModuleOp module, raw_ostream &os) {
  llvm::json::OStream json(os, 2);
  SymbolTable symbols(module);
  json.object([&] {
    writeString(json, module, SwapDialect::kModelAttr);
    for (StringRef attribute : {kWeightBytesAttr, kModelBytesAttr,
                                kMinBytesAttr, kActivationBytesAttr})
      writeInteger(json, module, attribute);
    if (module->hasAttr(SwapDialect::kOverheadAttr))
      json.attribute("overhead_bytes", getOverheadBytes(module));
    writeString(json, module, kMinKernelAttr);
    writeString(json, module, kMinNodeAttr);
    if (module->hasAttr(kFreeBytesAttr))
      writeInteger(json, module, kFreeBytesAttr);
    if (auto curve = module->getAttrOfType<ArrayAttr>(kCurveAttr))
      writeCurve(json, curve);
    auto plans = module.getOps<PlanOp>();
    if (!plans.empty())
      json.attribute("threads",
                     static_cast<int64_t>((*plans.begin()).getThreads()));
    json.attributeArray("units", [&] {
      for (UnitOp unit : module.getOps<UnitOp>())
        json.object([&] {
          json.attribute("name", unit.getSymName());
          json.attribute("length", static_cast<int64_t>(unit.getLength()));
          if (unit.getRowBytes())
            json.attribute("row_bytes",
                           static_cast<int64_t>(unit.getRowBytes()));
        });
    });
    json.attributeArray("plans", [&] {
      for (PlanOp plan : plans)
        json.object([&] { writePlan(json, plan, symbols); });
    });
  });
  os << "\n";
}
