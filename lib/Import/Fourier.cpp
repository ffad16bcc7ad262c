//===- Fourier.cpp - Fourier transforms as products with tables -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last dimension of a signal is its real and imaginary part, or the real
// part alone. A transform is a sum of products over the points and the parts,
// with a table of sines and cosines. A long one is cut into two of its factors
// (Cooley and Tukey), whose tables are small.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include <cmath>

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

/// Transforms of up to this many points are one product.
static constexpr int64_t kMaxDirect = 256;
/// No table gets larger: only a length with a large prime factor comes here.
static constexpr int64_t kMaxTable = int64_t(1) << 26;

namespace {
/// What a transform does besides its length.
struct Direction {
  bool inverse = false;
  double scale = 1;
};
} // namespace

/// The factor that part `c` of a point adds to part `d` of a frequency, at
/// `turns` of the circle.
static double getFactor(double turns, int64_t c, int64_t d,
                        const Direction &direction) {
  double angle = (direction.inverse ? 2 : -2) * M_PI * turns;
  double factor = c == d  ? std::cos(angle)
                  : c < d ? std::sin(angle)
                          : -std::sin(angle);
  return factor * direction.scale;
}

/// a * b modulo m, as a part of m.
static double getTurns(int64_t a, int64_t b, int64_t m) {
  return static_cast<double>(a * b % m) / m;
}

/// [A, N, B, C] to [A, K, B, D]: the first K frequencies of N points each.
static TensorRef transformDirectly(NodeImporter &n, TensorRef x, int64_t count,
                                   int64_t parts, const Direction &direction) {
  ArrayRef<int64_t> shape = x->getShape();
  int64_t points = shape[1], given = shape[3];
  SmallVector<double> values;
  for (int64_t i = 0; i < points; ++i)
    for (int64_t c = 0; c < given; ++c)
      for (int64_t k = 0; k < count; ++k)
        for (int64_t d = 0; d < parts; ++d)
          values.push_back(getFactor(getTurns(i, k, points), c, d, direction));
  TensorRef table = n.constantNumbers({points, given, count, parts}, values,
                                      getComputeType(x->getElementType()));
  // Loops: A, K, B, D, then N and C.
  AffineMap from = n.getMap(6, {n.dim(0), n.dim(4), n.dim(2), n.dim(5)});
  AffineMap by = n.getMap(6, {n.dim(4), n.dim(5), n.dim(1), n.dim(3)});
  AffineMap to = n.getMap(6, {n.dim(0), n.dim(1), n.dim(2), n.dim(3)});
  SmallVector<IteratorType> iterators(4, IteratorType::parallel);
  iterators.append(2, IteratorType::reduction);
  return n.contract({x, from}, {table, by}, to, iterators,
                    {shape[0], count, shape[2], parts});
}

/// The divisor of `points` that a second transform takes: near the root, so
/// that both are short, and 1 where there is none.
static int64_t getSecondLength(int64_t points) {
  for (int64_t i = std::sqrt(static_cast<double>(points)); i > 1; --i)
    if (points % i == 0)
      return i;
  return 1;
}

/// [A, N, B, C] to [A, N, B, 2]. With N = P * Q, point Q p + q and frequency
/// f + P g: first over p for each q, then over q with the turn of (q, f).
static TensorRef transform(NodeImporter &n, TensorRef x,
                           const Direction &direction) {
  SmallVector<int64_t> shape(x->getShape());
  int64_t points = shape[1], second = getSecondLength(points);
  if (points <= kMaxDirect || second == 1)
    return transformDirectly(n, x, points, 2, direction);
  int64_t first = points / second;
  x = n.reshape(x, {shape[0], first, second * shape[2], shape[3]});
  Direction inner = direction;
  inner.scale = 1;
  x = transform(n, x, inner);
  x = n.reshape(x, {shape[0], first, second, shape[2], 2});
  SmallVector<double> values;
  for (int64_t f = 0; f < first; ++f)
    for (int64_t q = 0; q < second; ++q)
      for (int64_t c = 0; c < 2; ++c)
        for (int64_t g = 0; g < second; ++g)
          for (int64_t d = 0; d < 2; ++d)
            values.push_back(
                getFactor(getTurns(q, f + first * g, points), c, d, direction));
  TensorRef table = n.constantNumbers({first, second, 2, second, 2}, values,
                                      x->getElementType());
  // Loops: A, g, f, B, d, then q and c.
  AffineMap from =
      n.getMap(7, {n.dim(0), n.dim(2), n.dim(5), n.dim(3), n.dim(6)});
  AffineMap by =
      n.getMap(7, {n.dim(2), n.dim(5), n.dim(6), n.dim(1), n.dim(4)});
  AffineMap to =
      n.getMap(7, {n.dim(0), n.dim(1), n.dim(2), n.dim(3), n.dim(4)});
  SmallVector<IteratorType> iterators(5, IteratorType::parallel);
  iterators.append(2, IteratorType::reduction);
  x = n.contract({x, from}, {table, by}, to, iterators,
                 {shape[0], second, first, shape[2], 2});
  return n.reshape(x, {shape[0], points, shape[2], 2});
}

