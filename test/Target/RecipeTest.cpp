//===- RecipeTest.cpp - Recipes against a naive evaluation ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each case is a module text. The naive evaluator walks all storage elements
// one by one, computes the logical index and asks a C++ function for the value.
//
//===----------------------------------------------------------------------===//

#include "swapc/Target/Recipe.h"

#include "Swap/SwapDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "swapc/Support/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <functional>

using namespace mlir;
using namespace swapc;

namespace {

using Index = ArrayRef<int64_t>;

class RecipeTest : public ::testing::Test {
protected:
  RecipeTest() {
    DialectRegistry registry;
    registry
        .insert<swap::SwapDialect, arith::ArithDialect, math::MathDialect>();
    context.appendDialectRegistry(registry);
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("recipe", folder));
  }
  ~RecipeTest() override { llvm::sys::fs::remove_directories(folder); }

  /// A file of `count` elements with the values of fn(0), fn(1), ...
  template <typename T>
  void writeFile(StringRef name, int64_t count, std::function<T(int64_t)> fn) {
    std::vector<T> values(count);
    for (int64_t i = 0; i < count; ++i)
      values[i] = fn(i);
    auto bytes = ArrayRef(reinterpret_cast<const char *>(values.data()),
                          values.size() * sizeof(T));
    llvm::Error error = writeText((folder + "/" + name).str(),
                                  StringRef(bytes.data(), bytes.size()));
    EXPECT_FALSE(bool(error));
    llvm::consumeError(std::move(error));
  }

  OwningOpRef<ModuleOp> parse(StringRef text) {
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return module;
  }

