//===- Formats.cpp - Elements that no processor computes in -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include <cmath>

using namespace mlir;
using namespace swapc;

namespace {
/// A float of a sign, `exponent` bits with `bias`, and `mantissa` bits.
struct Layout {
  int exponent, mantissa, bias;
  int largest;      ///< bits of the largest finite magnitude
  int infinity;     ///< bits of infinity, or -1
  int nan;          ///< bits of a NaN, or -1
  bool hasZeroSign; ///< otherwise the bits of -0 are the NaN
};
} // namespace

static Layout getLayout(Format format) {
  switch (format) {
  case Format::F8E4M3FN:
    return {4, 3, 7, 0x7e, -1, 0x7f, true};
  case Format::F8E4M3FNUZ:
    return {4, 3, 8, 0x7f, -1, 0x80, false};
  case Format::F8E5M2:
    return {5, 2, 15, 0x7b, 0x7c, 0x7f, true};
  case Format::F8E5M2FNUZ:
    return {5, 2, 16, 0x7f, -1, 0x80, false};
  default:
    return {2, 1, 1, 0x7, -1, -1, true};
  }
}

bool swapc::isFloatFormat(Format format) {
  return format >= Format::F8E4M3FN && format <= Format::F4E2M1;
}

unsigned swapc::getFormatBits(Format format) {
  switch (format) {
  case Format::F4E2M1:
  case Format::I4:
  case Format::U4:
    return 4;
  case Format::I2:
  case Format::U2:
    return 2;
  default:
    return 8;
  }
}

StringRef swapc::getFormatName(Format format) {
  static const char *const names[] = {
      "",           "float8e4m3fn",   "float8e4m3fnuz",
      "float8e5m2", "float8e5m2fnuz", "float8e8m0",
      "float4e2m1", "int4",           "uint4",
      "int2",       "uint2"};
  return names[static_cast<unsigned>(format)];
}

std::pair<int64_t, int64_t> swapc::getIntegerRange(const ElementKind &kind) {
  unsigned bits = kind.format == Format::Plain
                      ? kind.type.getIntOrFloatBitWidth()
                      : getFormatBits(kind.format);
  if (kind.isUnsigned)
    return {0, (int64_t(1) << bits) - 1};
  return {-(int64_t(1) << (bits - 1)), (int64_t(1) << (bits - 1)) - 1};
}

//===----------------------------------------------------------------------===//
// Arithmetic on the bits of an f32
//===----------------------------------------------------------------------===//

static Value bitsOf(Scalar &s, Value value) {
  return s.make<arith::BitcastOp>(s.getBuilder().getI32Type(), value);
}

static Value floatOf(Scalar &s, Value bits) {
  return s.make<arith::BitcastOp>(s.getBuilder().getF32Type(), bits);
}

static Value integer(Scalar &s, int64_t value) {
  return s.constant(s.getBuilder().getI32IntegerAttr(value));
}

static Value real(Scalar &s, double value) {
  return s.constant(s.getBuilder().getF32FloatAttr(value));
}

static Value andBits(Scalar &s, Value a, int64_t mask) {
  return s.make<arith::AndIOp>(a, integer(s, mask));
}

static Value shiftLeft(Scalar &s, Value a, int64_t by) {
  return s.make<arith::ShLIOp>(a, integer(s, by));
}

static Value shiftRight(Scalar &s, Value a, int64_t by) {
  return s.make<arith::ShRUIOp>(a, integer(s, by));
}

static constexpr int64_t kNanBits = 0x7fc00000, kInfBits = 0x7f800000;

static Value decodeScale(Scalar &s, Value bits) {
  // 2^-127 is the one subnormal number of f32.
  Value wide = s.select(s.compare(Scalar::Equal, bits, integer(s, 0)),
                        integer(s, 0x400000), shiftLeft(s, bits, 23));
  return floatOf(s, s.select(s.compare(Scalar::Equal, bits, integer(s, 255)),
                             integer(s, kNanBits), wide));
}

Value swapc::decodeFloat(Scalar &s, Value element, Format format) {
  Value bits = s.make<arith::ExtUIOp>(s.getBuilder().getI32Type(), element);
  if (format == Format::F8E8M0)
    return decodeScale(s, bits);
  Layout l = getLayout(format);
  int width = l.exponent + l.mantissa;
  Value magnitude = andBits(s, bits, (1 << width) - 1);
  Value small =
      s.mul(s.make<arith::SIToFPOp>(s.getBuilder().getF32Type(), magnitude),
            real(s, std::ldexp(1.0, 1 - l.bias - l.mantissa)));
  Value normal = s.add(shiftLeft(s, magnitude, 23 - l.mantissa),
                       integer(s, int64_t(127 - l.bias) << 23));
  Value wide =
      s.select(s.compare(Scalar::Less, magnitude, integer(s, 1 << l.mantissa)),
               bitsOf(s, small), normal);
  // Above the largest are infinity, if there is one, and NaN.
  if (l.nan >= 0 && l.hasZeroSign)
    wide = s.select(s.compare(Scalar::Greater, magnitude,
                              integer(s, std::max(l.largest, l.infinity))),
                    integer(s, kNanBits), wide);
  if (l.infinity >= 0)
    wide = s.select(s.compare(Scalar::Equal, magnitude, integer(s, l.infinity)),
                    integer(s, kInfBits), wide);
  Value sign = shiftLeft(s, andBits(s, bits, 1 << width), 31 - width);
  wide = s.make<arith::OrIOp>(wide, sign);
  if (!l.hasZeroSign)
    wide = s.select(s.compare(Scalar::Equal, bits, integer(s, l.nan)),
                    integer(s, kNanBits), wide);
  return floatOf(s, wide);
}

