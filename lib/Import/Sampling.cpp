//===- Sampling.cpp - GridSample and what samples like it -------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sampling.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace swapc;

/// `x` limited to [low, high]; NaN becomes `low`, so that it can be an index.
static Value limit(Scalar &s, Value x, double low, double high) {
  Value above = s.make<arith::MaxNumFOp>(x, s.constant(x, low));
  return s.make<arith::MinNumFOp>(above, s.constant(x, high));
}

/// `x` mirrored at both ends until it is between them.
static Value reflect(Scalar &s, Value x, double low, double high) {
  double range = high - low;
  if (range <= 0)
    return s.constant(x, low);
  Value distance = s.make<math::AbsFOp>(s.sub(x, s.constant(x, low)));
  Value times = s.make<math::FloorOp>(s.div(distance, s.constant(x, range)));
  Value rest = s.sub(distance, s.mul(times, s.constant(x, range)));
  Value half = s.mul(times, s.constant(x, 0.5));
  Value isEven = s.compare(Scalar::Equal, half, s.make<math::FloorOp>(half));
  Value mirrored = s.select(isEven, s.add(rest, s.constant(x, low)),
                            s.sub(s.constant(x, high), rest));
  Value below = s.compare(Scalar::Less, x, s.constant(x, low));
  Value above = s.compare(Scalar::Greater, x, s.constant(x, high));
  return s.select(s.make<arith::OrIOp>(below, above), mirrored, x);
}

/// Keys' weights of the four elements around a point `t` after the second.
static void addCubicWeights(Scalar &s, Value t, SampleTaps &taps) {
  constexpr double a = -0.75;
  auto polynomial = [&](Value x, std::initializer_list<double> coefficients) {
    Value sum;
    for (double c : coefficients)
      sum = sum ? s.add(s.mul(sum, x), s.constant(x, c)) : s.constant(x, c);
    return sum;
  };
  Value one = s.constant(t, 1), rest = s.sub(one, t);
  auto near = {a + 2, -(a + 3), 0.0, 1.0};
  auto far = {a, -5 * a, 8 * a, -4 * a};
  taps.weights = {polynomial(s.add(t, one), far), polynomial(t, near),
                  polynomial(rest, near), polynomial(s.add(rest, one), far)};
}

SampleTaps swapc::getSampleTaps(Scalar &s, Value x, int64_t size,
                                const SampleMode &mode) {
  double low = mode.alignCorners ? 0 : -0.5;
  double high = mode.alignCorners ? size - 1 : size - 0.5;
  if (mode.interpolation == SampleMode::Nearest)
    x = s.make<math::RoundEvenOp>(x);
  // A cubic sample beyond the border is extrapolated, as PyTorch does.
  if (mode.padding == SampleMode::Border &&
      mode.interpolation != SampleMode::Cubic)
    x = limit(s, x, 0, size - 1);
  else if (mode.padding == SampleMode::Reflection)
    x = reflect(s, x, low, high);
  SampleTaps taps;
  Value first = x;
  int64_t start = 0, count = 1;
  if (mode.interpolation != SampleMode::Nearest) {
    first = s.make<math::FloorOp>(x);
    Value t = s.sub(x, first);
    if (mode.interpolation == SampleMode::Cubic) {
      start = -1;
      count = 4;
      addCubicWeights(s, t, taps);
    } else {
      count = 2;
      taps.weights = {s.sub(s.constant(t, 1), t), t};
    }
  }
  for (int64_t i = start; i < start + count; ++i) {
    Value at = s.add(first, s.constant(x, i));
    if (mode.padding == SampleMode::Zeros) {
      Value behind = s.compare(Scalar::GreaterOrEqual, at, s.constant(x, 0));
      Value before =
          s.compare(Scalar::LessOrEqual, at, s.constant(x, size - 1));
      taps.inside.push_back(s.make<arith::AndIOp>(behind, before));
    } else if (mode.padding == SampleMode::Reflection) {
      at = s.make<math::RoundEvenOp>(reflect(s, at, low, high));
    }
    at = limit(s, at, 0, size - 1);
    Value integer = s.make<arith::FPToSIOp>(s.getBuilder().getI32Type(), at);
    taps.positions.push_back(
        s.make<arith::IndexCastOp>(s.getBuilder().getIndexType(), integer));
  }
  return taps;
}

