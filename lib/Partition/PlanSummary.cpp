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
  double time = getMs("time_ms"), bound = std::max(compute, stream);
  int64_t streamed = getBytes("streamed_bytes");
  os << "budget " << formatSize(plan.getBudget()) << ": peak "
     << formatSize(plan.getPeak()) << ", resident "
     << formatSize(getBytes("resident_bytes")) << ", streamed "
     << formatSize(streamed) << " a run\n";
  os << llvm::format("  estimated %.1f ms; bound %.1f ms (compute %.1f, "
                     "link %.1f): ",
                     time, bound, compute, stream);
  if (streamed == 0)
    os << "nothing streams\n";
  else if (compute >= stream)
    os << "compute limits\n";
  else
    os << "the link limits\n";
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
     << formatSize(getInteger(module, kActivationBytesAttr)) << "\n";
  os << "smallest budget " << formatSize(getInteger(module, kMinBytesAttr));
  if (!kernel.empty())
    os << ", set by kernel '" << kernel << "'";
  if (!node.empty())
    os << " (node '" << node << "')";
  os << "\n";
  for (PlanOp plan : module.getOps<PlanOp>())
    printPlan(plan, os);
}
