//===- ModelTablesTest.cpp - From the memory phase to tables ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/ModelTables.h"
#include "Swap/SwapDialect.h"
#include "swap/cuda.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace swapc;

static constexpr const char *kModule = R"mlir(
module {
  swap.parameter @w1 : tensor<1024xf32> = #swap.file<"w", 0, 4096>
  swap.parameter @w2 : tensor<1024xf32> = #swap.file<"w", 4096, 4096>
  swap.unit @u1 [#swap.piece<@w1, 0, 1, 0>] length 4096
  swap.unit @u2 [#swap.piece<@w2, 0, 1, 0>] length 4096
  func.func private @k(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
      attributes {swap.schedule = #swap.schedule<rows, panels = 1, tiles = 3, rows = 1, block = 1, scratch = 0, flops = 1024>}
  swap.plan @p budget 16384 threads 1 resident [] attributes {
      arena = 12288 : i64, peak = 8192 : i64, slots = array<i64: 4096, 8192>,
      swap.live = array<i64: LIVE>} {
    %t = swap.in started @u1
    swap.wait %t
    swap.launch @k panels(0 to 1) [#swap.place<input, 0, 0>, #swap.place<unit, 0, 0>, #swap.place<arena, 0, 0>]
    swap.out %t
    %s = swap.in @u2
    swap.wait %s
    swap.launch @k panels(0 to 1) [#swap.place<arena, 0, 0>, #swap.place<unit, 1, 0>, #swap.place<output, 0, 0>]
    swap.out %s
    %r = swap.in ahead @u1
    swap.return
  }
}
)mlir";

namespace {

class ModelTablesTest : public testing::Test {
protected:
  ModelTablesTest() {
    context.loadDialect<swap::SwapDialect, func::FuncDialect>();
  }
  FailureOr<ModelTables> build(const std::string &live) {
    std::string text = kModule;
    text.replace(text.find("LIVE"), 4, live);
    module = parseSourceString<ModuleOp>(text, &context);
    return buildModelTables(*module, ModelSignature());
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

} // namespace

TEST_F(ModelTablesTest, ReadsAheadAreTwoStepsAndOneRead) {
  FailureOr<ModelTables> tables =
      build("4096, 4096, 8192, 4096, 8192, 8192, 8192, 0, 4096");
  ASSERT_TRUE(succeeded(tables));
  const PlanTable &plan = tables->plans.front();
  ASSERT_EQ(plan.steps.size(), 9u);
  auto expectIn = [&](size_t at, uint32_t unit, uint32_t aux) {
    EXPECT_EQ(plan.steps[at].op, uint32_t(SWAP_OP_IN)) << at;
    EXPECT_EQ(plan.steps[at].index, unit) << at;
    EXPECT_EQ(plan.steps[at].aux, aux) << at;
  };
  expectIn(0, 0, SWAP_IN_STARTED);
  expectIn(4, 1, 0);
  expectIn(8, 0, SWAP_IN_AHEAD);
  EXPECT_EQ(plan.steps[1].aux, 0u);
  EXPECT_EQ(plan.streamed, 2u * 4096);
}

TEST_F(ModelTablesTest, UnitsInPlaceHaveNoSlotAndCrossTheBus) {
  module = parseSourceString<ModuleOp>(R"mlir(
module {
  swap.parameter @w : tensor<1500xf32> = #swap.file<"w", 0, 6000>
  swap.parameter @v : tensor<1024xf32> = #swap.file<"w", 6000, 4096>
  swap.unit @u [#swap.piece<@w, 0, 1, 0>] length 6000
  swap.unit @unused [#swap.piece<@v, 0, 1, 0>] length 4096
  swap.plan @p budget 16384 threads 1 resident [] in_place [@u] attributes {
      slots = array<i64: -2, -1>} {
    swap.return
  }
}
)mlir",
                                       &context);
  FailureOr<ModelTables> tables = buildModelTables(*module, ModelSignature());
  ASSERT_TRUE(succeeded(tables));
  const PlanTable &plan = tables->plans.front();
  ASSERT_EQ(plan.slots.size(), 2u);
  EXPECT_EQ(plan.slots[0], uint64_t(SWAP_SLOT_IN_PLACE));
  EXPECT_EQ(plan.slots[1], uint64_t(SWAP_SLOT_NONE));
  EXPECT_EQ(plan.isResident[0], 0u);
  EXPECT_EQ(plan.resident, 0u);
  EXPECT_EQ(plan.streamed, 2u * 4096); // whole pages
}

TEST_F(ModelTablesTest, BytesInUseOfEachStepReachThePeak) {
  FailureOr<ModelTables> tables =
      build("4096, 4096, 8192, 4096, 8192, 8192, 8192, 0, 4096");
  ASSERT_TRUE(succeeded(tables));
  const PlanTable &plan = tables->plans.front();
  ASSERT_EQ(plan.live.size(), plan.steps.size());
  EXPECT_EQ(plan.live[2], 8192u);
  EXPECT_EQ(plan.live[7], 0u);
  EXPECT_EQ(*std::max_element(plan.live.begin(), plan.live.end()), plan.peak);
}

TEST_F(ModelTablesTest, BytesInUseOfOtherStepsAreRefused) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(failed(build("4096")));
  EXPECT_EQ(message, "plan has 1 values of bytes in use for 9 steps");
}

namespace {

/// Fields of constant structs and arrays in memory.
llvm::Constant *getField(llvm::Constant *record, unsigned index) {
  if (auto *global = dyn_cast<llvm::GlobalVariable>(record))
    record = global->getInitializer();
  return record->getAggregateElement(index);
}
uint64_t getNumber(llvm::Constant *record, unsigned index) {
  return cast<llvm::ConstantInt>(getField(record, index))->getZExtValue();
}
llvm::StringRef getText(llvm::Constant *record, unsigned index) {
  auto *global = cast<llvm::GlobalVariable>(getField(record, index));
  return cast<llvm::ConstantDataArray>(global->getInitializer())
      ->getAsCString();
}

ModelTables makeCudaTables() {
  ModelTables tables;
  tables.signature.name = "m";
  tables.kernels = {"first", "second"};
  CudaTables cuda;
  cuda.symbol = "m_cuda";
  cuda.overhead = 4096;
  cuda.kernels = {{256, 1, 0}, {128, 4, 16384}};
  cuda.images.push_back({90, false, 0, 1, {'\x7f', 'E', 'L', 'F', '\0', 'x'}});
  cuda.images.push_back({90, false, 1, 1, {'\x7f', 'E', 'L', 'F'}});
  cuda.images.push_back({90, true, 0, 2, {'/', '/', 'p'}});
  tables.cuda = std::move(cuda);
  return tables;
}

} // namespace

TEST(EmitTablesTest, KernelsOfAGpuAreLaunchesAndImages) {
  llvm::LLVMContext context;
  llvm::Module module("m", context);
  emitModelTables(makeCudaTables(), BlobInfo(), "m_model", module);
  EXPECT_FALSE(llvm::verifyModule(module, &llvm::errs()));
  llvm::GlobalVariable *model = module.getNamedGlobal("m_model");
  llvm::GlobalVariable *cuda = module.getNamedGlobal("m_cuda");
  ASSERT_TRUE(model && cuda);
  EXPECT_TRUE(cuda->hasExternalLinkage());
  EXPECT_TRUE(cuda->isConstant());

  // swap_cuda_model
  EXPECT_EQ(getNumber(cuda, 0), SWAP_CUDA_ABI_VERSION);
  EXPECT_EQ(getNumber(cuda, 1), 3u);
  EXPECT_EQ(getField(cuda, 2), model);
  EXPECT_EQ(getNumber(cuda, 5), 4096u);

  llvm::Constant *launches = getField(cuda, 3);
  llvm::Constant *second = getField(launches, 1);
  EXPECT_EQ(getText(getField(launches, 0), 0), "first");
  EXPECT_EQ(getText(second, 0), "second");
  EXPECT_EQ(getNumber(second, 1), 128u);
  EXPECT_EQ(getNumber(second, 2), 4u);
  EXPECT_EQ(getNumber(second, 3), 16384u);

  // Nothing of the host is called.
  EXPECT_TRUE(module.getFunctionList().empty());
  EXPECT_EQ(getNumber(model, 6), SWAP_BLOB_ALIGN); // page_bytes
  llvm::Constant *kernels = getField(model, 11);
  EXPECT_EQ(getText(getField(kernels, 1), 0), "second");
  EXPECT_TRUE(getField(getField(kernels, 1), 1)->isNullValue());
}

TEST(EmitTablesTest, ImagesKeepTheirBytesAndPtxEndsInZero) {
  llvm::LLVMContext context;
  llvm::Module module("m", context);
  emitModelTables(makeCudaTables(), BlobInfo(), "m_model", module);
  llvm::Constant *images = getField(module.getNamedGlobal("m_cuda"), 4);
  auto expectImage = [&](unsigned index, bool ptx, uint64_t first,
                         uint64_t count, llvm::StringRef bytes) {
    llvm::Constant *image = getField(images, index);
    EXPECT_EQ(getNumber(image, 0), 90u);
    EXPECT_EQ(getNumber(image, 1), uint64_t(ptx));
    EXPECT_EQ(getNumber(image, 2), first);
    EXPECT_EQ(getNumber(image, 3), count);
    EXPECT_EQ(getNumber(image, 4), bytes.size());
    auto *data = cast<llvm::GlobalVariable>(getField(image, 5));
    EXPECT_EQ(data->getAlign()->value(), 64u);
    EXPECT_EQ(
        cast<llvm::ConstantDataArray>(data->getInitializer())->getAsString(),
        bytes);
  };
  expectImage(0, false, 0, 1,
              llvm::StringRef("\x7f"
                              "ELF\0x",
                              6));
  expectImage(1, false, 1, 1,
              "\x7f"
              "ELF");
  expectImage(2, true, 0, 2, llvm::StringRef("//p\0", 4));
}