static Value sampleFrom(Scalar &s, Value table, SmallVectorImpl<Value> &at,
                        ArrayRef<SampleTaps> axes, Value inside, Type compute) {
  if (axes.empty()) {
    Value element =
        tensor::ExtractOp::create(s.getBuilder(), s.getLoc(), table, at);
    element = s.cast(element, compute, false, false);
    return inside ? s.select(inside, element, s.constant(element, 0)) : element;
  }
  const SampleTaps &taps = axes.front();
  Value sum;
  for (unsigned i = 0; i < taps.positions.size(); ++i) {
    Value all = inside;
    if (!taps.inside.empty())
      all = all ? s.make<arith::AndIOp>(all, taps.inside[i]) : taps.inside[i];
    at.push_back(taps.positions[i]);
    Value value = sampleFrom(s, table, at, axes.drop_front(), all, compute);
    at.pop_back();
    if (!taps.weights.empty())
      value = s.mul(value, taps.weights[i]);
    sum = sum ? s.add(sum, value) : value;
  }
  return sum;
}

Value swapc::sample(Scalar &s, Value table, ArrayRef<Value> at,
                    ArrayRef<SampleTaps> axes, Type compute) {
  SmallVector<Value> position(at);
  return sampleFrom(s, table, position, axes, {}, compute);
}

static LogicalResult readMode(NodeImporter &n, SampleMode &mode) {
  StringRef name = n.getString("mode", n.opset < 20 ? "bilinear" : "linear");
  if (name == "nearest")
    mode.interpolation = SampleMode::Nearest;
  else if (name == "linear" || name == "bilinear")
    mode.interpolation = SampleMode::Linear;
  else if (name == "cubic" || name == "bicubic")
    mode.interpolation = SampleMode::Cubic;
  else
    return n.error("mode '" + name + "' is not supported");
  StringRef padding = n.getString("padding_mode", "zeros");
  if (padding == "zeros")
    mode.padding = SampleMode::Zeros;
  else if (padding == "border")
    mode.padding = SampleMode::Border;
  else if (padding == "reflection")
    mode.padding = SampleMode::Reflection;
  else
    return n.error("padding_mode '" + padding + "' is not supported");
  mode.alignCorners = n.getInt("align_corners", 0);
  return success();
}

static LogicalResult importGridSample(NodeImporter &n) {
  SampleMode mode;
  if (failed(n.checkInputs(2, 2)) || failed(readMode(n, mode)))
    return failure();
  TensorRef input = n.in(0), grid = n.in(1);
  int64_t rank = input->getRank(), spatial = rank - 2;
  if (spatial < 1 || spatial > 3 || grid->getRank() != rank ||
      grid->getDim(0) != input->getDim(0) || grid->getDim(rank - 1) != spatial)
    return n.error("takes [N, C, sizes] and a grid [N, sizes, one coordinate "
                   "for each of 1 to 3 sizes]");
  Type type = input->getElementType();
  if (!isa<FloatType>(type) || !isa<FloatType>(grid->getElementType()))
    return n.error("takes floats");
  Type compute = type.isF64() ? type : n.b.getF32Type();
  SmallVector<int64_t> shape{input->getDim(0), input->getDim(1)};
  llvm::append_range(shape, grid->getShape().slice(1, spatial));
  if (input->getNumElements() == 0 && getProduct(shape) != 0)
    return n.error("samples an empty tensor");
  // The grid names the last axis first.
  SmallVector<Operand> operands;
  for (int64_t i = 0; i < spatial; ++i) {
    SmallVector<AffineExpr> map{n.dim(0)};
    for (int64_t j = 0; j < spatial; ++j)
      map.push_back(n.dim(2 + j));
    map.push_back(n.b.getAffineConstantExpr(spatial - 1 - i));
    operands.push_back({grid, n.getMap(rank, map)});
  }
  Value table = n.value(input);
  return n.finish(n.parallel(
      operands, shape, type,
      [&](Scalar &s, ValueRange args) {
        SmallVector<SampleTaps> axes;
        for (int64_t i = 0; i < spatial; ++i) {
          int64_t size = input->getDim(2 + i);
          Value x = s.cast(args[i], compute, false, false);
          x = s.add(x, s.constant(x, 1));
          if (mode.alignCorners)
            x = s.mul(s.mul(x, s.constant(x, 0.5)), s.constant(x, size - 1));
          else
            x = s.mul(s.sub(s.mul(x, s.constant(x, size)), s.constant(x, 1)),
                      s.constant(x, 0.5));
          axes.push_back(getSampleTaps(s, x, size, mode));
        }
        Value batch = linalg::IndexOp::create(s.getBuilder(), s.getLoc(), 0);
        Value channel = linalg::IndexOp::create(s.getBuilder(), s.getLoc(), 1);
        Value result = sample(s, table, {batch, channel}, axes, compute);
        return s.cast(result, type, false, false);
      },
      /*isUnsigned=*/false, /*foldable=*/false));
}

