//===- PlanJsonTest.cpp - Plans as JSON and in words ------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/PlanJson.h"
#include "Swap/SwapDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace mlir;

static constexpr const char *kModule = R"mlir(
module attributes {swap.model = "tiny", swap.weight_bytes = 4096 : i64,
                   swap.model_bytes = 8192 : i64, swap.min_bytes = 8000 : i64,
                   swap.activation_bytes = 4096 : i64, swap.min_kernel = "k",
                   swap.min_node = "/first", swap.free_bytes = 8190 : i64,
                   swap.curve = [[8000, 2.5, 2.0, 2.25, 0, 4096],
                                 [8192, 1.0, 1.0, 1.0, 4096, 0]]} {
  swap.parameter @w : tensor<1024xf32> = #swap.file<"w", 0, 4096>
  swap.unit @u [#swap.piece<@w, 0, 1, 0>] length 4096
  func.func private @k(tensor<1024xf32>) -> tensor<1024xf32> attributes {swap.origin = "/kernel"}
  swap.plan @plan_0 budget 8100 threads 2 resident [] attributes {
      arena = 8064 : i64, peak = 8000 : i64,
      swap.live = array<i64: 4096, 4096, 4160, 0, 64, 4096>,
      swap.start_us = array<i64: 250, 1500>,
      swap.predicted = {cold_ms = 4.0, compute_ms = 1.0, least_ms = 2.25,
                        limit = "memory", longest_stall_ms = 1.25,
                        resident_bytes = 0 : i64, stall_kernel = "k",
                        stall_node = "/first", stream_ms = 2.0,
                        streamed_bytes = 4096 : i64, time_ms = 2.5}} {
    %t = swap.in started @u
    swap.wait %t
    swap.launch @k panels(0 to 1) [#swap.place<unit, 0, 0>, #swap.place<output, 0, 0>] {swap.origin = "/first"}
    swap.out %t
    swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<output, 1, 0>]
    %s = swap.in ahead @u
    swap.return
  }
}
)mlir";

