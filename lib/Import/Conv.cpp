//===- Conv.cpp - Convolutions ----------------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Products.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace swapc;
using utils::IteratorType;

namespace {
/// The loops of a convolution: parallel ones, then reductions.
struct Loops {
  SmallVector<IteratorType> iterators;
  SmallVector<AffineExpr> input, weights, output;
  SmallVector<int64_t> shape;
};
} // namespace

/// Adds the spatial loops; `reductions` are those over input channels.
static void addSpatial(NodeImporter &n, const Windows &w, unsigned reductions,
                       Loops &loops) {
  unsigned first = loops.output.size(), rank = w.size();
  for (unsigned i = 0; i < rank; ++i) {
    AffineExpr o = n.dim(first + i), k = n.dim(first + rank + reductions + i);
    loops.input.push_back(w.at(i, o, k));
    loops.weights.push_back(k);
    loops.output.push_back(o);
    loops.shape.push_back(w.out[i]);
  }
  loops.iterators.assign(loops.output.size(), IteratorType::parallel);
  loops.iterators.append(reductions + rank, IteratorType::reduction);
}

static TensorRef contract(NodeImporter &n, const Loops &loops, TensorRef input,
                          TensorRef weights) {
  int64_t dims = loops.iterators.size();
  return n.contract({input, n.getMap(dims, loops.input)},
                    {weights, n.getMap(dims, loops.weights)},
                    n.getMap(dims, loops.output), loops.iterators, loops.shape);
}

TensorRef swapc::convolve(NodeImporter &n, const Windows &w, TensorRef input,
                          TensorRef weights, int64_t groups) {
  unsigned rank = w.size();
  int64_t batch = input->getDim(0), channels = input->getDim(1);
  int64_t outputs = weights->getDim(0), inner = weights->getDim(1);
  Loops loops;
  if (groups == 1) {
    AffineExpr c = n.dim(2 + rank);
    loops.input = {n.dim(0), c};
    loops.weights = {n.dim(1), c};
    loops.output = {n.dim(0), n.dim(1)};
    loops.shape = {batch, outputs};
    addSpatial(n, w, 1, loops);
    return contract(n, loops, input, weights);
  }
  if (inner == 1 && outputs == groups) { // depthwise
    SmallVector<int64_t> flat{channels};
    llvm::append_range(flat, w.kernel);
    loops.input = {n.dim(0), n.dim(1)};
    loops.weights = {n.dim(1)};
    loops.output = {n.dim(0), n.dim(1)};
    loops.shape = {batch, channels};
    addSpatial(n, w, 0, loops);
    return contract(n, loops, input, n.reshape(weights, flat));
  }
  SmallVector<int64_t> inputShape{batch, groups, inner};
  llvm::append_range(inputShape, input->getShape().drop_front(2));
  SmallVector<int64_t> weightShape{groups, outputs / groups, inner};
  llvm::append_range(weightShape, w.kernel);
  AffineExpr g = n.dim(1), c = n.dim(3 + rank);
  loops.input = {n.dim(0), g, c};
  loops.weights = {g, n.dim(2), c};
  loops.output = {n.dim(0), g, n.dim(2)};
  loops.shape = {batch, groups, outputs / groups};
  addSpatial(n, w, 1, loops);
  TensorRef result = contract(n, loops, n.reshape(input, inputShape),
                              n.reshape(weights, weightShape));
  SmallVector<int64_t> shape{batch, outputs};
  llvm::append_range(shape, w.out);
  return n.reshape(result, shape);
}

static LogicalResult importConv(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef input = n.in(0), weights = n.in(1), bias = n.in(2);
  int64_t groups = n.getInt("group", 1);
  if (input->getRank() < 3 || input->getRank() != weights->getRank())
    return n.error("takes an input and weights of the same rank, 3 or more");
  if (groups < 1 || weights->getDim(0) % groups != 0 ||
      weights->getDim(1) * groups != input->getDim(1))
    return n.error("the weights do not fit " + Twine(input->getDim(1)) +
                   " channels in " + Twine(groups) + " groups");
  ArrayRef<int64_t> kernel = weights->getShape().drop_front(2);
  if (n.has("kernel_shape") &&
      ArrayRef<int64_t>(n.getInts("kernel_shape")) != kernel)
    return n.error("kernel_shape differs from the shape of the weights");
  if (bias && (bias->getRank() != 1 || bias->getDim(0) != weights->getDim(0)))
    return n.error("the bias must have one element for each output channel");
  FailureOr<Windows> w =
      Windows::get(n, input->getShape().drop_front(2), kernel);
  if (failed(w))
    return failure();
  Type type = input->getElementType();
  TensorRef result = convolveDequantized(n, input, weights);
  if (!result) {
    TensorRef padded = w->pad(n, input, n.zero(type));
    result = convolve(n, *w, padded, weights, groups);
  }
  if (!bias)
    return n.finish(n.cast(result, type, input->isUnsigned));
  int64_t rank = result->getRank();
  return n.finish(n.parallel(
      {{result, n.identity(rank)}, {bias, n.getMap(rank, {n.dim(1)})}},
      result->getShape(), type, [&](Scalar &s, ValueRange args) {
        Value b = s.cast(args[1], args[0].getType(), false, false);
        return s.cast(s.add(args[0], b), type, false, false);
      }));
}

