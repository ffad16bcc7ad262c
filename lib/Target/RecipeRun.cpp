//===- RecipeRun.cpp - Runs the body of a derived parameter ---------------===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecipeOps.h"

#include "Rounding.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace swapc;

static bool compareInt(arith::CmpIPredicate predicate, int64_t a, int64_t b,
                       ElementType type) {
  uint64_t x = zeroExtended(a, type), y = zeroExtended(b, type);
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  case arith::CmpIPredicate::ult:
    return x < y;
  case arith::CmpIPredicate::ule:
    return x <= y;
  case arith::CmpIPredicate::ugt:
    return x > y;
  case arith::CmpIPredicate::uge:
    return x >= y;
  }
  return false;
}

template <typename T>
static bool compareFloat(arith::CmpFPredicate predicate, T a, T b) {
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case arith::CmpFPredicate::AlwaysFalse:
    return false;
  case arith::CmpFPredicate::AlwaysTrue:
    return true;
  case arith::CmpFPredicate::OEQ:
    return a == b;
  case arith::CmpFPredicate::OGT:
    return a > b;
  case arith::CmpFPredicate::OGE:
    return a >= b;
  case arith::CmpFPredicate::OLT:
    return a < b;
  case arith::CmpFPredicate::OLE:
    return a <= b;
  case arith::CmpFPredicate::ONE:
    return !unordered && a != b;
  case arith::CmpFPredicate::ORD:
    return !unordered;
  case arith::CmpFPredicate::UEQ:
    return unordered || a == b;
  case arith::CmpFPredicate::UGT:
    return unordered || a > b;
  case arith::CmpFPredicate::UGE:
    return unordered || a >= b;
  case arith::CmpFPredicate::ULT:
    return unordered || a < b;
  case arith::CmpFPredicate::ULE:
    return unordered || a <= b;
  case arith::CmpFPredicate::UNE:
    return a != b;
  case arith::CmpFPredicate::UNO:
    return unordered;
  }
  return false;
}

/// Floating-point operations, for float and double alike.
template <typename T>
static void runFloat(RecipeBody::Op op, T *out, const T *a, const T *b,
                     const T *c, int64_t count) {
  using Op = RecipeBody::Op;
  auto each = [&](auto fn) {
    for (int64_t k = 0; k < count; ++k)
      out[k] = fn(k);
  };
  switch (op) {
  case Op::Add:
    return each([&](int64_t k) { return a[k] + b[k]; });
  case Op::Sub:
    return each([&](int64_t k) { return a[k] - b[k]; });
  case Op::Mul:
    return each([&](int64_t k) { return a[k] * b[k]; });
  case Op::Div:
    return each([&](int64_t k) { return a[k] / b[k]; });
  case Op::Rem:
    return each([&](int64_t k) { return std::fmod(a[k], b[k]); });
  case Op::Maximum:
    return each([&](int64_t k) {
      if (std::isnan(a[k]) || std::isnan(b[k]))
        return a[k] + b[k];
      return a[k] == b[k] ? (std::signbit(a[k]) ? b[k] : a[k])
                          : std::max(a[k], b[k]);
    });
  case Op::Minimum:
    return each([&](int64_t k) {
      if (std::isnan(a[k]) || std::isnan(b[k]))
        return a[k] + b[k];
      return a[k] == b[k] ? (std::signbit(a[k]) ? a[k] : b[k])
                          : std::min(a[k], b[k]);
    });
  case Op::Maxnum:
    return each([&](int64_t k) { return std::fmax(a[k], b[k]); });
  case Op::Minnum:
    return each([&](int64_t k) { return std::fmin(a[k], b[k]); });
  case Op::Neg:
    return each([&](int64_t k) { return -a[k]; });
  case Op::Abs:
    return each([&](int64_t k) { return std::fabs(a[k]); });
  case Op::Exp:
    return each([&](int64_t k) { return std::exp(a[k]); });
  case Op::Exp2:
    return each([&](int64_t k) { return std::exp2(a[k]); });
  case Op::Log:
    return each([&](int64_t k) { return std::log(a[k]); });
  case Op::Sqrt:
    return each([&](int64_t k) { return std::sqrt(a[k]); });
  case Op::Rsqrt:
    return each([&](int64_t k) { return 1 / std::sqrt(a[k]); });
  case Op::Tanh:
    return each([&](int64_t k) { return std::tanh(a[k]); });
  case Op::Erf:
    return each([&](int64_t k) { return std::erf(a[k]); });
  case Op::Sin:
    return each([&](int64_t k) { return std::sin(a[k]); });
  case Op::Cos:
    return each([&](int64_t k) { return std::cos(a[k]); });
  case Op::Tan:
    return each([&](int64_t k) { return std::tan(a[k]); });
  case Op::Asin:
    return each([&](int64_t k) { return std::asin(a[k]); });
  case Op::Acos:
    return each([&](int64_t k) { return std::acos(a[k]); });
  case Op::Atan:
    return each([&](int64_t k) { return std::atan(a[k]); });
  case Op::Sinh:
    return each([&](int64_t k) { return std::sinh(a[k]); });
  case Op::Cosh:
    return each([&](int64_t k) { return std::cosh(a[k]); });
  case Op::Asinh:
    return each([&](int64_t k) { return std::asinh(a[k]); });
  case Op::Acosh:
    return each([&](int64_t k) { return std::acosh(a[k]); });
  case Op::Atanh:
    return each([&](int64_t k) { return std::atanh(a[k]); });
  case Op::Floor:
    return each([&](int64_t k) { return std::floor(a[k]); });
  case Op::Ceil:
    return each([&](int64_t k) { return std::ceil(a[k]); });
  case Op::RoundEven:
    return each([&](int64_t k) { return std::nearbyint(a[k]); });
  case Op::Pow:
    return each([&](int64_t k) { return std::pow(a[k], b[k]); });
  case Op::CopySign:
    return each([&](int64_t k) { return std::copysign(a[k], b[k]); });
  case Op::Fma:
    return each([&](int64_t k) { return std::fma(a[k], b[k], c[k]); });
  default:
    return;
  }
}

