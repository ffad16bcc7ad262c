//===- MathPolynomials.cpp - exp, tanh, erf and others as arithmetic ------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Codegen/CPU/Passes.h"

#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace swapc;

namespace swapc {
#define GEN_PASS_DEF_MATHPOLYNOMIALS
#include "swapc/Codegen/CPU/Passes.h.inc"
} // namespace swapc

namespace {

struct MathPolynomials : public swapc::impl::MathPolynomialsBase<MathPolynomials> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    SmallVector<StringRef> expanded = {"sinh", "cosh", "tan", "asinh", "acosh",
                                       "atanh", "powf", "exp2", "fpowi", "round", "clampf"};
    math::populateExpansionPatterns(patterns, expanded);
    auto any = [](StringRef) { return true; };
    populateMathF32ExpansionPatterns(patterns, any);
    populateMathPolynomialApproximationPatterns(patterns, any);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
