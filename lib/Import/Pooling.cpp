//===- Pooling.cpp - Pools ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"
#include "Windows.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// Reduces each window; an empty tensor of the window's shape gives its sizes.
static TensorRef pool(NodeImporter &n, const Windows &w, TensorRef input,
                      TypedAttr padding, TypedAttr init, Body body) {
  unsigned rank = w.size(), dims = 2 + 2 * rank;
  TensorRef padded = w.pad(n, input, padding);
  SmallVector<AffineExpr> from{n.dim(0), n.dim(1)}, to = from, window;
  SmallVector<int64_t> shape{input->getDim(0), input->getDim(1)};
  for (unsigned i = 0; i < rank; ++i) {
    AffineExpr o = n.dim(2 + i), k = n.dim(2 + rank + i);
    from.push_back(w.at(i, o, k));
    to.push_back(o);
    window.push_back(k);
    shape.push_back(w.out[i]);
  }
  SmallVector<IteratorType> iterators(2 + rank, IteratorType::parallel);
  iterators.append(rank, IteratorType::reduction);
  Value empty = tensor::EmptyOp::create(n.b, n.loc, w.kernel, init.getType());
  return n.reduce({{padded, n.getMap(dims, from)}, {n.wrap(empty), n.getMap(dims, window)}},
                  n.getMap(dims, to), iterators, shape, init, body);
}

static FailureOr<Windows> getWindows(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  if (n.in(0)->getRank() < 3)
    return n.error("takes an input of rank 3 or more");
  return Windows::get(n, n.in(0)->getShape().drop_front(2), n.getInts("kernel_shape"));
}

static TypedAttr getLowest(NodeImporter &n, Type type, bool isUnsigned) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return n.b.getFloatAttr(floatType, APFloat::getInf(floatType.getFloatSemantics(), true));
  unsigned bits = type.getIntOrFloatBitWidth();
  return n.b.getIntegerAttr(type, isUnsigned ? APInt::getZero(bits)
                                             : APInt::getSignedMinValue(bits));
}

static LogicalResult importMaxPool(NodeImporter &n) {
  FailureOr<Windows> w = getWindows(n);
  if (failed(w))
    return failure();
  if (n.wantsOutput(1))
    return n.error("the output Indices is not supported");
  bool isUnsigned = n.in(0)->isUnsigned;
  TypedAttr lowest = getLowest(n, n.in(0)->getElementType(), isUnsigned);
  return n.finish(pool(n, *w, n.in(0), lowest, lowest, [&](Scalar &s, ValueRange args) {
    return s.max(args[2], args[0], isUnsigned);
  }));
}

/// How many positions of window `o` count for the average.
static float countPositions(const Windows &w, unsigned i, int64_t o, int64_t size,
                            bool includePad) {
  int64_t count = 0;
  for (int64_t k = 0; k < w.kernel[i]; ++k) {
    int64_t at = o * w.strides[i] + k * w.dilations[i] - w.low[i];
    count += includePad ? at < size + w.high[i] : at >= 0 && at < size;
  }
  return count;
}

