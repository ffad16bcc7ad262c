//===- StackBoundTest.cpp - How deep calls reach ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StackBound.h"

#include "Machine.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <gtest/gtest.h>

using namespace llvm;
using namespace swapc;

namespace {

class StackBoundTest : public testing::TestWithParam<const char *> {
protected:
  static void SetUpTestSuite() {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
  }
  /// An object from `text` for the parameter's triple; its calls go to `bound`.
  CodeBuffer compile(StringRef text, StackBound *bound = nullptr) {
    LLVMContext context;
    SMDiagnostic diagnostic;
    std::unique_ptr<Module> module =
        parseAssemblyString(text, diagnostic, context);
    EXPECT_TRUE(module) << diagnostic.getMessage().str();
    CodeOptions options;
    options.target.triple = Triple::normalize(GetParam());
    options.frames = true;
    std::string error;
    std::unique_ptr<TargetMachine> machine =
        createTargetMachine(options, error);
    EXPECT_TRUE(machine) << error;
    setTarget(*module, *machine);
    for (Function &function : *module)
      function.setDoesNotThrow(); // as in C
    if (bound)
      bound->addCalls(*module);
    CodeBuffer object;
    EXPECT_TRUE(
        emitModule(*module, *machine, CodeFormat::Object, object, error))
        << error;
    return object;
  }
  std::optional<uint64_t> getBytes(StringRef text, StringRef kernels = "") {
    StackBound bound;
    if (!kernels.empty())
      EXPECT_FALSE(errorToBool(bound.addKernels(compile(kernels))));
    CodeBuffer object = compile(text, &bound);
    EXPECT_FALSE(errorToBool(bound.addFrames(object)));
    return bound.getBytes();
  }
};

/// Functions with frames of about the bytes in their names.
const char *const kUse = R"(
declare void @swap_see(ptr)
define internal void @f100() noinline {
  %a = alloca [100 x i8]
  call void @swap_see(ptr %a)
  ret void
}
define internal void @f1000() noinline {
  %a = alloca [1000 x i8]
  call void @swap_see(ptr %a)
  ret void
}
)";

void expectAbout(std::optional<uint64_t> bytes, uint64_t least) {
  ASSERT_TRUE(bytes);
  EXPECT_GE(*bytes, least);
  EXPECT_LE(*bytes, least + 100);
}

TEST_P(StackBoundTest, DeepestOfDirectCalls) {
  expectAbout(getBytes(std::string(kUse) + R"(
define void @root() {
  call void @f100()
  call void @f1000()
  ret void
})"),
              1000);
  expectAbout(getBytes(std::string(kUse) + R"(
define internal void @between() noinline {
  %a = alloca [500 x i8]
  call void @swap_see(ptr %a)
  call void @f1000()
  ret void
}
define void @root() {
  call void @between()
  ret void
})"),
              1500);
}

TEST_P(StackBoundTest, PointersReachWhatHasTheirType) {
  expectAbout(getBytes(std::string(kUse) + R"(
define ptr @give() {
  ret ptr @f1000
}
define void @root(ptr %callback) {
  call void %callback()
  ret void
})"),
              1000);
  expectAbout(getBytes(std::string(kUse) + R"(
define void @root(ptr %callback) {
  call void %callback(i32 1)
  ret void
}
define void @other() {
  call void @f100()
  ret void
})"),
              100);
}

TEST_P(StackBoundTest, TheLargestKernelCounts) {
  const char *kernels = R"(
declare void @swap_see(ptr)
define void @model.k(ptr %o, i64 %b, i64 %e, ptr %s) {
  %a = alloca [3000 x i8]
  call void @swap_see(ptr %a)
  ret void
})";
  expectAbout(getBytes(R"(
define void @root(ptr %kernel, ptr %o) {
  call void %kernel(ptr %o, i64 0, i64 1, ptr %o)
  ret void
})",
                       kernels),
              3000);
  expectAbout(getBytes("define void @root() {\n  ret void\n}", kernels), 0);
}

TEST_P(StackBoundTest, RoutinesOfTheCompilerHaveAnAllowance) {
  expectAbout(getBytes(R"(
declare void @memcpy(ptr, ptr, i32)
define void @root(ptr %a) {
  call void @memcpy(ptr %a, ptr %a, i32 9)
  ret void
})"),
              StackBound::kLibraryBytes);
}

TEST_P(StackBoundTest, NoBound) {
  EXPECT_FALSE(getBytes(R"(
define void @root(i32 %n) {
  %a = alloca i8, i32 %n
  call void @swap_see(ptr %a)
  ret void
}
declare void @swap_see(ptr)
)"));
  EXPECT_FALSE(getBytes(R"(
define void @root() {
  call void @next()
  call void @next()
  ret void
}
define internal void @next() noinline {
  call void @root()
  call void @root()
  ret void
})"));
}

INSTANTIATE_TEST_SUITE_P(Triples, StackBoundTest,
                         testing::Values("thumbv7em-none-eabihf",
                                         "riscv32-unknown-elf",
                                         "aarch64-none-elf",
                                         "x86_64-unknown-none-elf"));

} // namespace
