//===- InlineScalars.cpp - Constants into bodies or parameters --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "swapc/Kernels/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace swapc {
#define GEN_PASS_DEF_INLINESCALARS
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

static void inlineSplats(linalg::GenericOp op) {
  OpBuilder b = OpBuilder::atBlockBegin(op.getBody());
  for (OpOperand *input : op.getDpsInputOperands()) {
    BlockArgument arg = op.getMatchingBlockArgument(input);
    if (arg.use_empty())
      continue;
    if (TypedAttr scalar = getSplat(input->get()))
      arg.replaceAllUsesWith(arith::ConstantOp::create(b, op.getLoc(), scalar));
  }
}

namespace {

struct InlineScalarsPass : swapc::impl::InlineScalarsBase<InlineScalarsPass> {
  using InlineScalarsBase::InlineScalarsBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(set);
    tensor::EmptyOp::getCanonicalizationPatterns(set, context);
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    for (auto func : module.getOps<func::FuncOp>()) {
      // Folding finds more scalars, such as an index into a table of zeros.
      for (int round = 0; round < 2; ++round) {
        func.walk([](linalg::GenericOp op) {
          inlineSplats(op);
          sinkConstants(op);
        });
        if (failed(applyPatternsGreedily(func, patterns)))
          return signalPassFailure();
      }
      func.walk([&](arith::ConstantOp op) { makeParameter(op, symbols); });
    }
  }

  static void makeParameter(arith::ConstantOp op, SymbolTable &symbols) {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    auto elements = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!type || !elements || op->use_empty())
      return;
    OpBuilder b(op);
    OpBuilder detached(op.getContext());
    auto parameter = swap::ParameterOp::create(detached, op.getLoc(),
                                               "constant", type, elements);
    auto func = op->getParentOfType<func::FuncOp>();
    symbols.insert(parameter, Block::iterator(func.getOperation()));
    Value param = swap::ParamOp::create(b, op.getLoc(), type,
                                        FlatSymbolRefAttr::get(parameter));
    op.replaceAllUsesWith(param);
    op.erase();
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