static Value encodeScale(Scalar &s, Value bits, Fit fit) {
  Value exponent = andBits(s, shiftRight(s, bits, 23), 255);
  Value fraction = andBits(s, bits, 0x7fffff);
  Value up = integer(s, 0), one = integer(s, 1);
  if (fit.round == RoundMode::Up)
    up = s.select(s.compare(Scalar::Greater, fraction, up), one, up);
  // Halfway from a power of two, whose last bit is set, is up; from zero down.
  if (fit.round == RoundMode::Nearest) {
    Value half = s.select(s.compare(Scalar::Equal, exponent, up),
                          integer(s, 0x400001), integer(s, 0x400000));
    up = s.select(s.compare(Scalar::GreaterOrEqual, fraction, half), one, up);
  }
  Value rounded = s.add(exponent, up);
  if (fit.saturate)
    rounded = s.min(rounded, integer(s, 254));
  return s.select(s.compare(Scalar::Equal, exponent, integer(s, 255)), exponent,
                  rounded);
}

Value swapc::encodeFloat(Scalar &s, Value value, Format format, Fit fit) {
  Type byte = s.getBuilder().getI8Type();
  Value bits = bitsOf(s, value);
  if (format == Format::F8E8M0)
    return s.make<arith::TruncIOp>(byte, encodeScale(s, bits, fit));
  Layout l = getLayout(format);
  int width = l.exponent + l.mantissa, shift = 23 - l.mantissa;
  Value size = andBits(s, bits, 0x7fffffff);
  // To the nearest, ties to even: a carry may go up into the exponent.
  Value odd = andBits(s, shiftRight(s, size, shift), 1);
  Value carried = s.add(s.add(size, integer(s, (1 << (shift - 1)) - 1)), odd);
  Value normal = s.sub(shiftRight(s, carried, shift),
                       integer(s, int64_t(127 - l.bias) << l.mantissa));
  // A subnormal number counts the last place of this sum.
  double place = std::ldexp(1.0, 1 - l.bias - l.mantissa + 23);
  Value sum = s.add(floatOf(s, size), real(s, place));
  Value small = s.sub(bitsOf(s, sum), bitsOf(s, real(s, place)));
  Value magnitude = s.select(
      s.compare(Scalar::Less, size, integer(s, int64_t(128 - l.bias) << 23)),
      small, normal);
  Value limit = integer(s, l.largest);
  Value beyond = s.compare(Scalar::Greater, magnitude, limit);
  bool saturate = fit.saturate || l.nan < 0;
  int over = saturate ? l.largest : l.infinity >= 0 ? l.infinity : l.nan;
  magnitude = s.select(beyond, integer(s, over), magnitude);
  Value sign = andBits(s, shiftRight(s, bits, 31 - width), 1 << width);
  Value result = s.make<arith::OrIOp>(magnitude, sign);
  if (!l.hasZeroSign)
    result = s.select(s.compare(Scalar::Equal, magnitude, integer(s, 0)),
                      magnitude, result);
  Value isNan = s.compare(Scalar::Greater, size, integer(s, kInfBits));
  // A format without NaN gets minus zero.
  int nan = l.nan >= 0 ? l.nan : 1 << width;
  result = s.select(isNan, integer(s, nan), result);
  return s.make<arith::TruncIOp>(byte, result);
}

/// The low bits of an i32, as an i8 of that value.
static Value wrap(Scalar &s, Value value, Format format) {
  int64_t bits = getFormatBits(format);
  bool isUnsigned = format == Format::U4 || format == Format::U2;
  Value low = isUnsigned
                  ? andBits(s, value, (1 << bits) - 1)
                  : s.make<arith::ShRSIOp>(shiftLeft(s, value, 32 - bits),
                                           integer(s, 32 - bits));
  return s.make<arith::TruncIOp>(s.getBuilder().getI8Type(), low);
}

Value swapc::castElement(Scalar &s, Value element, const ElementKind &from,
                         const ElementKind &to, Fit fit) {
  if (from == to)
    return element;
  Type f32 = s.getBuilder().getF32Type(), i32 = s.getBuilder().getI32Type();
  bool isUnsigned = from.isUnsigned;
  if (isFloatFormat(from.format)) {
    element = decodeFloat(s, element, from.format);
    isUnsigned = false;
  }
  if (to.format == Format::Plain)
    return s.cast(element, to.type, isUnsigned, to.isUnsigned);
  if (isFloatFormat(to.format))
    return encodeFloat(s, s.cast(element, f32, isUnsigned, false), to.format,
                       fit);
  return wrap(s, s.cast(element, i32, isUnsigned, false), to.format);
}