  /// All bytes of `name`, evaluated in boxes of `tile` bytes.
  std::vector<char> evaluate(ModuleOp module, StringRef name, uint64_t tile) {
    SourceFiles files(folder);
    Operation *op = module.lookupSymbol(name);
    auto recipe = Recipe::create(op, files);
    EXPECT_TRUE(succeeded(recipe));
    if (failed(recipe))
      return {};
    auto type =
        cast<RankedTensorType>(op->getAttrOfType<TypeAttr>("type").getValue());
    llvm::SmallVector<StorageBox> boxes;
    (*recipe)->cut(0, swap::getPanelCount(type), tile, boxes);
    std::vector<char> bytes;
    for (const StorageBox &box : boxes) {
      EXPECT_LE(box.bytes, std::max<uint64_t>(tile, 8));
      std::vector<char> part(box.bytes, char(0xAA));
      llvm::Error error = (*recipe)->evaluate(box, part);
      EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    EXPECT_EQ(bytes.size(), size_t(swap::getStorageBytes(type)));
    return bytes;
  }

  /// Compares with expected(logical index) at every tile size.
  template <typename T>
  void check(StringRef text, StringRef name, std::function<T(Index)> expected) {
    OwningOpRef<ModuleOp> module = parse(text);
    ASSERT_TRUE(module);
    auto type = cast<RankedTensorType>(
        module->lookupSymbol(name)->getAttrOfType<TypeAttr>("type").getValue());
    std::vector<T> wanted = naive<T>(type, expected);
    for (uint64_t tile :
         {uint64_t(1), uint64_t(96), uint64_t(1000), uint64_t(1) << 20}) {
      std::vector<char> bytes = evaluate(*module, name, tile);
      ASSERT_EQ(bytes.size(), wanted.size() * sizeof(T));
      std::vector<T> got(wanted.size());
      std::memcpy(got.data(), bytes.data(), bytes.size());
      for (size_t i = 0; i < got.size(); ++i)
        ASSERT_EQ(got[i], wanted[i]) << "element " << i << ", tile " << tile;
    }
  }

  template <typename T>
  std::vector<T> naive(RankedTensorType type,
                       std::function<T(Index)> expected) {
    swap::PanelsAttr panels = swap::getPanels(type);
    ArrayRef<int64_t> shape = type.getShape();
    llvm::SmallVector<int64_t> storage =
        panels ? panels.getStorageShape(shape)
               : llvm::SmallVector<int64_t>(shape);
    int64_t total = 1;
    for (int64_t size : storage)
      total *= size;
    std::vector<T> values;
    for (int64_t linear = 0; linear < total; ++linear) {
      llvm::SmallVector<int64_t> at(storage.size());
      int64_t rest = linear;
      for (int64_t d = storage.size() - 1; d >= 0; --d) {
        at[d] = rest % storage[d];
        rest /= storage[d];
      }
      llvm::SmallVector<int64_t> logical(at);
      if (panels) {
        logical.assign(shape.size(), 0);
        size_t d = 0;
        for (int64_t batch : panels.getBatch())
          logical[batch] = at[d++];
        int64_t panel = at[d++];
        for (int64_t order : panels.getOrder())
          logical[order] = at[d++];
        logical[panels.getDim()] = panel * panels.getWidth() + at[d];
        if (logical[panels.getDim()] >= shape[panels.getDim()]) {
          values.push_back(T(0));
          continue;
        }
      }
      values.push_back(expected(logical));
    }
    return values;
  }

  MLIRContext context;
  llvm::SmallString<128> folder;
};

TEST_F(RecipeTest, FileWithoutChange) {
  writeFile<float>("w", 105, [](int64_t i) { return float(i) * 0.5f; });
  check<float>(
      R"(swap.parameter @w : tensor<5x7x3xf32> = #swap.file<"w", 0, 420>)", "w",
      [](Index i) { return float(i[0] * 21 + i[1] * 3 + i[2]) * 0.5f; });
}

TEST_F(RecipeTest, OffsetIntoFile) {
  writeFile<int64_t>("w", 20, [](int64_t i) { return i; });
  check<int64_t>(
      R"(swap.parameter @w : tensor<4xi64> = #swap.file<"w", 80, 32>)", "w",
      [](Index i) { return i[0] + 10; });
}

TEST_F(RecipeTest, DenseAndSplatAndScalar) {
  check<int32_t>(
      R"(swap.parameter @w : tensor<2x2xi32> = dense<[[1, -2], [3, 4]]> : tensor<2x2xi32>)",
      "w",
      [](Index i) { return i[0] ? int32_t(3 + i[1]) : int32_t(1 - 3 * i[1]); });
  check<float>(
      R"(swap.parameter @w : tensor<300xf32> = dense<2.5> : tensor<300xf32>)",
      "w", [](Index) { return 2.5f; });
  check<float>(R"(swap.parameter @w : tensor<f32> = dense<-1.5> : tensor<f32>)",
               "w", [](Index) { return -1.5f; });
  check<uint8_t>(
      R"(swap.parameter @w : tensor<3xi1> = dense<[true, false, true]> : tensor<3xi1>)",
      "w", [](Index i) { return uint8_t(i[0] != 1); });
}

/// Filter packed for a convolution; the last panel is padded.
TEST_F(RecipeTest, PackFilter) {
  writeFile<float>("w", 21 * 5 * 9, [](int64_t i) { return float(i + 1); });
  check<float>(R"(
    swap.parameter @w : tensor<21x5x3x3xf32> = #swap.file<"w", 0, 3780>
    swap.derived @p : tensor<21x5x3x3xf32, #swap.panels<dim = 0, width = 8, order = [2, 3, 1]>>
        from [@w] maps [affine_map<(o, i, h, w) -> (o, i, h, w)>] {
    ^bb0(%a: f32):
      swap.yield %a : f32
    })",
               "p", [](Index i) {
                 return float(((i[0] * 5 + i[1]) * 3 + i[2]) * 3 + i[3] + 1);
               });
}

TEST_F(RecipeTest, PackMatrixBothWays) {
  writeFile<uint16_t>("w", 100 * 70, [](int64_t i) { return uint16_t(i + 1); });
  check<uint16_t>(R"(
    swap.parameter @w : tensor<100x70xf16> = #swap.file<"w", 0, 14000>
    swap.derived @p : tensor<100x70xf16, #swap.panels<dim = 1, width = 32, order = [0]>>
        from [@w] maps [affine_map<(k, n) -> (k, n)>] {
    ^bb0(%a: f16):
      swap.yield %a : f16
    })",
                  "p", [](Index i) { return uint16_t(i[0] * 70 + i[1] + 1); });
  check<uint16_t>(R"(
    swap.parameter @w : tensor<100x70xf16> = #swap.file<"w", 0, 14000>
    swap.derived @p : tensor<70x100xf16, #swap.panels<dim = 1, width = 32, order = [0]>>
        from [@w] maps [affine_map<(k, n) -> (n, k)>] {
    ^bb0(%a: f16):
      swap.yield %a : f16
    })",
                  "p", [](Index i) { return uint16_t(i[1] * 70 + i[0] + 1); });
}

