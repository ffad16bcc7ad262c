//===- Generators.cpp - Tensors made from a few numbers ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <cmath>

using namespace mlir;
using namespace swapc;

/// The element type that an attribute names, or failure after an error.
static FailureOr<Type> getNamedType(NodeImporter &n, int64_t dataType) {
  if (Type type = n.graph.convertType(dataType))
    return type;
  return n.error("makes element type " + Twine(dataType) +
                 " of TensorProto.DataType, which is not supported");
}

/// A number that must be known while compiling.
static FailureOr<double> getNumber(NodeImporter &n, unsigned index,
                                   StringRef name) {
  TensorRef tensor = n.in(index);
  if (tensor->getNumElements() == 1) {
    if (std::optional<SmallVector<int64_t>> integers = n.getInts(tensor))
      return integers->front();
    if (std::optional<SmallVector<double>> floats = n.getFloats(tensor))
      return floats->front();
  }
  return n.error(name + " must be one number known while compiling");
}

/// A sum of cosines: a0 + a1 cos(x) + a2 cos(2 x), x going once around.
static LogicalResult importWindow(NodeImporter &n, double a0, double a1,
                                  double a2) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  int64_t dataType = n.getInt("output_datatype", onnx::Float);
  FailureOr<Type> type = getNamedType(n, dataType);
  FailureOr<double> size = getNumber(n, 0, "size");
  if (failed(type) || failed(size))
    return failure();
  if (!(*size >= 0 && *size <= 1 << 28))
    return n.error("the size of the window is negative or too large");
  int64_t count = *size;
  // One element is the start of a window that never comes around.
  int64_t period =
      n.getInt("periodic", 1) ? count : std::max<int64_t>(count - 1, 1);
  SmallVector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    double x = 2 * M_PI * i / period;
    values.push_back(a0 + a1 * std::cos(x) + a2 * std::cos(2 * x));
  }
  return n.finish(n.constantNumbers(count, values, *type,
                                    GraphImporter::isUnsignedType(dataType)));
}

static LogicalResult importHann(NodeImporter &n) {
  return importWindow(n, 0.5, -0.5, 0);
}
static LogicalResult importHamming(NodeImporter &n) {
  return importWindow(n, 25.0 / 46, -21.0 / 46, 0);
}
static LogicalResult importBlackman(NodeImporter &n) {
  return importWindow(n, 0.42, -0.5, 0.08);
}

/// Triangles over the bins of a spectrum, evenly spaced in mels.
static LogicalResult importMelWeightMatrix(NodeImporter &n) {
  if (failed(n.checkInputs(5, 5)))
    return failure();
  int64_t dataType = n.getInt("output_datatype", onnx::Float);
  FailureOr<Type> type = getNamedType(n, dataType);
  if (failed(type))
    return failure();
  double numbers[5];
  static const char *const kNames[] = {"num_mel_bins", "dft_length",
                                       "sample_rate", "lower_edge_hertz",
                                       "upper_edge_hertz"};
  for (unsigned i = 0; i < 5; ++i) {
    FailureOr<double> number = getNumber(n, i, kNames[i]);
    if (failed(number))
      return failure();
    numbers[i] = *number;
  }
  auto [bands, length, rate, lowHertz, highHertz] = numbers;
  auto isSize = [](double x) { return x >= 1 && x <= 1 << 20; };
  if (!isSize(bands) || !isSize(length) || !(rate > 0))
    return n.error("num_mel_bins, dft_length and sample_rate must be positive");
  int64_t count = bands, bins = static_cast<int64_t>(length) / 2 + 1;
  if (count * bins > 1 << 26)
    return n.error("the matrix is too large");
  auto toMel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double low = toMel(lowHertz);
  double step = (toMel(highHertz) - low) / (count + 2);
  SmallVector<int64_t> edges;
  for (int64_t i = 0; i < count + 2; ++i) {
    double hertz = 700 * (std::pow(10, (low + i * step) / 2595) - 1);
    double edge = std::floor((length + 1) * hertz / rate);
    if (!(edge >= 0 && edge < bins + (i == count + 1)))
      return n.error("the edges of the bands are outside the spectrum");
    edges.push_back(edge);
  }
  SmallVector<double> values(count * bins, 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t left = edges[i], peak = edges[i + 1], right = edges[i + 2];
    for (int64_t j = left; j < peak; ++j)
      values[j * count + i] = double(j - left) / double(peak - left);
    values[peak * count + i] = 1;
    for (int64_t j = peak; j < right; ++j)
      values[j * count + i] = double(right - j) / double(right - peak);
  }
  return n.finish(n.constantNumbers({bins, count}, values, *type,
                                    GraphImporter::isUnsignedType(dataType)));
}

static LogicalResult importEyeLike(NodeImporter &n) {
  if (failed(n.checkInputs(1, 1)))
    return failure();
  TensorRef like = n.in(0);
  if (like->getRank() != 2)
    return n.error("takes an input of rank 2");
  Type type = like->getElementType();
  bool isUnsigned = like->isUnsigned;
  if (n.has("dtype")) {
    int64_t dataType = n.getInt("dtype", 0);
    FailureOr<Type> named = getNamedType(n, dataType);
    if (failed(named))
      return failure();
    type = *named;
    isUnsigned = GraphImporter::isUnsignedType(dataType);
  }
  int64_t rows = like->getDim(0), columns = like->getDim(1);
  int64_t k = n.getInt("k", 0);
  if (like->getNumElements() > 1 << 26)
    return n.error("the matrix is too large");
  SmallVector<double> values(rows * columns, 0);
  for (int64_t r = 0; r < rows; ++r)
    if (k < columns - r && k >= -r)
      values[r * columns + r + k] = 1;
  return n.finish(n.constantNumbers({rows, columns}, values, type, isUnsigned));
}

static LogicalResult importRandom(NodeImporter &n) {
  return n.error("draws random numbers, which a compiled program cannot repeat "
                 "as another runtime draws them: make them an input of the "
                 "model");
}

void swapc::addGenerators(HandlerMap &handlers) {
  handlers["Bernoulli"] = importRandom;
  handlers["BlackmanWindow"] = importBlackman;
  handlers["EyeLike"] = importEyeLike;
  handlers["HammingWindow"] = importHamming;
  handlers["HannWindow"] = importHann;
  handlers["MelWeightMatrix"] = importMelWeightMatrix;
  handlers["Multinomial"] = importRandom;
  handlers["RandomNormal"] = importRandom;
  handlers["RandomNormalLike"] = importRandom;
  handlers["RandomUniform"] = importRandom;
  handlers["RandomUniformLike"] = importRandom;
}