/// The coordinates of `size` elements between -1 and 1.
static SmallVector<double> spread(int64_t size, bool alignCorners) {
  SmallVector<double> values;
  for (int64_t i = 0; i < size; ++i)
    values.push_back(alignCorners ? (size == 1 ? -1 : -1 + 2.0 * i / (size - 1))
                                  : (2.0 * i + 1) / size - 1);
  return values;
}

/// A grid for GridSample: the corners of the result moved by a matrix.
static LogicalResult importAffineGrid(NodeImporter &n) {
  if (failed(n.checkInputs(2, 2)))
    return failure();
  TensorRef theta = n.in(0);
  FailureOr<SmallVector<int64_t>> size = n.getConstInts(1);
  if (failed(size))
    return failure();
  Type type = theta->getElementType(), wide = getComputeType(type);
  int64_t spatial = static_cast<int64_t>(size->size()) - 2;
  if (spatial < 2 || spatial > 3 || !isa<FloatType>(type) ||
      theta->getShape() !=
          ArrayRef<int64_t>({size->front(), spatial, spatial + 1}))
    return n.error("takes matrices [N, 2, 3] and a size of 4 numbers, or "
                   "[N, 3, 4] and 5");
  SmallVector<int64_t> shape{size->front()};
  llvm::append_range(shape, ArrayRef<int64_t>(*size).drop_front(2));
  shape.push_back(spatial);
  if (!getByteSize(shape, type) ||
      llvm::any_of(*size, [](int64_t x) { return x > 1 << 24; }))
    return n.error("the size is negative or too large");
  bool alignCorners = n.getInt("align_corners", 0);
  int64_t rank = shape.size();
  SmallVector<Operand> operands;
  for (int64_t j = 0; j <= spatial; ++j)
    operands.push_back({theta, n.getMap(rank, {n.dim(0), n.dim(rank - 1),
                                               n.b.getAffineConstantExpr(j)})});
  for (int64_t j = 0; j < spatial; ++j) {
    int64_t axis = spatial - j; // x is the last
    operands.push_back(
        {n.constantNumbers(shape[axis], spread(shape[axis], alignCorners),
                           wide),
         n.getMap(rank, {n.dim(axis)})});
  }
  return n.finish(
      n.parallel(operands, shape, type, [&](Scalar &s, ValueRange args) {
        auto matrix = [&](int64_t j) {
          return s.cast(args[j], wide, false, false);
        };
        Value sum = matrix(spatial);
        for (int64_t j = 0; j < spatial; ++j)
          sum = s.add(sum, s.mul(matrix(j), args[spatial + 1 + j]));
        return s.cast(sum, type, false, false);
      }));
}

void swapc::addSamplings(HandlerMap &handlers) {
  handlers["AffineGrid"] = importAffineGrid;
  handlers["GridSample"] = importGridSample;
}
