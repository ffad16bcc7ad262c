//===- Scalar.cpp - Arithmetic on elements ----------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scalar.h"

using namespace mlir;
using namespace swapc;

Value Scalar::constant(TypedAttr value) {
  return arith::ConstantOp::create(builder, loc, value);
}

Value Scalar::constant(Value like, double value) {
  Type type = like.getType();
  if (auto floatType = dyn_cast<FloatType>(type))
    return constant(builder.getFloatAttr(floatType, value));
  return constant(builder.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value Scalar::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value Scalar::add(Value a, Value b) {
  return isFloat(a) ? make<arith::AddFOp>(a, b) : make<arith::AddIOp>(a, b);
}

Value Scalar::sub(Value a, Value b) {
  return isFloat(a) ? make<arith::SubFOp>(a, b) : make<arith::SubIOp>(a, b);
}

Value Scalar::mul(Value a, Value b) {
  return isFloat(a) ? make<arith::MulFOp>(a, b) : make<arith::MulIOp>(a, b);
}

Value Scalar::div(Value a, Value b, bool isUnsigned) {
  if (isFloat(a))
    return make<arith::DivFOp>(a, b);
  Value by = divisor(b, isUnsigned);
  if (isUnsigned)
    return make<arith::DivUIOp>(a, by);
  Value isMinusOne = compare(Equal, b, constant(b, -1));
  return select(isMinusOne, neg(a), make<arith::DivSIOp>(a, by));
}

Value Scalar::divisor(Value b, bool isUnsigned) {
  Value one = constant(b, 1);
  Value safe = select(compare(Equal, b, constant(b, 0)), one, b);
  if (isUnsigned)
    return safe;
  return select(compare(Equal, b, constant(b, -1)), one, safe);
}

Value Scalar::max(Value a, Value b, bool isUnsigned) {
  if (isFloat(a))
    return make<arith::MaximumFOp>(a, b);
  return isUnsigned ? make<arith::MaxUIOp>(a, b) : make<arith::MaxSIOp>(a, b);
}

Value Scalar::min(Value a, Value b, bool isUnsigned) {
  if (isFloat(a))
    return make<arith::MinimumFOp>(a, b);
  return isUnsigned ? make<arith::MinUIOp>(a, b) : make<arith::MinSIOp>(a, b);
}

Value Scalar::neg(Value a) {
  return isFloat(a) ? make<arith::NegFOp>(a) : sub(constant(a, 0), a);
}

Value Scalar::compare(Order order, Value a, Value b, bool isUnsigned) {
  using arith::CmpFPredicate;
  using arith::CmpIPredicate;
  if (isFloat(a)) {
    static const CmpFPredicate kinds[] = {
        CmpFPredicate::OEQ, CmpFPredicate::OLT, CmpFPredicate::OLE,
        CmpFPredicate::OGT, CmpFPredicate::OGE};
    return make<arith::CmpFOp>(kinds[order], a, b);
  }
  static const CmpIPredicate kSigned[] = {
      CmpIPredicate::eq, CmpIPredicate::slt, CmpIPredicate::sle,
      CmpIPredicate::sgt, CmpIPredicate::sge};
  static const CmpIPredicate kUnsigned[] = {
      CmpIPredicate::eq, CmpIPredicate::ult, CmpIPredicate::ule,
      CmpIPredicate::ugt, CmpIPredicate::uge};
  return make<arith::CmpIOp>((isUnsigned ? kUnsigned : kSigned)[order], a, b);
}

Value Scalar::isNonZero(Value a) {
  if (isFloat(a))
    return make<arith::CmpFOp>(arith::CmpFPredicate::UNE, a, constant(a, 0));
  return make<arith::CmpIOp>(arith::CmpIPredicate::ne, a, constant(a, 0));
}

Value Scalar::cast(Value a, Type to, bool fromUnsigned, bool toUnsigned) {
  Type from = a.getType();
  if (from == to)
    return a;
  if (to.isInteger(1))
    return isNonZero(a);
  fromUnsigned |= from.isInteger(1);
  unsigned fromBits = from.getIntOrFloatBitWidth();
  unsigned toBits = to.getIntOrFloatBitWidth();
  if (isa<FloatType>(from)) {
    if (isa<FloatType>(to)) {
      if (fromBits == toBits) // f16 and bf16
        return make<arith::TruncFOp>(
            to, make<arith::ExtFOp>(builder.getF32Type(), a));
      return fromBits < toBits ? make<arith::ExtFOp>(to, a)
                               : make<arith::TruncFOp>(to, a);
    }
    if (fromBits < 32)
      a = make<arith::ExtFOp>(builder.getF32Type(), a);
    return toUnsigned ? make<arith::FPToUIOp>(to, a)
                      : make<arith::FPToSIOp>(to, a);
  }
  if (isa<FloatType>(to))
    return fromUnsigned ? make<arith::UIToFPOp>(to, a)
                        : make<arith::SIToFPOp>(to, a);
  if (fromBits > toBits)
    return make<arith::TruncIOp>(to, a);
  if (fromBits == toBits)
    return a;
  return fromUnsigned ? make<arith::ExtUIOp>(to, a)
                      : make<arith::ExtSIOp>(to, a);
}