TEST_F(RecipeTest, BatchedPanels) {
  writeFile<int8_t>("w", 3 * 10 * 4, [](int64_t i) { return int8_t(i); });
  check<int8_t>(R"(
    swap.parameter @w : tensor<3x10x4xi8> = #swap.file<"w", 0, 120>
    swap.derived @p : tensor<3x10x4xi8, #swap.panels<batch = [0], dim = 1, width = 4, order = [2]>>
        from [@w] maps [affine_map<(b, n, k) -> (b, n, k)>] {
    ^bb0(%a: i8):
      swap.yield %a : i8
    })",
                "p",
                [](Index i) { return int8_t((i[0] * 10 + i[1]) * 4 + i[2]); });
}

TEST_F(RecipeTest, FoldedScaleAndOrder) {
  writeFile<float>("w", 12 * 7, [](int64_t i) { return float(i) * 0.37f; });
  writeFile<float>("s", 12, [](int64_t i) { return 1.0f / float(i + 3); });
  check<float>(R"(
    swap.parameter @w : tensor<12x7xf32> = #swap.file<"w", 0, 336>
    swap.parameter @s : tensor<12xf32> = #swap.file<"s", 0, 48>
    swap.derived @p : tensor<7x12xf32, #swap.panels<dim = 1, width = 8, order = [0]>>
        from [@w, @s] maps [affine_map<(k, n) -> (n, k)>, affine_map<(k, n) -> (n)>] {
    ^bb0(%a: f32, %b: f32):
      %c = arith.constant 1.0e-5 : f32
      %0 = arith.addf %b, %c : f32
      %1 = math.sqrt %0 : f32
      %2 = arith.divf %a, %1 : f32
      swap.yield %2 : f32
    })",
               "p", [](Index i) {
                 float w = float(i[1] * 7 + i[0]) * 0.37f,
                       s = 1.0f / float(i[1] + 3);
                 return w / std::sqrt(s + 1.0e-5f);
               });
}

/// A reshape: the map divides.
TEST_F(RecipeTest, NonLinearMap) {
  writeFile<float>("w", 6 * 20, [](int64_t i) { return float(i); });
  check<float>(R"(
    swap.parameter @w : tensor<6x20xf32> = #swap.file<"w", 0, 480>
    swap.derived @p : tensor<15x8xf32, #swap.panels<dim = 0, width = 4, order = [1]>>
        from [@w] maps [affine_map<(a, b) -> ((a * 8 + b) floordiv 20, (a * 8 + b) mod 20)>] {
    ^bb0(%a: f32):
      swap.yield %a : f32
    })",
               "p", [](Index i) { return float(i[0] * 8 + i[1]); });
}

TEST_F(RecipeTest, StridedSlice) {
  writeFile<float>("w", 40, [](int64_t i) { return float(i); });
  check<float>(R"(
    swap.parameter @w : tensor<40xf32> = #swap.file<"w", 0, 160>
    swap.derived @p : tensor<7x2xf32>
        from [@w] maps [affine_map<(a, b) -> (a * -3 + b + 30)>] {
    ^bb0(%a: f32):
      swap.yield %a : f32
    })",
               "p", [](Index i) { return float(i[0] * -3 + i[1] + 30); });
}

