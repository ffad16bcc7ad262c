//===- Widening.cpp - Weights that take more bytes when converted ---------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Widening.h"

#include "Structure.h"
#include "Swap/SwapDialect.h"

using namespace mlir;
using namespace swapc;

/// Smaller ones cost nothing, and folded ones run faster.
static constexpr int64_t kLeastBytes = 1024;

static bool isReshape(Operation *op) {
  return isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op);
}

/// Whether `value` is computed from parameters alone; adds up what these take.
static bool readsParameters(Value value, int64_t &bytes, bool &hasBytes) {
  Operation *op = value.getDefiningOp();
  while (isReshape(op))
    op = op->getOperand(0).getDefiningOp();
  if (auto param = dyn_cast_or_null<swap::ParamOp>(op)) {
    bytes += getBytes(param);
    hasBytes |= getType(param).getElementType().isInteger(8) &&
                getBytes(param) >= kLeastBytes;
    return true;
  }
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  if (!generic || !isElementwise(generic) || generic.getNumDpsInputs() == 0)
    return false;
  return llvm::all_of(generic.getDpsInputs(), [&](Value input) {
    return readsParameters(input, bytes, hasBytes);
  });
}

bool swapc::isWidening(linalg::GenericOp op) {
  int64_t bytes = 0;
  bool hasBytes = false;
  return isElementwise(op) &&
         readsParameters(op.getResult(0), bytes, hasBytes) && hasBytes &&
         getBytes(op.getResult(0)) > bytes;
}

bool swapc::isWidenedParameter(Value value) {
  Operation *op = value.getDefiningOp();
  while (isReshape(op))
    op = op->getOperand(0).getDefiningOp();
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  return generic && isWidening(generic);
}
