//===- Formats.h - Elements that no processor computes in -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// float8, float4 and integers of 4 and 2 bits. In the IR their elements are i8,
// one a byte: the bits of a float, the value of an integer. Only casts and
// (de)quantisation look into them; other operators may move them.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_IMPORT_FORMATS_H
#define SWAPC_LIB_IMPORT_FORMATS_H

#include "Scalar.h"

namespace swapc {

enum class Format : uint8_t {
  Plain, ///< an element of the IR is what its type says
  F8E4M3FN,
  F8E4M3FNUZ,
  F8E5M2,
  F8E5M2FNUZ,
  F8E8M0,
  F4E2M1,
  I4,
  U4,
  I2,
  U2
};

/// An element type of ONNX: how the IR holds it, and how to read that.
struct ElementKind {
  mlir::Type type; ///< null: not supported
  bool isUnsigned = false;
  Format format = Format::Plain;

  bool operator==(const ElementKind &other) const {
    return type == other.type && isUnsigned == other.isUnsigned &&
           format == other.format;
  }
};

/// Whether elements of the format are bits of a float, not integers.
bool isFloatFormat(Format format);
/// What an element takes in a file: 2, 4 or 8 bits.
unsigned getFormatBits(Format format);
/// The name in `swap.element`, in error messages and of the runtime.
llvm::StringRef getFormatName(Format format);
/// The least and the largest value of an integer kind.
std::pair<int64_t, int64_t> getIntegerRange(const ElementKind &kind);

enum class RoundMode : uint8_t { Nearest, Up, Down };

/// What Cast and its like do where a value does not fit.
struct Fit {
  bool saturate = true;
  RoundMode round = RoundMode::Up; ///< of float8e8m0 alone
};

/// The f32 that an element means.
mlir::Value decodeFloat(Scalar &s, mlir::Value element, Format format);
/// The element nearest to an f32.
mlir::Value encodeFloat(Scalar &s, mlir::Value value, Format format, Fit fit);
/// ONNX's Cast between any two kinds.
mlir::Value castElement(Scalar &s, mlir::Value element, const ElementKind &from,
                        const ElementKind &to, Fit fit = {});

/// The kind in words, for messages.
std::string getKindName(const ElementKind &kind);

/// `count` elements of `bits` bits, lowest first, one a byte.
std::string unpackElements(llvm::StringRef bytes, int64_t count, Format format);

} // namespace swapc

#endif // SWAPC_LIB_IMPORT_FORMATS_H
