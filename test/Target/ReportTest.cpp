//===- ReportTest.cpp - Timelines and the page made from them ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Report.h"
#include "ReportSvg.h"
#include "ReportTimeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace swapc;

// Two calls of a millisecond; a link of 4096 bytes a millisecond. @b is read
// ahead: at the end of an inference for the one that follows.
static constexpr const char *kModule = R"mlir(
module attributes {swap.model = "<b>\22tiny\22</b>", swap.model_bytes = 20480 : i64,
                   swap.min_bytes = 8192 : i64, swap.min_node = "</script>",
                   swap.curve = [[8192, 5.0, 4.0, 4.5, 0, 8192], [20480, 2.0, 2.0, 2.0, 8192, 0]]} {
  swap.parameter @w : tensor<1024xf32> = #swap.file<"w", 0, 4096>
  swap.unit @a [#swap.piece<@w, 0, 1, 0>] length 4096
  swap.unit @b [#swap.piece<@w, 0, 1, 0>] length 4096
  swap.unit @r [#swap.piece<@w, 0, 1, 0>] length 4096
  func.func private @k(tensor<1024xf32>) -> tensor<1024xf32>
  swap.plan @plan_0 budget 18000 threads 2 resident [@r] attributes {
      arena = 16384 : i64, peak = 16320 : i64, scratch_offset = 12096 : i64,
      scratch_stride = 64 : i64, slots = array<i64: 0, 4096, 12288>,
      swap.buffers = array<i64: 8192, 3900, 0, 0, 8192, 100, 1, 1>,
      swap.predicted = {compute_ms = 2.0, resident_bytes = 4096 : i64,
                        stream_ms = 2.0, streamed_bytes = 8192 : i64,
                        time_ms = 2.5}} {
    %b0 = swap.in started @b
    swap.wait %b0
    %a = swap.in @a
    swap.launch @k panels(0 to 1) [#swap.place<unit, 1, 0>, #swap.place<arena, 0, 8192>] {swap.origin = "/first<script>", swap.seconds = 1.0e-03 : f64}
    swap.out %b0
    swap.wait %a
    %b1 = swap.in ahead @b
    swap.launch @k panels(0 to 1) [#swap.place<unit, 0, 0>, #swap.place<output, 0, 0>] {swap.seconds = 1.0e-03 : f64}
    swap.out %a
    swap.return
  }
}
)mlir";

namespace {

class Report : public testing::Test {
protected:
  Report() { context.loadDialect<swap::SwapDialect, func::FuncDialect>(); }

  OwningOpRef<ModuleOp> parse(const std::string &text) {
    return parseSourceString<ModuleOp>(text, &context);
  }
  static Timeline getTimeline(ModuleOp module) {
    return Timeline::build(*module.getOps<swap::PlanOp>().begin());
  }
  static std::string getPage(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream os(text);
    writeReport(module, os);
    return text;
  }
  /// The number of times that `part` is in `text`.
  static size_t count(llvm::StringRef text, llvm::StringRef part) {
    return text.count(part);
  }

  MLIRContext context;
};

} // namespace

TEST_F(Report, AKernelThatReadsInPlaceTakesAsLongAsTheBus) {
  OwningOpRef<ModuleOp> module = parse(R"mlir(
module attributes {swap.overhead = 1000 : i64, swap.link = {
    bytesPerSecond = 4096000.0, latency = 0.0, perRead = 0.0,
    startSeconds = 0.0, cpuPerByte = 0.0, inPlaceBytesPerSecond = 2048000.0}} {
  swap.parameter @w : tensor<1024xf32> = #swap.file<"w", 0, 4096>
  swap.unit @a [#swap.piece<@w, 0, 1, 0>] length 4096
  swap.unit @b [#swap.piece<@w, 0, 1, 0>] length 4096
  func.func private @k(tensor<1024xf32>) -> tensor<1024xf32>
  swap.plan @plan_0 budget 18000 threads 1 resident [] in_place [@a] attributes {
      arena = 4096 : i64, slots = array<i64: -2, 0>} {
    %b = swap.in @b
    swap.launch @k panels(0 to 1) [#swap.place<unit, 0, 0>, #swap.place<output, 0, 0>] {swap.seconds = 1.0e-03 : f64}
    swap.wait %b
    swap.launch @k panels(0 to 1) [#swap.place<unit, 1, 0>, #swap.place<output, 0, 0>] {swap.seconds = 1.0e-03 : f64}
    swap.out %b
    swap.return
  }
}
)mlir");
  ASSERT_TRUE(module);
  Timeline timeline = getTimeline(*module);
  ASSERT_EQ(timeline.steps.size(), 2u);
  // 2 ms of the bus for the kernel, and 1 for the read beside it.
  EXPECT_NEAR(timeline.steps[0].end, 3, 1e-9);
  EXPECT_NEAR(timeline.steps[1].begin, 3, 1e-9);
  EXPECT_NEAR(timeline.length, 4, 1e-9);
  ASSERT_EQ(timeline.reads.size(), 2u);
  EXPECT_EQ(timeline.reads[0].unit, 1);
  EXPECT_NEAR(timeline.reads[0].end, 2, 1e-9);
  EXPECT_EQ(timeline.reads[1].unit, 0);
  EXPECT_NEAR(timeline.reads[1].end, 3, 1e-9);
  EXPECT_EQ(timeline.getPeak(), 1000 + 4096);
}

TEST_F(Report, TimelineOfAnInferenceThatFollowsAnother) {
  OwningOpRef<ModuleOp> module = parse(kModule);
  ASSERT_TRUE(module);
  Timeline timeline = getTimeline(*module);
  EXPECT_FALSE(timeline.inSteps);
  ASSERT_EQ(timeline.steps.size(), 2u);
  EXPECT_EQ(timeline.steps[0].node, "/first<script>");
  EXPECT_NEAR(timeline.steps[0].end - timeline.steps[0].begin, 1, 1e-9);
  // @b, read ahead in the last millisecond, is nearly there.
  ASSERT_EQ(timeline.reads.size(), 3u);
  EXPECT_LT(timeline.reads[0].begin, 0);
  EXPECT_LT(timeline.steps[0].begin, 0.3);
  // The read of @a takes longer than the call beside it.
  ASSERT_EQ(timeline.stalls.size(), 2u);
  EXPECT_EQ(timeline.stalls[1].unit, 0);
  EXPECT_EQ(timeline.stalls[1].step, 1u);
  EXPECT_NEAR(timeline.steps[1].begin, timeline.stalls[1].end, 0.01);
  EXPECT_NEAR(timeline.length, timeline.steps[1].end, 1e-9);
  // The read for the inference that follows goes on after the end.
  EXPECT_GT(timeline.reads[2].end, timeline.length);

  EXPECT_EQ(timeline.scratchBytes, 128);
  EXPECT_EQ(timeline.residentBytes, 4096);
  EXPECT_EQ(timeline.residentOffset, 12288);
  EXPECT_EQ(timeline.steps[0].activations, 3904); // whole lines of 64 bytes
  EXPECT_EQ(timeline.steps[1].activations, 128);
  EXPECT_EQ(timeline.steps[0].slots, 8192);
  EXPECT_EQ(timeline.steps[1].slots, 8192);
  EXPECT_EQ(timeline.getPeak(), 128 + 4096 + 3904 + 8192);
  ASSERT_EQ(timeline.tenants.size(), 5u);
  EXPECT_EQ(timeline.tenants[0].begin, 0);             // @b, from the beginning
  EXPECT_EQ(timeline.tenants[2].end, timeline.length); // @b again, to the end
}

TEST_F(Report, PageShowsThePlan) {
  OwningOpRef<ModuleOp> module = parse(kModule);
  ASSERT_TRUE(module);
  std::string page = getPage(*module);
  EXPECT_EQ(page, getPage(*module));
  for (const char *part :
       {"<data value=\"20480\">20.0 KiB</data>", "data-peak=\"16320\"",
        "data-budget=\"18000\"", "data-points=\"2\"", "line least",
        "max 20.0 KiB", "min 8.0 KiB", "started by the inference before",
        "for the inference that follows", "waits for unit a",
        "without swapping the model", "node /first&lt;script&gt;",
        "<title>&lt;b&gt;&quot;tiny&quot;&lt;/b&gt;: plans</title>"})
    EXPECT_TRUE(llvm::StringRef(page).contains_insensitive(part)) << part;
  EXPECT_EQ(count(page, "<script"), 1u);
  EXPECT_EQ(count(page, "</script"), 1u);
  EXPECT_EQ(count(page, "<svg"), 4u);
}

// Without seconds a step is a unit of time, and nothing claims to be a time.
TEST_F(Report, PlansWithoutTimes) {
  std::string text = kModule;
  for (size_t at;
       (at = text.find("swap.seconds = 1.0e-03 : f64")) != std::string::npos;)
    text.replace(at, 28, "swap.x");
  OwningOpRef<ModuleOp> module = parse(text);
  ASSERT_TRUE(module);
  Timeline timeline = getTimeline(*module);
  EXPECT_TRUE(timeline.inSteps);
  EXPECT_EQ(timeline.length, 2);
  EXPECT_TRUE(timeline.stalls.empty());
  std::string page = getPage(*module);
  EXPECT_EQ(count(page, "drawn in steps"), 1u);
  EXPECT_EQ(count(page, ">predicted ms</text>"), 0u);
}

TEST_F(Report, NothingToDraw) {
  OwningOpRef<ModuleOp> module = parse(
      "module { swap.plan @p budget 0 threads 1 resident [] { swap.return } }");
  ASSERT_TRUE(module);
  std::string page = getPage(*module);
  EXPECT_EQ(count(page, "the plan has no steps"), 1u);
  EXPECT_EQ(count(page, "nan"), 0u);
  EXPECT_EQ(count(getPage(*parse("module {}")), "<h1>model</h1>"), 1u);
}

// Plans of ten thousand steps, and many of them, give pages of bounded size
// that still show the one step where memory is highest.
TEST_F(Report, LongPlansAreDrawnShort) {
  std::string text = kModule;
  size_t at = text.find("    swap.return");
  std::string plan = text.substr(text.find("  swap.plan"));
  plan = plan.substr(0, plan.rfind('}'));
  std::string steps;
  for (int i = 0; i < 10000; ++i)
    steps += "    swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, "
             "#swap.place<output, 0, 0>] {swap.origin = \"/node with some "
             "name/of the model/" +
             std::to_string(i) + "\", swap.seconds = 1.0e-05 : f64}\n";
  text.insert(at, steps);
  OwningOpRef<ModuleOp> module = parse(text);
  ASSERT_TRUE(module);
  std::string page = getPage(*module);
  EXPECT_EQ(count(page, "data-peak=\"16320\""), 1u);
  EXPECT_EQ(count(page, "10 of 10002."), 1u);
  EXPECT_LT(page.size(), 1'000'000u);

  text = kModule;
  for (int i = 1; i < 60; ++i) {
    std::string copy = plan;
    copy.replace(copy.find("@plan_0"), 7, "@plan_" + std::to_string(i));
    copy.insert(copy.find("    swap.return"), steps.substr(0, 40000));
    copy.erase(copy.rfind("    swap.launch"),
               copy.find("    swap.return") - copy.rfind("    swap.launch"));
    text.insert(text.rfind('}'), copy);
  }
  module = parse(text);
  ASSERT_TRUE(module);
  page = getPage(*module);
  EXPECT_EQ(count(page, "<section"), 40u);
  EXPECT_EQ(count(page, "the first 40 of 60 plans"), 1u);
  EXPECT_LT(page.size(), 2'000'000u);
}

TEST(ReportSvg, EscapesWhatMarkupMayNotHold) {
  EXPECT_EQ(escapeMarkup("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escapeMarkup("größe 卷"), "größe 卷");
  EXPECT_EQ(escapeMarkup("a\x01\nb"), "a\xEF\xBF\xBD\xEF\xBF\xBD"
                                      "b");
  EXPECT_EQ(escapeMarkup("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(escapeMarkup("\xEF\xBF\xBE<"), "\xEF\xBF\xBD&lt;");
}

TEST(ReportSvg, RoundNumbers) {
  EXPECT_EQ(formatNumber(1.5), "1.5");
  EXPECT_EQ(formatNumber(100), "100");
  EXPECT_EQ(formatNumber(-0.0001), "0");
  EXPECT_EQ(formatNumber(0.12345), "0.123");
  EXPECT_EQ(getTicks(0), std::vector<double>{0});
  EXPECT_EQ(getTicks(1).back(), 1);
  EXPECT_EQ(getTicks(1.7), (std::vector<double>{0, 0.5, 1, 1.5}));
  for (double to : {1e-9, 0.3, 7.0, 99.0, 12345.0, 1e15}) {
    EXPECT_LE(getTicks(to).size(), 9u) << to;
    EXPECT_GE(getTicks(to).size(), 3u) << to;
  }
  EXPECT_EQ(getTicks(1024, /*powersOfTwo=*/true).size(), 9u);
}