namespace {

class PlanText : public testing::Test {
protected:
  PlanText() {
    context.loadDialect<swap::SwapDialect, func::FuncDialect>();
    module = parseSourceString<ModuleOp>(kModule, &context);
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string text;
  llvm::raw_string_ostream os{text};
};

} // namespace

TEST_F(PlanText, JsonHoldsWhatThePlanHolds) {
  ASSERT_TRUE(module);
  swapc::writePlanJson(*module, os);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  ASSERT_TRUE(static_cast<bool>(value)) << text;
  const llvm::json::Object &root = *value->getAsObject();
  EXPECT_EQ(root.getString("model"), "tiny");
  EXPECT_EQ(root.getInteger("model_bytes"), 8192);
  EXPECT_EQ(root.getInteger("min_bytes"), 8000);
  EXPECT_EQ(root.getString("min_kernel"), "k");
  EXPECT_EQ(root.getInteger("threads"), 2);
  EXPECT_EQ(root.getArray("units")->size(), 1u);
  const llvm::json::Object &plan =
      *root.getArray("plans")->front().getAsObject();
  EXPECT_EQ(plan.getInteger("budget_bytes"), 8100);
  EXPECT_EQ(plan.getInteger("peak_bytes"), 8000);
  EXPECT_EQ(plan.getInteger("streamed_bytes"), 4096);
  EXPECT_EQ(plan.getNumber("bound_ms"), 2.0);
  const llvm::json::Array &steps = *plan.getArray("steps");
  ASSERT_EQ(steps.size(), 6u);
  EXPECT_EQ(plan.getInteger("step_count"), 6);
  const char *ops[] = {"in", "wait", "launch", "out", "launch", "in"};
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(steps[i].getAsObject()->getString("op"), ops[i]);
  EXPECT_EQ(steps[0].getAsObject()->getBoolean("started"), true);
  EXPECT_EQ(steps[1].getAsObject()->getBoolean("started"), std::nullopt);
  EXPECT_EQ(steps[5].getAsObject()->getBoolean("ahead"), true);
  EXPECT_EQ(steps[1].getAsObject()->getString("unit"), "u");
  EXPECT_EQ(steps[2].getAsObject()->getString("node"), "/first");
}

TEST_F(PlanText, JsonHoldsThePrediction) {
  ASSERT_TRUE(module);
  swapc::writePlanJson(*module, os);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  ASSERT_TRUE(static_cast<bool>(value)) << text;
  const llvm::json::Object &root = *value->getAsObject();
  EXPECT_EQ(root.getInteger("free_bytes"), 8190);
  const llvm::json::Array &curve = *root.getArray("curve");
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_EQ(curve[0], llvm::json::Value(
                          llvm::json::Array{8000, 2.5, 2.0, 2.25, 0, 4096}));
  EXPECT_EQ(root.getArray("curve_columns")->size(), 6u);
  const llvm::json::Object &plan =
      *root.getArray("plans")->front().getAsObject();
  EXPECT_EQ(plan.getNumber("least_ms"), 2.25);
  EXPECT_EQ(plan.getNumber("cold_ms"), 4.0);
  EXPECT_EQ(plan.getString("limit"), "memory");
  EXPECT_EQ(plan.getString("stall_node"), "/first");
  const llvm::json::Array &timeline = *plan.getArray("timeline");
  ASSERT_EQ(timeline.size(), 2u);
  EXPECT_EQ(timeline[0],
            llvm::json::Value(llvm::json::Array{0.25, 4160, "k", "/first"}));
  EXPECT_EQ(timeline[1],
            llvm::json::Value(llvm::json::Array{1.5, 64, "k", "/kernel"}));
}

TEST_F(PlanText, SummaryNamesWhatLimits) {
  ASSERT_TRUE(module);
  swapc::printPlanSummary(*module, os);
  EXPECT_EQ(text,
            "needs 8.0 KiB without swapping: weights 4.0 KiB, activations 4.0 "
            "KiB\n"
            "smallest budget 7.8 KiB, set by kernel 'k' (node '/first'); "
            "streaming is free from 8.0 KiB\n"
            "budget 7.9 KiB (98.9 %): 0 bytes resident, 4.0 KiB streamed per "
            "run, peak 7.8 KiB\n"
            "  predicted 2.50 ms; bound 2.00 ms (compute 1.00, link 2.00), with "
            "this memory 2.25 ms; limited by memory ahead of 'k' (node "
            "'/first')\n");
}

TEST_F(PlanText, BothTellOfReadsInPlaceAndOfTheOverhead) {
  ASSERT_TRUE(module);
  swap::PlanOp plan = *module->getOps<swap::PlanOp>().begin();
  Builder builder(&context);
  plan.setInPlaceAttr(
      builder.getArrayAttr(FlatSymbolRefAttr::get(&context, "u")));
  NamedAttrList entries(plan->getAttrOfType<DictionaryAttr>("swap.predicted"));
  entries.set("in_place_bytes", builder.getI64IntegerAttr(2048));
  plan->setAttr("swap.predicted", entries.getDictionary(&context));
  (*module)->setAttr("swap.overhead", builder.getI64IntegerAttr(3072));
  swapc::writePlanJson(*module, os);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  ASSERT_TRUE(static_cast<bool>(value)) << text;
  const llvm::json::Object &root = *value->getAsObject();
  EXPECT_EQ(root.getInteger("overhead_bytes"), 3072);
  const llvm::json::Object &first =
      *root.getArray("plans")->front().getAsObject();
  EXPECT_EQ(*first.getArray("in_place"), llvm::json::Array{"u"});
  EXPECT_EQ(first.getInteger("in_place_bytes"), 2048);
  text.clear();
  swapc::printPlanSummary(*module, os);
  EXPECT_TRUE(llvm::StringRef(text).contains(
      "activations 4.0 KiB, code and graphs 3.0 KiB\n"))
      << text;
  EXPECT_TRUE(llvm::StringRef(text).contains(
      "4.0 KiB streamed per run (2.0 KiB of it read in place), peak"))
      << text;
}

TEST_F(PlanText, SummarySaysEachLimitInWords) {
  ASSERT_TRUE(module);
  swap::PlanOp plan = *module->getOps<swap::PlanOp>().begin();
  for (auto [limit, words] :
       {std::pair{"nothing", "nothing streams\n"},
        {"compute", "limited by compute\n"},
        {"link", "limited by the link\n"},
        {"stalls", "limited by waits for weights, the longest for 'k' (node "
                   "'/first')\n"}}) {
    NamedAttrList entries(
        plan->getAttrOfType<DictionaryAttr>("swap.predicted"));
    entries.set("limit", StringAttr::get(&context, limit));
    plan->setAttr("swap.predicted", entries.getDictionary(&context));
    text.clear();
    swapc::printPlanSummary(*module, os);
    EXPECT_TRUE(llvm::StringRef(text).ends_with(words)) << text;
  }
}
