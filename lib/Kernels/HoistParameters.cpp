//===- HoistParameters.cpp - Recipes of parameters --------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "Widening.h"
#include "swapc/Kernels/Passes.h"
#include "swapc/Kernels/Recipes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"

namespace swapc {
#define GEN_PASS_DEF_HOISTPARAMETERS
#include "swapc/Kernels/Passes.h.inc"
} // namespace swapc

using namespace mlir;
using namespace swapc;

/// A recipe may take this many times the bytes of its sources.
static constexpr int64_t kMaxGrowth = 4;

static Value makeParam(OpBuilder &b, Operation *op, swap::DerivedOp derived) {
  return swap::ParamOp::create(b, op->getLoc(),
                               cast<RankedTensorType>(derived.getType()),
                               FlatSymbolRefAttr::get(derived));
}

/// Whether the body of `op` computes with its inputs and constants alone.
static bool isPlainBody(linalg::GenericOp op) {
  Block *body = op.getBody();
  if (!body->getArguments().back().use_empty())
    return false;
  return llvm::all_of(body->without_terminator(), [&](Operation &inner) {
    return isa<arith::ArithDialect, math::MathDialect>(inner.getDialect()) &&
           llvm::all_of(inner.getOperands(), [&](Value operand) {
             return operand.getParentBlock() == body ||
                    matchPattern(operand, m_Constant());
           });
  });
}

static Value hoist(ModuleOp module, linalg::GenericOp op) {
  if (op->getNumResults() != 1 || op.getNumDpsInputs() == 0 ||
      op.getNumParallelLoops() != op.getNumLoops() || !isPlainBody(op))
    return nullptr;
  AffineMap inverse =
      inversePermutation(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  if (!inverse || inverse.getNumResults() != op.getNumLoops())
    return nullptr;
  int64_t bytes = 0;
  SmallVector<Value> used;
  SmallVector<FlatSymbolRefAttr> sources;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto param = input->get().getDefiningOp<swap::ParamOp>();
    if (!param || getType(param).getEncoding())
      return nullptr;
    if (op.getMatchingBlockArgument(input).use_empty() &&
        op.getNumDpsInputs() > 1)
      continue;
    used.push_back(op.getMatchingBlockArgument(input));
    bytes += getBytes(param);
    sources.push_back(param.getParameterAttr());
    maps.push_back(op.getMatchingIndexingMap(input).compose(inverse));
  }
  if (sources.empty() || getBytes(op.getResult(0)) > kMaxGrowth * bytes)
    return nullptr;
  Block *body = op.getBody();
  swap::DerivedOp derived = getOrCreateDerived(
      module, sources[0].getValue(), getType(op.getResult(0)), sources, maps,
      [&](OpBuilder &b, ValueRange args) -> Value {
        IRMapping mapping;
        mapping.map(used, args);
        for (Operation &inner : body->without_terminator()) {
          for (Value operand : inner.getOperands())
            if (!mapping.contains(operand) && operand.getParentBlock() != body)
              mapping.map(operand,
                          b.clone(*operand.getDefiningOp())->getResult(0));
          b.clone(inner, mapping);
        }
        Value yielded = body->getTerminator()->getOperand(0);
        if (!mapping.contains(yielded))
          return b.clone(*yielded.getDefiningOp())->getResult(0);
        return mapping.lookup(yielded);
      });
  OpBuilder b(op);
  return makeParam(b, op, derived);
}

static Value hoistReshape(ModuleOp module, Operation *op) {
  auto param = op->getOperand(0).getDefiningOp<swap::ParamOp>();
  if (!param || getType(param).getEncoding())
    return nullptr;
  RankedTensorType type = getType(op->getResult(0));
  AffineMap map =
      getReshapeMap(getShape(param), type.getShape(), op->getContext());
  swap::DerivedOp derived = getOrCreateDerived(
      module, param.getParameter(), type, param.getParameterAttr(), map,
      [](OpBuilder &, ValueRange args) { return args[0]; });
  OpBuilder b(op);
  return makeParam(b, op, derived);
}

namespace {

struct HoistParametersPass
    : swapc::impl::HoistParametersBase<HoistParametersPass> {
  using HoistParametersBase::HoistParametersBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Operation *> ops;
    module.walk([&](Operation *op) {
      if (isa<linalg::GenericOp, tensor::ExpandShapeOp,
              tensor::CollapseShapeOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      auto generic = dyn_cast<linalg::GenericOp>(op);
      if (generic && keepNarrow && isWidening(generic))
        continue;
      Value hoisted =
          generic ? hoist(module, generic) : hoistReshape(module, op);
      if (!hoisted)
        continue;
      op->getResult(0).replaceAllUsesWith(hoisted);
      op->erase();
    }
    removeUnused(module);
  }

  /// What only recipes on the way to other recipes used.
  static void removeUnused(ModuleOp module) {
    llvm::StringSet<> used;
    for (auto func : module.getOps<func::FuncOp>())
      func.walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) {
        auto param = dyn_cast<swap::ParamOp>(op);
        if (isa<swap::ParamOp, tensor::EmptyOp>(op) && op->use_empty())
          op->erase();
        else if (param)
          used.insert(param.getParameter());
      });
    for (auto derived :
         llvm::make_early_inc_range(module.getOps<swap::DerivedOp>()))
      if (!used.contains(derived.getSymName()))
        derived.erase();
  }
};

} // namespace