TEST_F(RecipeTest, Conversions) {
  writeFile<float>("w", 6, [](int64_t i) {
    const float values[] = {0.1f, 65520.0f, 1e-7f, -2049.0f, 6e-8f, 1.0f};
    return values[i];
  });
  check<uint16_t>(R"(
    swap.parameter @w : tensor<6xf32> = #swap.file<"w", 0, 24>
    swap.derived @p : tensor<6xf16> from [@w] maps [affine_map<(a) -> (a)>] {
    ^bb0(%a: f32):
      %0 = arith.truncf %a : f32 to f16
      swap.yield %0 : f16
    })",
                  "p", [](Index i) {
                    const uint16_t bits[] = {0x2E66, 0x7C00, 0x0002,
                                             0xE800, 0x0001, 0x3C00};
                    return bits[i[0]];
                  });
  check<uint16_t>(R"(
    swap.parameter @w : tensor<6xf32> = #swap.file<"w", 0, 24>
    swap.derived @p : tensor<6xbf16> from [@w] maps [affine_map<(a) -> (a)>] {
    ^bb0(%a: f32):
      %0 = arith.truncf %a : f32 to bf16
      swap.yield %0 : bf16
    })",
                  "p", [](Index i) {
                    const uint16_t bits[] = {0x3DCD, 0x4780, 0x33D7,
                                             0xC500, 0x3381, 0x3F80};
                    return bits[i[0]];
                  });
}

/// Dequantisation: (q - zero) * scale, and a comparison.
TEST_F(RecipeTest, IntegersAndSelect) {
  writeFile<int8_t>("q", 256, [](int64_t i) { return int8_t(i - 128); });
  check<float>(R"(
    swap.parameter @q : tensor<256xi8> = #swap.file<"q", 0, 256>
    swap.derived @p : tensor<256xf32> from [@q] maps [affine_map<(a) -> (a)>] {
    ^bb0(%q: i8):
      %zero = arith.constant 3 : i32
      %limit = arith.constant -100 : i8
      %scale = arith.constant 0.125 : f32
      %0 = arith.extsi %q : i8 to i32
      %1 = arith.subi %0, %zero : i32
      %2 = arith.sitofp %1 : i32 to f32
      %3 = arith.mulf %2, %scale : f32
      %4 = arith.cmpi slt, %q, %limit : i8
      %5 = arith.select %4, %scale, %3 : f32
      swap.yield %5 : f32
    })",
               "p", [](Index i) {
                 int64_t q = i[0] - 128;
                 return q < -100 ? 0.125f : float(q - 3) * 0.125f;
               });
}

TEST_F(RecipeTest, UnknownOperationIsNamed) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  OwningOpRef<ModuleOp> module = parse(R"(
    swap.parameter @w : tensor<2xf32> = dense<1.0> : tensor<2xf32>
    swap.derived @p : tensor<2xf32> from [@w] maps [affine_map<(a) -> (a)>] {
    ^bb0(%a: f32):
      %0 = math.cbrt %a : f32
      swap.yield %0 : f32
    })");
  SourceFiles files(folder);
  EXPECT_TRUE(failed(Recipe::create(module->lookupSymbol("p"), files)));
  EXPECT_EQ(message,
            "parameter p uses 'math.cbrt', which swapc cannot evaluate");
}

TEST_F(RecipeTest, ShortAndMissingFile) {
  ScopedDiagnosticHandler handler(&context,
                                  [](Diagnostic &) { return success(); });
  writeFile<float>("w", 3, [](int64_t i) { return float(i); });
  OwningOpRef<ModuleOp> module = parse(R"(
    swap.parameter @w : tensor<4xf32> = #swap.file<"w", 0, 16>
    swap.parameter @v : tensor<4xf32> = #swap.file<"missing", 0, 16>)");
  SourceFiles files(folder);
  auto recipe = Recipe::create(module->lookupSymbol("w"), files);
  ASSERT_TRUE(succeeded(recipe));
  llvm::SmallVector<StorageBox> boxes;
  (*recipe)->cut(0, 1, 4096, boxes);
  std::vector<char> bytes(16);
  llvm::Error error = (*recipe)->evaluate(boxes[0], bytes);
  ASSERT_TRUE(bool(error));
  EXPECT_NE(llvm::toString(std::move(error)).find("w ends at byte 12"),
            std::string::npos);
  EXPECT_TRUE(failed(Recipe::create(module->lookupSymbol("v"), files)));
}

} // namespace