/// Whether the tables of `points` points stay small.
static bool hasSmallTables(int64_t points) {
  while (points > kMaxDirect) {
    int64_t second = getSecondLength(points);
    if (second == 1)
      return points * points <= kMaxTable / 4;
    if (points * second > kMaxTable / 4)
      return false;
    points /= second;
  }
  return true;
}

/// `tensor` with `size` elements along `axis`: the first of them, or zeros
/// behind.
static TensorRef fit(NodeImporter &n, TensorRef tensor, int64_t axis,
                     int64_t size) {
  int64_t rank = tensor->getRank();
  SmallVector<int64_t> zeros(rank, 0), ones(rank, 1), after(rank, 0),
      sizes(tensor->getShape());
  after[axis] = std::max<int64_t>(0, size - sizes[axis]);
  sizes[axis] = std::min(size, sizes[axis]);
  return n.pad(n.slice(tensor, zeros, sizes, ones), zeros, after,
               n.zero(tensor->getElementType()));
}

static LogicalResult importDFT(NodeImporter &n) {
  if (failed(n.checkInputs(1, n.opset < 20 ? 2 : 3)))
    return failure();
  TensorRef input = n.in(0);
  int64_t rank = input->getRank(), given = n.opset < 20 ? 1 : -2;
  Type type = input->getElementType();
  if (rank < 2 || !isa<FloatType>(type) ||
      (input->getDim(rank - 1) != 1 && input->getDim(rank - 1) != 2))
    return n.error("takes floats whose last dimension is 1 (real) or 2 (real "
                   "and imaginary)");
  if (n.in(2)) {
    FailureOr<SmallVector<int64_t>> known = n.getConstInts(2);
    if (failed(known))
      return failure();
    if (known->size() != 1)
      return n.error("axis must be one number");
    given = known->front();
  }
  FailureOr<int64_t> axis = n.getAxis(n.getInt("axis", given), rank);
  if (failed(axis))
    return failure();
  if (*axis == rank - 1)
    return n.error("cannot transform along the real and imaginary parts");
  bool oneSided = n.getInt("onesided", 0);
  Direction direction;
  direction.inverse = n.getInt("inverse", 0);
  bool toReal = oneSided && direction.inverse;
  int64_t points = input->getDim(*axis);
  if (toReal)
    points = 2 * (points - 1);
  if (n.in(1)) {
    FailureOr<SmallVector<int64_t>> known = n.getConstInts(1);
    if (failed(known))
      return failure();
    if (known->size() != 1)
      return n.error("dft_length must be one number");
    points = known->front();
  }
  if (points < 1 || points > int64_t(1) << 30)
    return n.error("cannot transform " + Twine(points) + " points");
  if (!hasSmallTables(points))
    return n.error(Twine(points) + " points have a prime factor that is too "
                                   "large: choose another dft_length");
  if (direction.inverse)
    direction.scale = 1.0 / points;
  SmallVector<int64_t> complex(input->getShape());
  complex[*axis] = points;
  complex[rank - 1] = 2;
  if (!getByteSize(complex, getComputeType(type)))
    return n.error("the size of the result overflows");

  TensorRef x = fit(n, input, *axis, toReal ? points / 2 + 1 : points);
  ArrayRef<int64_t> shape = input->getShape();
  int64_t outer = getProduct(shape.take_front(*axis));
  int64_t inner = getProduct(shape.slice(*axis + 1, rank - *axis - 2));
  if (toReal) {
    // The other half is the mirrored half, with the imaginary part negated.
    x = fit(n, x, rank - 1, 2);
    x = n.reshape(x, {outer, points / 2 + 1, inner, 2});
    int64_t rest = points - points / 2 - 1;
    TensorRef mirrored =
        n.slice(x, {0, rest, 0, 0}, {outer, rest, inner, 2}, {1, -1, 1, 1});
    TensorRef sign = n.constantNumbers(2, {1, -1}, type);
    if (rest > 0)
      x = n.concat({x, n.elementwise({mirrored, sign},
                                     [](Scalar &s, ValueRange args) {
                                       return s.mul(args[0], args[1]);
                                     })},
                   1);
  }
  x = n.reshape(x, {outer, points, inner, x->getDim(x->getRank() - 1)});
  int64_t count = oneSided && !toReal ? points / 2 + 1 : points;
  int64_t parts = toReal ? 1 : 2;
  if (points <= kMaxDirect) {
    x = transformDirectly(n, x, count, parts, direction);
  } else {
    x = transform(n, x, direction);
    x = n.slice(x, {0, 0, 0, 0}, {outer, count, inner, parts}, {1, 1, 1, 1});
  }
  SmallVector<int64_t> result(shape);
  result[*axis] = count;
  result[rank - 1] = parts;
  return n.finish(n.reshape(n.cast(x, type), result));
}

