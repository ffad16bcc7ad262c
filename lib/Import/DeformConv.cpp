//===- DeformConv.cpp - Convolutions with moving windows --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each element of a window is read where its offset says, between elements, and
// scaled by the mask. What all windows read is written out, and multiplied with
// the weights.
//
//===----------------------------------------------------------------------===//

#include "Sampling.h"
#include "Windows.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// [N, offset groups, channels, window..., out...] of what the windows read.
/// `offset` is [N, groups, window..., axis, out...], `mask` the same without
/// the axis, or null.
static TensorRef readWindows(NodeImporter &n, const Windows &w, TensorRef input,
                             TensorRef offset, TensorRef mask) {
  unsigned rank = w.size();
  SmallVector<int64_t> shape(input->getShape().take_front(3));
  llvm::append_range(shape, w.kernel);
  llvm::append_range(shape, w.out);
  unsigned dims = shape.size();
  auto getMapOf = [&](int axis) {
    SmallVector<AffineExpr> map{n.dim(0), n.dim(1)};
    for (unsigned i = 0; i < rank; ++i)
      map.push_back(n.dim(3 + i));
    if (axis >= 0)
      map.push_back(n.b.getAffineConstantExpr(axis));
    for (unsigned i = 0; i < rank; ++i)
      map.push_back(n.dim(3 + rank + i));
    return n.getMap(dims, map);
  };
  SmallVector<Operand> operands;
  for (unsigned i = 0; i < rank; ++i)
    operands.push_back({offset, getMapOf(i)});
  if (mask)
    operands.push_back({mask, getMapOf(-1)});
  Type compute = getComputeType(input->getElementType());
  Value table = n.value(input);
  return n.parallel(
      operands, shape, compute,
      [&](Scalar &s, ValueRange args) {
        auto loop = [&](unsigned d) -> Value {
          return linalg::IndexOp::create(s.getBuilder(), s.getLoc(), d);
        };
        SmallVector<SampleTaps> axes;
        for (unsigned i = 0; i < rank; ++i) {
          Value at = s.add(s.mul(loop(3 + rank + i), s.index(w.strides[i])),
                           s.mul(loop(3 + i), s.index(w.dilations[i])));
          at = s.sub(at, s.index(w.low[i]));
          at = s.make<arith::IndexCastOp>(s.getBuilder().getI32Type(), at);
          Value x = s.add(s.cast(at, compute, false, false),
                          s.cast(args[i], compute, false, false));
          axes.push_back(
              getSampleTaps(s, x, input->getDim(3 + i), SampleMode()));
        }
        Value result =
            sample(s, table, {loop(0), loop(1), loop(2)}, axes, compute);
        if (mask)
          result = s.mul(result, s.cast(args[rank], compute, false, false));
        return result;
      },
      /*isUnsigned=*/false, /*foldable=*/false);
}

static LogicalResult importDeformConv(NodeImporter &n) {
  if (failed(n.checkInputs(3, 5)))
    return failure();
  TensorRef input = n.in(0), weights = n.in(1), offset = n.in(2);
  TensorRef bias = n.in(3), mask = n.in(4);
  Type type = input->getElementType();
  for (TensorRef tensor : n.getInputs())
    if (tensor && tensor->getElementType() != type)
      return n.error("inputs must have the same element type");
  if (!isa<FloatType>(type))
    return n.error("takes floats");
  int64_t rank = input->getRank() - 2;
  if (rank < 1 || weights->getRank() != rank + 2)
    return n.error("takes an input and weights of the same rank, 3 or more");
  int64_t groups = n.getInt("group", 1), moving = n.getInt("offset_group", 1);
  int64_t batch = input->getDim(0), channels = input->getDim(1);
  int64_t outputs = weights->getDim(0), inner = weights->getDim(1);
  if (groups < 1 || outputs % groups != 0 || inner < 1 ||
      channels % groups != 0 || inner != channels / groups)
    return n.error("the weights do not fit " + Twine(channels) +
                   " channels in " + Twine(groups) + " groups");
  if (moving < 1 || channels % moving != 0)
    return n.error(Twine(channels) + " channels do not divide into " +
                   Twine(moving) + " offset groups");
  ArrayRef<int64_t> kernel = weights->getShape().drop_front(2);
  if (n.has("kernel_shape") &&
      ArrayRef<int64_t>(n.getInts("kernel_shape")) != kernel)
    return n.error("kernel_shape differs from the shape of the weights");
  if (bias && bias->getShape() != ArrayRef<int64_t>(outputs))
    return n.error("the bias must have one element for each output channel");
  FailureOr<Windows> w =
      Windows::get(n, input->getShape().drop_front(2), kernel);
  if (failed(w))
    return failure();
  int64_t points = getProduct(w->out), window = getProduct(kernel);
  SmallVector<int64_t> masks{batch, moving * window};
  llvm::append_range(masks, w->out);
  SmallVector<int64_t> offsets = masks;
  offsets[1] *= rank;
  if (offset->getShape() != ArrayRef<int64_t>(offsets) ||
      (mask && mask->getShape() != ArrayRef<int64_t>(masks)))
    return n.error("offset and mask must have one element for each window "
                   "position of each output");

  SmallVector<int64_t> split{batch, moving};
  llvm::append_range(split, kernel);
  SmallVector<int64_t> maskShape = split;
  llvm::append_range(maskShape, w->out);
  split.push_back(rank);
  llvm::append_range(split, w->out);
  SmallVector<int64_t> inputShape{batch, moving, channels / moving};
  llvm::append_range(inputShape, input->getShape().drop_front(2));
  TensorRef columns =
      readWindows(n, *w, n.reshape(input, inputShape), n.reshape(offset, split),
                  mask ? n.reshape(mask, maskShape) : nullptr);
  columns = n.reshape(columns, {batch, groups, inner * window, points});
  weights = n.reshape(weights, {groups, outputs / groups, inner * window});
  // Loops: N, group, output, point, then the window.
  SmallVector<IteratorType> iterators(4, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  TensorRef result = n.contract(
      {columns, n.getMap(5, {n.dim(0), n.dim(1), n.dim(4), n.dim(3)})},
      {weights, n.getMap(5, {n.dim(1), n.dim(2), n.dim(4)})},
      n.getMap(5, {n.dim(0), n.dim(1), n.dim(2), n.dim(3)}), iterators,
      {batch, groups, outputs / groups, points});
  result = n.reshape(result, {batch, outputs, points});
  SmallVector<Operand> operands{{result, n.identity(3)}};
  if (bias)
    operands.push_back({bias, n.getMap(3, {n.dim(1)})});
  if (bias || result->getElementType() != type)
    result = n.parallel(
        operands, result->getShape(), type, [&](Scalar &s, ValueRange args) {
          Value x = args[0];
          if (bias)
            x = s.add(x, s.cast(args[1], x.getType(), false, false));
          return s.cast(x, type, false, false);
        });
  SmallVector<int64_t> shape{batch, outputs};
  llvm::append_range(shape, w->out);
  return n.finish(n.reshape(result, shape));
}

void swapc::addDeformConvs(HandlerMap &handlers) {
  handlers["DeformConv"] = importDeformConv;
}
