//===- LaneBody.cpp - The scalar body of an operation on lanes --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaneEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace swapc;

static Type withShapeOf(Type elementType, int64_t width) {
  return width ? Type(VectorType::get({width}, elementType)) : elementType;
}

static bool isSmallFloat(Type type) {
  return isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(type));
}

/// The constant that all lanes of an index coefficient share, if it is one.
static std::optional<int64_t> getConstant(Value value) {
  APInt constant;
  if (value && matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

Value LaneEmitter::castInteger(Value value, Type type) {
  unsigned from = getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
  Type element = lowered(getElementTypeOrSelf(type));
  unsigned to = element.getIntOrFloatBitWidth();
  if (from == to)
    return value;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    element = VectorType::get(vector.getShape(), element);
  if (from > to)
    return arith::TruncIOp::create(builder, loc, element, value);
  return arith::ExtSIOp::create(builder, loc, element, value);
}

/// A copy of a constant.
Value LaneEmitter::emitConstant(Operation *op) {
  auto constant = dyn_cast<arith::ConstantOp>(op);
  if (!constant || !constant.getType().isIndex())
    return builder.clone(*op)->getResult(0);
  return this->constant(cast<IntegerAttr>(constant.getValue()).getInt());
}

Value LaneEmitter::materialize(BodyValue &value, int64_t width) {
  if (value.value)
    return value.value;
  Type type = VectorType::get({width}, value.base.getType());
  Value steps = castInteger(multiply(iota(width), value.coefficient), type);
  return value.value = add(value.base, steps);
}

/// Follows base + coefficient * lane through sums, products with constants and
/// casts of indices. Shorter integers could wrap, so only index and i64.
bool LaneEmitter::trackLanes(Operation *op, ArrayRef<BodyValue *> operands,
                             BodyValue &result) {
  Type type = op->getResult(0).getType();
  if (!type.isIndex() && !type.isInteger(64))
    return false;
  auto known = [](BodyValue *value) { return value->base != nullptr; };
  if (isa<arith::IndexCastOp>(op)) {
    Type from = op->getOperand(0).getType();
    if (!known(operands[0]) || !(from.isIndex() || from.isInteger(64)))
      return false;
    result.base = castInteger(operands[0]->base, type);
    result.coefficient = operands[0]->coefficient;
    return true;
  }
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return false;
  BodyValue *a = operands[0], *b = operands[1];
  auto isUniform = [](BodyValue *value) {
    return value->value && !isa<VectorType>(value->value.getType());
  };
  auto base = [](BodyValue *value) {
    return value->base ? value->base : value->value;
  };
  if (!(known(a) || isUniform(a)) || !(known(b) || isUniform(b)))
    return false;
  if (isa<arith::MulIOp>(op)) {
    if (known(a) && known(b))
      return false;
    std::optional<int64_t> factor = getConstant(base(known(a) ? b : a));
    if (!factor)
      return false;
    result.coefficient = *factor * (known(a) ? a : b)->coefficient;
  } else {
    int64_t sign = isa<arith::SubIOp>(op) ? -1 : 1;
    result.coefficient = a->coefficient + sign * b->coefficient;
  }
  OperationState state(loc, op->getName(), ValueRange{base(a), base(b)},
                       {lowered(type)});
  result.base = builder.create(state)->getResult(0);
  if (result.coefficient == 0) {
    result.value = result.base;
    result.base = nullptr;
  }
  return true;
}

/// Clones an elementwise operation for `width` lanes (0: scalar). Arithmetic
/// on float16 and bfloat16 runs in float32, rounded after each operation.
Value LaneEmitter::emitElementwise(Operation *op, ArrayRef<Value> operands,
                                   int64_t width) {
  Type resultType = withShapeOf(lowered(op->getResult(0).getType()), width);
  if (isa<arith::IndexCastOp>(op))
    return castInteger(operands[0], resultType);
  bool widen =
      isSmallFloat(op->getResult(0).getType()) || isa<arith::CmpFOp>(op);
  widen &=
      isa<FloatType>(getElementTypeOrSelf(operands[0].getType())) &&
      isSmallFloat(operands[0].getType()) &&
      !isa<arith::ExtFOp, arith::TruncFOp, arith::BitcastOp, arith::SelectOp>(
          op);
  SmallVector<Value> inputs(operands);
  Type computed = resultType;
  if (widen) {
    Type f32 = builder.getF32Type();
    for (Value &input : inputs)
      if (isSmallFloat(input.getType()))
        input =
            arith::ExtFOp::create(builder, loc, withShapeOf(f32, width), input);
    if (!isa<arith::CmpFOp>(op))
      computed = withShapeOf(f32, width);
  }
  OperationState state(loc, op->getName(), inputs, {computed}, op->getAttrs());
  Operation *clone = builder.create(state);
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(clone))
    clone->setAttr("fastmath",
                   arith::FastMathFlagsAttr::get(
                       builder.getContext(), arith::FastMathFlags::contract));
  Value result = clone->getResult(0);
  if (computed != resultType)
    result = arith::TruncFOp::create(builder, loc, resultType, result);
  return result;
}

LaneEmitter::BodyValue
LaneEmitter::emitExtract(tensor::ExtractOp op,
                         MutableArrayRef<BodyValue> indices,
                         const TensorAccess &tensor, const Lanes &lanes) {
  BodyValue result;
  if (!tensor.base) {
    result.value = tensor.value;
    return result;
  }
  Type elementType = tensor.type.getElementType();
  SmallVector<int64_t> strides(tensor.type.getRank(), 1);
  for (int64_t dim = tensor.type.getRank() - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * tensor.type.getDimSize(dim + 1);

  Value scalar, vector;
  int64_t step = 0;
  for (auto [dim, index] : llvm::enumerate(indices)) {
    // A computed index is data: whatever it is, the access stays inside.
    bool isLoop = index.base || matchPattern(index.value, m_Constant());
    if (!isLoop) {
      int64_t last = std::max<int64_t>(0, tensor.type.getDimSize(dim) - 1);
      Value bound = constant(last);
      if (isa<VectorType>(index.value.getType()))
        bound = broadcast(bound, lanes.width);
      index.value = arith::MinUIOp::create(builder, loc, index.value, bound);
    }
    if (index.base) {
      scalar = add(scalar, multiply(index.base, strides[dim]));
      step += index.coefficient * strides[dim];
    } else if (isa<VectorType>(index.value.getType())) {
      vector = add(vector, multiply(index.value, strides[dim]));
    } else {
      scalar = add(scalar, multiply(index.value, strides[dim]));
    }
  }
  if (!scalar && !vector)
    scalar = constant(0);
  if (!vector && step == 0) {
    Value loaded =
        LLVM::LoadOp::create(builder, loc, getMemoryType(elementType),
                             address(tensor.base, elementType, scalar),
                             swap::getElementBytes(elementType));
    result.value = fromMemory(loaded, elementType);
  } else if (!vector && step == 1) {
    result.value = loadVector(address(tensor.base, elementType, scalar),
                              elementType, lanes, lanes.mask, Value());
  } else {
    if (step != 0)
      vector = add(vector, multiply(iota(lanes.width), step));
    result.value = gather(tensor.base, elementType, add(vector, scalar), lanes,
                          lanes.mask, Value());
  }
  return result;
}

FailureOr<SmallVector<Value>> LaneEmitter::emitBody(linalg::GenericOp op,
                                                    ArrayRef<Value> arguments,
                                                    ArrayRef<Value> indices,
                                                    const Lanes &lanes,
                                                    const Lookup &lookup) {
  Block *body = op.getBody();
  DenseMap<Value, BodyValue> values;
  for (auto [argument, value] : llvm::zip(body->getArguments(), arguments))
    values[argument].value = value;

  // Constants and scalars from outside the operation are uniform.
  auto find = [&](Value value) -> BodyValue * {
    auto [entry, inserted] = values.try_emplace(value);
    if (inserted) {
      Operation *definition = value.getDefiningOp();
      if (!definition || !definition->hasTrait<OpTrait::ConstantLike>()) {
        values.erase(entry);
        return nullptr;
      }
      entry->second.value = emitConstant(definition);
    }
    return &entry->second;
  };

  for (Operation &nested : body->without_terminator()) {
    if (nested.getNumResults() != 1)
      return nested.emitOpError("is not supported in the body of a kernel"),
             failure();
    Value original = nested.getResult(0);
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      BodyValue value;
      int64_t loop = index.getDim();
      Value base = indices[loop];
      if (lanes.isVector() && loop == lanes.loop) {
        value.base = base;
        value.coefficient = 1;
      } else {
        value.value = base;
      }
      values[original] = value;
      continue;
    }
    if (nested.hasTrait<OpTrait::ConstantLike>()) {
      values[original].value = emitConstant(&nested);
      continue;
    }
    bool isExtract = isa<tensor::ExtractOp>(nested);
    SmallVector<Value> keys(nested.getOperands().drop_front(isExtract ? 1 : 0));
    SmallVector<BodyValue> copies;
    for (Value key : keys) {
      BodyValue *value = find(key);
      if (!value)
        return nested.emitOpError(
                   "uses a value from outside the kernel's operation"),
               failure();
      copies.push_back(*value);
    }
    if (auto extract = dyn_cast<tensor::ExtractOp>(nested)) {
      const TensorAccess *tensor =
          lookup ? lookup(extract.getTensor()) : nullptr;
      if (!tensor || !tensor->low.empty() || swap::getPanels(tensor->type))
        return nested.emitOpError("reads a tensor that cannot be indexed"),
               failure();
      values[original] = emitExtract(extract, copies, *tensor, lanes);
      continue;
    }
    if (!isa<arith::ArithDialect, math::MathDialect>(nested.getDialect()))
      return nested.emitOpError("is not supported in the body of a kernel"),
             failure();
    BodyValue result;
    auto pointers = llvm::to_vector(llvm::make_pointer_range(copies));
    bool anyLanes = llvm::any_of(
        copies, [](BodyValue &value) { return value.base != nullptr; });
    if (anyLanes && trackLanes(&nested, pointers, result)) {
      values[original] = result;
      continue;
    }
    SmallVector<Value> operands;
    bool isVector = false;
    for (auto [key, copy] : llvm::zip(keys, copies)) {
      operands.push_back(materialize(copy, lanes.width));
      values[key].value = copy.value;
      isVector |= isa<VectorType>(copy.value.getType());
    }
    if (isVector)
      for (Value &operand : operands)
        operand = broadcast(operand, lanes.width);
    result.value =
        emitElementwise(&nested, operands, isVector ? lanes.width : 0);
    values[original] = result;
  }

  SmallVector<Value> yielded;
  for (Value value : body->getTerminator()->getOperands()) {
    BodyValue *result = find(value);
    if (!result)
      return op.emitOpError("yields a value from outside"), failure();
    yielded.push_back(materialize(*result, lanes.width));
  }
  return yielded;
}
