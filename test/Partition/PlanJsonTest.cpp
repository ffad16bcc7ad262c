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
                   swap.min_node = "/first"} {
  swap.parameter @w : tensor<1024xf32> = #swap.file<"w", 0, 4096>
  swap.unit @u [#swap.piece<@w, 0, 1, 0>] length 4096
  func.func private @k(tensor<1024xf32>) -> tensor<1024xf32>
  swap.plan @plan_0 budget 8100 threads 2 resident [] attributes {
      arena = 8064 : i64, peak = 8000 : i64,
      swap.predicted = {compute_ms = 1.0, resident_bytes = 0 : i64,
                        stream_ms = 2.0, streamed_bytes = 4096 : i64,
                        time_ms = 2.5}} {
    %t = swap.in @u
    swap.wait %t
    swap.launch @k panels(0 to 1) [#swap.place<unit, 0, 0>, #swap.place<output, 0, 0>] {swap.origin = "/first"}
    swap.out %t
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
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(plan.getInteger("step_count"), 4);
  const char *ops[] = {"in", "wait", "launch", "out"};
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(steps[i].getAsObject()->getString("op"), ops[i]);
  EXPECT_EQ(steps[1].getAsObject()->getString("unit"), "u");
  EXPECT_EQ(steps[2].getAsObject()->getString("node"), "/first");
}

TEST_F(PlanText, SummaryNamesWhatLimits) {
  ASSERT_TRUE(module);
  swapc::printPlanSummary(*module, os);
  EXPECT_EQ(text,
            "needs 8.0 KiB without swapping: weights 4.0 KiB, activations 4.0 "
            "KiB\n"
            "smallest budget 7.8 KiB, set by kernel 'k' (node '/first')\n"
            "budget 7.9 KiB: peak 7.8 KiB, resident 0 bytes, streamed 4.0 KiB "
            "a run\n"
            "  estimated 2.5 ms; bound 2.0 ms (compute 1.0, link 2.0): the "
            "link limits\n");
}