/// One dimension of a transposed convolution: output stride * q + r - cut sums
/// over the taps r, r + stride, .. of the window, each of an input further
/// down.
namespace {
struct Phases {
  int64_t kernel, stride, out;
  int64_t shift, cut; // of the positions q, and of the outputs
  int64_t count;      // positions q

  int64_t taps(int64_t phase) const {
    return llvm::divideCeil(kernel - phase, stride);
  }
  int64_t low(int64_t phase) const { return taps(phase) - 1 - shift; }
  int64_t high(int64_t size) const { return count - size + shift; }
};
} // namespace

/// Phases are code of their own each where they differ in their taps.
static constexpr int64_t kMostPhases = 16;

static Phases getPhases(int64_t kernel, int64_t stride, int64_t low,
                        int64_t out) {
  Phases p{kernel, stride, out, low / stride, low % stride, 0};
  p.count = llvm::divideCeil(out + p.cut, stride);
  return p;
}

/// Whether the input [.., size, ..] is there for each phase.
static bool fitsPhases(const Phases &p, int64_t size) {
  int64_t least = std::min<int64_t>(0, p.low(p.stride - 1));
  return p.kernel >= p.stride &&
         size + least + std::min<int64_t>(0, p.high(size)) > 0;
}

/// The convolution of `input` with weights [outputs, inner, taps...] of phases
/// that have as many taps as `first`.
static TensorRef convolvePhase(NodeImporter &n, ArrayRef<Phases> phases,
                               ArrayRef<int64_t> first, TensorRef input,
                               TensorRef weights) {
  Windows w;
  SmallVector<int64_t> offsets(phases.size() + 2, 0), steps(offsets.size(), 1);
  SmallVector<int64_t> sizes(input->getShape());
  for (auto [i, p] : llvm::enumerate(phases)) {
    int64_t low = p.low(first[i]), high = p.high(sizes[i + 2]);
    offsets[i + 2] = std::max<int64_t>(0, -low);
    sizes[i + 2] -= offsets[i + 2] + std::max<int64_t>(0, -high);
    w.kernel.push_back(p.taps(first[i]));
    w.strides.push_back(1);
    w.dilations.push_back(1);
    w.out.push_back(p.count);
    w.low.push_back(std::max<int64_t>(0, low));
    w.high.push_back(std::max<int64_t>(0, high));
  }
  TensorRef padded = w.pad(n, n.slice(input, offsets, sizes, steps),
                           n.zero(input->getElementType()));
  return convolve(n, w, padded, weights, 1);
}

/// Weights [inner, outputs, k...] of one phase, its taps reversed:
/// [outputs, inner, taps...].
static TensorRef takePhase(NodeImporter &n, ArrayRef<Phases> phases,
                           ArrayRef<int64_t> phase, TensorRef weights) {
  unsigned rank = phases.size();
  int64_t inner = weights->getDim(0), outputs = weights->getDim(1);
  SmallVector<int64_t> shape{outputs, inner};
  SmallVector<AffineExpr> from{n.dim(1), n.dim(0)};
  for (auto [i, p] : llvm::enumerate(phases)) {
    int64_t taps = p.taps(phase[i]);
    shape.push_back(taps);
    from.push_back((taps - 1 - n.dim(2 + i)) * p.stride + phase[i]);
  }
  return n.copy(weights, shape, n.getMap(rank + 2, from));
}

/// The weights of all phases, which have the same taps, as outputs.
static TensorRef takePhases(NodeImporter &n, ArrayRef<Phases> phases,
                            TensorRef weights) {
  unsigned rank = phases.size();
  int64_t inner = weights->getDim(0), outputs = weights->getDim(1);
  int64_t channels = outputs;
  SmallVector<int64_t> split{inner, outputs}, turned, taps;
  SmallVector<AffineExpr> from{n.dim(rank + 1), n.dim(rank)};
  for (auto [i, p] : llvm::enumerate(phases)) {
    taps.push_back(p.taps(0));
    llvm::append_range(split, ArrayRef<int64_t>{taps[i], p.stride});
    turned.push_back(p.stride);
    from.push_back(taps[i] - 1 - n.dim(rank + 2 + i));
    from.push_back(n.dim(i));
    channels *= p.stride;
  }
  llvm::append_range(turned, ArrayRef<int64_t>{outputs, inner});
  llvm::append_range(turned, taps);
  SmallVector<int64_t> flat{channels, inner};
  llvm::append_range(flat, taps);
  return n.reshape(
      n.copy(n.reshape(weights, split), turned, n.getMap(2 * rank + 2, from)),
      flat);
}