static LogicalResult importAveragePool(NodeImporter &n) {
  FailureOr<Windows> w = getWindows(n);
  if (failed(w))
    return failure();
  TensorRef input = n.in(0);
  Type type = input->getElementType(), wide = getComputeType(type);
  if (!isa<FloatType>(type))
    return n.error("takes a float input");
  bool includePad = n.getInt("count_include_pad", 0);
  unsigned rank = w->size();
  TensorRef sum = pool(n, *w, input, n.zero(type), n.zero(wide),
                       [&](Scalar &s, ValueRange args) {
                         return s.add(args[2], s.cast(args[0], wide, false, false));
                       });
  // Divide by the positions: a number where all windows have equally many along
  // an axis, else a table.
  double uniform = 1;
  SmallVector<Operand> operands{{sum, n.identity(rank + 2)}};
  for (unsigned i = 0; i < rank; ++i) {
    SmallVector<float> counts;
    for (int64_t o = 0; o < w->out[i]; ++o)
      counts.push_back(countPositions(*w, i, o, input->getDim(i + 2), includePad));
    if (llvm::all_equal(counts))
      uniform *= counts.front();
    else
      operands.push_back({n.constantFloats(w->out[i], counts),
                          n.getMap(rank + 2, {n.dim(i + 2)})});
  }
  if (uniform == 1 && operands.size() == 1)
    return n.finish(n.cast(sum, type));
  return n.finish(n.parallel(operands, sum->getShape(), type, [&](Scalar &s, ValueRange args) {
    Value x = args[0];
    if (uniform != 1)
      x = s.mul(x, s.constant(x, 1 / uniform));
    for (Value count : args.drop_front())
      x = s.div(x, s.cast(count, wide, false, false));
    return s.cast(x, type, false, false);
  }));
}

/// x to the power of the attribute p, which is an integer.
static Value powerOf(Scalar &s, Value x, int64_t p) {
  Value base = s.make<math::AbsFOp>(x);
  if (p == 1)
    return base;
  return p == 2 ? s.mul(x, x) : s.make<math::PowFOp>(base, s.constant(x, p));
}

static Value rootOf(Scalar &s, Value x, int64_t p) {
  if (p == 1)
    return x;
  return p == 2 ? s.make<math::SqrtOp>(x) : s.make<math::PowFOp>(x, s.constant(x, 1.0 / p));
}

static LogicalResult importLpPool(NodeImporter &n) {
  FailureOr<Windows> w = getWindows(n);
  if (failed(w))
    return failure();
  Type type = n.in(0)->getElementType(), wide = getComputeType(type);
  if (!isa<FloatType>(type))
    return n.error("takes a float input");
  int64_t p = n.getInt("p", 2);
  TensorRef sum = pool(n, *w, n.in(0), n.zero(type), n.zero(wide),
                       [&](Scalar &s, ValueRange args) {
                         return s.add(args[2], powerOf(s, s.cast(args[0], wide, false, false), p));
                       });
  return n.finish(n.elementwise(
      sum, [&](Scalar &s, ValueRange args) { return rootOf(s, args[0], p); }, type));
}

enum class Global { Average, Max, Lp };

template <Global kind> static LogicalResult importGlobalPool(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  Type type = input->getElementType();
  int64_t rank = input->getRank(), p = n.getInt("p", 2);
  if (rank < 3 || !isa<FloatType>(type))
    return n.error("takes a float input of rank 3 or more");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  double count = getProduct(input->getShape().drop_front(2));
  TensorRef result;
  if (kind == Global::Lp)
    result = reduceAxes(n, input, axes, ReduceKind::Sum,
                        [&](Scalar &s, Value x) { return powerOf(s, x, p); });
  else
    result = reduceAxes(n, input, axes,
                        kind == Global::Max ? ReduceKind::Max : ReduceKind::Sum);
  if (kind != Global::Max)
    result = n.elementwise(result, [&](Scalar &s, ValueRange args) {
      return kind == Global::Lp ? rootOf(s, args[0], p)
                                : s.mul(args[0], s.constant(args[0], 1 / count));
    }, type);
  result = n.cast(result, type);
  SmallVector<int64_t> shape(rank, 1);
  shape[0] = input->getDim(0);
  shape[1] = input->getDim(1);
  return n.finish(n.reshape(result, shape));
}

void swapc::addPoolings(HandlerMap &handlers) {
  handlers["MaxPool"] = importMaxPool;
  handlers["AveragePool"] = importAveragePool;
  handlers["LpPool"] = importLpPool;
  handlers["GlobalAveragePool"] = importGlobalPool<Global::Average>;
  handlers["GlobalMaxPool"] = importGlobalPool<Global::Max>;
  handlers["GlobalLpPool"] = importGlobalPool<Global::Lp>;
}
