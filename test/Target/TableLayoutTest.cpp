//===- TableLayoutTest.cpp - Tables lie as C reads them ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/ModelTables.h"

#include "swap/runtime.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace swapc;

namespace {

/// Fields in the order of swap/runtime.h.
const char *const kModel[] = {
    "abi_version",  "input_count", "output_count", "kernel_count", "unit_count",
    "plan_count",   "page_bytes",  "reserved",     "name",         "inputs",
    "outputs",      "kernels",     "units",        "plans",        "blob_bytes",
    "weight_bytes", "model_bytes", "min_bytes",    "blob_hash",  "dynamic"};
const char *const kPlan[] = {"budget_bytes",   "arena_bytes",
                             "peak_bytes",     "resident_bytes",
                             "streamed_bytes", "region_bytes",
                             "predicted_ns",   "compute_ns",
                             "scratch_offset", "scratch_stride",
                             "threads",        "step_count",
                             "steps",          "operands",
                             "slots",          "resident",
                             "live"};
const char *const kStep[] = {
    "op",         "index",    "first_operand", "operand_count",
    "tile_begin", "tile_end", "scratch_bytes", "aux"};
const char *const kTensor[] = {"name", "dtype", "rank", "dims", "bytes"};
const char *const kOperand[] = {"space", "index", "offset"};
const char *const kKernel[] = {"name", "fn"};
const char *const kSize[] = {"name", "input", "reserved", "least", "most"};
const char *const kExtent[] = {"tensor", "dim", "size", "reserved", "scale"};
const char *const kCut[] = {"kernel", "size",  "period",
                            "unit",   "scale", "offset"};
const char *const kDynamic[] = {"size_count", "extent_count", "cut_count",
                                "reserved",   "sizes",        "extents",
                                "cuts",       "sizing"};
const char *const kUnit[] = {"offset", "length", "crc32c", "row_bytes"};

/// Assertions in C that a struct lies as `type` does in memory.
void check(raw_ostream &os, const DataLayout &layout, Type *type,
           StringRef name, ArrayRef<const char *> fields) {
  auto *record = cast<StructType>(type);
  ASSERT_EQ(record->getNumElements(), fields.size()) << name.str();
  const StructLayout *places = layout.getStructLayout(record);
  for (auto [index, field] : llvm::enumerate(fields))
    os << "_Static_assert(offsetof(" << name << ", " << field
       << ") == " << places->getElementOffset(index).getFixedValue() << ", \""
       << name << "." << field << "\");\n";
  os << "_Static_assert(sizeof(" << name
     << ") == " << layout.getTypeAllocSize(record).getFixedValue() << ", \""
     << name << "\");\n";
}

/// The first element of the table that field `index` of `record` points at.
Constant *follow(Constant *record, unsigned index) {
  auto *table = cast<GlobalVariable>(record->getAggregateElement(index));
  return table->getInitializer()->getAggregateElement(0u);
}

class TableLayoutTest : public testing::TestWithParam<const char *> {};

TEST_P(TableLayoutTest, AsCReadsIt) {
  ModelTables tables;
  tables.signature.name = "m";
  tables.signature.inputs = {{"x", SWAP_F32, {1, 2}, 8}};
  tables.signature.dynamic = {
      {{"n", 0, 1, 2}}, {{0, 0, 0, 1}}, {{0, 0, 1, 1, 1, 0}}};
  tables.kernels = {"k"};
  PlanTable plan = {};
  plan.steps.resize(1);
  plan.operands.resize(1);
  tables.plans.push_back(plan);
  BlobInfo blob;
  blob.units.resize(1);
  LLVMContext context;
  Module module("m", context);
  Triple triple(GetParam());
  module.setTargetTriple(triple);
  module.setDataLayout(triple.computeDataLayout());
  emitModelTables(tables, blob, "m_model", module);

  std::string text = "#include \"swap/runtime.h\"\n#include <stddef.h>\n";
  raw_string_ostream os(text);
  const DataLayout &layout = module.getDataLayout();
  Constant *model = module.getNamedGlobal("m_model")->getInitializer();
  auto table = [&](Constant *value, StringRef name,
                   ArrayRef<const char *> fields) {
    check(os, layout, value->getType(), name, fields);
  };
  Constant *first = follow(model, 13);
  table(model, "swap_model", kModel);
  table(first, "swap_plan", kPlan);
  if (HasFatalFailure())
    return;
  table(follow(first, 12), "swap_step", kStep);
  table(follow(first, 13), "swap_operand", kOperand);
  table(follow(model, 9), "swap_tensor", kTensor);
  table(follow(model, 11), "swap_kernel", kKernel);
  table(follow(model, 12), "swap_blob_unit", kUnit);
  Constant *dynamic = follow(model, 19);
  table(dynamic, "swap_dynamic", kDynamic);
  if (HasFatalFailure())
    return;
  table(follow(dynamic, 4), "swap_size", kSize);
  table(follow(dynamic, 5), "swap_extent", kExtent);
  table(follow(dynamic, 6), "swap_cut", kCut);

  SmallString<128> path;
  int descriptor;
  ASSERT_FALSE(sys::fs::createTemporaryFile("layout", "c", descriptor, path));
  FileRemover remover(path);
  {
    raw_fd_ostream file(descriptor, /*shouldClose=*/true);
    file << text;
  }
  std::string target = "--target=" + std::string(GetParam());
  int status = sys::ExecuteAndWait(
      SWAPC_TEST_CLANG, {SWAPC_TEST_CLANG, target, "-std=c11", "-ffreestanding",
                         "-fsyntax-only", "-I", SWAPC_TEST_INCLUDE, path});
  EXPECT_EQ(status, 0) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Triples, TableLayoutTest,
    testing::Values("thumbv6m-none-eabi", "thumbv7em-none-eabihf",
                    "armv7a-none-eabi", "riscv32-unknown-elf",
                    "riscv64-unknown-elf", "aarch64-none-elf",
                    "x86_64-unknown-none-elf"));

} // namespace