/// A transposed convolution as convolutions with stride 1, so that nothing is
/// multiplied with zeros between the inputs: each phase has channels of its
/// own, and its outputs go in between the others'.
static TensorRef convolvePhases(NodeImporter &n, ArrayRef<Phases> phases,
                                TensorRef input, TensorRef weights) {
  unsigned rank = phases.size();
  int64_t batch = input->getDim(0), outputs = weights->getDim(1);
  SmallVector<int64_t> phase(rank, 0);
  TensorRef result;
  if (llvm::all_of(phases,
                   [](const Phases &p) { return p.kernel % p.stride == 0; })) {
    result =
        convolvePhase(n, phases, phase, input, takePhases(n, phases, weights));
  } else {
    SmallVector<TensorRef> parts;
    for (unsigned i = 0; i < rank;) {
      parts.push_back(convolvePhase(n, phases, phase, input,
                                    takePhase(n, phases, phase, weights)));
      // The next one, the last dimension first.
      for (i = 0; i < rank; ++i) {
        int64_t &digit = phase[rank - 1 - i];
        if (++digit < phases[rank - 1 - i].stride)
          break;
        digit = 0;
      }
    }
    result = n.concat(parts, 1);
  }
  // [batch, stride..., outputs, q...] to [batch, outputs, (q, stride)...].
  SmallVector<int64_t> split{batch}, order{0, 1 + rank}, joined{batch, outputs},
      wanted{batch, outputs}, cut{0, 0}, steps(rank + 2, 1);
  for (const Phases &p : phases)
    split.push_back(p.stride);
  split.push_back(outputs);
  for (auto [i, p] : llvm::enumerate(phases)) {
    split.push_back(p.count);
    order.push_back(2 + rank + i);
    order.push_back(1 + i);
    joined.push_back(p.count * p.stride);
    wanted.push_back(p.out);
    cut.push_back(p.cut);
  }
  result = n.reshape(n.transpose(n.reshape(result, split), order), joined);
  return joined == wanted ? result : n.slice(result, cut, wanted, steps);
}

/// The same of the input spread out by the strides, with the kernel turned
/// around; null after an error.
static TensorRef convolveSpread(NodeImporter &n, Windows w,
                                ArrayRef<int64_t> strides, TensorRef input,
                                TensorRef weights, int64_t groups) {
  unsigned rank = w.size();
  int64_t inner = input->getDim(1) / groups, outputs = weights->getDim(1);
  // Spread: [.., size, ..] to [.., size, 1 + (stride - 1) zeros, ..] and cut.
  TensorRef spread = input;
  for (unsigned i = 0; i < rank; ++i)
    if (input->getDim(i + 2) > 1)
      spread = spreadOut(n, spread, i + 2, strides[i]);
  // Negative padding cuts.
  SmallVector<int64_t> offsets(rank + 2, 0), steps(rank + 2, 1);
  SmallVector<int64_t> sizes(spread->getShape());
  for (unsigned i = 0; i < rank; ++i) {
    offsets[i + 2] = std::max<int64_t>(0, -w.low[i]);
    sizes[i + 2] -= offsets[i + 2] + std::max<int64_t>(0, -w.high[i]);
    w.low[i] = std::max<int64_t>(0, w.low[i]);
    w.high[i] = std::max<int64_t>(0, w.high[i]);
    if (sizes[i + 2] < 1) {
      (void)n.error("the padding removes the whole input");
      return nullptr;
    }
  }
  TensorRef padded = w.pad(n, n.slice(spread, offsets, sizes, steps),
                           n.zero(input->getElementType()));

  // Weights [g * inner, outputs, k...] to [g * outputs, inner, k...], reversed.
  SmallVector<int64_t> grouped{groups, inner, outputs},
      turned{groups, outputs, inner};
  SmallVector<AffineExpr> results{n.dim(0), n.dim(2), n.dim(1)};
  for (unsigned i = 0; i < rank; ++i) {
    grouped.push_back(w.kernel[i]);
    turned.push_back(w.kernel[i]);
    results.push_back(w.kernel[i] - 1 - n.dim(3 + i));
  }
  TensorRef reversed =
      n.copy(n.reshape(weights, grouped), turned, n.getMap(rank + 3, results));
  SmallVector<int64_t> flat{groups * outputs, inner};
  llvm::append_range(flat, w.kernel);
  return convolve(n, w, padded, n.reshape(reversed, flat), groups);
}

