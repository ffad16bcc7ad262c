//===- MatMulNBits.cpp - Products with weights of few bits ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The weights are bytes [N, blocks of K, bytes of a block] of 2, 4 or 8 bits an
// element, with a scale and a zero point for each block. The loop over the
// bytes of a block takes all elements of a byte at once; the other side is
// arranged so that what they meet lies in as many tensors.
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// Weights and scales of one call.
static constexpr int64_t kPieceBytes = 1 << 20;

namespace {
/// A MatMulNBits with its attributes and inputs checked.
struct BlockProduct {
  int64_t rows, columns, depth, bits, block, blocks, bytes;
  TensorRef lhs, weights, scales, zeroPoints, bias;
  bool zerosArePacked = false;

  int64_t perByte() const { return 8 / bits; }
};
} // namespace

static LogicalResult readAttributes(NodeImporter &n, BlockProduct &p) {
  constexpr int64_t kLimit = int64_t(1) << 31;
  p.columns = n.getInt("N", 0);
  p.depth = n.getInt("K", 0);
  p.bits = n.getInt("bits", 4);
  p.block = n.getInt("block_size", 0);
  if (p.bits != 2 && p.bits != 4 && p.bits != 8)
    return n.error("weights of " + Twine(p.bits) +
                   " bits are not supported: 2, 4 and 8 are");
  if (p.columns < 1 || p.depth < 1 || p.columns >= kLimit ||
      p.depth >= kLimit || p.block < 8 / p.bits || p.block >= kLimit ||
      p.block * p.bits % 8 != 0)
    return n.error("N, K and block_size must be positive, and a block full "
                   "bytes");
  p.blocks = llvm::divideCeil(p.depth, p.block);
  p.bytes = p.block * p.bits / 8;
  return success();
}

static LogicalResult readInputs(NodeImporter &n, BlockProduct &p) {
  p.lhs = n.in(0);
  p.weights = n.in(1);
  p.scales = n.in(2);
  p.zeroPoints = n.in(3);
  p.bias = n.in(5);
  Type type = p.lhs->getElementType();
  if (!isa<FloatType>(type) || type.isF64() ||
      p.scales->getElementType() != type)
    return n.error("takes A and scales of one float type");
  if (p.lhs->getRank() < 1 || p.lhs->getShape().back() != p.depth)
    return n.error("the last dimension of A is not K");
  if (n.in(4))
    return n.error("g_idx is not supported: export without act_order");
  if (!p.weights->getElementType().isInteger(8) ||
      p.weights->getNumElements() != p.columns * p.blocks * p.bytes)
    return n.error("B must hold " + Twine(p.columns * p.blocks * p.bytes) +
                   " bytes: N, blocks of K, bytes of a block");
  if (p.scales->getNumElements() != p.columns * p.blocks)
    return n.error("scales must have one element for each of N and block of K");
  if (p.bias && (p.bias->getElementType() != type ||
                 p.bias->getNumElements() != p.columns))
    return n.error("the bias must have N elements of the type of A");
  p.rows = getProduct(p.lhs->getShape().drop_back());
  if (!p.zeroPoints)
    return success();
  int64_t packed = p.columns * llvm::divideCeil(p.blocks * p.bits, 8);
  p.zerosArePacked = p.zeroPoints->getElementType().isInteger(8);
  if (!p.zerosArePacked && p.zeroPoints->getElementType() != type)
    return n.error("zero points must be uint8, or of the type of A");
  if (p.zeroPoints->getNumElements() !=
      (p.zerosArePacked ? packed : p.columns * p.blocks))
    return n.error("zero points do not fit N and the blocks of K");
  return success();
}

/// Element `index` of a byte, unsigned.
static Value extract(Scalar &s, Value byte, int64_t index, int64_t bits) {
  if (index > 0)
    byte = s.make<arith::ShRUIOp>(byte, s.constant(byte, index * bits));
  return bits == 8 || (index + 1) * bits == 8
             ? byte
             : s.make<arith::AndIOp>(byte, s.constant(byte, (1 << bits) - 1));
}

/// Zero points as f32 [N, blocks].
static TensorRef getZeroPoints(NodeImporter &n, const BlockProduct &p) {
  Type f32 = n.b.getF32Type();
  if (!p.zerosArePacked)
    return n.cast(n.reshape(p.zeroPoints, {p.columns, p.blocks}), f32);
  int64_t bytes = llvm::divideCeil(p.blocks * p.bits, 8);
  TensorRef packed = n.reshape(p.zeroPoints, {p.columns, bytes});
  SmallVector<TensorRef> parts;
  for (int64_t i = 0; i < p.perByte(); ++i) {
    TensorRef part = n.parallel({{packed, n.identity(2)}}, packed->getShape(),
                                f32, [&](Scalar &s, ValueRange args) {
                                  return s.cast(extract(s, args[0], i, p.bits),
                                                f32, true, false);
                                });
    parts.push_back(n.reshape(part, {p.columns, bytes, 1}));
  }
  TensorRef all =
      n.reshape(n.concat(parts, 2), {p.columns, bytes * p.perByte()});
  return n.slice(all, {0, 0}, {p.columns, p.blocks}, {1, 1});
}

