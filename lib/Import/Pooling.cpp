//===- Pooling.cpp - Pools --------------------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"
#include "Windows.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

namespace {
/// The loops of a pool: N, C, spatial, then the window.
struct PoolLoops {
  AffineMap input, window, result;
  SmallVector<IteratorType> iterators;
  SmallVector<int64_t> shape;
};
} // namespace

static PoolLoops getLoops(NodeImporter &n, const Windows &w) {
  unsigned rank = w.size(), dims = 2 + 2 * rank;
  PoolLoops loops;
  SmallVector<AffineExpr> from{n.dim(0), n.dim(1)}, to = from, window;
  loops.shape = {n.in(0)->getDim(0), n.in(0)->getDim(1)};
  for (unsigned i = 0; i < rank; ++i) {
    AffineExpr o = n.dim(2 + i), k = n.dim(2 + rank + i);
    from.push_back(w.at(i, o, k));
    to.push_back(o);
    window.push_back(k);
    loops.shape.push_back(w.out[i]);
  }
  loops.input = n.getMap(dims, from);
  loops.window = n.getMap(dims, window);
  loops.result = n.getMap(dims, to);
  loops.iterators.assign(2 + rank, IteratorType::parallel);
  loops.iterators.append(rank, IteratorType::reduction);
  return loops;
}

/// An empty tensor of the window's shape, which gives its sizes.
static TensorRef getWindowOperand(NodeImporter &n, const Windows &w,
                                  Type type) {
  return n.wrap(tensor::EmptyOp::create(n.b, n.loc, w.kernel, type));
}

/// Reduces each window.
static TensorRef pool(NodeImporter &n, const Windows &w, TensorRef input,
                      TypedAttr padding, TypedAttr init, Body body) {
  PoolLoops loops = getLoops(n, w);
  TensorRef padded = w.pad(n, input, padding);
  TensorRef window = getWindowOperand(n, w, init.getType());
  return n.reduce({{padded, loops.input}, {window, loops.window}}, loops.result,
                  loops.iterators, loops.shape, init, body);
}

static FailureOr<Windows> getWindows(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  if (n.in(0)->getRank() < 3)
    return n.error("takes an input of rank 3 or more");
  return Windows::get(n, n.in(0)->getShape().drop_front(2),
                      n.getInts("kernel_shape"));
}

static TypedAttr getLowest(NodeImporter &n, Type type, bool isUnsigned) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return n.b.getFloatAttr(
        floatType, APFloat::getInf(floatType.getFloatSemantics(), true));
  unsigned bits = type.getIntOrFloatBitWidth();
  return n.b.getIntegerAttr(type, isUnsigned ? APInt::getZero(bits)
                                             : APInt::getSignedMinValue(bits));
}

/// The second output of MaxPool: where in the input, as one number, the first
/// of the largest elements of each window is.
static TensorRef findIndices(NodeImporter &n, const Windows &w, TensorRef max,
                             TypedAttr lowest) {
  PoolLoops loops = getLoops(n, w);
  unsigned rank = w.size();
  ArrayRef<int64_t> shape = n.in(0)->getShape();
  bool columnMajor = n.getInt("storage_order", 0);
  TensorRef padded = w.pad(n, n.in(0), lowest);
  TensorRef window = getWindowOperand(n, w, lowest.getType());
  TypedAttr none = n.b.getI64IntegerAttr(INT64_MAX);
  return n.reduce(
      {{padded, loops.input}, {max, loops.result}, {window, loops.window}},
      loops.result, loops.iterators, loops.shape, none,
      [&](Scalar &s, ValueRange args) -> Value {
        auto loop = [&](unsigned d) -> Value {
          return linalg::IndexOp::create(s.getBuilder(), s.getLoc(), d);
        };
        Value plane = s.add(s.mul(loop(0), s.index(shape[1])), loop(1));
        Value position = s.mul(plane, s.index(getProduct(shape.drop_front(2))));
        for (unsigned i = 0; i < rank; ++i) {
          ArrayRef<int64_t> faster =
              columnMajor ? shape.slice(2, i) : shape.drop_front(3 + i);
          Value at = s.add(s.mul(loop(2 + i), s.index(w.strides[i])),
                           s.mul(loop(2 + rank + i), s.index(w.dilations[i])));
          at = s.sub(at, s.index(w.low[i]));
          position = s.add(position, s.mul(at, s.index(getProduct(faster))));
        }
        position = s.make<arith::IndexCastOp>(none.getType(), position);
        Value hit = s.compare(Scalar::Equal, args[0], args[1]);
        return s.select(hit, s.min(args[3], position), args[3]);
      });
}

static LogicalResult importMaxPool(NodeImporter &n) {
  FailureOr<Windows> w = getWindows(n);
  if (failed(w))
    return failure();
  bool isUnsigned = n.in(0)->isUnsigned;
  TypedAttr lowest = getLowest(n, n.in(0)->getElementType(), isUnsigned);
  TensorRef max =
      pool(n, *w, n.in(0), lowest, lowest, [&](Scalar &s, ValueRange args) {
        return s.max(args[2], args[0], isUnsigned);
      });
  SmallVector<TensorRef> results{max};
  if (n.wantsOutput(1)) {
    results.push_back(findIndices(n, *w, max, lowest));
    results.back()->isUnsigned = false;
  }
  return n.finish(results);
}

/// Each window along an axis has an entry in a table of the kernel.
static constexpr int64_t kMaxPooled = 1 << 24;

