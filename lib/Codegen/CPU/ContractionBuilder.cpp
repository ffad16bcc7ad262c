//===- ContractionBuilder.cpp - Small pieces of emitted code ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace swapc;

static Type getPointerType(MLIRContext *context) {
  return LLVM::LLVMPointerType::get(context);
}

/// bool takes one byte in memory.
static Type getStorageElement(Type element) {
  return element.isInteger(1) ? IntegerType::get(element.getContext(), 8)
                              : element;
}

ContractionEmitter::ContractionEmitter(OpBuilder &builder, Location loc,
                                       const ContractionInfo &info,
                                       const ContractionPlan &plan)
    : b(builder), loc(loc), info(info), plan(plan) {
  rowTail = info.rows() % plan.rows != 0 || plan.block % plan.rows != 0;
  columnTail = info.columns() % plan.width() != 0;
}

Value ContractionEmitter::constant(int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(b.getIntegerType(plan.indexBits), value));
}

Value ContractionEmitter::add(Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return arith::AddIOp::create(b, loc, x, y);
}

Value ContractionEmitter::scale(Value x, int64_t factor) {
  if (!x || factor == 0)
    return nullptr;
  if (factor == 1)
    return x;
  return arith::MulIOp::create(b, loc, x, constant(factor));
}

Value ContractionEmitter::div(Value x, int64_t by) {
  if (!x || by == 1)
    return x;
  return arith::DivUIOp::create(b, loc, x, constant(by));
}

Value ContractionEmitter::rem(Value x, int64_t by) {
  if (!x || by == 1)
    return nullptr;
  return arith::RemUIOp::create(b, loc, x, constant(by));
}

Value ContractionEmitter::linear(ArrayRef<unsigned> loops,
                                 ArrayRef<Value> values,
                                 ArrayRef<int64_t> coefficients) {
  Value sum;
  for (auto [loop, value] : llvm::zip_equal(loops, values))
    sum = add(sum, scale(value, coefficients[loop]));
  return sum;
}

SmallVector<Value> ContractionEmitter::delinearize(Value index,
                                                   ArrayRef<unsigned> loops) {
  Values coordinates(loops.size());
  int64_t remaining = info.sizeOf(loops);
  for (size_t i = loops.size(); i-- > 0;) {
    int64_t size = info.sizes[loops[i]];
    remaining /= size;
    coordinates[i] = remaining == 1 && size != 1 ? index : rem(index, size);
    index = remaining == 1 ? Value() : div(index, size);
  }
  return coordinates;
}

Value ContractionEmitter::advance(Value pointer, Type element, Value index) {
  if (!index)
    return pointer;
  return LLVM::GEPOp::create(b, loc, getPointerType(b.getContext()),
                             getStorageElement(element), pointer,
                             ArrayRef<LLVM::GEPArg>{index});
}

Value ContractionEmitter::advance(Value pointer, Type element, int64_t index) {
  if (index == 0)
    return pointer;
  int64_t bytes = index * swap::getElementBytes(element);
  if (!llvm::isInt<31>(bytes))
    return advance(pointer, element, constant(index));
  return LLVM::GEPOp::create(
      b, loc, getPointerType(b.getContext()), b.getI8Type(), pointer,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
}

Value ContractionEmitter::loadScalar(Type element, Value pointer) {
  Value value = LLVM::LoadOp::create(b, loc, getStorageElement(element),
                                     pointer, swap::getElementBytes(element));
  if (!element.isInteger(1))
    return value;
  return arith::TruncIOp::create(b, loc, element, value);
}

Value ContractionEmitter::loadVector(Type element, Value pointer, Value mask) {
  VectorType type = vectorOf(getStorageElement(element));
  unsigned align = swap::getElementBytes(element);
  Value value;
  if (mask) {
    // Where masks become branches, the back end would move 16-bit floats
    // between them as float32, through a library call.
    if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() == 16) {
      value = loadVector(b.getI16Type(), pointer, mask);
      return arith::BitcastOp::create(b, loc, type, value);
    }
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    value =
        LLVM::MaskedLoadOp::create(b, loc, type, pointer, mask, zero, align);
  } else {
    value = LLVM::LoadOp::create(b, loc, type, pointer, align);
  }
  if (!element.isInteger(1))
    return value;
  return arith::TruncIOp::create(b, loc, vectorOf(element), value);
}

void ContractionEmitter::storeVector(Value vector, Value pointer, Value mask) {
  Type element = cast<VectorType>(vector.getType()).getElementType();
  unsigned align = swap::getElementBytes(element);
  if (element.isInteger(1))
    vector = arith::ExtUIOp::create(b, loc, vectorOf(b.getI8Type()), vector);
  else if (mask && isa<FloatType>(element) &&
           element.getIntOrFloatBitWidth() == 16)
    vector = arith::BitcastOp::create(b, loc, vectorOf(b.getI16Type()), vector);
  if (mask)
    LLVM::MaskedStoreOp::create(b, loc, vector, pointer, mask,
                                b.getI32IntegerAttr(align));
  else
    LLVM::StoreOp::create(b, loc, vector, pointer, align);
}

SmallVector<Value>
ContractionEmitter::forLoop(int64_t size, int64_t step, ArrayRef<Value> init,
                            llvm::function_ref<Values(Value, Values)> body) {
  if (size <= step)
    return body(nullptr, Values(init));
  auto loop = scf::ForOp::create(
      b, loc, constant(0), constant(size), constant(step), init,
      [&](OpBuilder &, Location, Value index, ValueRange args) {
        Values results = body(index, Values(args));
        scf::YieldOp::create(b, loc, results);
      });
  return Values(loop.getResults());
}