static void runInt(RecipeBody::Op op, ElementType type, int64_t *out,
                   const int64_t *a, const int64_t *b, int64_t count) {
  using Op = RecipeBody::Op;
  auto each = [&](auto fn) {
    for (int64_t k = 0; k < count; ++k)
      out[k] = normalize(int64_t(fn(k)), type);
  };
  // Wrapping arithmetic; division by zero gives zero.
  auto u = [&](const int64_t *v, int64_t k) {
    return zeroExtended(v[k], type);
  };
  switch (op) {
  case Op::AddInt:
    return each([&](int64_t k) { return u(a, k) + u(b, k); });
  case Op::SubInt:
    return each([&](int64_t k) { return u(a, k) - u(b, k); });
  case Op::MulInt:
    return each([&](int64_t k) { return u(a, k) * u(b, k); });
  case Op::DivInt:
    return each([&](int64_t k) {
      return b[k] == 0    ? 0
             : b[k] == -1 ? int64_t(-uint64_t(a[k]))
                          : a[k] / b[k];
    });
  case Op::DivUInt:
    return each([&](int64_t k) { return b[k] == 0 ? 0 : u(a, k) / u(b, k); });
  case Op::RemInt:
    return each(
        [&](int64_t k) { return b[k] == 0 || b[k] == -1 ? 0 : a[k] % b[k]; });
  case Op::RemUInt:
    return each([&](int64_t k) { return b[k] == 0 ? 0 : u(a, k) % u(b, k); });
  case Op::And:
    return each([&](int64_t k) { return a[k] & b[k]; });
  case Op::Or:
    return each([&](int64_t k) { return a[k] | b[k]; });
  case Op::Xor:
    return each([&](int64_t k) { return a[k] ^ b[k]; });
  case Op::ShiftLeft:
    return each(
        [&](int64_t k) { return u(b, k) > 63 ? 0 : u(a, k) << u(b, k); });
  case Op::ShiftRight:
    return each(
        [&](int64_t k) { return a[k] >> std::min<uint64_t>(u(b, k), 63); });
  case Op::ShiftRightUnsigned:
    return each(
        [&](int64_t k) { return u(b, k) > 63 ? 0 : u(a, k) >> u(b, k); });
  case Op::MaxInt:
    return each([&](int64_t k) { return std::max(a[k], b[k]); });
  case Op::MinInt:
    return each([&](int64_t k) { return std::min(a[k], b[k]); });
  case Op::MaxUInt:
    return each([&](int64_t k) { return std::max(u(a, k), u(b, k)); });
  case Op::MinUInt:
    return each([&](int64_t k) { return std::min(u(a, k), u(b, k)); });
  case Op::AbsInt:
    return each([&](int64_t k) { return a[k] < 0 ? -uint64_t(a[k]) : a[k]; });
  default:
    return;
  }
}

/// Rounds to the precision of a 16-bit type.
static void roundTo(ElementType type, float *values, int64_t count) {
  if (type.kind == ElementKind::F16)
    for (int64_t k = 0; k < count; ++k)
      values[k] = halfToFloat(floatToHalf(values[k]));
  else if (type.kind == ElementKind::BF16)
    for (int64_t k = 0; k < count; ++k)
      values[k] = bfloatToFloat(floatToBfloat(values[k]));
}