static LogicalResult importConvTranspose(NodeImporter &n) {
  if (failed(n.checkInputs(2, 3)))
    return failure();
  TensorRef input = n.in(0), weights = n.in(1), bias = n.in(2);
  int64_t groups = n.getInt("group", 1);
  if (input->getRank() < 3 || input->getRank() != weights->getRank())
    return n.error("takes an input and weights of the same rank, 3 or more");
  unsigned rank = input->getRank() - 2;
  if (groups < 1 || weights->getDim(0) != input->getDim(1) ||
      input->getDim(1) % groups != 0)
    return n.error("the weights do not fit the input's channels");
  SmallVector<int64_t> ones(rank, 1), zeros(2 * rank, 0);
  SmallVector<int64_t> strides = n.getInts("strides", ones);
  SmallVector<int64_t> dilations = n.getInts("dilations", ones);
  SmallVector<int64_t> pads = n.getInts("pads", zeros);
  SmallVector<int64_t> extra =
      n.getInts("output_padding", ArrayRef(zeros).take_front(rank));
  SmallVector<int64_t> wanted = n.getInts("output_shape");
  StringRef automatic = n.getString("auto_pad", "NOTSET");
  if (strides.size() != rank || dilations.size() != rank ||
      pads.size() != 2 * rank || extra.size() != rank ||
      (!wanted.empty() && wanted.size() != rank))
    return n.error("strides, dilations, pads and output_padding must fit " +
                   Twine(rank) + " spatial dimensions");
  constexpr int64_t kLimit = int64_t(1) << 31;
  auto isOutside = [](int64_t x, int64_t least) {
    return x < least || x >= kLimit;
  };
  for (unsigned i = 0; i < rank; ++i)
    if (isOutside(strides[i], 1) || isOutside(dilations[i], 1) ||
        isOutside(extra[i], 0) || isOutside(pads[i], 0) ||
        isOutside(pads[rank + i], 0) ||
        (!wanted.empty() && isOutside(wanted[i], 1)) ||
        isOutside(input->getDim(i + 2), 1) ||
        isOutside(weights->getDim(i + 2), 1))
      return n.error("sizes, strides and dilations must be positive, and pads "
                     "not negative");

  Type type = input->getElementType();
  int64_t outputs = weights->getDim(1);
  SmallVector<Phases> phases;
  int64_t all = 1;
  Windows w;
  for (unsigned i = 0; i < rank; ++i) {
    int64_t size = input->getDim(i + 2);
    int64_t kernel = weights->getDim(i + 2),
            reach = (kernel - 1) * dilations[i];
    int64_t full = (size - 1) * strides[i] + reach + 1 + extra[i];
    int64_t low = pads[i], out = full - pads[i] - pads[rank + i];
    if (!wanted.empty() || automatic == "SAME_UPPER" ||
        automatic == "SAME_LOWER") {
      out = wanted.empty() ? size * strides[i] : wanted[i];
      int64_t total = std::max<int64_t>(0, full - out);
      low = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
    } else if (automatic == "VALID") {
      low = 0;
      out = full;
    }
    if (out < 1)
      return n.error("the output would be empty");
    Phases p = getPhases(kernel, strides[i], low, out);
    if (groups == 1 && dilations[i] == 1 && fitsPhases(p, size))
      phases.push_back(p);
    all = std::min(all * strides[i], kMostPhases + 1);
    int64_t length = size > 1 ? size * strides[i] : size;
    w.kernel.push_back(kernel);
    w.strides.push_back(1);
    w.dilations.push_back(dilations[i]);
    w.out.push_back(out);
    w.low.push_back(reach - low);
    w.high.push_back(out + reach - length - (reach - low));
  }
  bool isPhased = phases.size() == rank && all > 1 && all <= kMostPhases;
  TensorRef result =
      isPhased ? convolvePhases(n, phases, input, weights)
               : convolveSpread(n, w, strides, input, weights, groups);
  if (!result)
    return failure();
  if (!bias)
    return n.finish(n.cast(result, type, false));
  if (bias->getRank() != 1 || bias->getDim(0) != groups * outputs)
    return n.error("the bias must have one element for each output channel");
  return n.finish(n.parallel(
      {{result, n.identity(rank + 2)}, {bias, n.getMap(rank + 2, {n.dim(1)})}},
      result->getShape(), type, [&](Scalar &s, ValueRange args) {
        Value b = s.cast(args[1], args[0].getType(), false, false);
        return s.cast(s.add(args[0], b), type, false, false);
      }));
}

void swapc::addConvolutions(HandlerMap &handlers) {
  handlers["Conv"] = importConv;
  handlers["ConvTranspose"] = importConvTranspose;
}
