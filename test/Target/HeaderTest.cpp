//===- HeaderTest.cpp - Names and constants of a library --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swap/runtime.h"
#include "swapc/Target/CodeSizes.h"
#include "swapc/Target/Link.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace swapc;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(Header, NamesAreNeverReserved) {
  EXPECT_EQ(toIdentifier("digits"), "digits");
  EXPECT_EQ(toIdentifier("int"), "int"); // int_model, INT_ARENA_BYTES
  EXPECT_EQ(toIdentifier("MobileNet-v2.1"), "MobileNet_v2_1");
  EXPECT_EQ(toIdentifier("a--b__c_"), "a_b_c");
  EXPECT_EQ(toIdentifier("__hidden"), "hidden");
  EXPECT_EQ(toIdentifier("3d net"), "model_3d_net");
  EXPECT_EQ(toIdentifier("_7"), "model_7");
  EXPECT_EQ(toIdentifier("caf\xc3\xa9"), "caf");
  EXPECT_EQ(toIdentifier("\xe6\x95\xb0"), "model");
  EXPECT_EQ(toIdentifier(""), "model");
  // swap_model and swap_cuda_model are types, SWAP_ABI_VERSION a constant.
  EXPECT_EQ(toIdentifier("swap"), "model_swap");
  EXPECT_EQ(toIdentifier("Swap-cuda"), "model_Swap_cuda");
  EXPECT_EQ(toIdentifier("swapper"), "swapper");
  // stdint.h, libm.a
  EXPECT_EQ(toIdentifier("stdint"), "model_stdint");
  EXPECT_EQ(toIdentifier("Signal"), "model_Signal");
  EXPECT_EQ(toIdentifier("m"), "model_m");
}

PlanTable makePlan(uint64_t arena, std::vector<uint64_t> slots) {
  PlanTable plan = {};
  plan.arena = arena;
  plan.budget = arena + 1;
  plan.slots = std::move(slots);
  return plan;
}

ModelTables makeTables() {
  ModelTables tables;
  tables.signature.name = "odd /* name */ of\na model";
  tables.signature.inputs = {{"x*/y", SWAP_F16, {2, 3}, 12}};
  tables.signature.outputs = {{"scalar", SWAP_BOOL, {}, 1}};
  tables.pageBytes = 64;
  return tables;
}

TEST(Header, CommentsEndWhereTheyShould) {
  std::string text = makeHeader(makeTables(), {}, "odd");
  EXPECT_THAT(text, HasSubstr("/* odd / * name * / of?a model, compiled"));
  EXPECT_THAT(text, HasSubstr("/* inputs[0] is \"x* /y\": float16 [2, 3] */"));
}

TEST(Header, TypesThatCDoesNotHaveAndScalars) {
  std::string text = makeHeader(makeTables(), {}, "odd");
  EXPECT_THAT(text, HasSubstr("#define ODD_INPUT_0_DTYPE SWAP_F16\n"
                              "#define ODD_INPUT_0_TYPE uint16_t\n"
                              "#define ODD_INPUT_0_RANK 2\n"
                              "#define ODD_INPUT_0_DIMS {2, 3}\n"));
  EXPECT_THAT(text, HasSubstr("#define ODD_OUTPUT_0_ELEMENTS 1\n"
                              "#define ODD_OUTPUT_0_DTYPE SWAP_BOOL\n"
                              "#define ODD_OUTPUT_0_TYPE uint8_t\n"
                              "#define ODD_OUTPUT_0_RANK 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("ODD_OUTPUT_0_DIM")));
}

TEST(Header, ArenaOfPlansWithAndWithoutSlots) {
  ModelTables tables = makeTables();
  tables.plans = {makePlan(100, {SWAP_SLOT_IN_PLACE, SWAP_SLOT_NONE})};
  std::string alone = makeHeader(tables, {}, "odd");
  EXPECT_THAT(alone, HasSubstr("#define ODD_MAPPED_PLAN 0 "));
  EXPECT_THAT(alone, HasSubstr("#define ODD_MAPPED_ARENA_BYTES 100\n"));
  EXPECT_THAT(alone, HasSubstr("#define ODD_ARENA_BYTES 100 "));
  EXPECT_THAT(alone, HasSubstr("#define ODD_ARENA_ALIGN 64\n"));

  tables.plans.push_back(makePlan(70, {0, 64}));
  tables.plans.push_back(makePlan(90, {0, SWAP_SLOT_NONE}));
  std::string both = makeHeader(tables, {}, "odd");
  EXPECT_THAT(both, HasSubstr("#define ODD_MAPPED_ARENA_BYTES 100\n"));
  EXPECT_THAT(both, HasSubstr("#define ODD_ARENA_BYTES 90 "));

  tables.plans.erase(tables.plans.begin());
  EXPECT_THAT(makeHeader(tables, {}, "odd"), Not(HasSubstr("MAPPED")));
}

} // namespace
