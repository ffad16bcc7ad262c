//===- IntegerToFloat.cpp - Products of bytes as floats ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ONNX Runtime's optimizer makes of a dynamically quantized product, with
// the scales behind it.
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

using namespace mlir;
using namespace swapc;

/// The sums times the scales of both sides, plus a bias.
static LogicalResult finishProduct(NodeImporter &n, TensorRef lhs,
                                   TensorRef lhsScale, TensorRef lhsZero,
                                   TensorRef rhsScale, TensorRef rhsZero,
                                   TensorRef bias) {
  Type f32 = n.b.getF32Type();
  int64_t columns = n.in(1)->getRank() ? n.in(1)->getShape().back() : 0;
  for (TensorRef tensor : {lhsScale, rhsScale, bias})
    if (tensor && !tensor->getElementType().isF32())
      return n.error("scales and bias must be float32");
  if (lhsScale->getNumElements() != 1)
    return n.error("the left scale must be one number");
  if (rhsScale->getNumElements() != 1 && rhsScale->getNumElements() != columns)
    return n.error("the right scale must be one number, or one for each column");
  if (bias && bias->getNumElements() != columns)
    return n.error("the bias must have one number for each column");
  SmallVector<TensorRef> factors{lhs, n.in(1), lhsZero, rhsZero};
  TensorRef sums = n.apply("MatMulInteger", factors);
  if (!sums)
    return failure();
  int64_t wide = rhsScale->getNumElements();
  SmallVector<TensorRef> operands{
      sums, n.reshape(lhsScale, {}),
      wide == 1 ? n.reshape(rhsScale, {}) : n.reshape(rhsScale, {wide})};
  if (bias)
    operands.push_back(n.reshape(bias, {columns}));
  return n.finish(n.broadcasted(
      operands, f32,
      [&](Scalar &s, ValueRange args) {
        Value sum = s.mul(s.cast(args[0], f32, false, false),
                          s.mul(args[1], args[2]));
        return bias ? s.add(sum, args[3]) : sum;
      },
      /*isUnsigned=*/false));
}

static LogicalResult importMatMulIntegerToFloat(NodeImporter &n) {
  if (failed(n.checkInputs(4, 7)))
    return failure();
  return finishProduct(n, n.in(0), n.in(2), n.in(4), n.in(3), n.in(5), n.in(6));
}

static LogicalResult importDynamicQuantizeMatMul(NodeImporter &n) {
  if (failed(n.checkInputs(3, 5)))
    return failure();
  SmallVector<TensorRef> parts;
  if (failed(n.applyAll("DynamicQuantizeLinear", n.in(0), 3, parts)))
    return failure();
  return finishProduct(n, parts[0], parts[1], parts[2], n.in(2), n.in(3),
                       n.in(4));
}

void swapc::addIntegerToFloats(HandlerMap &handlers) {
  handlers["com.microsoft.DynamicQuantizeMatMul"] = importDynamicQuantizeMatMul;
  handlers["com.microsoft.MatMulIntegerToFloat"] = importMatMulIntegerToFloat;
}
