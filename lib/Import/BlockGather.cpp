//===- BlockGather.cpp - Rows of tables quantized in blocks -----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The embeddings of language models with weights of 4 bits. Rows of bytes are
// gathered, and only they become floats: a table is never unpacked.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace swapc;

namespace {
/// A GatherBlockQuantized with its attributes and inputs checked.
struct BlockTable {
  TensorRef data, indices, scales, zeroPoints;
  int64_t bits, block, width, blocks;
  /// Several elements a byte; otherwise one, whatever its format.
  bool isPacked;
};
} // namespace

static LogicalResult read(NodeImporter &n, BlockTable &t) {
  t.data = n.in(0);
  t.indices = n.in(1);
  t.scales = n.in(2);
  t.zeroPoints = n.in(3);
  t.bits = n.getInt("bits", 4);
  t.block = n.getInt("block_size", 128);
  int64_t rank = t.data->getRank();
  if (rank < 2 || t.scales->getRank() != rank ||
      !isa<FloatType>(t.scales->getElementType()) ||
      t.scales->getElementType().isF64())
    return n.error("takes a table of rank 2 or more, and scales of its rank");
  FailureOr<int64_t> axis = n.getAxis(n.getInt("gather_axis", 0), rank);
  FailureOr<int64_t> blocked = n.getAxis(n.getInt("quantize_axis", 1), rank);
  if (failed(axis) || failed(blocked))
    return failure();
  if (*axis != 0 || *blocked != rank - 1)
    return n.error("gathers along the first axis of a table whose last one is "
                   "quantized; others are not supported");
  bool isBytes = t.data->format == Format::Plain;
  if (isBytes ? !t.data->isUnsigned || !t.data->getElementType().isInteger(8)
              : t.data->format != Format::I4 && t.data->format != Format::U4)
    return n.error("takes elements of uint8, int4 or uint4");
  if (t.bits != 4 && (t.bits != 8 || !isBytes))
    return n.error("elements of " + Twine(t.bits) +
                   " bits are not supported: 4 are, and 8 in uint8");
  t.isPacked = isBytes && t.bits == 4;
  t.width = t.data->getDim(rank - 1) * (t.isPacked ? 2 : 1);
  t.blocks = t.scales->getDim(rank - 1);
  if (t.block < 1 || t.width % t.block != 0 || t.blocks != t.width / t.block)
    return n.error("rows of " + Twine(t.width) + " elements do not make " +
                   Twine(t.blocks) + " blocks of " + Twine(t.block));
  if (t.scales->getShape().drop_back() != t.data->getShape().drop_back())
    return n.error("the scales do not have the rows of the table");
  if (!t.zeroPoints)
    return success();
  SmallVector<int64_t> shape(t.scales->getShape());
  if (t.isPacked)
    shape.back() = llvm::divideCeil(t.blocks, 2);
  if (!(t.zeroPoints->getKind() == t.data->getKind()) ||
      t.zeroPoints->getShape() != ArrayRef(shape))
    return n.error("zero points must have the table's type, and one for each "
                   "scale");
  return success();
}

/// The two elements of each byte: [..., bytes] to [..., 2 * bytes].
static TensorRef unpack(NodeImporter &n, TensorRef bytes) {
  SmallVector<int64_t> shape(bytes->getShape());
  shape.push_back(2);
  int64_t rank = shape.size();
  TensorRef shifts = n.constantInts(2, {0, 4}, n.b.getI8Type());
  TensorRef halves = n.parallel(
      {{bytes, n.identity(rank).dropResult(rank - 1)},
       {shifts, n.getMap(rank, {n.dim(rank - 1)})}},
      shape, n.b.getI8Type(),
      [](Scalar &s, ValueRange args) {
        Value low = s.make<arith::ShRUIOp>(args[0], args[1]);
        return s.make<arith::AndIOp>(low, s.constant(low, 15));
      },
      /*isUnsigned=*/true);
  shape.pop_back();
  shape.back() *= 2;
  return n.reshape(halves, shape);
}

static LogicalResult importBlockGather(NodeImporter &n) {
  BlockTable t;
  if (failed(n.checkInputs(3, 4)) || failed(read(n, t)))
    return failure();
  auto gather = [&](TensorRef table) {
    return n.apply("Gather", {table, t.indices});
  };
  TensorRef rows = gather(t.data), scales = gather(t.scales);
  TensorRef zeros = t.zeroPoints ? gather(t.zeroPoints) : nullptr;
  if (!rows || !scales || (t.zeroPoints && !zeros))
    return failure();
  SmallVector<int64_t> result(scales->getShape()), blocks(result);
  result.back() = t.width;
  if (t.isPacked)
    rows = unpack(n, rows);
  if (t.isPacked && zeros) {
    zeros = unpack(n, zeros); // one more than needed for an odd number
    zeros = n.slice(zeros, SmallVector<int64_t>(result.size(), 0), blocks,
                    SmallVector<int64_t>(result.size(), 1));
  }
  blocks.push_back(t.block);
  int64_t rank = blocks.size();
  bool isUnsigned = t.data->isUnsigned;
  // Elements of 4 bits in a byte lie around 8, those of 8 bits around 128.
  int64_t middle = t.data->format == Format::Plain ? 1 << (t.bits - 1) : 0;
  AffineMap perBlock = n.identity(rank).dropResult(rank - 1);
  SmallVector<Operand> operands{{n.reshape(rows, blocks), n.identity(rank)},
                                {scales, perBlock}};
  if (zeros)
    operands.push_back({zeros, perBlock});
  Type f32 = n.b.getF32Type(), type = t.scales->getElementType();
  TensorRef floats =
      n.parallel(operands, blocks, type, [&](Scalar &s, ValueRange args) {
        auto real = [&](Value value, bool isUnsigned) {
          return s.cast(value, f32, isUnsigned, false);
        };
        Value element = real(args[0], isUnsigned);
        Value zero = zeros ? real(args[2], isUnsigned)
                           : s.constant(element, middle);
        Value product = s.mul(s.sub(element, zero), real(args[1], false));
        return s.cast(product, type, false, false);
      });
  return n.finish(n.reshape(floats, result));
}

void swapc::addBlockGathers(HandlerMap &handlers) {
  handlers["com.microsoft.GatherBlockQuantized"] = importBlockGather;
}