void RecipeBody::run(Register *file, int64_t count) const {
  for (const Instruction &instruction : program) {
    Register &out = file[instruction.result];
    const Register &a = file[instruction.operands[0]];
    const Register &b = file[instruction.operands[1]];
    const Register &c = file[instruction.operands[2]];
    ElementType type = instruction.type, from = instruction.operand;
    bool isInt = type.kind == ElementKind::Int;
    bool isDouble = type.kind == ElementKind::F64;
    bool fromDouble = from.kind == ElementKind::F64;
    auto each = [&](auto fn) {
      for (int64_t k = 0; k < count; ++k) {
        if (isInt)
          out.i[k] = normalize(int64_t(fn(k)), type);
        else if (isDouble)
          out.d[k] = double(fn(k));
        else
          out.f[k] = float(fn(k));
      }
    };
    switch (instruction.op) {
    case Op::Constant:
      if (isInt || isDouble)
        std::fill_n(out.i, count, int64_t(instruction.constant));
      else
        std::fill_n(out.f, count,
                    llvm::bit_cast<float>(uint32_t(instruction.constant)));
      break;
    case Op::Select:
      if (isInt || isDouble)
        for (int64_t k = 0; k < count; ++k)
          out.i[k] = a.i[k] ? b.i[k] : c.i[k];
      else
        for (int64_t k = 0; k < count; ++k)
          out.f[k] = a.i[k] ? b.f[k] : c.f[k];
      break;
    case Op::CompareInt:
      each([&](int64_t k) {
        return compareInt(arith::CmpIPredicate(instruction.constant), a.i[k],
                          b.i[k], from);
      });
      break;
    case Op::CompareFloat: {
      auto predicate = arith::CmpFPredicate(instruction.constant);
      each([&](int64_t k) {
        return fromDouble ? compareFloat(predicate, a.d[k], b.d[k])
                          : compareFloat(predicate, a.f[k], b.f[k]);
      });
      break;
    }
    case Op::Bitcast: {
      char bytes[kRun * 8];
      storeElements(from, bytes, 1, count, a);
      loadElements(type, bytes, 1, count, out);
      break;
    }
    case Op::FloatToFloat:
      // A double rounds once, straight to 16 bits it would round twice.
      if (fromDouble && type.kind != ElementKind::F32) {
        for (int64_t k = 0; k < count; ++k) {
          APFloat value(a.d[k]);
          bool lossless;
          value.convert(type.kind == ElementKind::F16 ? APFloat::IEEEhalf()
                                                      : APFloat::BFloat(),
                        APFloat::rmNearestTiesToEven, &lossless);
          uint16_t bits = value.bitcastToAPInt().getZExtValue();
          out.f[k] = type.kind == ElementKind::F16 ? halfToFloat(bits)
                                                   : bfloatToFloat(bits);
        }
      } else if (fromDouble || isDouble) {
        each([&](int64_t k) { return fromDouble ? a.d[k] : double(a.f[k]); });
      } else {
        std::copy_n(a.f, count, out.f);
      }
      break;
    case Op::IntToFloat:
      if (isDouble || type.kind == ElementKind::F32)
        each([&](int64_t k) {
          int64_t value = from.bits == 1 ? -a.i[k] : a.i[k];
          return isDouble ? double(value) : double(float(value));
        });
      else
        each([&](int64_t k) { return from.bits == 1 ? -a.i[k] : a.i[k]; });
      break;
    case Op::UIntToFloat:
      each([&](int64_t k) {
        uint64_t value = zeroExtended(a.i[k], from);
        return isDouble ? double(value) : double(float(value));
      });
      break;
    case Op::FloatToInt:
      each([&](int64_t k) {
        double value = fromDouble ? a.d[k] : a.f[k];
        if (!(value > -0x1p63))
          return value == value ? INT64_MIN : int64_t(0);
        return value < 0x1p63   ? int64_t(value)
               : value < 0x1p64 ? int64_t(uint64_t(value))
                                : INT64_MAX;
      });
      break;
    case Op::ExtendSigned:
      each([&](int64_t k) { return from.bits == 1 ? -a.i[k] : a.i[k]; });
      break;
    case Op::ExtendUnsigned:
      each([&](int64_t k) { return zeroExtended(a.i[k], from); });
      break;
    case Op::Truncate:
      each([&](int64_t k) { return a.i[k]; });
      break;
    default:
      if (isInt)
        runInt(instruction.op, type, out.i, a.i, b.i, count);
      else if (isDouble)
        runFloat(instruction.op, out.d, a.d, b.d, c.d, count);
      else
        runFloat(instruction.op, out.f, a.f, b.f, c.f, count);
    }
    if (!isInt && !isDouble)
      roundTo(type, out.f, count);
  }
}