/// The left side as [elements of a byte, rows, blocks, bytes].
static TensorRef arrange(NodeImporter &n, const BlockProduct &p) {
  TensorRef lhs = n.reshape(p.lhs, {p.rows, p.depth});
  lhs = n.pad(lhs, {0, 0}, {0, p.blocks * p.block - p.depth},
              n.zero(lhs->getElementType()));
  lhs = n.reshape(lhs, {p.rows, p.blocks, p.bytes, p.perByte()});
  return n.transpose(lhs, {3, 0, 1, 2});
}

/// The product without its bias, in f32, of a left side that is arranged.
static TensorRef multiplyBlocks(NodeImporter &n, const BlockProduct &p,
                                TensorRef lhs) {
  Type f32 = n.b.getF32Type();
  AffineExpr m = n.dim(0), c = n.dim(1), block = n.dim(2), byte = n.dim(3);
  TensorRef weights = n.reshape(p.weights, {p.columns, p.blocks, p.bytes});
  SmallVector<Operand> operands{
      {weights, n.getMap(4, {c, block, byte})},
      {n.reshape(p.scales, {p.columns, p.blocks}), n.getMap(4, {c, block})}};
  if (p.zeroPoints)
    operands.push_back({getZeroPoints(n, p), n.getMap(4, {c, block})});
  unsigned first = operands.size();
  for (int64_t i = 0; i < p.perByte(); ++i)
    operands.push_back(
        {lhs, n.getMap(4, {n.b.getAffineConstantExpr(i), m, block, byte})});
  TensorRef product = n.reduce(
      operands, n.getMap(4, {m, c}),
      {IteratorType::parallel, IteratorType::parallel, IteratorType::reduction,
       IteratorType::reduction},
      {p.rows, p.columns}, n.zero(f32), [&](Scalar &s, ValueRange args) {
        Value sum;
        for (int64_t i = 0; i < p.perByte(); ++i) {
          Value weight =
              s.cast(extract(s, args[0], i, p.bits), f32, true, false);
          weight =
              s.sub(weight, first == 3 ? args[2]
                                       : s.constant(weight, 1 << (p.bits - 1)));
          Value term =
              s.mul(s.cast(args[first + i], f32, false, false), weight);
          sum = sum ? s.add(sum, term) : term;
        }
        Value scale = s.cast(args[1], f32, false, false);
        return s.add(args.back(), s.mul(sum, scale));
      });
  product->isUnsigned = false;
  return product;
}

/// What a call needs at once should be small, and its weights are needed whole:
/// so the columns are cut into pieces, of one size where one divides them.
static int64_t getPieceColumns(const BlockProduct &p) {
  int64_t bytes = p.columns * p.blocks * (p.bytes + 4);
  int64_t least = llvm::divideCeil(bytes, kPieceBytes);
  for (int64_t pieces = least; pieces < 2 * least; ++pieces)
    if (p.columns % pieces == 0)
      return p.columns / pieces;
  return std::max<int64_t>(p.columns / least, 1);
}

/// Columns `first` to `first + count` of the product.
static BlockProduct cutColumns(NodeImporter &n, const BlockProduct &p,
                               int64_t first, int64_t count) {
  BlockProduct piece = p;
  piece.columns = count;
  auto cut = [&](TensorRef tensor) {
    int64_t inner = tensor->getNumElements() / p.columns;
    return n.slice(n.reshape(tensor, {p.columns, inner}), {first, 0},
                   {count, inner}, {1, 1});
  };
  piece.weights = cut(p.weights);
  piece.scales = cut(p.scales);
  if (p.zeroPoints)
    piece.zeroPoints = cut(p.zeroPoints);
  return piece;
}

static LogicalResult importMatMulNBits(NodeImporter &n) {
  if (failed(n.checkInputs(3, 6)))
    return failure();
  BlockProduct p;
  if (failed(readAttributes(n, p)) || failed(readInputs(n, p)))
    return failure();
  Type type = p.lhs->getElementType(), f32 = n.b.getF32Type();
  TensorRef lhs = arrange(n, p);
  SmallVector<TensorRef> pieces;
  int64_t columns = getPieceColumns(p);
  for (int64_t first = 0; first < p.columns; first += columns) {
    int64_t count = std::min(columns, p.columns - first);
    pieces.push_back(
        multiplyBlocks(n, cutColumns(n, p, first, count), lhs));
  }
  TensorRef product = pieces.size() == 1 ? pieces[0] : n.concat(pieces, 1);
  if (p.bias)
    product = n.broadcasted(
        {product, n.reshape(p.bias, {p.columns})}, f32,
        [&](Scalar &s, ValueRange args) {
          return s.add(args[0], s.cast(args[1], f32, false, false));
        },
        false);
  SmallVector<int64_t> shape(p.lhs->getShape());
  shape.back() = p.columns;
  return n.finish(n.reshape(n.cast(product, type), shape));
}

void swapc::addMatMulNBits(HandlerMap &handlers) {
  handlers["com.microsoft.MatMulNBits"] = importMatMulNBits;
}