/// Frames of the signal times the window, transformed: one product, whose table
/// holds the window as well.
static LogicalResult importSTFT(NodeImporter &n) {
  if (failed(n.checkInputs(2, 4)))
    return failure();
  TensorRef signal = n.in(0), window = n.in(2);
  Type type = signal->getElementType(), wide = getComputeType(type);
  int64_t rank = signal->getRank();
  if (!isa<FloatType>(type) || rank < 2 || rank > 3 ||
      (rank == 3 && signal->getDim(2) != 1 && signal->getDim(2) != 2))
    return n.error("takes a signal of floats, [batch, length, 1 or 2]");
  int64_t batch = signal->getDim(0), size = signal->getDim(1);
  int64_t given = rank == 3 ? signal->getDim(2) : 1;
  FailureOr<SmallVector<int64_t>> step = n.getConstInts(1);
  if (failed(step))
    return failure();
  int64_t length = size;
  if (window) {
    if (window->getRank() != 1 || window->getElementType() != type)
      return n.error("the window must be one row of the signal's element type");
    length = window->getDim(0);
  }
  if (n.in(3)) {
    FailureOr<SmallVector<int64_t>> known = n.getConstInts(3);
    if (failed(known))
      return failure();
    if (known->size() != 1 || (window && known->front() != length))
      return n.error("frame_length must be one number, as long as the window");
    length = known->front();
  }
  if (step->size() != 1 || step->front() < 1 || length < 1 || length > size)
    return n.error("frame_step must be positive, and a frame no longer than "
                   "the signal");
  bool oneSided = n.getInt("onesided", 1);
  if (oneSided && given == 2)
    return n.error("onesided needs a real signal");
  int64_t count = oneSided ? length / 2 + 1 : length;
  if (length > kMaxTable || length * given * count * 2 > kMaxTable)
    return n.error("frames of " + Twine(length) + " are too long");
  int64_t frames = (size - length) / step->front() + 1;

  // Frequencies as the filters of a convolution over the signal.
  SmallVector<double> values;
  for (int64_t k = 0; k < count; ++k)
    for (int64_t d = 0; d < 2; ++d)
      for (int64_t t = 0; t < length; ++t)
        for (int64_t c = 0; c < given; ++c)
          values.push_back(getFactor(getTurns(t, k, length), c, d, {}));
  TensorRef table = n.constantNumbers({count, 2, length, given}, values, wide);
  if (window)
    table =
        n.parallel({{table, n.identity(4)}, {window, n.getMap(4, {n.dim(2)})}},
                   table->getShape(), wide, [&](Scalar &s, ValueRange args) {
                     return s.mul(args[0], s.cast(args[1], wide, false, false));
                   });
  // Loops: batch, frame, k, d, then t and c.
  AffineMap from =
      n.getMap(6, {n.dim(0), n.dim(1) * step->front() + n.dim(4), n.dim(5)});
  AffineMap by = n.getMap(6, {n.dim(2), n.dim(3), n.dim(4), n.dim(5)});
  AffineMap to = n.getMap(6, {n.dim(0), n.dim(1), n.dim(2), n.dim(3)});
  SmallVector<IteratorType> iterators(4, IteratorType::parallel);
  iterators.append(2, IteratorType::reduction);
  // Only what the frames reach, so that the loops cover all of it.
  int64_t reach = (frames - 1) * step->front() + length;
  TensorRef x = n.reshape(signal, {batch, size, given});
  x = fit(n, x, 1, reach);
  TensorRef result = n.contract({x, from}, {table, by}, to, iterators,
                                {batch, frames, count, 2});
  return n.finish(n.cast(result, type));
}

void swapc::addFouriers(HandlerMap &handlers) {
  handlers["DFT"] = importDFT;
  handlers["STFT"] = importSTFT;
}
