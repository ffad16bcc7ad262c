//===- Packed.cpp - Several elements a byte ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A weight of 4 or 2 bits stays packed in the blob; the kernel that reads it
// takes its elements out of their bytes.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;

std::string swapc::unpackElements(StringRef bytes, int64_t count,
                                  Format format) {
  unsigned bits = getFormatBits(format), perByte = 8 / bits;
  bool isSigned = format == Format::I4 || format == Format::I2;
  std::string result(count, 0);
  for (int64_t i = 0; i < count; ++i) {
    int value =
        static_cast<uint8_t>(bytes[i / perByte]) >> (i % perByte * bits);
    value &= (1 << bits) - 1;
    if (isSigned && value >> (bits - 1))
      value -= 1 << bits;
    result[i] = static_cast<char>(value);
  }
  return result;
}

/// The element of a byte that starts at bit `shift`.
static Value extract(OpBuilder &b, Location loc, Value byte, Value shift,
                     Format format) {
  Scalar s(b, loc);
  int bits = getFormatBits(format);
  if (format != Format::I4 && format != Format::I2)
    return s.make<arith::AndIOp>(
        s.make<arith::ShRUIOp>(byte, shift),
        s.constant(b.getI8IntegerAttr((1 << bits) - 1)));
  Value top = s.constant(b.getI8IntegerAttr(8 - bits));
  return s.make<arith::ShRSIOp>(s.make<arith::ShLIOp>(byte, s.sub(top, shift)),
                                top);
}

/// [..., bytes] to [..., bytes, elements of a byte].
static Value spread(OpBuilder &b, Location loc, Value bytes, Format format) {
  SmallVector<int64_t> shape(
      cast<RankedTensorType>(bytes.getType()).getShape());
  int64_t bits = getFormatBits(format), perByte = 8 / bits;
  shape.push_back(perByte);
  // A table, not the loop's index: recipes have no index.
  SmallVector<int8_t> table;
  for (int64_t i = 0; i < perByte; ++i)
    table.push_back(i * bits);
  Value shifts = arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(RankedTensorType::get(perByte, b.getI8Type()),
                             ArrayRef<int8_t>(table)));
  unsigned rank = shape.size();
  AffineMap whole = b.getMultiDimIdentityMap(rank);
  Value empty = tensor::EmptyOp::create(b, loc, shape, b.getI8Type());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, empty.getType(), ValueRange{bytes, shifts}, empty,
             ArrayRef<AffineMap>{whole.dropResult(rank - 1),
                                 whole.getMinorSubMap(1), whole},
             iterators,
             [&](OpBuilder &b, Location loc, ValueRange args) {
               linalg::YieldOp::create(
                   b, loc, extract(b, loc, args[0], args[1], format));
             })
      .getResult(0);
}

/// The parameter holds bytes: the last dimension that several elements share
/// becomes (bytes, elements of a byte).
Value GraphImporter::unpack(TensorRef tensor, Location loc) {
  int64_t perByte = 8 / getFormatBits(tensor->format);
  SmallVector<int64_t> shape(tensor->getShape());
  if (shape.back() % perByte != 0)
    shape = {tensor->getNumElements()};
  shape.back() /= perByte;
  Value bytes = addParameter(tensor, loc,
                             RankedTensorType::get(shape, builder.getI8Type()));
  Value elements = spread(builder, loc, bytes, tensor->format);
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0, e = shape.size(); i < e; ++i)
    groups.push_back({i});
  groups.back().push_back(shape.size());
  shape.back() *= perByte;
  auto flat = RankedTensorType::get(shape, builder.getI8Type());
  elements =
      tensor::CollapseShapeOp::create(builder, loc, flat, elements, groups);
  if (flat == tensor->type)
    return elements;
  ReassociationIndices all =
      llvm::to_vector(llvm::seq<int64_t>(0, tensor->getRank()));
  return tensor::ExpandShapeOp::create(builder, loc, tensor->type, elements,
                                       ArrayRef<ReassociationIndices>(all));
}