/// How many positions of window `o` count for the average.
static float countPositions(const Windows &w, unsigned i, int64_t o,
                            int64_t size, bool includePad) {
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
  TensorRef sum =
      pool(n, *w, input, n.zero(type), n.zero(wide),
           [&](Scalar &s, ValueRange args) {
             return s.add(args[2], s.cast(args[0], wide, false, false));
           });
  if (!sum)
    return failure();
  if (sum->getNumElements() == 0)
    return n.finish(n.cast(sum, type));
  if (llvm::any_of(w->out, [](int64_t x) { return x > kMaxPooled; }))
    return n.error("takes images of up to " + Twine(kMaxPooled) +
                   " windows along an axis");
  // Divide by the positions: a number where all windows have equally many along
  // an axis, else a table.
  double uniform = 1;
  SmallVector<Operand> operands{{sum, n.identity(rank + 2)}};
  for (unsigned i = 0; i < rank; ++i) {
    SmallVector<float> counts;
    for (int64_t o = 0; o < w->out[i]; ++o)
      counts.push_back(
          countPositions(*w, i, o, input->getDim(i + 2), includePad));
    if (llvm::all_equal(counts))
      uniform *= counts.front();
    else
      operands.push_back({n.constantFloats(w->out[i], counts),
                          n.getMap(rank + 2, {n.dim(i + 2)})});
  }
  if (uniform == 1 && operands.size() == 1)
    return n.finish(n.cast(sum, type));
  return n.finish(n.parallel(
      operands, sum->getShape(), type, [&](Scalar &s, ValueRange args) {
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
  return p == 2 ? s.make<math::SqrtOp>(x)
                : s.make<math::PowFOp>(x, s.constant(x, 1.0 / p));
}

static LogicalResult importLpPool(NodeImporter &n) {
  FailureOr<Windows> w = getWindows(n);
  if (failed(w))
    return failure();
  Type type = n.in(0)->getElementType(), wide = getComputeType(type);
  if (!isa<FloatType>(type))
    return n.error("takes a float input");
  int64_t p = n.getInt("p", 2);
  TensorRef sum =
      pool(n, *w, n.in(0), n.zero(type), n.zero(wide),
           [&](Scalar &s, ValueRange args) {
             return s.add(args[2],
                          powerOf(s, s.cast(args[0], wide, false, false), p));
           });
  return n.finish(n.elementwise(
      sum, [&](Scalar &s, ValueRange args) { return rootOf(s, args[0], p); },
      type));
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
    result =
        reduceAxes(n, input, axes,
                   kind == Global::Max ? ReduceKind::Max : ReduceKind::Sum);
  if (kind != Global::Max)
    result = n.elementwise(
        result,
        [&](Scalar &s, ValueRange args) {
          return kind == Global::Lp
                     ? rootOf(s, args[0], p)
                     : s.mul(args[0], s.constant(args[0], 1 / count));
        },
        type);
  result = n.cast(result, type);
  SmallVector<int64_t> shape(rank, 1);
  shape[0] = input->getDim(0);
  shape[1] = input->getDim(1);
  return n.finish(n.reshape(result, shape));
}

/// Divides by a power of the sum of squares over neighbouring channels.
static LogicalResult importLRN(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef input = n.in(0);
  Type type = input->getElementType(), wide = getComputeType(type);
  int64_t rank = input->getRank(), size = n.getInt("size", 0);
  if (rank < 2 || !isa<FloatType>(type) || size < 1 || size > 1 << 20)
    return n.error("takes floats of rank 2 or more and a positive size");
  double alpha = n.getFloat("alpha", 0.0001f), beta = n.getFloat("beta", 0.75f),
         bias = n.getFloat("bias", 1);
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  low[1] = (size - 1) / 2;
  high[1] = size - 1 - low[1];
  SmallVector<AffineExpr> from, to;
  for (int64_t i = 0; i < rank; ++i) {
    to.push_back(n.dim(i));
    from.push_back(i == 1 ? n.dim(1) + n.dim(rank) : n.dim(i));
  }
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  iterators.push_back(IteratorType::reduction);
  TensorRef padded = n.pad(input, low, high, n.zero(type));
  TensorRef window = n.wrap(tensor::EmptyOp::create(n.b, n.loc, size, wide));
  TensorRef sum = n.reduce({{padded, n.getMap(rank + 1, from)},
                            {window, n.getMap(rank + 1, {n.dim(rank)})}},
                           n.getMap(rank + 1, to), iterators, input->getShape(),
                           n.zero(wide), [&](Scalar &s, ValueRange args) {
                             Value x = s.cast(args[0], wide, false, false);
                             return s.add(args[2], s.mul(x, x));
                           });
  return n.finish(n.elementwise({input, sum}, [&](Scalar &s, ValueRange args) {
    Value x = args[0];
    Value base =
        s.add(s.constant(x, bias), s.mul(s.constant(x, alpha / size), args[1]));
    return s.div(x, s.make<math::PowFOp>(base, s.constant(x, beta)));
  }));
}

void swapc::addPoolings(HandlerMap &handlers) {
  handlers["MaxPool"] = importMaxPool;
  handlers["AveragePool"] = importAveragePool;
  handlers["LRN"] = importLRN;
  handlers["LpPool"] = importLpPool;
  handlers["GlobalAveragePool"] = importGlobalPool<Global::Average>;
  handlers["GlobalMaxPool"] = importGlobalPool<Global::Max>;
  handlers["GlobalLpPool"] = importGlobalPool<Global::Lp>;
}
