//===- CudaTest.cpp - Models run right on the fake GPU ----------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "CudaTest.h"

using namespace gpu;

namespace {

const std::vector<uint64_t> kChain = {5000,  8192,  40000, 4100,
                                      12288, 12288, 12288, 100000};

const Layout kStreamed = {2, {}, {}, false, false};
const Layout kAhead = {2, {}, {}, false, true};
const Layout kFourAhead = {4, {}, {}, true, true, true};
const Layout kMixed = {1, {1, 2, 3}, {0, 7}, true, true};
const Layout kResident = {1, {0, 1, 2, 3, 4, 5, 6, 7}, {}, true, false};
const Layout kPlace = {3, {3}, {2}, false, false};
const Layout kBanded = {2, {}, {2}, true, false, false, true};

struct Case {
  const char *name;
  Layout layout;
  uint32_t source;
  uint32_t flags;
  int order;
  uint32_t seed;
  uint64_t hostBudget;
};

void PrintTo(const Case &c, std::ostream *os) { *os << c.name; }

std::vector<Case> allCases() {
  std::vector<Case> cases;
  const std::pair<const char *, Layout> layouts[] = {
      {"streamed", kStreamed},   {"ahead", kAhead},
      {"fourAhead", kFourAhead}, {"mixed", kMixed},
      {"resident", kResident},   {"place", kPlace},
      {"banded", kBanded}};
  for (const auto &layout : layouts)
    for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE})
      for (uint32_t flags : {0u, SWAP_CUDA_FLAG_SHARED})
        for (int order : {SWAP_FAKE_FIFO, SWAP_FAKE_LAZY, SWAP_FAKE_COPIES,
                          SWAP_FAKE_RANDOM})
          for (uint64_t budget : {0, 160 << 10})
            if (budget == 0 || source == SWAP_CUDA_STORAGE)
              cases.push_back({layout.first, layout.second, source, flags,
                               order, static_cast<uint32_t>(cases.size()),
                               budget});
  return cases;
}

class CudaRun : public CudaFixture, public testing::WithParamInterface<Case> {
protected:
  void prepare() {
    const Case &c = GetParam();
    swap_fake_configure()->order = c.order;
    swap_fake_configure()->seed = c.seed;
    options.source = c.source;
    options.flags = c.flags;
    options.host_budget_bytes = c.hostBudget;
    make(kChain, {c.layout});
  }
};

TEST_P(CudaRun, GivesTheReferenceAgainAndAgain) {
  prepare();
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  for (uint32_t i = 0; i < 5; ++i)
    runAndCompare(i);
}

TEST_P(CudaRun, AndWithoutGraphs) {
  prepare();
  options.no_graph = 1;
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  for (uint32_t i = 0; i < 3; ++i)
    runAndCompare(i);
}

TEST_P(CudaRun, AndOneByOneWithTheMemoryChecked) {
  prepare();
  options.check_memory = 1;
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  for (uint32_t i = 0; i < 3; ++i)
    runAndCompare(i);
}

TEST_P(CudaRun, AndInTurns) {
  prepare();
  options.flags |= SWAP_FLAG_SERIAL;
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  for (uint32_t i = 0; i < 3; ++i)
    runAndCompare(i);
}

TEST_P(CudaRun, WhateverIsReadAhead) {
  prepare();
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  const int ahead[] = {1, 0, 0, 1, 1, 0, 1, 1, 1};
  for (uint32_t i = 0; i < std::size(ahead); ++i) {
    swap_cuda_ahead(handle, ahead[i]);
    runAndCompare(i);
  }
}

TEST_P(CudaRun, AfterMeasurements) {
  prepare();
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  runAndCompare(1);
  EXPECT_GT(swap_cuda_compute(handle), 0) << swap_cuda_error(handle);
  runAndCompare(2);
  runAndCompare(3);
  EXPECT_GT(swap_cuda_session(handle)->counters.compute_ns, 0u);
}

TEST_P(CudaRun, ReportsEveryStepInOrder) {
  prepare();
  struct Seen {
    std::vector<std::pair<int, uint32_t>> steps;
    uint64_t last = 0;
    bool isSane = true;
  } seen;
  options.event_context = &seen;
  options.event = [](void *context, swap_event_kind kind, uint32_t index,
                     uint64_t begin, uint64_t end) {
    auto *s = static_cast<Seen *>(context);
    s->steps.push_back({kind, index});
    s->isSane &= begin <= end;
  };
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  const swap_plan *plan = swap_cuda_session(handle)->plan;
  for (uint32_t run = 0; run < 3; ++run) {
    seen.steps.clear();
    runAndCompare(run);
    ASSERT_EQ(seen.steps.size(), plan->step_count);
    for (uint32_t i = 0; i < plan->step_count; ++i) {
      static const int kinds[] = {SWAP_EVENT_IN, SWAP_EVENT_WAIT,
                                  SWAP_EVENT_OUT, SWAP_EVENT_CALL,
                                  SWAP_EVENT_WAIT};
      EXPECT_EQ(seen.steps[i].first, kinds[plan->steps[i].op]);
      EXPECT_EQ(seen.steps[i].second, plan->steps[i].index);
    }
    EXPECT_TRUE(seen.isSane);
  }
}

TEST_P(CudaRun, TellsAWrongIndexAndGoesOn) {
  prepare();
  ASSERT_EQ(open(), SWAP_OK) << swap_cuda_error(handle);
  runAndCompare(1);
  Tensors wrong(2);
  wrong.ids[2] = kTableRows;
  EXPECT_EQ(swap_cuda_run(handle, wrong.inputs, wrong.outputs), SWAP_ERR_INDEX);
  EXPECT_EQ(swap_cuda_session(handle)->failed_offset, 2u);
  EXPECT_EQ(swap_cuda_session(handle)->failed_unit, model->units);
  EXPECT_NE(std::string(swap_cuda_error(handle)).find("index number 2"),
            std::string::npos);
  runAndCompare(3);
  runAndCompare(4);
}

std::string caseName(const testing::TestParamInfo<Case> &info) {
  const Case &c = info.param;
  static const char *const orders[] = {"fifo", "lazy", "copies", "random"};
  return std::string(c.name) +
         (c.source == SWAP_CUDA_HOST ? "_host_" : "_storage_") +
         (c.flags ? "shared_" : "") + (c.hostBudget ? "small_" : "") +
         orders[c.order];
}

INSTANTIATE_TEST_SUITE_P(All, CudaRun, testing::ValuesIn(allCases()), caseName);

} // namespace
