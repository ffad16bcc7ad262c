//===- Scalar.h - Arithmetic on elements ------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_SCALAR_H
#define SWAPC_LIB_IMPORT_SCALAR_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace swapc {

/// Emits the body of a loop nest: floats and integers by one name, operations
/// on constants folded.
class Scalar {
public:
  using Value = mlir::Value;

  Scalar(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::Location getLoc() { return loc; }
  template <typename OpTy, typename... Args> Value make(Args &&...args) {
    return builder.createOrFold<OpTy>(loc, std::forward<Args>(args)...);
  }

  Value constant(mlir::TypedAttr value);
  /// `value` in the type of `like`.
  Value constant(Value like, double value);
  Value index(int64_t value);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b, bool isUnsigned = false);
  /// `b` for a division of integers that no element stops: 1 in place of 0 and
  /// of -1, by which the least number overflows. Branches that are not taken
  /// are computed, too.
  Value divisor(Value b, bool isUnsigned);
  Value max(Value a, Value b, bool isUnsigned = false);
  Value min(Value a, Value b, bool isUnsigned = false);
  Value neg(Value a);
  Value exp(Value a) { return make<mlir::math::ExpOp>(a); }
  Value recip(Value a) { return div(constant(a, 1), a); }
  Value sigmoid(Value a) { return recip(add(constant(a, 1), exp(neg(a)))); }
  Value select(Value condition, Value a, Value b) {
    return make<mlir::arith::SelectOp>(condition, a, b);
  }
  enum Order { Equal, Less, LessOrEqual, Greater, GreaterOrEqual };
  Value compare(Order order, Value a, Value b, bool isUnsigned = false);
  Value isNonZero(Value a);
  /// ONNX's Cast.
  Value cast(Value a, mlir::Type to, bool fromUnsigned, bool toUnsigned);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

inline bool isFloat(mlir::Value value) {
  return mlir::isa<mlir::FloatType>(value.getType());
}

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_SCALAR_H
