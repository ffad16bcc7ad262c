//===- PlanSummary.cpp - Plans in words -------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Swap/SwapDialect.h"
#include "swapc/Partition/Budget.h"
#include "swapc/Partition/Plan.h"
#include "swapc/Partition/PlanJson.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::swap;
using namespace swapc;

static int64_t getInteger(Operation *op, StringRef name) {
  auto value = op->getAttrOfType<IntegerAttr>(name);
  return value ? value.getInt() : 0;
}

/// "'kernel' (node 'node')"
static void printPlace(StringRef kernel, StringRef node, raw_ostream &os) {
  os << "'" << kernel << "'";
  if (!node.empty())
    os << " (node '" << node << "')";
}

static void printLimit(DictionaryAttr predicted, raw_ostream &os) {
  auto getText = [&](StringRef name) {
    auto value = predicted.getAs<StringAttr>(name);
    return value ? value.getValue() : StringRef();
  };
  StringRef limit = getText("limit"), kernel = getText("stall_kernel");
  os << (limit.empty() ? "" : "; ");
  if (limit == "nothing") {
    os << "nothing streams";
  } else if (limit == "memory") {
    os << "limited by memory";
    if (!kernel.empty()) {
      os << " ahead of ";
      printPlace(kernel, getText("stall_node"), os);
    }
  } else if (limit == "stalls") {
    os << "limited by waits for weights";
    if (!kernel.empty()) {
      os << ", the longest for ";
      printPlace(kernel, getText("stall_node"), os);
    }
  } else if (!limit.empty()) {
    os << "limited by " << (limit == "link" ? "the link" : limit);
  }
}

/// Milliseconds: a tenth matters less in long runs than in short ones.
static std::string formatMs(double ms) {
  std::string text;
  llvm::raw_string_ostream(text)
      << (ms > 0 && ms < 10 ? llvm::format("%.2f", ms)
                            : llvm::format("%.1f", ms));
  return text;
}

static void printPlan(PlanOp plan, raw_ostream &os) {
  auto predicted = plan->getAttrOfType<DictionaryAttr>(kPredictedAttr);
  auto getBytes = [&](StringRef name) -> int64_t {
    auto value = predicted ? predicted.getAs<IntegerAttr>(name) : IntegerAttr();
    return value ? value.getInt() : 0;
  };
  auto getMs = [&](StringRef name) {
    auto value = predicted ? predicted.getAs<FloatAttr>(name) : FloatAttr();
    return value ? value.getValueAsDouble() : 0;
  };
  double compute = getMs("compute_ms"), stream = getMs("stream_ms");
  double time = getMs("time_ms");
  double bound = std::max({compute, stream, getMs("bound_ms")});
  int64_t needed = getInteger(plan->getParentOp(), kModelBytesAttr);
  os << (plan.getMapped() ? "mapped, " : "") << "budget "
     << formatSize(plan.getBudget());
  if (needed > getOverheadBytes(plan->getParentOp()))
    os << llvm::format(" (%.1f %%)",
                       getPercent(plan.getBudget(), needed,
                                  getOverheadBytes(plan->getParentOp())));
  int64_t inPlace = getBytes("in_place_bytes");
  if (plan.getMapped())
    os << ": " << formatSize(inPlace) << " read in place";
  else
    os << ": " << formatSize(getBytes("resident_bytes")) << " resident, "
       << formatSize(getBytes("streamed_bytes")) << " streamed per run";
  if (inPlace && !plan.getMapped())
    os << " (" << formatSize(inPlace) << " of it read in place)";
  os << ", peak " << formatSize(plan.getPeak()) << "\n";
  os << "  predicted " << formatMs(time) << " ms; bound " << formatMs(bound)
     << " ms (compute " << formatMs(compute)
     << (plan.getMapped() ? ", reads in place " : ", link ") << formatMs(stream)
     << ")";
  if (double least = getMs("least_ms"); least > 1.05 * bound)
    os << ", with this memory " << formatMs(least) << " ms";
  if (predicted)
    printLimit(predicted, os);
  os << "\n";
}

void swapc::printPlanSummary(ModuleOp module, raw_ostream &os) {
  StringRef kernel, node;
  if (auto value = module->getAttrOfType<StringAttr>(kMinKernelAttr))
    kernel = value.getValue();
  if (auto value = module->getAttrOfType<StringAttr>(kMinNodeAttr))
    node = value.getValue();
  os << "needs " << formatSize(getInteger(module, kModelBytesAttr))
     << " without swapping: weights "
     << formatSize(getInteger(module, kWeightBytesAttr)) << ", activations "
     << formatSize(getInteger(module, kActivationBytesAttr));
  if (int64_t overhead = getOverheadBytes(module))
    os << ", code and graphs " << formatSize(overhead);
  os << "\n";
  os << "smallest budget " << formatSize(getInteger(module, kMinBytesAttr));
  if (!kernel.empty()) {
    os << ", set by kernel ";
    printPlace(kernel, node, os);
  }
  if (module->hasAttr(kFreeBytesAttr))
    os << "; streaming is free from "
       << formatSize(getInteger(module, kFreeBytesAttr));
  os << "\n";
  for (PlanOp plan : module.getOps<PlanOp>())
    printPlan(plan, os);
}
